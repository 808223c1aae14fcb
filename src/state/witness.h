// SPDX-License-Identifier: PostgreSQL
//
// The witness of who mints: this server with its data directory, its timeline, this database.

#pragma once

#include "core/horizon.h"

namespace detid {

// REQUIRES: the server is not in recovery.
Witness WitnessHere();

// The instance and the database of a witness as one number, for the registry: a copy of a database
// in the same server is another node.
int64_t PlaceOf(const Witness& witness);

}  // namespace detid
