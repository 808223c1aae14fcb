// SPDX-License-Identifier: PostgreSQL
//
// uuid_extract_timestamp, uuid_extract_version, uuidv7: what PostgreSQL 18 has in pg_catalog, with
// the same names, types and results, in a schema of its own. A uuidv7() has nothing to do with a
// generator: its 62 bits are random, so it is unique by chance only, and no ledger has it.
//
// In one backend uuidv7() rises: its time has steps of 1/4096 ms, the 12 bits behind the
// milliseconds (RFC 9562 section 6.2, method 3), and is at least a step above the one before.

#include <sodium.h>

#include "core/bits.h"
#include "core/id_text.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"

namespace detid {
namespace {

constexpr int64_t kMsNs = 1000000;
constexpr int kFractionBits = 12;
constexpr int64_t kStepNs = kMsNs / (1 << kFractionBits) + 1;
constexpr int64_t kEndMs = int64_t{1} << 48;

int64_t RisingNs() {
  static int64_t last = 0;
  const int64_t now = SystemNs();
  last = now > last + kStepNs ? now : last + kStepNs;
  return last;
}

// Version 7 of a time in milliseconds since 1970, and nanoseconds within it.
Datum Version7(int64_t ms, int64_t ns) {
  if (ms < 0 || ms >= kEndMs)
    Raise(Error::kTimeInvalid, "A uuid of version 7 has a time from 1970 to 10889.");
  Bits id;
  randombytes_buf(id.word, sizeof id.word[0]);
  id.word[0] &= LowMask(62);
  PutBits(&id, 62, 2, 2);
  PutBits(&id, 64, kFractionBits, static_cast<uint64_t>((ns << kFractionBits) / kMsNs));
  PutBits(&id, 76, 4, 7);
  PutBits(&id, 80, 48, static_cast<uint64_t>(ms));
  return UuidDatum(id);
}

// -1 for a uuid of another variant than that of RFC 9562.
int VersionOf(const Bits& id) {
  return GetBits(id, 62, 2) == 2 ? static_cast<int>(GetBits(id, 76, 4)) : -1;
}

Bits UuidArgument(FunctionCallInfo fcinfo) {
  return FromUuidBytes(PG_GETARG_UUID_P(0)->data);
}

}  // namespace

// uuid_extract_version(uuid) -> smallint; NULL for another variant
DETID_FUNCTION(detid_uuid_extract_version) {
  const int version = VersionOf(UuidArgument(fcinfo));
  if (version < 0) PG_RETURN_NULL();
  PG_RETURN_INT16(static_cast<int16>(version));
}

// uuid_extract_timestamp(uuid) -> timestamptz; NULL for other versions than 1 and 7
DETID_FUNCTION(detid_uuid_extract_timestamp) {
  const Bits id = UuidArgument(fcinfo);
  const int version = VersionOf(id);
  if (version != 1 && version != 7) PG_RETURN_NULL();
  const Definition d = DefinitionOf(version == 1 ? "uuid1" : "uuid7").value;
  PG_RETURN_TIMESTAMPTZ(
      TimestampOfTick(d, static_cast<int64_t>(CoordinateOf(d.layout, Kind::kTime, id))));
}

// uuidv7() -> uuid
DETID_FUNCTION(detid_uuidv7) {
  const int64_t ns = RisingNs();
  return Version7(ns / kMsNs, ns % kMsNs);
}

// uuidv7(shift interval) -> uuid: its time is that far from now
DETID_FUNCTION(detid_uuidv7_shifted) {
  const int64_t ns = RisingNs();
  const TimestampTz now = ns / 1000 - kPostgresEpochUs;
  const TimestampTz at = DatumGetTimestampTz(DirectFunctionCall2(
      timestamptz_pl_interval, TimestampTzGetDatum(now), PG_GETARG_DATUM(0)));
  int64_t us = 0;
  if (TIMESTAMP_NOT_FINITE(at) || __builtin_add_overflow(at, kPostgresEpochUs, &us) || us < 0)
    Raise(Error::kTimeInvalid, "A uuid of version 7 has a time from 1970 to 10889.");
  return Version7(us / 1000, us % 1000 * 1000 + ns % 1000);
}

}  // namespace detid
