// SPDX-License-Identifier: PostgreSQL
//
// is_valid, is_genuine: whether an id has the form of a generator's, and whether it was made with a
// seed that is at hand. Neither has an error for a text that is no id: they are questions.

#include "core/compose.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/secrets.h"

namespace detid {
namespace {

// The id in argument 0; false if it is none of the definition's type and form.
bool ReadId(FunctionCallInfo fcinfo, const Definition& d, Bits* id) {
  const Oid type = CachedIdType(fcinfo);
  if (type == INT8OID) {
    const int64 value = PG_GETARG_INT64(0);
    *id = {{static_cast<uint64_t>(value), 0, 0}};
    return d.layout.is_bigint() && value >= 0;
  }
  if (type == UUIDOID) {
    *id = FromUuidBytes(PG_GETARG_UUID_P(0)->data);
    return d.layout.is_uuid();
  }
  const Result<Bits> parsed = ParseTextForm(d, View(PG_GETARG_TEXT_PP(0)));
  *id = parsed.value;
  return parsed.ok();
}

// The random bits are a PRF of all the coordinates, so all must be shown; a worker that is not has
// no part in them.
void RequireVerifiable(const Layout& layout) {
  const char* missing = !layout.shows(Kind::kTime)     ? "time"
                        : !layout.shows(Kind::kNode)   ? "node"
                        : !layout.shows(Kind::kRandom) ? "random"
                                                       : nullptr;
  if (missing != nullptr)
    Raise(Error::kNotVerifiable, "The generator's layout has no %s field.", missing);
}

}  // namespace

// is_valid(id bigint|uuid|text, generator regclass) -> boolean
DETID_FUNCTION(detid_is_valid) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(1));
  Bits id;
  PG_RETURN_BOOL(ReadId(fcinfo, d, &id) && IsOfLayout(d.layout, id) &&
                 (CachedIdType(fcinfo) != TEXTOID || IsOwnText(d, id, View(PG_GETARG_TEXT_PP(0)))));
}

// is_genuine(id bigint|uuid|text, generator regclass) -> boolean
DETID_FUNCTION(detid_is_genuine) {
  const Oid generator = PG_GETARG_OID(1);
  const Secrets& secrets = SecretsFor(generator);
  const Definition& d = DefinitionFor(generator);
  RequireVerifiable(d.layout);
  Bits id;
  if (!ReadId(fcinfo, d, &id) || !IsOfLayout(d.layout, id)) PG_RETURN_BOOL(false);
  const Coordinates c = CoordinatesOf(d.layout, id);
  for (int i = 0; i < secrets.count; i++)
    if (HasRandomOf(d.layout, id, c, secrets.keys[i])) PG_RETURN_BOOL(true);
  PG_RETURN_BOOL(false);
}

}  // namespace detid
