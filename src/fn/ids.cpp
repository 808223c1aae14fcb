// SPDX-License-Identifier: PostgreSQL

#include "fn/ids.h"

#include "pg/errors.h"
#include "state/generator.h"

namespace detid {

namespace {

bool IsIdType(Oid type) {
  return type == INT8OID || type == UUIDOID || type == TEXTOID;
}

// What the function was created with.
Oid DeclaredType(Oid function, int argument) {
  Oid* types = nullptr;
  int count = 0;
  get_func_signature(function, &types, &count);
  return argument < count ? types[argument] : InvalidOid;
}

}  // namespace

Oid IdType(FunctionCallInfo fcinfo, int argument) {
  const Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);
  if (IsIdType(type)) [[likely]]
    return type;
  // There is no expression in a call by the protocol's function call message, and it may have a
  // domain in an aggregate.
  const Oid declared = DeclaredType(fcinfo->flinfo->fn_oid, argument);
  if (!IsIdType(declared)) elog(ERROR, "the type of the id is not known");
  return declared;
}

const char* TypeOf(const Layout& layout) {
  return layout.is_bigint() ? "bigint" : layout.is_uuid() ? "uuid" : "text";
}

Datum TextFormDatum(const Definition& d, const Bits& id) {
  char text[kMaxTextForm + 1];
  const int n = FormatTextForm(d, id, text);
  return PointerGetDatum(cstring_to_text_with_len(text, n));
}

bool IsOwnText(const Definition& d, const Bits& id, std::string_view given) {
  char own[kMaxTextForm + 1];
  return given == std::string_view(own, static_cast<size_t>(FormatTextForm(d, id, own)));
}

namespace {

void RequireType(const Layout& layout, bool fits, const char* given) {
  if (!fits)
    Raise(Error::kWrongType, "The id is a %s; the generator's ids are of type %s.", given,
          TypeOf(layout));
}

}  // namespace

namespace {
bool MeansUuid(FunctionCallInfo fcinfo, Oid type) {
  return type == UUIDOID || (type == TEXTOID && LooksLikeUuid(View(PG_GETARG_TEXT_PP(0))));
}
}  // namespace

Oid GeneratorArgument(FunctionCallInfo fcinfo, Oid type) {
  if (PG_NARGS() > 1) return PG_GETARG_OID(1);
  return MeansUuid(fcinfo, type) ? DefaultUuid() : DefaultId();
}

const Definition& DefinitionArgument(FunctionCallInfo fcinfo, Oid type) {
  if (PG_NARGS() > 1) return DefinitionFor(PG_GETARG_OID(1));
  return MeansUuid(fcinfo, type) ? DefaultUuidDefinition() : DefaultIdDefinition();
}

Bits IdArgument(FunctionCallInfo fcinfo, int argument, Oid type, const Definition& d) {
  const Layout& layout = d.layout;
  if (type == INT8OID) {
    RequireType(layout, layout.is_bigint(), "bigint");
    const int64 id = PG_GETARG_INT64(argument);
    if (id < 0) Raise(Error::kNegativeId, "The id is %lld.", static_cast<long long>(id));
    return {{static_cast<uint64_t>(id), 0, 0}};
  }
  if (type == UUIDOID) {
    RequireType(layout, layout.is_uuid(), "uuid");
    return FromUuidBytes(PG_GETARG_UUID_P(argument)->data);
  }
  const Result<Bits> parsed = ParseTextForm(d, View(PG_GETARG_TEXT_PP(argument)));
  if (!parsed.ok()) Raise(parsed.status);
  return parsed.value;
}

void RaiseNotOfLayout(const Definition& d, const Bits& id) {
  Raise(NotOfLayout(d.layout, id));
}

Decomposed DecomposeOrRaise(const Definition& d, const Bits& id) {
  const Result<Decomposed> parts = Decompose(d.layout, id);
  if (!parts.ok()) Raise(parts.status);
  return parts.value;
}

TimestampTz TimestampOfTick(const Definition& d, int64_t tick) {
  int64_t us = 0;
  if (!d.layout.shows(Kind::kTime)) Raise(Error::kTimeNotShown, "The layout has no time field.");
  if (!TimeOfTick(d.layout, d.epoch_us, tick, &us) ||
      __builtin_sub_overflow(us, kPostgresEpochUs, &us) || !IS_VALID_TIMESTAMP(us))
    Raise(Error::kTimeInvalid, "Tick %lld is beyond the range of timestamptz.",
          static_cast<long long>(tick));
  return us;
}

int64_t UnixUs(TimestampTz t) {
  if (TIMESTAMP_NOT_FINITE(t)) Raise(Error::kTimeInvalid, "It is infinite.");
  int64_t us = 0;  // of the last 30 years of timestamptz, more than 64 bits
  if (__builtin_add_overflow(t, kPostgresEpochUs, &us))
    Raise(Error::kTimeInvalid, "It is beyond the year 294246.");
  return us;
}

}  // namespace detid
