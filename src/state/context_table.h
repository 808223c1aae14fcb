// SPDX-License-Identifier: PostgreSQL
//
// Contexts (core/ledger_context.h) as rows of detid._contexts: written when a session needs one
// that nobody has written, and read back by their numbers.
//
// Invariants:
//   A5  a row that names a context commits only with the context in the table: it was found
//       committed, or was written by this transaction and not rolled back.
//   A6  nobody waits for a context: one that a transaction is writing which has not ended is taken
//       for another's, and the next number is tried.

#pragma once

#include "core/ledger_context.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// The number under which the context is in the table from now on; written if it was not there.
// Errors: the table is missing or altered.
uint64_t KeepContext(const LedgerKey& key, const LedgerContext& context);

// Rises whenever a number that KeepContext returned may be in the table no more.
uint64_t KnownContexts();

// Contexts can be written, and outlive a crash.
Refusal ContextRule();

// Reads contexts, and remembers what it has read. In the memory context that opened it.
struct ContextReader;
ContextReader* OpenContexts();
void CloseContexts(ContextReader* reader);
// Null if the table has none of this number. Visible is what the active snapshot sees.
const LedgerContext* ReadContext(ContextReader* reader, uint64_t number);

// Calls visit(context) for each that the active snapshot sees.
void EachContext(ContextReader* reader, void (*visit)(const LedgerContext&, void*), void* context);

template <typename Visit>
void EachContext(ContextReader* reader, Visit visit) {
  EachContext(
      reader, [](const LedgerContext& c, void* context) { (*static_cast<Visit*>(context))(c); },
      &visit);
}

// A context by its number as the table is now, committed or not, in CurrentMemoryContext; false if
// it has none.
bool FindContext(uint64_t number, LedgerContext* context);

// What logical replication brings: null if the number is there already.
HeapTuple ArrivedContext(Relation contexts, HeapTuple row);

// What module.cpp tells.
namespace contexts {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
void OnTransaction(XactEvent event);
void OnSubtransactionAbort();
}  // namespace contexts

}  // namespace detid
