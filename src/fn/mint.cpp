// SPDX-License-Identifier: PostgreSQL
//
// next_id, next_uuid, next_text, next_ids, next_uuids, last_id.

#include <algorithm>

#include "core/id_text.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/ledger.h"
#include "state/mint.h"

namespace detid {
namespace {

// Ids that one call of next_ids may return: 8 MB of bigints.
constexpr int kMaxCount = 1000000;

[[gnu::cold, gnu::noinline]] void RaiseType(const Minter* m) {
  const char* use = m->id_bits <= 63    ? "detid.next_id"
                    : m->id_bits == 128 ? "detid.next_uuid"
                                        : "detid.next_text";
  Raise(Error::kWrongType, "%s mints ids of %d bits; use %s.", m->name, m->id_bits, use);
}

void RequireBigint(const Minter* m) {
  if (m->id_bits > 63) [[unlikely]]
    RaiseType(m);
}

void RequireUuid(const Minter* m) {
  if (m->id_bits != 128) [[unlikely]]
    RaiseType(m);
}

void RequireInput(const Minter* m, std::string_view input) {
  if (m->definition.layout.shows(Kind::kHash) && input.data() == nullptr)
    Raise(Error::kNeedsInput, "The layout of %s has %d bits of a hash of the input.", m->name,
          m->definition.layout.bits_of(Kind::kHash));
}

[[gnu::noinline]] Bits MintOne(Minter* m, std::string_view input) {
  RequireInput(m, input);
  uint64_t position;
  Bits id;
  do {
    position = TakeOne(m);
    id = m->composer(position, input);
  } while (!RecordIfNew(m, id));
  if (m->audit != Audit::kOff) RecordMint(m, position, id, input);
  m->has_last = true;
  m->last = id;
  return id;
}

// The hot path of bigints without audit, random and hash.
[[gnu::always_inline]] inline int64_t MintWord(Minter* m) {
  if (!m->composer.is_word() || m->audit != Audit::kOff) [[unlikely]]
    return static_cast<int64_t>(MintOne(m, {}).word[0]);
  const uint64_t id = m->composer.Word(TakeOne(m));
  m->has_last = true;
  m->last.word[0] = id;
  return static_cast<int64_t>(id);
}

// Before the Minter is made ready: to read a long input lets invalidations in.
std::string_view InputOf(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? std::string_view{} : View(PG_GETARG_TEXT_PP(argument));
}

Datum MintText(Minter* m, std::string_view input) {
  const Bits id = MintOne(m, input);
  return TextFormDatum(m->definition, id);
}

// A set of ids, all minted by the first call, so that none is older than it says when it comes.
struct Batch {
  bool uuids;
  union {
    int64_t* words;
    pg_uuid_t* uuid;
  };
  // Of an audited generator: recorded as it is handed out, in the subtransaction that gets it.
  uint64_t* positions;
  Minter* minter;  // as it was when the batch was minted
};

// Composes the ids of a grant into the batch from `at` on, without those that may not be handed
// out. Returns how many they are.
int FillBatch(Minter* m, const Grant& grant, Batch* batch, int at) {
  const int n = static_cast<int>(grant.count);
  int kept = 0;
  if (m->composer.is_word()) {
    for (; kept < n; kept++)
      batch->words[at + kept] =
          static_cast<int64_t>(m->composer.Word(grant.first + static_cast<uint64_t>(kept)));
    if (batch->positions != nullptr)
      for (int i = 0; i < n; i++) batch->positions[at + i] = grant.first + static_cast<uint64_t>(i);
    m->last = {{static_cast<uint64_t>(batch->words[at + n - 1]), 0, 0}};
  } else {
    for (int i = 0; i < n; i++) {
      const uint64_t position = grant.first + static_cast<uint64_t>(i);
      const Bits id = m->composer(position);
      if (!RecordIfNew(m, id)) continue;
      if (batch->positions != nullptr) batch->positions[at + kept] = position;
      if (batch->uuids)
        ToUuidBytes(id, batch->uuid[at + kept].data);
      else
        batch->words[at + kept] = static_cast<int64_t>(id.word[0]);
      m->last = id;
      kept++;
    }
  }
  m->has_last |= kept > 0;
  return kept;
}

Batch* MintBatch(FunctionCallInfo fcinfo, FuncCallContext* context, bool uuids) {
  Minter* m = MinterFor(PG_GETARG_OID(0));
  if (!m->ready || m->user != GetUserId() || XactReadOnly) Fill(m);
  if (uuids)
    RequireUuid(m);
  else
    RequireBigint(m);
  const int count = PG_GETARG_INT32(1);
  if (count < 0 || count > kMaxCount)
    Raise(Error::kCountInvalid, "%d ids were asked for; 0 to %d may be.", count, kMaxCount);
  RequireInput(m, {});
  const Size n = static_cast<Size>(std::max(count, 1));
  const MemoryContext old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
  Batch* batch = static_cast<Batch*>(palloc0(sizeof(Batch)));
  batch->uuids = uuids;
  batch->words = static_cast<int64_t*>(palloc(n * (uuids ? sizeof(pg_uuid_t) : sizeof(int64_t))));
  if (m->audit != Audit::kOff)
    batch->positions = static_cast<uint64_t*>(palloc(n * sizeof(uint64_t)));
  uint64_t generation = m->generation;
  for (int done = 0; done < count;) {
    CHECK_FOR_INTERRUPTS();
    while (!m->ready) Fill(m);
    const Grant grant = Take(m, static_cast<uint32_t>(count - done));
    if (m->generation != generation) {  // perhaps for another node id or seed: begin anew
      done = 0;
      generation = m->generation;
    }
    done += FillBatch(m, grant, batch, done);
  }
  if (batch->positions != nullptr) {
    batch->minter = static_cast<Minter*>(palloc(sizeof(Minter)));
    *batch->minter = *m;
  }
  MemoryContextSwitchTo(old);
  return batch;
}

Datum NextOfBatch(FunctionCallInfo fcinfo, bool uuids) {
  FuncCallContext* context;
  if (SRF_IS_FIRSTCALL()) {
    context = SRF_FIRSTCALL_INIT();
    context->user_fctx = MintBatch(fcinfo, context, uuids);
    context->max_calls = static_cast<uint64>(PG_GETARG_INT32(1));
  }
  context = SRF_PERCALL_SETUP();
  const Batch* batch = static_cast<const Batch*>(context->user_fctx);
  const uint64 i = context->call_cntr;
  if (i >= context->max_calls) SRF_RETURN_DONE(context);
  if (batch->positions != nullptr) {
    const Bits id = uuids ? FromUuidBytes(batch->uuid[i].data)
                          : Bits{{static_cast<uint64_t>(batch->words[i]), 0, 0}};
    RecordMint(batch->minter, batch->positions[i], id, {});
  }
  if (uuids) SRF_RETURN_NEXT(context, UUIDPGetDatum(&batch->uuid[i]));
  SRF_RETURN_NEXT(context, Int64GetDatum(batch->words[i]));
}

}  // namespace

// next_id() -> bigint
DETID_FUNCTION(detid_next_id_default) {
  PG_RETURN_INT64(MintWord(ReadyMinter(fcinfo, DefaultId())));
}

// next_id(generator regclass) -> bigint
DETID_FUNCTION(detid_next_id) {
  Minter* m = ReadyMinter(fcinfo, PG_GETARG_OID(0));
  RequireBigint(m);
  PG_RETURN_INT64(MintWord(m));
}

// next_id(generator regclass, input text) -> bigint
DETID_FUNCTION(detid_next_id_input) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const std::string_view input = InputOf(fcinfo, 1);
  Minter* m = ReadyMinter(fcinfo, PG_GETARG_OID(0));
  RequireBigint(m);
  PG_RETURN_INT64(static_cast<int64_t>(MintOne(m, input).word[0]));
}

