// SPDX-License-Identifier: PostgreSQL

#include "fn/entry_scan.h"

#include <algorithm>

#include "core/duplicate.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/ledger_table.h"

namespace detid {
namespace {

// What of a definition tells times from positions; false if nobody knows it.
bool LayoutOf(EntryReader* r, const LedgerRow& row, Definition* d) {
  *d = SourceOf(r, row).definition;
  return d->layout.bits > 0;
}

}  // namespace

bool PositionAtTime(EntryReader* r, LedgerScan* scan, const Stream& stream, TimestampTz at,
                    Tick from, int64_t* position) {
  LedgerRow last;
  Definition d;
  if (!FindLast(scan, stream, INT64_MAX, &last) || !LayoutOf(r, last, &d)) return false;
  const int64_t us = at + kPostgresEpochUs;
  if (us <= d.epoch_us) {
    *position = 0;
  } else if (us >= EndOfEpochUs(d)) {
    *position = INT64_MAX;
  } else {
    int64_t tick = TickAt(d.layout, d.epoch_us, us), begins_us = 0;
    if (from == Tick::kFrom && TimeOfTick(d.layout, d.epoch_us, tick, &begins_us) && begins_us < us)
      tick++;
    *position = static_cast<int64_t>(static_cast<uint64_t>(tick) << d.layout.sequence_bits());
  }
  return true;
}

namespace {

// The definitions whose entries may be the generator's: its own, and those that its oid or its name
// had once.
struct Definitions {
  int count = 0;
  uint64_t number[1024];

  void Add(uint64_t d) {
    for (int i = 0; i < count; i++)
      if (number[i] == d) return;
    if (count < static_cast<int>(lengthof(number))) number[count++] = d;
  }
  bool Has(uint64_t d) const {
    for (int i = 0; i < count; i++)
      if (number[i] == d) return true;
    return false;
  }
};

}  // namespace

// Arguments: generator, since, until.
Wanted WantedBy(FunctionCallInfo fcinfo) {
  Wanted wanted;
  if (!PG_ARGISNULL(0)) wanted.generator = PG_GETARG_OID(0);
  if (!PG_ARGISNULL(1)) wanted.since = PG_GETARG_TIMESTAMPTZ(1);
  if (!PG_ARGISNULL(2)) wanted.until = PG_GETARG_TIMESTAMPTZ(2);
  return wanted;
}

namespace {

// Of a stream's positions, when processes share it out: so many parts.
constexpr int kParts = 16;

// To the positions that the stream has.
void Narrow(LedgerScan* scan, const Stream& stream, int64_t* from, int64_t* until) {
  LedgerRow last;
  if (!FindLast(scan, stream, INT64_MAX, &last)) return;
  if (static_cast<int64_t>(last.key.position) < *until)
    *until = static_cast<int64_t>(last.key.position) + 1;
  EachRow(scan, stream, static_cast<uint64_t>(*from), static_cast<uint64_t>(*until),
          [&](const LedgerRow& row) {
            *from = static_cast<int64_t>(row.key.position);
            return false;
          });
  *until = std::max(*until, *from);
}

// The part k of n of [from, until).
uint64_t PartBegin(uint64_t from, uint64_t until, int k, int n) {
  return from + static_cast<uint64_t>(static_cast<unsigned __int128>(until - from) *
                                      static_cast<unsigned>(k) / static_cast<unsigned>(n));
}

}  // namespace

void EachEntry(const Wanted& wanted, bool (*visit)(const Entry&, void*), void* context) {
  EntryReader* reader = OpenEntries();
  Definitions definitions;
  char name[kMaxQualifiedName] = "";
  if (OidIsValid(wanted.generator)) {
    definitions.Add(Fingerprint(DefinitionFor(wanted.generator)));
    QualifiedName(wanted.generator, name);
    EachContext(ContextsOf(reader), [&](const LedgerContext& c) {
      if (c.generator == wanted.generator || c.generator_name == name)
        definitions.Add(static_cast<uint64_t>(c.definition));
    });
  }
  std::atomic<uint32_t>* const next = wanted.next_part;
  uint32_t part = 0, mine = next != nullptr ? next->fetch_add(1) : 0;
  const auto is_mine = [&] {
    if (next == nullptr) return true;
    if (part++ != mine) return false;
    mine = next->fetch_add(1);
    return true;
  };
  bool more = true;
  const auto read = [&](const LedgerRow& row) {
    Entry e{};
    ReadEntry(reader, row, &e);
    if (OidIsValid(wanted.generator) && OidIsValid(e.generator) && e.generator != wanted.generator)
      return true;
    if (OidIsValid(wanted.generator) && !OidIsValid(e.generator) && e.context != nullptr &&
        e.context->generator != wanted.generator && e.context->generator_name != name)
      return true;
    return more = visit(e, context);
  };
  ListCell* cell;
  foreach (cell, wanted.tables != NIL ? wanted.tables : LedgerTables()) {
    if (!more) break;
    LedgerScan* scan = OpenLedgerScan(lfirst_oid(cell));
    for (Stream stream; more && NextStream(scan, &stream);) {
      if (OidIsValid(wanted.generator) && !definitions.Has(stream.definition)) continue;
      int64_t from = 0, until = INT64_MAX;
      if (!TIMESTAMP_IS_NOBEGIN(wanted.since))
        PositionAtTime(reader, scan, stream, wanted.since, Tick::kFrom, &from);
      if (!TIMESTAMP_IS_NOEND(wanted.until))
        PositionAtTime(reader, scan, stream, wanted.until, Tick::kFrom, &until);
      if (from >= until) continue;
      // Those that are kept aside first: they have negative positions (core/duplicate.h).
      const int64_t aside = until == INT64_MAX ? INT64_MIN : -until;
      if (is_mine())
        EachRow(scan, stream, static_cast<uint64_t>(aside), static_cast<uint64_t>(-from), read);
      const int parts = next != nullptr ? kParts : 1;
      if (parts > 1) Narrow(scan, stream, &from, &until);
      for (int k = 0; more && k < parts; k++)
        if (is_mine())
          EachRow(
              scan, stream,
              PartBegin(static_cast<uint64_t>(from), static_cast<uint64_t>(until), k, parts),
              PartBegin(static_cast<uint64_t>(from), static_cast<uint64_t>(until), k + 1, parts),
              read);
    }
    CloseLedgerScan(scan);
  }
  CloseEntries(reader);
}

}  // namespace detid
