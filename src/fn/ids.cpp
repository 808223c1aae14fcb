// SPDX-License-Identifier: PostgreSQL

#include "fn/ids.h"

#include "core/instant.h"
#include "pg/errors.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"

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

void RequireSortedTexts(const Definition& d, Error error) {
  if (d.texts_sort()) return;
  if (d.has_own_alphabet())
    Raise(error, "The generator's alphabet is not in the order of its characters.");
  Raise(error, "Texts of the codec %s do not sort as their ids do.", d.codec->name.data());
}

bool IsOwnText(const Definition& d, const Bits& id, std::string_view given) {
  char own[kMaxTextForm + 1];
  return given == std::string_view(own, static_cast<size_t>(FormatTextForm(d, id, own)));
}

namespace {

void RequireType(const Layout& layout, bool fits, const char* given) {
  if (!fits)
    Raise(Error::kWrongType, "The id is a %s; ids of the layout are of type %s.", given,
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
  return IdOfText(View(PG_GETARG_TEXT_PP(argument)), d);
}

Bits IdOfText(std::string_view text, const Definition& d) {
  const Result<Bits> parsed = ParseTextForm(d, text);
  if (!parsed.ok()) Raise(parsed.status);
  return parsed.value;
}

bool TryIdArgument(FunctionCallInfo fcinfo, int argument, Oid type, const Definition& d, Bits* id) {
  if (type == INT8OID && d.layout.is_bigint() && PG_GETARG_INT64(argument) < 0) return false;
  if (type != TEXTOID) {
    *id = IdArgument(fcinfo, argument, type, d);
    return true;
  }
  const Result<Bits> parsed = ParseTextForm(d, View(PG_GETARG_TEXT_PP(argument)));
  *id = parsed.value;
  return parsed.ok();
}

void RaiseNotOfLayout(const Definition& d, const Bits& id) {
  Raise(NotOfLayout(d.layout, id));
}

Decomposed DecomposeOrRaise(const Definition& d, const Bits& id) {
  const Result<Decomposed> parts = Decompose(d.layout, id);
  if (!parts.ok()) Raise(parts.status);
  return parts.value;
}

bool TryTimestampOfTick(const Definition& d, int64_t tick, TimestampTz* at) {
  int64_t us = 0;
  if (!TimeOfTick(d.layout, d.epoch_us, tick, &us) ||
      __builtin_sub_overflow(us, kPostgresEpochUs, &us) || !IS_VALID_TIMESTAMP(us))
    return false;
  *at = us;
  return true;
}

TimestampTz TimestampOfTick(const Definition& d, int64_t tick) {
  TimestampTz at = 0;
  if (!d.layout.shows(Kind::kTime)) Raise(Error::kTimeNotShown, "The layout has no time field.");
  if (!TryTimestampOfTick(d, tick, &at))
    Raise(Error::kTimeInvalid, "Tick %lld is beyond the range of timestamptz.",
          static_cast<long long>(tick));
  return at;
}

void SetEpoch(Definition* d, TimestampTz epoch) {
  if (TIMESTAMP_NOT_FINITE(epoch)) Raise(Error::kEpochInvalid, "The epoch is infinite.");
  int64_t us = 0;  // of the last 30 years of timestamptz, more than 64 bits
  if (__builtin_add_overflow(epoch, kPostgresEpochUs, &us))
    Raise(Error::kEpochInvalid, "The epoch is beyond the year 294246.");
  if (us < kMinInstantUs) Raise(Error::kEpochInvalid, "The epoch is before the year 1.");
  if (d->preset != nullptr && d->preset->epoch_fixed && us != d->epoch_us) {
    char own[kMaxInstantText];
    FormatInstant(d->epoch_us, own, sizeof own);
    Raise(Error::kEpochFixed, "The epoch of %s is %s.", d->preset->name.data(), own);
  }
  d->epoch_us = us;
}

}  // namespace detid
