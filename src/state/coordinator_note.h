// SPDX-License-Identifier: PostgreSQL
//
// What a coordinator that has started, or was promoted, says of itself (fn/nodes.h) until that is
// stored. It is stored by the transaction of a node, which may last or be rolled back. All who find
// the row as it was say the same meanwhile: a floor that rose with each of them would keep nodes
// waiting, and a challenge under a secret of each one's own could not be answered.

#pragma once

#include <cstdint>

namespace detid {

struct Database;

struct CoordinatorNote {
  int64_t row = 0;  // which version of the row it takes the place of
  int64_t floor_us = 0, noted_us = 0, secret = 0;
};

// The first note for a version of the row: `mine`, if there is none yet.
CoordinatorNote FirstNote(Database* database, const CoordinatorNote& mine);

}  // namespace detid
