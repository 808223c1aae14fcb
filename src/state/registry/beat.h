// SPDX-License-Identifier: PostgreSQL
//
// One beat of a node: the registry is asked, and what it answers becomes this node's. The order of
// its steps, and what holds in between, is at the head of registrar.h.

#pragma once

#include <cstdint>

#include "state/shared.h"

namespace detid {

inline constexpr int kIdleMs = 5000;  // until there is something to do

struct Beaten {
  int64_t wait_ms;  // until the next one
  bool misset;      // it was refused for detid.node_id, which may be set right for the database
};

// REQUIRES: the registrar's process, outside a transaction. Errors: the server's.
Beaten BeatOnce(const char* database_name, Database* database);

// Tells the registry that this server is being shut down, and waits about a second for its answer.
// Before that, minting here is closed in memory, so that nothing is minted once the registry
// believes it. REQUIRES: as BeatOnce; the server is being shut down.
void SayStopped(const char* database_name, Database* database);

}  // namespace detid
