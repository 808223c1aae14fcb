// SPDX-License-Identifier: PostgreSQL
//
// What the registry would say to this server, which is a standby, if it were promoted now. Nothing
// is stored, here or on the coordinator (R8 of core/registry.h), so it may be asked at any time.

#pragma once

#include "state/registry/heartbeat.h"

namespace detid {

// Asks once; what is wrong becomes the database's trouble. REQUIRES: the registry client's process,
// outside a transaction; the server is in recovery.
NextHeartbeat ForetellOnce(RegistryClient* client);

}  // namespace detid
