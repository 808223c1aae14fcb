// SPDX-License-Identifier: PostgreSQL
//
// Rows of the ledger as leaves of the tree that seals them (core/ledger_leaf.h).
//
// The order of a batch is that of (transaction, definition, node, worker, position). Batches are
// ranges of transactions of one instance, so nothing but the rows is needed to build them again.

#pragma once

#include "core/ledger_leaf.h"
#include "fn/entries.h"

namespace detid {

struct Leaf {
  uint64_t xact;
  RowKey key;
  Hash hash;
  bool known;  // false: the row has inputs, and its seed is not at hand
  Oid table;   // that the row is in; invalid: what is known is the hash alone
};

// Rows of one instance, of the transactions [from, until).
struct Batch {
  int64_t instance;
  uint64_t from, until;
};

// False if the row has an input whose salt is not at hand, as its seed is not.
bool LeafOfEntry(const Entry& e, uint64_t xact, Hash* leaf);

struct LeafList {
  Leaf* leaf;
  size_t count, capacity;
  uint64_t least, greatest;  // transactions that were found, also beyond `most`
};

// When rows were minted at the earliest and at the latest, if that is known, and in which table
// they are; invalid: in any.
struct Span {
  TimestampTz since = DT_NOBEGIN, until = DT_NOEND;
  Oid table = InvalidOid;
};

// The leaves of a batch, in their order, in CurrentMemoryContext; no others were minted than within
// the span. check(entry, xact, context) sees each row before, and says whether it is to be a leaf.
// More than `most` of them: only their number, and no leaf.
LeafList GatherLeaves(EntryReader* reader, const Batch& batch, const Span& span, size_t most,
                      bool (*check)(const Entry&, uint64_t, void*), void* context);

template <typename Check>
LeafList GatherLeaves(EntryReader* reader, const Batch& batch, const Span& span, size_t most,
                      Check check) {
  return GatherLeaves(
      reader, batch, span, most,
      [](const Entry& e, uint64_t xact, void* context) {
        return (*static_cast<Check*>(context))(e, xact);
      },
      &check);
}

inline LeafList GatherLeaves(EntryReader* reader, const Batch& batch, const Span& span,
                             size_t most = SIZE_MAX) {
  return GatherLeaves(reader, batch, span, most, [](const Entry&, uint64_t) { return true; });
}

}  // namespace detid
