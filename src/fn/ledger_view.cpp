// SPDX-License-Identifier: PostgreSQL
//
// What the view detid.ledger shows of a row's numbers: when its first id was minted, and its ids.
// They follow from the row and the layout that its context has; nothing is looked up.

#include "core/compose.h"
#include "core/id_text.h"
#include "core/ledger_digest.h"
#include "pg/pg.h"
#include "state/ledger_row.h"

namespace detid {
namespace {

// A layout, parsed once for all rows that have it one after the other; null: the text is none.
const Layout* LayoutOf(FunctionCallInfo fcinfo, const text* layout) {
  struct Parsed {
    Layout layout;
    bool ok;
    int length;
    char text[kMaxLayoutText];
  };
  const std::string_view wanted = View(layout);
  if (wanted.size() >= static_cast<size_t>(kMaxLayoutText)) return nullptr;
  Parsed* p = static_cast<Parsed*>(fcinfo->flinfo->fn_extra);
  if (p == nullptr || std::string_view(p->text, static_cast<size_t>(p->length)) != wanted) {
    if (p == nullptr)
      fcinfo->flinfo->fn_extra = p =
          new (MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Parsed))) Parsed{};
    const Result<Layout> result = ParseLayout(wanted);
    p->ok = result.ok();
    if (p->ok) p->layout = result.value;
    p->length = static_cast<int>(wanted.size());
    memcpy(p->text, wanted.data(), wanted.size());
  }
  return p->ok ? &p->layout : nullptr;
}

// A row of the ledger as far as its ids go. Arguments: layout, node, worker, position, count,
// positions, ids.
struct RowOfIds {
  Coordinates first;
  uint64_t position;
  int32_t count;
  Datum* positions;
  int positions_count;
  const bytea* ids;
  int ids_count;
};

bool ReadRow(FunctionCallInfo fcinfo, const Layout** layout, RowOfIds* row) {
  for (int i = 0; i < 5; i++)
    if (PG_ARGISNULL(i)) return false;
  *layout = LayoutOf(fcinfo, PG_GETARG_TEXT_PP(0));
  if (*layout == nullptr) return false;
  const int64_t position = PG_GETARG_INT64(3);
  *row = {{PG_GETARG_INT32(1), PG_GETARG_INT32(2), 0, 0},
          static_cast<uint64_t>(position < 0 ? ~position : position),
          PG_GETARG_INT32(4),
          nullptr,
          0,
          nullptr,
          0};
  if (!(*layout)->shows(Kind::kWorker)) row->first.worker = 0;
  if (row->count < 1 || row->count > kMaxRun) return false;
  SetPosition(**layout, row->position, &row->first);
  if (!CheckCoordinates(**layout, row->first).ok()) return false;
  if (!PG_ARGISNULL(5)) {
    bool* nulls;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(5), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
                      TYPALIGN_DOUBLE, &row->positions, &nulls, &row->positions_count);
    for (int i = 0; i < row->positions_count; i++)
      if (nulls[i]) return false;
    if (row->positions_count != row->count) return false;
  }
  if (!PG_ARGISNULL(6)) {
    row->ids = PG_GETARG_BYTEA_PP(6);
    row->ids_count = static_cast<int>(VARSIZE_ANY_EXHDR(row->ids)) / BytesOfId((*layout)->bits);
  }
  return true;
}

// The id of ordinal i; false if the row does not tell.
bool IdOf(const Layout& layout, const RowOfIds& row, int i, Bits* id) {
  if (row.ids != nullptr) {
    const bool all = row.ids_count == row.count;
    const int at = all ? i : i == 0 ? 0 : i == row.count - 1 ? 1 : row.ids_count;
    if (at >= row.ids_count) return false;
    *id = IdInBytes(row.ids, layout.bits, at);
    return true;
  }
  if (layout.shows(Kind::kRandom) || layout.shows(Kind::kHash)) return false;
  const uint64_t position = row.positions != nullptr
                                ? static_cast<uint64_t>(DatumGetInt64(row.positions[i]))
                                : row.position + static_cast<uint64_t>(i);
  *id = Composer(layout, row.first.node, row.first.worker, nullptr)(position);
  return true;
}

Datum TextOf(const Layout& layout, const Bits& id) {
  char text[kMaxIdText];
  FormatId(layout.bits, id, text, sizeof text);
  return CStringGetTextDatum(text);
}

}  // namespace

// _recorded_id(layout, node, worker, position, count, positions, ids, last boolean) -> text: the
// first or the last id of a row; NULL if the row does not tell.
DETID_FUNCTION(detid_recorded_id) {
  const Layout* layout;
  RowOfIds row;
  Bits id;
  if (!ReadRow(fcinfo, &layout, &row) ||
      !IdOf(*layout, row, PG_GETARG_BOOL(7) ? row.count - 1 : 0, &id))
    PG_RETURN_NULL();
  return TextOf(*layout, id);
}

// _recorded_ids(the same but the last) -> text[]: all ids, if they are 64 at the most and the row
// tells each.
DETID_FUNCTION(detid_recorded_ids) {
  const Layout* layout;
  RowOfIds row;
  if (!ReadRow(fcinfo, &layout, &row) || row.count > kMaxEach) PG_RETURN_NULL();
  Datum ids[kMaxEach];
  for (int i = 0; i < row.count; i++) {
    Bits id;
    if (!IdOf(*layout, row, i, &id)) PG_RETURN_NULL();
    ids[i] = TextOf(*layout, id);
  }
  return PointerGetDatum(construct_array(ids, row.count, TEXTOID, -1, false, TYPALIGN_INT));
}

// _recorded_at(layout, epoch, position) -> timestamptz: when the tick of the position began.
DETID_FUNCTION(detid_recorded_at) {
  const Layout* layout = LayoutOf(fcinfo, PG_GETARG_TEXT_PP(0));
  if (layout == nullptr) PG_RETURN_NULL();
  const int64_t position = PG_GETARG_INT64(2);
  int64_t us;
  if (!TimeOfTick(*layout, PG_GETARG_TIMESTAMPTZ(1) + kPostgresEpochUs,
                  (position < 0 ? ~position : position) >> layout->sequence_bits(), &us))
    PG_RETURN_NULL();
  return TimestampDatum(us);
}

}  // namespace detid
