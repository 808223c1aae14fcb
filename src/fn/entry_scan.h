// SPDX-License-Identifier: PostgreSQL
//
// Which entries of the ledger there are: of a generator, of a time, of all tables, in the order of
// their keys; by one process or shared out among several.

#pragma once

#include <atomic>

#include "fn/entries.h"

namespace detid {

// The first position of the stream whose tick does not begin before `at`, or (kWithin) of the tick
// that contains it; false if nobody knows the stream's layout any more.
enum class Tick : bool { kFrom, kWithin };
bool PositionAtTime(EntryReader* reader, LedgerScan* scan, const Stream& stream, TimestampTz at,
                    Tick tick, int64_t* position);

// Which entries: those of a generator, or of all, whose first id was minted within [since, until).
struct Wanted {
  Oid generator = InvalidOid;  // invalid: all
  TimestampTz since = DT_NOBEGIN, until = DT_NOEND;
  // Several processes, of one snapshot, share them out: each takes the next part that none has
  // taken. Null: this one reads all.
  std::atomic<uint32_t>* next_part = nullptr;
  List* tables = NIL;  // those of the ledger; NIL: as they are now
};

// Arguments: generator, since, until.
Wanted WantedBy(FunctionCallInfo fcinfo);

// Calls visit(entry) for each, table by table, in the order of their keys, until it returns false.
// Errors: the caller may not read the ledger.
void EachEntry(const Wanted& wanted, bool (*visit)(const Entry&, void*), void* context);

template <typename Visit>
void EachEntry(const Wanted& wanted, Visit visit) {
  EachEntry(
      wanted, [](const Entry& e, void* context) { return (*static_cast<Visit*>(context))(e); },
      &visit);
}

}  // namespace detid
