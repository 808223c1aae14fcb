// SPDX-License-Identifier: PostgreSQL
//
// decode, minted_at, try_minted_at, node_of, explain: an id taken apart. Each is one function for bigint, uuid
// and text ids, with and without a generator.

#include "fn/decoded.h"
#include "fn/ids.h"
#include "pg/pg.h"

namespace detid {
namespace {

struct Decoded {
  const Definition* definition;
  Bits id;
};

Decoded Arguments(FunctionCallInfo fcinfo, Oid type) {
  const Definition& d = DefinitionArgument(fcinfo, type);
  return {&d, IdArgument(fcinfo, 0, type, d)};
}

}  // namespace

// decode(id [, generator]) -> (generator, minted_at, node, worker, tick, sequence, random, hash)
DETID_FUNCTION(detid_decode) {
  const Decoded in = Arguments(fcinfo, IdType(fcinfo));
  const Definition& d = *in.definition;
  Record<8> row;
  row.Add(ObjectIdGetDatum(GeneratorArgument(fcinfo, IdType(fcinfo))));
  AddDecoded(&row, d, DecomposeOrRaise(d, in.id));
  return row.Return(fcinfo);
}

// minted_at(id [, generator]) -> timestamptz; NULL if the layout shows no time
DETID_FUNCTION(detid_minted_at) {
  const Decoded in = Arguments(fcinfo, CachedIdType(fcinfo));
  const Definition& d = *in.definition;
  RequireOfLayout(d, in.id);
  if (!d.layout.shows(Kind::kTime)) PG_RETURN_NULL();
  PG_RETURN_TIMESTAMPTZ(
      TimestampOfTick(d, static_cast<int64_t>(CoordinateOf(d.layout, Kind::kTime, in.id))));
}

// try_minted_at(id [, generator]) -> timestamptz; NULL also for an id that is not of the generator
DETID_FUNCTION(detid_try_minted_at) {
  const Oid type = CachedIdType(fcinfo);
  const Definition& d = DefinitionArgument(fcinfo, type);
  Bits id;
  TimestampTz at = 0;
  if (!TryIdArgument(fcinfo, 0, type, d, &id) || !IsOfLayout(d.layout, id) ||
      !d.layout.shows(Kind::kTime) ||
      !TryTimestampOfTick(d, static_cast<int64_t>(CoordinateOf(d.layout, Kind::kTime, id)), &at))
    PG_RETURN_NULL();
  PG_RETURN_TIMESTAMPTZ(at);
}

// node_of(id [, generator]) -> int; NULL if the layout shows no node
DETID_FUNCTION(detid_node_of) {
  const Decoded in = Arguments(fcinfo, CachedIdType(fcinfo));
  const Definition& d = *in.definition;
  RequireOfLayout(d, in.id);
  if (!d.layout.shows(Kind::kNode)) PG_RETURN_NULL();
  PG_RETURN_INT32(static_cast<int32_t>(CoordinateOf(d.layout, Kind::kNode, in.id)));
}

// explain(id [, generator]) -> text
DETID_FUNCTION(detid_explain) {
  const Decoded in = Arguments(fcinfo, CachedIdType(fcinfo));
  return PictureDatum(*in.definition, in.id);
}

}  // namespace detid
