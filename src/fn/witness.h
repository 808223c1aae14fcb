// SPDX-License-Identifier: PostgreSQL
//
// The coordinator as a witness: it keeps what nodes say their ledgers are (detid._witnessed). So a
// ledger that is rewritten there, keys and seals included, is found out by what is kept here.
//
// Invariants:
//   W1  what was kept of an hour is replaced only by what the same node says later in that hour, of
//       the same tree, with more rows.
//   W2  a tree only grows, and a node has one. What a node says that contradicts what it said last is
//       kept beside that, said in the log, and shown until an operator has looked after it; what it
//       says from then on is kept too.
//   W3  a node, whatever it says, has eight rows made in an hour at the most.

#pragma once

#include <string_view>

#include "fn/nodes.h"

namespace detid {

// Keeps the checkpoint, if it is one and new. REQUIRES: SPI is connected; the heartbeat is the
// node's.
void Witness(const Node& node, std::string_view checkpoint);

}  // namespace detid
