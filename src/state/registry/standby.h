// SPDX-License-Identifier: PostgreSQL
//
// What would keep a standby from minting once it is promoted, or make it mint under the number of
// its primary, as far as the standby can see: its own settings, and what WAL brought of the
// primary.

#pragma once

namespace detid {

struct StandbyTrouble {
  char detail[400];  // empty: there is none
  const char* hint;
};

// REQUIRES: the server is in recovery.
StandbyTrouble LookAtStandby();

}  // namespace detid
