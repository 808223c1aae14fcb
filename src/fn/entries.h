// SPDX-License-Identifier: PostgreSQL
//
// Entries of the ledger, read back and made ready for replay.
//
// An entry is judged by its own generator and seed (sources.h). Where either is not at hand,
// `reason` says so, and there is no verdict.

#pragma once

#include "core/id_text.h"
#include "fn/sources.h"

namespace detid {

// One row of the ledger.
struct Entry {
  int64 entry;       // the position of the first id; of a row that is kept aside, as that is kept
  LedgerRow row;     // with the position of the first id
  const bytea* ids;  // what the row has of its ids, if it is not damaged
  const LedgerContext* context;  // null: it is not in the table
  const Hash* context_hash;      // of what it says
  Coordinates first;
  int32 count;
  Oid generator;       // resolved; invalid if it is not at hand
  const char* reason;  // static text; null if the entry can be replayed
  bool refuted;        // the reason shows that the row is none that was written here
  bool made_again;     // its ids can be, also where there is a reason
  Composer composer;
  bool has_key;  // `key` is that of the entry's seed
  LedgerKey key;
  Layout layout;
  Datum* inputs;
  bool* no_input;
  Datum* positions;
  int inputs_count, positions_count;
  std::string_view redacted;  // what stays of inputs that were forgotten
  int32 attempt;              // of a claim, whose one id has all of `inputs`; -1: no claim
};

// The id that the entry's ordinal i (from 0) makes again. REQUIRES: made_again.
Bits Regenerate(const Entry& e, int i);

// The recorded id of ordinal i; false if its coordinates stand for it.
bool Recorded(const Entry& e, int i, Bits* id);

// The position of ordinal i.
uint64_t PositionAt(const Entry& e, int i);

// The input of ordinal i, as text; of a claim that has several, as an array. data() is null if
// there was none.
std::string_view InputOf(const Entry& e, int i);

// What the digest shows to have been changed, as static text; null: nothing. REQUIRES: no reason.
const char* Altered(const Entry& e);

// Errors: the row was changed; its seed is not at hand.
void RequireHolds(const Entry& e);

using EntryReader = Sources;
EntryReader* OpenEntries();  // errors: the caller may not read the ledger
void CloseEntries(EntryReader* reader);
void ReadEntry(EntryReader* reader, const LedgerRow& row, Entry* entry);

// Whether the row was minted by that instance, as far as its context says so.
bool IsOfInstance(EntryReader* reader, const LedgerRow& row, int64_t instance);

// The number of the row's transaction, with its epoch; false if it has no context.
bool XactOf(EntryReader* reader, const LedgerRow& row, uint64_t* xact);

}  // namespace detid
