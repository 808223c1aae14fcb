// SPDX-License-Identifier: PostgreSQL
//
// Ids as SQL values: what the functions share.

#pragma once

#include "core/bits.h"
#include "core/compose.h"
#include "core/definition.h"
#include "core/id_text.h"
#include "core/text_form.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

inline Datum UuidDatum(const Bits& id) {
  pg_uuid_t* uuid = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  ToUuidBytes(id, uuid->data);
  return UUIDPGetDatum(uuid);
}

// The id in argument `argument` of a function whose ids have the SQL type `type` (bigint, uuid or
// text), of the generator. Errors: wrong type, negative, no id.
Bits IdArgument(FunctionCallInfo fcinfo, int argument, Oid type, const Definition& definition);

// The id that a text of the generator's ids is. Errors: it is none.
Bits IdOfText(std::string_view text, const Definition& definition);

// As IdArgument; false for what is not an id, but an error for the wrong type.
bool TryIdArgument(FunctionCallInfo fcinfo, int argument, Oid type, const Definition& definition,
                   Bits* id);

[[noreturn]] void RaiseNotOfLayout(const Definition& definition, const Bits& id);

// The SQL type of a layout's ids.
const char* TypeOf(const Layout& layout);

// The text form as a value.
Datum TextFormDatum(const Definition& definition, const Bits& id);

// Errors: `error`, if the texts of a generator's ids do not sort as the ids do.
void RequireSortedTexts(const Definition& definition, Error error);

// Whether a text is the one that the id has: other forms that are read, such as a uuid's, would be
// the same id once more in a column of texts.
bool IsOwnText(const Definition& definition, const Bits& id, std::string_view given);

// The generator of a function's id: the argument after the id if there is one, else the one that
// comes with the extension for the id's type; a text that looks like a uuid means the uuid one.
Oid GeneratorArgument(FunctionCallInfo fcinfo, Oid type);

// Its definition; of those that come with the extension, without a look-up.
const Definition& DefinitionArgument(FunctionCallInfo fcinfo, Oid type);

// The SQL type of an argument that is an id: bigint, uuid or text, however the function is called.
Oid IdType(FunctionCallInfo fcinfo, int argument = 0);

// The same, looked up once a query. REQUIRES: the function has no other use for fn_extra.
inline Oid CachedIdType(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) [[unlikely]]
    fcinfo->flinfo->fn_extra = reinterpret_cast<void*>(uintptr_t{IdType(fcinfo)});
  return static_cast<Oid>(reinterpret_cast<uintptr_t>(fcinfo->flinfo->fn_extra));
}

// Raises an error unless the id can be of the layout.
inline void RequireOfLayout(const Definition& definition, const Bits& id) {
  if (!IsOfLayout(definition.layout, id)) [[unlikely]]
    RaiseNotOfLayout(definition, id);
}

// Gives a definition another epoch than its layout's. Errors: infinite, before the year 1, or the
// layout has an epoch that is part of its format.
void SetEpoch(Definition* definition, TimestampTz epoch);

// As Decompose; errors are raised.
Decomposed DecomposeOrRaise(const Definition& definition, const Bits& id);

// The time in an id; false if it is beyond timestamptz. REQUIRES: the layout shows one.
bool TryTimestampOfTick(const Definition& definition, int64_t tick, TimestampTz* at);

// The same. Errors: the layout shows none, or it is beyond timestamptz.
TimestampTz TimestampOfTick(const Definition& definition, int64_t tick);

// The tick that contains a time; before the epoch, the first one. Errors: after its end.
int64_t TickOf(const Definition& definition, TimestampTz at);

}  // namespace detid
