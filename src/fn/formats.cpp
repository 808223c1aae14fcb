// SPDX-License-Identifier: PostgreSQL
//
// Formats that have a name: decode_as, explain_as and guess, for ids that nobody here minted, and
// what the view detid.layouts shows.

#include "core/guess.h"
#include "core/presets.h"
#include "fn/decoded.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

extern "C" {
#include "funcapi.h"
}

namespace detid {
namespace {

// The layout in argument 0. The one asked for last is kept: queries ask for one many times.
const Definition& PublishedArgument(FunctionCallInfo fcinfo) {
  static Definition last;
  static char last_text[kMaxLayoutText + 1];
  static size_t last_length = 0;
  const std::string_view given = View(PG_GETARG_TEXT_PP(0));
  if (last_length > 0 && given == std::string_view(last_text, last_length)) return last;
  const Result<Definition> d = PublishedDefinitionOf(given);
  if (!d.ok()) Raise(d.status);
  last = d.value;
  last_length = given.copy(last_text, kMaxLayoutText);
  return last;
}

// The id in argument 1.
Bits ForeignArgument(FunctionCallInfo fcinfo, const Definition& d) {
  const Oid type = IdType(fcinfo, 1);
  if (type != TEXTOID) return IdArgument(fcinfo, 1, type, d);
  const Result<Bits> id = ParseAnyForm(d, View(PG_GETARG_TEXT_PP(1)));
  if (!id.ok()) Raise(id.status);
  return id.value;
}

}  // namespace

// decode_as(layout text, id bigint|uuid|text) -> (minted_at, node, worker, tick, sequence, random,
// hash)
DETID_FUNCTION(detid_decode_as) {
  const Definition& d = PublishedArgument(fcinfo);
  Record<7> row;
  AddDecoded(&row, d, DecomposeOrRaise(d, ForeignArgument(fcinfo, d)));
  return row.Return(fcinfo);
}

// explain_as(layout text, id bigint|uuid|text) -> text
DETID_FUNCTION(detid_explain_as) {
  const Definition& d = PublishedArgument(fcinfo);
  return PictureDatum(d, ForeignArgument(fcinfo, d));
}

// guess(id text) -> setof (layout, minted_at), the likeliest first
DETID_FUNCTION(detid_guess) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Candidates all =
      Guess(View(PG_GETARG_TEXT_PP(0)), GetCurrentTransactionStartTimestamp() + kPostgresEpochUs);
  for (int i = 0; i < all.count; i++) {
    const Candidate& c = all.candidate[static_cast<size_t>(i)];
    Record<2> row;
    row.AddText(c.preset->name.data());
    if (c.timed)
      row.Add(TimestampDatum(c.minted_us));
    else
      row.Skip();
    row.Put(set);
  }
  return Datum{0};
}

// _layouts() -> the rows of the view detid.layouts
DETID_FUNCTION(detid_layouts) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const Preset& preset : Presets()) {
    const Definition d = DefinitionOf(preset.name).value;
    const double rate = IdsPerSecond(d.layout);
    Record<13> row;
    row.AddText(preset.name.data());
    row.AddText(preset.layout.data());
    row.AddText(preset.published.empty() ? preset.layout.data() : preset.published.data());
    row.Add(Int32GetDatum(d.layout.bits));
    row.AddText(TypeOf(d.layout));
    row.AddText(preset.codec.data());
    const bool padded = d.codec->width == Width::kFixed;
    row.Add(
        Int32GetDatum(EncodedLength(*d.codec, padded ? d.layout.text_bits() : int{d.layout.bits})));
    if (d.layout.shows(Kind::kTime)) {
      row.Add(TimestampDatum(d.epoch_us));
      row.Add(TimestampDatum(EndOfEpochUs(d)));
      row.Add(Int64GetDatum(static_cast<int64_t>(rate)));
    } else {
      row.Skip(3);
    }
    row.Add(Int32GetDatum(d.layout.bits_of(Kind::kRandom)));
    row.Add(BoolGetDatum(d.layout.time_first()));
    row.AddText(preset.source.data());
    row.Put(set);
  }
  return Datum{0};
}

}  // namespace detid
