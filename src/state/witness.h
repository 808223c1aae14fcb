// SPDX-License-Identifier: PostgreSQL
//
// The witness of who mints: this server with its data directory, its timeline, this database.

#pragma once

#include "core/horizon.h"

namespace detid {

// REQUIRES: the server is not in recovery.
Witness WitnessHere();

}  // namespace detid