// next_uuid() -> uuid
DETID_FUNCTION(detid_next_uuid_default) {
  return UuidDatum(MintOne(ReadyMinter(fcinfo, DefaultUuid()), {}));
}

// next_uuid(generator regclass) -> uuid
DETID_FUNCTION(detid_next_uuid) {
  Minter* m = ReadyMinter(fcinfo, PG_GETARG_OID(0));
  RequireUuid(m);
  return UuidDatum(MintOne(m, {}));
}

// next_uuid(generator regclass, input text) -> uuid
DETID_FUNCTION(detid_next_uuid_input) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const std::string_view input = InputOf(fcinfo, 1);
  Minter* m = ReadyMinter(fcinfo, PG_GETARG_OID(0));
  RequireUuid(m);
  return UuidDatum(MintOne(m, input));
}

// next_text(generator regclass [, input text]) -> text
DETID_FUNCTION(detid_next_text) {
  return MintText(ReadyMinter(fcinfo, PG_GETARG_OID(0)), {});
}
DETID_FUNCTION(detid_next_text_input) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const std::string_view input = InputOf(fcinfo, 1);
  return MintText(ReadyMinter(fcinfo, PG_GETARG_OID(0)), input);
}

// next_ids(generator regclass, count int) -> setof bigint
DETID_FUNCTION(detid_next_ids) {
  return NextOfBatch(fcinfo, false);
}

// next_uuids(generator regclass, count int) -> setof uuid
DETID_FUNCTION(detid_next_uuids) {
  return NextOfBatch(fcinfo, true);
}

// last_id(generator regclass) -> bigint
DETID_FUNCTION(detid_last_id) {
  const Oid generator = PG_GETARG_OID(0);
  const Definition& d = DefinitionFor(generator);
  char name[kMaxQualifiedName] = "it";
  QualifiedName(generator, name);
  if (pg_class_aclcheck(generator, GetUserId(), ACL_SELECT | ACL_USAGE) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(generator));
  if (!d.layout.is_bigint())
    Raise(Error::kWrongType, "%s mints ids of %d bits, not bigints.", name, d.layout.bits);
  const Bits* last = LastId(generator);
  if (last == nullptr) Raise(Error::kNoLastId, "Nothing was minted from %s.", name);
  PG_RETURN_INT64(static_cast<int64_t>(last->word[0]));
}

}  // namespace detid
