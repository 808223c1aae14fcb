// SPDX-License-Identifier: PostgreSQL

#include "fn/search.h"

#include "fn/ids.h"
#include "state/claim.h"
#include "state/ledger_table.h"

namespace detid {
namespace {

// What is looked for.
struct Sought {
  Oid generator;
  const Definition* definition;
  uint64_t fingerprint;
  Bits id;
  Coordinates shown;
  uint64_t position;  // of a layout that shows its time
};

// The ordinal of the id in the entry, or -1.
int OrdinalOf(const Entry& e, const Sought& s) {
  if (e.generator != s.generator) return -1;
  Bits recorded;
  if (e.attempt >= 0) return Recorded(e, 0, &recorded) && recorded == s.id ? 0 : -1;
  if (e.layout.shows(Kind::kTime)) {
    for (int i = 0; i < e.positions_count; i++)
      if (PositionAt(e, i) == s.position) return i;
    const uint64_t ordinal = s.position - e.row.key.position;
    return e.positions == nullptr && ordinal < static_cast<uint64_t>(e.count)
               ? static_cast<int>(ordinal)
               : -1;
  }
  for (int i = 0; i < e.count; i++) {
    if (i % 65536 == 0) CHECK_FOR_INTERRUPTS();
    if (Recorded(e, i, &recorded) ? recorded == s.id
                                  : e.reason == nullptr && Regenerate(e, i) == s.id)
      return i;
  }
  return -1;
}

// Whether the row of the stream that would hold the position holds it.
template <typename Found>
bool LookInStream(LedgerScan* scan, EntryReader* reader, const Stream& stream, const Sought& s,
                  Found found) {
  LedgerRow row;
  if (!FindLast(scan, stream, s.position, &row)) return false;
  Entry e{};
  ReadEntry(reader, row, &e);
  const int i = OrdinalOf(e, s);
  if (i >= 0) found(e, i);
  return i >= 0;
}

// The streams of one node.
template <typename Found>
bool LookAtNode(LedgerScan* scan, EntryReader* reader, int32_t node, const Sought& s, Found found) {
  const int32_t worker = s.definition->layout.shows(Kind::kWorker) ? s.shown.worker : kNoWorker;
  if (LookInStream(scan, reader, {s.fingerprint, node, worker, true}, s, found)) return true;
  // Those of pinned clocks.
  Stream stream = {s.fingerprint, node, INT32_MIN, true};
  while (NextWorker(scan, &stream) && stream.worker < kNoWorker)
    if (LookInStream(scan, reader, stream, s, found)) return true;
  return false;
}

template <typename Found>
bool LookThrough(LedgerScan* scan, EntryReader* reader, int32_t node, const Sought& s,
                 Found found) {
  bool done = false;
  Stream stream = {s.fingerprint, node, INT32_MIN, true};
  while (!done && NextWorker(scan, &stream))
    EachRow(scan, stream, 0, INT64_MAX, [&](const LedgerRow& row) {
      Entry e{};
      ReadEntry(reader, row, &e);
      const int i = OrdinalOf(e, s);
      if (i >= 0) found(e, i);
      done = i >= 0;
      return !done;
    });
  return done;
}

template <typename Found>
bool LookInTable(Oid table, EntryReader* reader, const Sought& s, Found found) {
  LedgerScan* scan = OpenLedgerScan(table);
  const Layout& layout = s.definition->layout;
  const auto look = [&](int32_t node) {
    return layout.shows(Kind::kTime) ? LookAtNode(scan, reader, node, s, found)
                                     : LookThrough(scan, reader, node, s, found);
  };
  bool done = false;
  if (layout.shows(Kind::kNode))
    done = look(s.shown.node);
  else
    for (Stream stream = {s.fingerprint, INT32_MIN, INT32_MIN, true};
         !done && NextNode(scan, &stream);)
      done = look(stream.node);
  CloseLedgerScan(scan);
  return done;
}

}  // namespace

bool FindEntry(EntryReader* reader, Oid generator, const Definition& d, const Bits& id,
               void (*visit)(const Entry&, int, void*), void* context) {
  const Coordinates shown = DecomposeOrRaise(d, id).coordinates;
  Sought sought = {generator, &d, Fingerprint(d), id, shown, PositionOf(d.layout, shown)};
  const auto found = [&](const Entry& e, int i) { visit(e, i, context); };
  RowKey claim;
  if (FindClaimOf(sought.fingerprint, id, d.layout.bits, &claim)) {
    sought.position = claim.position;
    LedgerScan* scan = OpenLedgerScan(FindTable("claims"));
    const bool there = LookInStream(
        scan, reader, {claim.definition, claim.node, claim.worker, true}, sought, found);
    CloseLedgerScan(scan);
    return there;
  }
  ListCell* cell;
  foreach (cell, LedgerTables())
    if (LookInTable(lfirst_oid(cell), reader, sought, found)) return true;
  return false;
}

}  // namespace detid
