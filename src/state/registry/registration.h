// SPDX-License-Identifier: PostgreSQL
//
// This node as it knows itself: the one row of detid._registration, which is stored before anything
// is sent to the registry, and what minting asks of it: whether the node is fenced, and the
// interval that was granted. client.h asks the registry.
//
// Invariants:
//   N1  the fence in memory (core/fence.h) is cleared only by an operator's command that is
//   committed
//       in the row, and is taken from the row before the first mint of an incarnation. So a fence
//       outlives restarts, and none outlives the command that ends it.
//   N2  an interval is not stored: it is good in this incarnation alone (core/registry.h, R3). What
//   is
//       stored of an assigned node is that it was confirmed, and where: a copy is elsewhere.

#pragma once

#include "core/registry.h"
#include "core/topology.h"
#include "pg/pg.h"
#include "state/databases.h"
#include "state/shared.h"

namespace detid {

struct StoredRegistration {
  Nonce old, next;  // the pair that was sent last
  // Where it was confirmed, and, of an assigned node, under which number and from when on.
  int64_t instance = 0, timeline = 0;
  int32_t node = kAnyNode;
  int64_t start_us = 0;
  int64_t granted_us = 0;  // up to where it was ever granted
  // How the server began to write, and where that was.
  Began began = Began::kPlainly;
  int64_t began_instance = 0, began_timeline = 0;
  Reason fenced = Reason::kNone;
  bool claims = false;   // an operator's command, to be sent
  bool retires = false;  // the same
  int64_t commands = 0;  // rises with each of theirs; negative: the row cannot be read
  char path[kMaxPath + 1] = {};
};

// Why it mints nothing, whatever the registry grants; kNone if it may.
inline Reason StoppedBy(const StoredRegistration& s) {
  return s.fenced == Reason::kNone && s.retires ? Reason::kRetired : s.fenced;
}

// The owner of the schema and of this node's tables; InvalidOid if they are not all the extension's
// and his. Where the extension is not, anybody may make tables of their names.
ObjectId OwnerOfRegistration();

// Waits for who is dropping the extension; else it stays until the transaction ends, and so do its
// tables. Who waits for a table itself may find it gone.
void KeepExtension();

// False if the extension is not there, or its row is gone.
bool ReadRegistration(StoredRegistration* stored);

// The registry client's columns: all but the operators' commands, which others write meanwhile. A
// fence is stored if there is one, and never taken away; `heard`: the commands in `stored` have
// been acted on. If an operator has said something since `stored` was read, no fence is stored, no
// command is taken for heard, and where the node was confirmed stays as it is: the next heartbeat
// finds out. REQUIRES: SPI is connected. Errors: the server's; nothing was stored.
void WriteRegistration(const StoredRegistration& stored, bool heard);

// The operators' commands: whether it claims, retires, and is not fenced any more; then it was
// confirmed nowhere. The row's count becomes higher than it was, and than `above`. REQUIRES: as
// WriteRegistration.
void WriteCommand(bool claims, bool retires, bool unfenced, int64_t above);

// Takes into memory what was read of the row. False if an operator has said something since.
bool TakeFence(Database* database, const StoredRegistration& stored);

// Takes the row's fence into memory, once an incarnation. Errors: this transaction has changed the
// row.
void KnowFence(Database* database);

// Sets or clears the word when this transaction commits, as the row says by then, and has the
// registry asked. Once it is set, nothing is minted.
void FollowCommandAtCommit();

// Has the registry asked soon.
void WakeRegistryClient(Database* database);

// The interval, once its limit is above `above_us`: while the registry is asked for the first one,
// waits for it, a while. Errors: there is none, with the reason; cancelled.
Interval AwaitInterval(Database* database, int64_t above_us);

// Whether this database is in detid.registered_databases. REQUIRES: a transaction.
bool IsListed();

// Why there is no interval, if there is none: whole sentences.
const char* TroubleOf(const DatabaseState& state);

[[noreturn]] void RaiseFenced();

// What module.cpp tells.
namespace registration {
void OnTransaction(XactEvent event);
}  // namespace registration

}  // namespace detid
