// SPDX-License-Identifier: PostgreSQL
//
// The rows of detid._salt: how they are found and written. No query and no user's code is run: the
// table must be as the extension made it, with its primary key as its only index.

#pragma once

#include <cstdint>

#include "pg/pg.h"
#include "state/generator_catalog.h"

namespace detid {

struct SaltRow {
  uint64_t salt = 0;
  Oid owner = InvalidOid;                  // 0: a role that this server does not have
  char role[NAMEDATALEN] = {};             // the owner's name when the row was written
  char generator[kMaxQualifiedName] = {};  // the name of the generator that had it first here
  TimestampTz since = 0;
  char other[NAMEDATALEN] = {};            // whose it is as a dump says; empty: nobody else's
  ItemPointerData at;
};

// "salt=811d462236f4ea15", as a label has it.
inline constexpr int kMaxSaltText = 5 + 16 + 1;
void FormatSalt(uint64_t salt, char* out);

// detid._salt, open; null where the extension is not installed. Closed by table_close. Errors: it
// was altered, or is gone.
Relation OpenSalts(LOCKMODE mode);
// The same without an error: null then, and `why`.
Relation TryOpenSalts(LOCKMODE mode, const char** why);

// Waits for whoever decides about this salt, and has all others wait until the transaction ends.
void LockSalt(Relation salts, uint64_t salt);

// The row as it is now, committed or by this transaction, whatever the snapshot. Waits for a
// transaction that writes it. False if there is none.
bool FindSalt(Relation salts, uint64_t salt, SaltRow* row);

// The row as it is committed; for who only looks.
bool LookAtSalt(Relation salts, uint64_t salt, SaltRow* row);

// REQUIRE: the salt is locked. Sessions learn of a change when the transaction has committed.
void InsertSalt(Relation salts, const SaltRow& row);
void UpdateSalt(Relation salts, const SaltRow& row);

// Row of a tuple that SQL inserts. Errors: a NULL where none may be.
SaltRow SaltRowOf(HeapTuple tuple, TupleDesc descriptor);

// Calls visit(row) for each row that is committed.
void EachSalt(Relation salts, void (*visit)(const SaltRow&, void*), void* context);

template <typename Visit>
void EachSalt(Relation salts, Visit visit) {
  EachSalt(
      salts, [](const SaltRow& r, void* context) { (*static_cast<Visit*>(context))(r); }, &visit);
}

}  // namespace detid
