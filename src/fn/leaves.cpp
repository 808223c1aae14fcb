// SPDX-License-Identifier: PostgreSQL

#include "fn/leaves.h"

#include <algorithm>

#include "core/redaction.h"
#include "fn/entry_scan.h"

namespace detid {
namespace {

bool Before(const Leaf& a, const Leaf& b) {
  const auto key = [](const Leaf& l) {
    return std::make_tuple(l.xact, static_cast<int64_t>(l.key.definition), l.key.node, l.key.worker,
                           static_cast<int64_t>(l.key.position));
  };
  return key(a) < key(b);
}

void Add(LeafList* list, const Leaf& leaf) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
    const Size size = list->capacity * sizeof(Leaf);
    list->leaf = static_cast<Leaf*>(list->leaf == nullptr
                                        ? MemoryContextAllocHuge(CurrentMemoryContext, size)
                                        : repalloc_huge(list->leaf, size));
  }
  list->leaf[list->count++] = leaf;
}

}  // namespace

bool LeafOfEntry(const Entry& e, uint64_t xact, Hash* leaf) {
  RestHash rest;
  if (e.row.ids != nullptr) rest.Add('i', View(e.row.ids));
  if (e.positions_count > 0) {
    int64_t* positions =
        static_cast<int64_t*>(palloc(sizeof(int64_t) * static_cast<Size>(e.positions_count)));
    for (int i = 0; i < e.positions_count; i++) positions[i] = DatumGetInt64(e.positions[i]);
    rest.Add('p', {reinterpret_cast<const char*>(positions),
                   sizeof(int64_t) * static_cast<size_t>(e.positions_count)});
  }
  if (e.row.tag != nullptr) rest.Add('t', InUtf8(View(e.row.tag)));
  if (e.row.claim != nullptr) rest.Add('c', View(e.row.claim));
  // What is sealed was claimed here; one that says otherwise was changed.
  if (e.row.origin != 0)
    rest.Add('o', {reinterpret_cast<const char*>(&e.row.origin), sizeof e.row.origin});
  if (e.inputs != nullptr) {
    if (!e.has_key) return false;
    Hash* inputs =
        static_cast<Hash*>(palloc0(sizeof(Hash) * static_cast<Size>(std::max(e.inputs_count, 1))));
    for (int i = 0; i < e.inputs_count; i++)
      if (RedactedInput r; FindRedacted(e.redacted, static_cast<uint32_t>(i), &r))
        inputs[i] = r.commitment;
      else if (!e.no_input[i])
        inputs[i] = CommitInput(SaltOfInput(e.key, e.row.key, static_cast<uint32_t>(i)),
                                InUtf8(View(DatumGetTextPP(e.inputs[i]))));
    rest.Add('n', {reinterpret_cast<const char*>(inputs),
                   sizeof(Hash) * static_cast<size_t>(e.inputs_count)});
  }
  *leaf = LeafOf(
      {e.row.key, e.row.count, e.row.attempt, xact, e.row.digest, *e.context_hash, rest.End()});
  return true;
}

LeafList GatherLeaves(EntryReader* reader, const Batch& batch, const Span& span, size_t most,
                      bool (*check)(const Entry&, uint64_t, void*), void* context) {
  LeafList list = {nullptr, 0, 0, UINT64_MAX, 0};
  const MemoryContext memory = CurrentMemoryContext;
  size_t found = 0;
  ListCell* cell;
  foreach (cell, LedgerTables()) {
    if (OidIsValid(span.table) && lfirst_oid(cell) != span.table) continue;
    LedgerScan* scan = OpenLedgerScan(lfirst_oid(cell));
    for (Stream stream; NextStream(scan, &stream);) {
      int64_t from = 0, until = INT64_MAX;
      // Positions of pinned clocks say nothing of when their rows were written.
      const bool timed = stream.worker >= kNoWorker;
      if (timed && !TIMESTAMP_IS_NOBEGIN(span.since))
        PositionAtTime(reader, scan, stream, span.since, Tick::kWithin, &from);
      if (timed && !TIMESTAMP_IS_NOEND(span.until))
        PositionAtTime(reader, scan, stream, span.until, Tick::kFrom, &until);
      const auto look = [&](const LedgerRow& row) {
        uint64_t xact;
        if (!XactOf(reader, row, &xact) || xact < batch.from || xact >= batch.until ||
            !IsOfInstance(reader, row, batch.instance))
          return true;
        list.least = std::min(list.least, xact);
        list.greatest = std::max(list.greatest, xact);
        if (++found > most) return true;
        Entry e{};
        ReadEntry(reader, row, &e);
        if (!check(e, xact, context)) return true;
        Leaf leaf = {xact, e.row.key, {}, false, lfirst_oid(cell)};
        leaf.known = LeafOfEntry(e, xact, &leaf.hash);
        const MemoryContext before = MemoryContextSwitchTo(memory);
        Add(&list, leaf);
        MemoryContextSwitchTo(before);
        return true;
      };
      if (from < until)
        EachRow(scan, stream, static_cast<uint64_t>(from), static_cast<uint64_t>(until), look);
    }
    CloseLedgerScan(scan);
  }
  if (found > most) {
    if (list.leaf != nullptr) pfree(list.leaf);
    list.leaf = nullptr;
    list.count = found;
  } else if (list.count > 1) {
    std::sort(list.leaf, list.leaf + list.count, Before);
  }
  return list;
}

}  // namespace detid
