// SPDX-License-Identifier: PostgreSQL
//
// claim_id, claim_uuid, claim_text, claim; claim_ids, claim_uuids, claim_texts: the id that an
// input has for ever.

#include "state/claim.h"

#include <algorithm>

#include "fn/ids.h"
#include "fn/inputs.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"

namespace detid {
namespace {

enum class As : uint8_t { kId, kUuid, kText };

// Errors: the generator's ids are of another type.
void RequireType(Oid generator, As as, const char* id, const char* uuid, const char* text) {
  const Layout& layout = DefinitionFor(generator).layout;
  const bool fits = as == As::kText || (as == As::kId ? layout.is_bigint() : layout.is_uuid());
  if (fits) return;
  char name[kMaxQualifiedName] = "it";
  QualifiedName(generator, name);
  const char* use = layout.is_bigint() ? id : layout.is_uuid() ? uuid : text;
  Raise(Error::kWrongType, "%s makes ids of %d bits; use detid.%s.", name, layout.bits, use);
}

// What is minted is remembered for whoever asks, so asking takes the privilege to mint.
void CheckPrivilege(Oid generator) {
  if (pg_class_aclcheck(generator, GetUserId(), ACL_USAGE | ACL_UPDATE) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(generator));
  RequireOwnSalt(generator);
}

Datum IdDatum(Oid generator, As as, const Bits& id) {
  if (as == As::kId) return Int64GetDatum(static_cast<int64_t>(id.word[0]));
  if (as == As::kUuid) return UuidDatum(id);
  return TextFormDatum(DefinitionFor(generator), id);
}

// What a call site remembers.
struct Site {
  InputSite inputs;
  TupleDesc descriptor;  // of a result that is a row
};

Site* SiteOf(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) [[unlikely]] {
    Site* site = static_cast<Site*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site)));
    FindInputs(fcinfo, 1, &site->inputs);
    fcinfo->flinfo->fn_extra = site;
  }
  return static_cast<Site*>(fcinfo->flinfo->fn_extra);
}

// False where the result is NULL.
bool ClaimOne(FunctionCallInfo fcinfo, As as, Claimed* claimed) {
  const Oid generator = PG_GETARG_OID(0);
  RequireType(generator, as, "claim_id", "claim_uuid", "claim_text");
  CheckPrivilege(generator);
  Inputs inputs;
  ReadInputs(fcinfo, 1, SiteOf(fcinfo)->inputs, &inputs);
  if (inputs.any_null) return false;
  ClaimTable* claims = OpenClaims();
  *claimed =
      Claim(claims, generator, InputToClaim(FingerprintFor(generator), inputs.field, inputs.count));
  CloseClaims(claims);
  return true;
}

Datum ClaimDatum(FunctionCallInfo fcinfo, As as) {
  Claimed claimed;
  if (!ClaimOne(fcinfo, as, &claimed)) PG_RETURN_NULL();
  return IdDatum(PG_GETARG_OID(0), as, claimed.id);
}

// One element of the array that claim_ids is given.
struct Element {
  std::string_view field;  // data() null: NULL
  ClaimKey key;
  Claimed claimed;
  int ordinal;
};

bool KeyLess(const Element* a, const Element* b) {
  const int order = memcmp(a->key.byte, b->key.byte, sizeof a->key.byte);
  return order != 0 ? order < 0 : a->ordinal < b->ordinal;
}

// In the order of their keys (K2): two loads of the same inputs meet no deadlock.
void ClaimInOrder(Oid generator, Element** order, int count) {
  ClaimTable* claims = OpenClaims();
  const MemoryContext one =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid claim", ALLOCSET_DEFAULT_SIZES);
  for (int i = 0; i < count; i++) {
    Element* e = order[i];
    if (i > 0 && memcmp(e->key.byte, order[i - 1]->key.byte, sizeof e->key.byte) == 0) {
      e->claimed = {order[i - 1]->claimed.id, false};
      continue;
    }
    const MemoryContext old = MemoryContextSwitchTo(one);
    e->claimed = Claim(claims, generator, {&e->field, 1, e->key});
    MemoryContextSwitchTo(old);
    MemoryContextReset(one);
  }
  MemoryContextDelete(one);
  CloseClaims(claims);
}

// setof (input, id, created), in the order of the array.
Datum ClaimSet(FunctionCallInfo fcinfo, As as) {
  const Oid generator = PG_GETARG_OID(0);
  RequireType(generator, as, "claim_ids", "claim_uuids", "claim_texts");
  CheckPrivilege(generator);
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Datum* values;
  bool* nulls;
  int count;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
                    &count);
  const Size room = static_cast<Size>(count) + 1;
  Element* elements =
      static_cast<Element*>(MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(Element)));
  Element** order =
      static_cast<Element**>(MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(Element*)));
  const uint64_t definition = FingerprintFor(generator);
  int claimed = 0;
  for (int i = 0; i < count; i++) {
    Element* e = &elements[i];
    e->ordinal = i;
    e->field = nulls[i] ? std::string_view{} : InputOfText(DatumGetTextPP(values[i]));
    if (nulls[i]) continue;
    e->key = KeyOfClaim(definition, e->field);
    order[claimed++] = e;
  }
  std::sort(order, order + claimed, KeyLess);
  if (claimed > 0) ClaimInOrder(generator, order, claimed);
  for (int i = 0; i < count; i++) {
    Record<3> row;
    if (nulls[i]) {
      row.Skip(3);
    } else {
      row.Add(values[i]);
      row.Add(IdDatum(generator, as, elements[i].claimed.id));
      row.Add(BoolGetDatum(elements[i].claimed.created));
    }
    row.Put(set);
  }
  return Datum{0};
}

}  // namespace

// claim_id(generator regclass, VARIADIC input "any") -> bigint
DETID_FUNCTION(detid_claim_id) {
  return ClaimDatum(fcinfo, As::kId);
}

// claim_uuid(generator regclass, VARIADIC input "any") -> uuid
DETID_FUNCTION(detid_claim_uuid) {
  return ClaimDatum(fcinfo, As::kUuid);
}

// claim_text(generator regclass, VARIADIC input "any") -> text
DETID_FUNCTION(detid_claim_text) {
  return ClaimDatum(fcinfo, As::kText);
}

// claim(generator regclass, VARIADIC input "any") -> (id text, created boolean)
DETID_FUNCTION(detid_claim) {
  Claimed claimed;
  if (!ClaimOne(fcinfo, As::kText, &claimed)) PG_RETURN_NULL();
  Record<2> row;
  row.Add(IdDatum(PG_GETARG_OID(0), As::kText, claimed.id));
  row.Add(BoolGetDatum(claimed.created));
  return row.Return(ResultDescriptor(fcinfo, &SiteOf(fcinfo)->descriptor));
}

// claim_ids(generator regclass, inputs text[]) -> setof (input text, id bigint, created boolean)
DETID_FUNCTION(detid_claim_ids) {
  return ClaimSet(fcinfo, As::kId);
}

// claim_uuids(generator regclass, inputs text[]) -> setof (input text, id uuid, created boolean)
DETID_FUNCTION(detid_claim_uuids) {
  return ClaimSet(fcinfo, As::kUuid);
}

// claim_texts(generator regclass, inputs text[]) -> setof (input text, id text, created boolean)
DETID_FUNCTION(detid_claim_texts) {
  return ClaimSet(fcinfo, As::kText);
}

}  // namespace detid
