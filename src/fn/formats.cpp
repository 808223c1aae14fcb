// SPDX-License-Identifier: PostgreSQL
//
// Formats that have a name: decode_as, explain_as, guess and typeid_parse, for ids that nobody here
// minted, and what the view detid.layouts shows.

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

struct Foreign {
  Definition definition;
  Bits id;
};

// The layout and the id in arguments 0 and 1, and the epoch in argument 2, if there is one that is not
// NULL.
Foreign Arguments(FunctionCallInfo fcinfo) {
  Foreign in = {PublishedArgument(fcinfo), {}};
  Definition& d = in.definition;
  const bool own_epoch = PG_NARGS() > 2 && !PG_ARGISNULL(2);
  if (own_epoch) SetEpoch(&d, PG_GETARG_TIMESTAMPTZ(2));
  const Oid type = IdType(fcinfo, 1);
  if (type == TEXTOID) {
    const Result<Bits> id = ParseAnyForm(d, View(PG_GETARG_TEXT_PP(1)));
    if (!id.ok()) Raise(id.status);
    in.id = id.value;
  } else {
    in.id = IdArgument(fcinfo, 1, type, d);
  }
  // With an epoch of its own it is not the maker's.
  if (!own_epoch)
    if (const Status status = CheckAge(d, in.id); !status.ok()) Raise(status);
  return in;
}

bool AnyNull(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(0) || PG_ARGISNULL(1);
}

}  // namespace

// decode_as(layout text, id bigint|uuid|text, epoch timestamptz) -> (minted_at, node, worker, tick,
// sequence, random, hash)
DETID_FUNCTION(detid_decode_as) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const Foreign in = Arguments(fcinfo);
  Record<7> row;
  AddDecoded(&row, in.definition, DecomposeOrRaise(in.definition, in.id));
  return row.Return(fcinfo);
}

// explain_as(layout text, id bigint|uuid|text, epoch timestamptz) -> text
DETID_FUNCTION(detid_explain_as) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const Foreign in = Arguments(fcinfo);
  return PictureDatum(in.definition, in.id);
}

namespace {

// The text of the id in argument 0, as it is given or in the form of its type.
std::string_view GuessedText(FunctionCallInfo fcinfo, char* form, int size) {
  switch (IdType(fcinfo)) {
    case INT8OID:
      // A negative one is none, but text.
      return {form, static_cast<size_t>(pg_lltoa(PG_GETARG_INT64(0), form))};
    case UUIDOID:
      return {form, static_cast<size_t>(
                        FormatUuid(FromUuidBytes(PG_GETARG_UUID_P(0)->data), form, size))};
    default:
      return View(PG_GETARG_TEXT_PP(0));
  }
}

}  // namespace

// guess(id bigint|uuid|text) -> setof (layout, minted_at), the likeliest first
DETID_FUNCTION(detid_guess) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  char form[kMaxIdText];
  const Candidates all = Guess(GuessedText(fcinfo, form, sizeof form),
                               GetCurrentTransactionStartTimestamp() + kPostgresEpochUs);
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

// typeid_parse(id text) -> (prefix text, uuid uuid)
DETID_FUNCTION(detid_typeid_parse) {
  const Result<TypeId> parsed = ParseTypeId(View(PG_GETARG_TEXT_PP(0)));
  if (!parsed.ok()) Raise(parsed.status);
  const std::string_view prefix = parsed.value.prefix;
  Record<2> row;
  row.Add(PointerGetDatum(cstring_to_text_with_len(prefix.data(), static_cast<int>(prefix.size()))));
  row.Add(UuidDatum(parsed.value.uuid));
  return row.Return(fcinfo);
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
    row.Add(Int32GetDatum(EncodedLength(*d.codec, TextBits(d.layout, *d.codec))));
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
