// SPDX-License-Identifier: PostgreSQL
//
// decode, minted_at, node_of, explain: an id taken apart. Each is one function for bigint, uuid
// and text ids, with and without a generator.

#include "core/picture.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator.h"

namespace detid {
namespace {

struct Decoded {
  const Definition* definition;
  Bits id;
};

Decoded Arguments(FunctionCallInfo fcinfo) {
  const Oid type = IdType(fcinfo);
  const Definition& d = DefinitionArgument(fcinfo, type);
  return {&d, IdArgument(fcinfo, 0, type, d.layout)};
}

// Wide fields as hexadecimal text.
Datum HexDatum(const Bits& value, int bits) {
  char text[kMaxIdText];
  FormatHex(value, bits, text, sizeof text);
  return CStringGetTextDatum(text);
}

}  // namespace

// decode(id [, generator]) -> (generator, minted_at, node, worker, tick, sequence, random, hash)
DETID_FUNCTION(detid_decode) {
  const Decoded in = Arguments(fcinfo);
  const Definition& d = *in.definition;
  const Decomposed parts = DecomposeOrRaise(d, in.id);
  const Coordinates& c = parts.coordinates;
  Record<8> row;
  const auto add = [&](Kind kind, Datum value) {
    if (d.layout.shows(kind))
      row.Add(value);
    else
      row.Skip();
  };
  row.Add(ObjectIdGetDatum(GeneratorArgument(fcinfo, IdType(fcinfo))));
  if (d.layout.shows(Kind::kTime))
    row.Add(TimestampTzGetDatum(TimestampOfTick(d, c.tick)));
  else
    row.Skip();
  add(Kind::kNode, Int32GetDatum(c.node));
  add(Kind::kWorker, Int32GetDatum(c.worker));
  add(Kind::kTime, Int64GetDatum(c.tick));
  add(Kind::kSequence, Int64GetDatum(c.sequence));
  add(Kind::kRandom, d.layout.shows(Kind::kRandom)
                         ? HexDatum(parts.random, d.layout.bits_of(Kind::kRandom))
                         : Datum{0});
  add(Kind::kHash,
      d.layout.shows(Kind::kHash) ? HexDatum(parts.hash, d.layout.bits_of(Kind::kHash)) : Datum{0});
  return row.Return(fcinfo);
}

// minted_at(id [, generator]) -> timestamptz; NULL if the layout shows no time
DETID_FUNCTION(detid_minted_at) {
  const Decoded in = Arguments(fcinfo);
  const Decomposed parts = DecomposeOrRaise(*in.definition, in.id);
  if (!in.definition->layout.shows(Kind::kTime)) PG_RETURN_NULL();
  PG_RETURN_TIMESTAMPTZ(TimestampOfTick(*in.definition, parts.coordinates.tick));
}

// node_of(id [, generator]) -> int; NULL if the layout shows no node
DETID_FUNCTION(detid_node_of) {
  const Decoded in = Arguments(fcinfo);
  const Decomposed parts = DecomposeOrRaise(*in.definition, in.id);
  if (!in.definition->layout.shows(Kind::kNode)) PG_RETURN_NULL();
  PG_RETURN_INT32(parts.coordinates.node);
}

// explain(id [, generator]) -> text
DETID_FUNCTION(detid_explain) {
  const Decoded in = Arguments(fcinfo);
  char* picture = static_cast<char*>(palloc(kMaxPicture));
  const Status status = DrawPicture(*in.definition, in.id, picture, kMaxPicture);
  if (!status.ok()) Raise(status);
  PG_RETURN_TEXT_P(cstring_to_text(picture));
}

}  // namespace detid
