// SPDX-License-Identifier: PostgreSQL
//
// compose, compose_uuid, compose_text: an id from its coordinates. Ids with random fields are
// composed under the current seed, for those who may SELECT from the generator.

#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/seed.h"

namespace detid {
namespace {

// Arguments: generator, tick, node, worker, sequence [, input].
Bits ComposeArguments(FunctionCallInfo fcinfo, const Definition& d, const GeneratorKey* key) {
  const Coordinates c = {PG_GETARG_INT32(2), PG_GETARG_INT32(3), PG_GETARG_INT64(1),
                         PG_GETARG_INT64(4)};
  const bool has_input = PG_NARGS() > 5 && !PG_ARGISNULL(5);
  const std::string_view input = has_input ? View(PG_GETARG_TEXT_PP(5)) : std::string_view{};
  const Result<Bits> id = Compose(d.layout, c, input, key);
  if (!id.ok()) Raise(id.status);
  return id.value;
}

bool AnyNull(FunctionCallInfo fcinfo) {
  for (int i = 0; i < 5; i++)
    if (PG_ARGISNULL(i)) return true;
  return false;
}

Bits ComposeSeeded(FunctionCallInfo fcinfo, const Definition& d) {
  if (!d.layout.shows(Kind::kRandom)) return ComposeArguments(fcinfo, d, nullptr);
  const Oid generator = PG_GETARG_OID(0);
  if (pg_class_aclcheck(generator, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(generator));
  RequireOwnSalt(generator);
  GeneratorKey key;
  Commitment commitment;
  if (!KeyFor(d, nullptr, &key, &commitment))
    Raise(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
  return ComposeArguments(fcinfo, d, &key);
}

}  // namespace

DETID_FUNCTION(detid_compose) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.layout.is_bigint())
    Raise(Error::kWrongType, "Its layout has %d bits; use %s.", d.layout.bits,
          d.layout.is_uuid() ? "detid.compose_uuid" : "detid.compose_text");
  if (d.layout.shows(Kind::kRandom))
    Raise(Error::kRandomNotImmutable, "The layout has %d random bits.",
          d.layout.bits_of(Kind::kRandom));
  PG_RETURN_INT64(static_cast<int64_t>(ComposeArguments(fcinfo, d, nullptr).word[0]));
}

DETID_FUNCTION(detid_compose_uuid) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.layout.is_uuid())
    Raise(Error::kWrongType, "Its layout has %d bits; use %s.", d.layout.bits,
          d.layout.is_bigint() ? "detid.compose" : "detid.compose_text");
  return UuidDatum(ComposeSeeded(fcinfo, d));
}

DETID_FUNCTION(detid_compose_text) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  return TextFormDatum(d, ComposeSeeded(fcinfo, d));
}

}  // namespace detid
