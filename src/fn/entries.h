// SPDX-License-Identifier: PostgreSQL
//
// Entries of the ledger, read back and made ready for replay.
//
// An entry is never judged by a generator or a seed other than its own: the generator is found by
// oid, by name or among all, and must have the fingerprint that the entry recorded; the seed is
// found by its commitment. Where either is not at hand, `reason` says so, and there is no verdict.

#pragma once

#include "core/compose.h"
#include "core/id_text.h"
#include "pg/pg.h"

namespace detid {

// One row of the ledger.
struct Entry {
  int64 entry;
  Coordinates first;
  int32 count;
  int64 digest;
  std::string_view first_id, last_id;
  uint64_t definition;
  Oid generator;       // resolved; invalid if it is not at hand
  const char* reason;  // static text; null if the entry can be replayed
  bool refuted;        // the reason shows that the row is none that was written here
  Composer composer;
  Layout layout;
  Datum* ids;  // null for a run
  Datum* inputs;
  bool* no_input;
  Datum* positions;
  int inputs_count, positions_count;
  int32 attempt;  // of a claim, whose one id has all of `inputs`; -1: no claim
};

// The id that the entry's ordinal i (from 0) makes again. REQUIRES: no reason.
Bits Regenerate(const Entry& e, int i);

// The recorded text of ordinal i; data() is null within a run, where the digest stands for it.
std::string_view Recorded(const Entry& e, int i);

// The input of ordinal i, as text; of a claim that has several, as an array. data() is null if there
// was none.
std::string_view InputOf(const Entry& e, int i);

// True if the digest of a run's ids is the recorded one. REQUIRES: no reason.
bool DigestHolds(const Entry& e);

bool SameText(const Entry& e, const Bits& id, std::string_view recorded);

// Calls visit(entry, context) for each entry that the SQL condition holds for, in the order of
// the ledger's key, until it returns false. The caller needs SELECT on the ledger; the condition must
// qualify its operators, as it may meet the caller's search_path.
void EachEntry(const char* condition, int n, Oid* types, Datum* values, const char* nulls,
               bool (*visit)(const Entry&, void*), void* context);

template <typename Visit>
void EachEntry(const char* condition, int n, Oid* types, Datum* values, const char* nulls,
               Visit visit) {
  EachEntry(
      condition, n, types, values, nulls,
      [](const Entry& e, void* context) { return (*static_cast<Visit*>(context))(e); }, &visit);
}

}  // namespace detid
