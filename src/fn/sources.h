// SPDX-License-Identifier: PostgreSQL
//
// Where rows of the ledger come from: their context, their generator and its definition, the key of
// their seed. Looked up once for all rows of a context and a definition.
//
// A row is never judged by a generator or a seed other than its own: the generator is found by oid,
// by name or among all, and must have the fingerprint that the row recorded; the seed is found by
// its commitment.

#pragma once

#include "core/compose.h"
#include "core/definition.h"
#include "core/ledger_leaf.h"
#include "pg/pg.h"
#include "state/context_table.h"
#include "state/ledger_scan.h"

namespace detid {

// Why there is no verdict, or only one, of rows of a source; static texts.
inline constexpr char kNoGenerator[] = "the generator is gone or was made anew";
inline constexpr char kNoSeed[] = "the seed is not at hand";
inline constexpr char kNoContext[] = "the entry's context is missing";
inline constexpr char kOtherContext[] = "the entry's context was changed";
inline constexpr char kChanged[] = "the entry was changed";

// What is known of the rows of a context and a definition.
struct Source {
  struct Key {
    uint64_t context, definition;
  } key;
  const LedgerContext* context;  // null: there is none
  Hash context_hash;
  Oid generator;
  Definition definition;
  bool has_key, context_holds, other_seed;
  GeneratorKey generator_key;
  LedgerKey ledger_key;
};

struct Sources;
Sources* OpenSources();
void CloseSources(Sources* sources);
ContextReader* ContextsOf(Sources* sources);

// Remembers the last: rows come in runs of the same.
const Source& SourceOf(Sources* sources, const LedgerRow& row);

// Why there is no verdict, or only one (`refuted`), whatever the rest of a row says; null: none.
const char* ReasonOf(const Source& source, bool* refuted);

// A text of the database in UTF-8, as it is hashed for seals: they are verified elsewhere.
std::string_view InUtf8(std::string_view text);

}  // namespace detid
