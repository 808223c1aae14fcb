// SPDX-License-Identifier: PostgreSQL
//
// The tables detid.topology and detid.prefixes: who has which node numbers.
//
// Whoever writes holds a lock on the second one to the end of his transaction, and reads behind it
// what is committed by then, whatever his isolation level: so two sessions do not choose one
// number. That no two prefixes overlap rests on the table's exclusion constraint, not on this.

#pragma once

#include "core/topology.h"
#include "pg/query.h"

namespace detid {

// Waits for whoever else is writing, and connects to SPI. Errors: read-only; no extension.
void BeginWriting(const char* function);

// False if none is defined. Errors: somebody has changed the table.
bool ReadTopology(Topology* topology);

// False if the path is not assigned.
bool FindPrefix(std::string_view path, Seen seen, Nodes* nodes);

// Errors: it is not assigned.
Nodes RequireAssigned(std::string_view path, Seen seen);

// The longest assigned path that holds a node; null if there is none. Says whether a topology is
// defined at all. Whatever the search_path is.
const char* PathOfNode(int32_t node, bool* defined);

}  // namespace detid
