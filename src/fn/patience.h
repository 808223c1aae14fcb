// SPDX-License-Identifier: PostgreSQL
//
// How long locks of the registry are kept, and waited for. Its functions are called within
// transactions that are anybody's, who may leave them open.
//
// Invariants:
//   T1  a transaction in which a node asked ends soon after, or its session is ended: however it
//       was made to last (a sleep in the same statement, a cursor, a block, an idle client). It
//       cannot be prepared. The wait of its commit for a standby is not bounded by this.
//   T2  what operators call waits for a lock a little longer than that, so never for a node in
//       vain; then it fails, and says who has the lock.

#pragma once

#include "pg/query.h"

namespace detid {

// How long a heartbeat waits for a lock, and how long its transaction may last from its beginning
// on.
int HeartbeatLockMs();
int HeartbeatLimitMs();

// T1, for this transaction.
void LimitThisTransaction();

// Who holds a lock: a sentence; and how to end that.
struct Holder {
  char detail[200];
  char hint[160];
};

// From the first row of the last query, if it has one: pid and role, which may be null.
Holder HolderFound(uint64_t rows);

// The query for that, of a row: a table of the schema and a condition are to be put in. Locks of
// rows show in xmax until their transaction has ended.
inline constexpr char kHolderOfRow[] =
    "SELECT l.pid::int8, a.usename FROM detid.%s r JOIN pg_locks l ON l.locktype = 'transactionid' "
    "AND l.transactionid = r.xmax AND l.granted LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE %s LIMIT 1";

namespace patience {
// Called by src/module.cpp.
void OnTransaction(XactEvent event);
}  // namespace patience

namespace internal {
int BeginPatience();
void EndPatience(int level);
[[noreturn]] void RaiseLocked(const Holder& holder);
}  // namespace internal

// T2. Runs `body`, which waits for a lock.
template <typename Body>
void Patiently(const Holder& holder, Body body) {
  const MemoryContext context = CurrentMemoryContext;
  const int level = internal::BeginPatience();
  PG_TRY();
  { body(); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE) PG_RE_THROW();
    FlushErrorState();
    internal::RaiseLocked(holder);
  }
  PG_END_TRY();
  internal::EndPatience(level);
}

}  // namespace detid
