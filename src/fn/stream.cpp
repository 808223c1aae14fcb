// SPDX-License-Identifier: PostgreSQL
//
// stream, position_at: the ids that a generator with random fields has at positions past or to
// come, for its owner. As they are a PRF of the coordinates, to see them mints nothing.

#include <algorithm>

#include "core/compose.h"
#include "core/label.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/databases.h"
#include "state/definitions.h"
#include "state/seed.h"
#include "state/shared.h"

namespace detid {
namespace {

constexpr int kMaxCount = 1000000;

// The layout's random fields under the seed with this commitment, or the current one.
GeneratorKey KeyOf(const Definition& d, const text* commitment) {
  GeneratorKey key;
  Commitment wanted, used;
  const bool named = commitment != nullptr;
  if (named && !ParseCommitment(View(commitment), &wanted))
    Raise(Error::kArgumentInvalid, "The commitment \"%.*s\" is not 32 hexadecimal digits.",
          Clip(View(commitment), 60), View(commitment).data());
  if (!KeyFor(d, named ? &wanted : nullptr, &key, &used))
    Raise(Status::Error(Code::kSeedMissing, named ? "No seed in detid._seed has this commitment."
                                                  : "The table detid._seed is empty."));
  return key;
}

void RequireOwner(Oid generator) {
  if (!compat::OwnsRelation(generator, GetUserId()))
    aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SEQUENCE, get_rel_name(generator));
}

int NodeOf(FunctionCallInfo fcinfo, int argument) {
  if (!PG_ARGISNULL(argument)) return PG_GETARG_INT32(argument);
  const int32_t node = NodeNumber();
  if (node < 0) Raise(Error::kNodeIdUnset);
  return node;
}

}  // namespace

// stream(generator regclass, from_position bigint, count integer, node integer, worker integer,
//        seed text) -> setof (position bigint, id text)
DETID_FUNCTION(detid_stream) {
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) return Datum{0};
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  RequireOwner(generator);
  RequireOwnSalt(generator);
  if (!d.layout.shows(Kind::kRandom)) Raise(Error::kNoStream);
  if (d.layout.shows(Kind::kHash))
    Raise(Error::kNoStream, "Its layout has %d bits of a hash of the input besides.",
          d.layout.bits_of(Kind::kHash));
  const int64 from = PG_GETARG_INT64(1);
  const int count = PG_GETARG_INT32(2);
  if (count < 0 || count > kMaxCount)
    Raise(Error::kArgumentInvalid, "%d ids were asked for; 0 to %d may be.", count, kMaxCount);
  const uint64_t end = uint64_t{1} << (d.layout.time_bits() + d.layout.sequence_bits());
  if (from < 0 || static_cast<uint64_t>(from) > end - static_cast<uint64_t>(count))
    Raise(Error::kArgumentInvalid, "Positions from %lld on are not within 0 and %llu.",
          static_cast<long long>(from), static_cast<unsigned long long>(end - 1));
  Coordinates c = {NodeOf(fcinfo, 3), PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4), 0, 0};
  const Status fits = CheckCoordinates(d.layout, c);
  if (!fits.ok()) Raise(fits);
  const GeneratorKey key = KeyOf(d, PG_ARGISNULL(5) ? nullptr : PG_GETARG_TEXT_PP(5));
  const Composer composer(d.layout, c.node, c.worker, &key);
  for (int i = 0; i < count; i++) {
    CHECK_FOR_INTERRUPTS();
    const uint64_t position = static_cast<uint64_t>(from + i);
    const Datum id = TextFormDatum(d, composer(position));
    Record<2> row;
    row.Add(Int64GetDatum(static_cast<int64_t>(position)));
    row.Add(id);
    row.Put(set);
    pfree(DatumGetPointer(id));
  }
  return Datum{0};
}

// position_at(generator regclass, at timestamptz) -> bigint
DETID_FUNCTION(detid_position_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  const Coordinates c = {0, 0, TickOf(d, PG_GETARG_TIMESTAMPTZ(1)), 0};
  PG_RETURN_INT64(static_cast<int64_t>(PositionOf(d.layout, c)));
}

}  // namespace detid
