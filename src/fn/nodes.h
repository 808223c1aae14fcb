// SPDX-License-Identifier: PostgreSQL
//
// What a coordinator keeps: the nodes that are enrolled (detid._nodes), the numbers that were given
// back (detid._numbers), and where it was last itself (detid._coordinator). The functions that use
// it have connected to SPI, with the search_path pg_catalog.
//
// Invariants:
//   Q1  a number is that of one node that is not retired: a unique index sees to it.
//   Q2  whoever loses a number leaves behind, in the same transaction, up to where it was granted;
//       whoever gets one begins above.
//   Q3  what is changed is durable when the client hears of it, on the standbys too if there are
//       synchronous ones.

#pragma once

#include "core/heartbeat_columns.h"
#include "pg/pg.h"

namespace detid {

// Of this server, microseconds since 1970.
inline int64_t ClockUs() {
  return GetCurrentTimestamp() + kPostgresEpochUs;
}

// A row of detid._nodes.
struct Node {
  char id[40];
  char path[kMaxPath + 1];
  Registration r;
  Nodes pool;
  Oid role;
  int64_t floor_us, silent_floor_us, noted_us, secret;  // of NoteCoordinator
  int64_t node_us;                                      // what it told with its last heartbeat
  int64_t incarnation_us;  // node time when its incarnation was first heard of, and
  int64_t since_us;        // from when on that incarnation may have minted
};

// The columns that NodeAt reads.
const char* NodeColumns();

// A row of the last query.
Node NodeAt(uint64_t row);

// Stores a node as it is after a heartbeat that was granted, and what that tells.
void StoreNode(const Node& node, const HeartbeatMessage& message);

RegistryRules RulesFor(const Node& node);

// Gives a leased node a number if it has none and there is one.
void FindNumber(Node* node);

// Leaves behind the number of a node that has it no longer; others may have it after a while.
void GiveBackNumber(const Node& node, int64_t free_in_us);

// Up to where a number that was given back was granted; 0: never.
int64_t EndOfNumber(int32_t number);

// Looks whether this coordinator is the one that granted last: one that was promoted, restored or
// copied may lack the last that was granted, and so may one that was started. Sets the node's
// floors. Waits for nobody: while somebody else notes it, a floor of this call is as good.
void NoteCoordinator(Node* node);

// Q3, of this transaction.
void CommitDurably();

// A setting of this transaction.
void SetLocally(const char* setting, const char* value);

}  // namespace detid
