// SPDX-License-Identifier: PostgreSQL
//
// Two tables of one shape exchange what is in them, without a row being moved: heap, TOAST table
// and the index's file. As CLUSTER puts a new heap in a table's place, but here both stay.
//
// Invariants:
//   S1  rows, their TOAST values and the index's entries go together: TOAST tables change their
//       owners and not their files, as rows name them by their oid.
//   S2  which storage is new in this transaction is known by whoever writes to it: with wal_level
//       minimal, what is new is not logged, and is synced at commit.

#pragma once

#include "pg/pg.h"

namespace detid {

// REQUIRES: both are locked exclusively, have the same columns, one index each of the same columns,
// and the caller may do it; `fresh` was made in this transaction.
void SwapStorage(Oid table, Oid fresh);

}  // namespace detid
