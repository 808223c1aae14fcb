// SPDX-License-Identifier: PostgreSQL
//
// What other capabilities ask of the topology.

#pragma once

#include <cstdint>

namespace detid {

// The longest assigned path that holds a node; null if there is none. Says whether a topology is
// defined at all.
const char* PathOfNode(int32_t node, bool* defined);

}  // namespace detid
