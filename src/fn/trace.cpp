// SPDX-License-Identifier: PostgreSQL
//
// The search behind trace: the ledger's entry that holds an id.
//
// Where a layout shows its time, the id tells the position, and the entry is the last one of its
// stream that begins there or before (A8 of state/ledger_row.h): one descent of the index of each
// table. Nodes and pinned clocks that the id does not show are tried one by one. A layout without
// time has its entries looked through.

#include "core/id_text.h"
#include "fn/entries.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/pg.h"
#include "state/claim.h"
#include "state/definitions.h"
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
  const int32_t worker =
      s.definition->layout.shows(Kind::kWorker) ? s.shown.worker : kNoWorker;
  if (LookInStream(scan, reader, {s.fingerprint, node, worker}, s, found)) return true;
  // Those of pinned clocks.
  Stream stream = {s.fingerprint, node, INT32_MIN};
  while (NextWorker(scan, &stream) && stream.worker < kNoWorker)
    if (LookInStream(scan, reader, stream, s, found)) return true;
  return false;
}

template <typename Found>
bool LookThrough(LedgerScan* scan, EntryReader* reader, int32_t node, const Sought& s,
                 Found found) {
  bool done = false;
  Stream stream = {s.fingerprint, node, INT32_MIN};
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
    for (Stream stream = {s.fingerprint, INT32_MIN, INT32_MIN}; !done && NextNode(scan, &stream);)
      done = look(stream.node);
  CloseLedgerScan(scan);
  return done;
}

void AddTexts(Record<13>* row, const LedgerContext* c) {
  const auto add = [&](std::string_view text) {
    if (text.data() == nullptr) return row->Skip();
    row->Add(PointerGetDatum(
        cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))));
  };
  if (c == nullptr) return row->Skip(5);
  add(c->session_role);
  add(c->role);
  add(c->application);
  add(c->client);
  add(c->tag);
}

}  // namespace

// _find_entry(generator regclass, id text) -> setof (node, entry, ordinal, xact, session_role, role,
// application, client, tag, input, pinned, matches, reason): the ledger's entry that holds the id,
// if there is one, and replay's verdict.
DETID_FUNCTION(detid_find_entry) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  const Bits id = IdArgument(fcinfo, 1, TEXTOID, d);
  const Coordinates shown = DecomposeOrRaise(d, id).coordinates;
  const Sought sought = {generator, &d, Fingerprint(d), id, shown, PositionOf(d.layout, shown)};
  EntryReader* reader = OpenEntries();
  const auto found = [&](const Entry& e, int i) {
    Record<13> row;
    row.Add(Int32GetDatum(e.first.node));
    row.Add(Int64GetDatum(e.entry));
    row.Add(Int32GetDatum(i + 1));
    if (e.context != nullptr)
      row.Add(FullTransactionIdGetDatum(FullTransactionIdFromEpochAndXid(
          static_cast<uint32_t>(e.context->xact_epoch), e.row.xact)));
    else
      row.Skip();
    AddTexts(&row, e.context);
    if (e.row.tag != nullptr) {
      row.next--;
      row.Add(PointerGetDatum(e.row.tag));
    }
    const std::string_view input = InputOf(e, i);
    if (input.data() != nullptr)
      row.Add(
          PointerGetDatum(cstring_to_text_with_len(input.data(), static_cast<int>(input.size()))));
    else
      row.Skip();
    row.Add(BoolGetDatum(e.row.key.worker < kNoWorker));
    const char* altered = e.reason == nullptr ? Altered(e) : nullptr;
    if (e.reason == nullptr)
      row.Add(BoolGetDatum(altered == nullptr && Regenerate(e, i) == id));
    else if (e.refuted)
      row.Add(BoolGetDatum(false));
    else
      row.Skip();
    if (e.reason != nullptr || altered != nullptr)
      row.AddText(altered != nullptr ? altered : e.reason);
    else
      row.Skip();
    row.Put(set);
  };
  RowKey claim;
  if (FindClaimOf(sought.fingerprint, id, d.layout.bits, &claim)) {
    Sought of_claim = sought;
    of_claim.position = claim.position;
    LedgerScan* scan = OpenLedgerScan(FindTable("claims"));
    LookInStream(scan, reader, {claim.definition, claim.node, claim.worker}, of_claim, found);
    CloseLedgerScan(scan);
  } else {
    ListCell* cell;
    foreach (cell, LedgerTables())
      if (LookInTable(lfirst_oid(cell), reader, sought, found)) break;
  }
  CloseEntries(reader);
  return Datum{0};
}

}  // namespace detid
