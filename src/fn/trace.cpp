// SPDX-License-Identifier: PostgreSQL
//
// The search behind trace: the ledger's entry that holds an id.

#include "core/id_text.h"
#include "fn/entries.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/pg.h"
#include "state/claim.h"
#include "state/definitions.h"

namespace detid {
namespace {

// A run lasts one second at the most (state/ledger.cpp), and its first tick may have begun a tick
// earlier.
constexpr char kCandidates[] =
    "definition OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR (minted_at OPERATOR(pg_catalog.>=) "
    "($2 OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => 2)) AND minted_at "
    "OPERATOR(pg_catalog.<=) $2))";

// A claim is found by its id, whatever its layout shows.
constexpr char kClaim[] = "node OPERATOR(pg_catalog.=) $3 AND entry OPERATOR(pg_catalog.=) $4";

// The ordinal of `id` in the entry, or -1. Where the layout shows its coordinates, they tell.
int OrdinalOf(const Entry& e, const Bits& id, std::string_view text, const Coordinates& shown) {
  if (e.attempt >= 0) return e.first_id == text ? 0 : -1;
  if (e.ids != nullptr) {
    for (int i = 0; i < e.count; i++)
      if (Recorded(e, i) == text) return i;
    return -1;
  }
  if (e.layout.shows(Kind::kNode) && shown.node != e.first.node) return -1;
  if (e.layout.shows(Kind::kWorker) && shown.worker != e.first.worker) return -1;
  if (e.layout.shows(Kind::kTime)) {
    const uint64_t first = PositionOf(e.layout, e.first), at = PositionOf(e.layout, shown);
    return at >= first && at - first < static_cast<uint64_t>(e.count) ? static_cast<int>(at - first)
                                                                      : -1;
  }
  for (int i = 0; e.reason == nullptr && i < e.count; i++) {
    if (i % 65536 == 0) CHECK_FOR_INTERRUPTS();
    if (Regenerate(e, i) == id) return i;
  }
  return -1;
}

}  // namespace

// _find_entry(generator regclass, id text) -> setof (node, entry, ordinal, input, matches, reason):
// the ledger's entry that holds the id, if there is one, and replay's verdict.
DETID_FUNCTION(detid_find_entry) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  const Bits id = IdArgument(fcinfo, 1, TEXTOID, d);
  char text[kMaxIdText];
  FormatId(d.layout.bits, id, text, sizeof text);
  const Coordinates shown = DecomposeOrRaise(d, id).coordinates;
  const bool timed = d.layout.shows(Kind::kTime);
  int32_t node = 0;
  int64_t number = 0;
  const bool claimed = FindClaimOf(Fingerprint(d), text, &node, &number);
  Oid types[] = {INT8OID, TIMESTAMPTZOID, INT4OID, INT8OID};
  Datum values[] = {Int64GetDatum(static_cast<int64_t>(Fingerprint(d))),
                    timed ? TimestampTzGetDatum(TimestampOfTick(d, shown.tick)) : Datum{0},
                    Int32GetDatum(node), Int64GetDatum(number)};
  const char* condition = claimed ? kClaim : kCandidates;
  EachEntry(condition, 4, types, values, timed ? "    " : " n  ", [&](const Entry& e) {
    if (e.generator != generator) return true;
    const int i = OrdinalOf(e, id, text, shown);
    if (i < 0) return true;
    Record<6> row;
    row.Add(Int32GetDatum(e.first.node));
    row.Add(Int64GetDatum(e.entry));
    row.Add(Int32GetDatum(i + 1));
    const std::string_view input = InputOf(e, i);
    if (input.data() != nullptr)
      row.Add(
          PointerGetDatum(cstring_to_text_with_len(input.data(), static_cast<int>(input.size()))));
    else
      row.Skip();
    if (e.reason == nullptr) {
      row.Add(BoolGetDatum(Regenerate(e, i) == id && (e.attempt < 0 || DigestHolds(e))));
      row.Skip();
    } else {
      row.Skip();
      row.AddText(e.reason);
    }
    row.Put(set);
    return false;
  });
  return Datum{0};
}

}  // namespace detid
