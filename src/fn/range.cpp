// SPDX-License-Identifier: PostgreSQL
//
// id_at, uuid_at, text_at: the lowest id of a time, for range scans over a key that begins with its
// time. For every time there is a bound: no id minted at that time or later is below it, and none
// minted before its tick is at or above it. Before the epoch that is the generator's lowest id; from
// the end of its epoch on, the value above its highest id. If the type holds none above that one, it
// is the highest id itself.

#include "core/instant.h"
#include "core/radix.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"

namespace detid {
namespace {

// Of an id of 160 bits in 100 ns: more than 64 bits hold.
using Wide = __int128;

// The tick that contains `at`, the first one if it is before the epoch; false if the layout has none
// so late.
bool TickWithin(const Definition& d, TimestampTz at, int64_t* tick) {
  *tick = 0;
  if (TIMESTAMP_IS_NOBEGIN(at)) return true;
  if (TIMESTAMP_IS_NOEND(at)) return false;
  const Wide us = Wide{at} + kPostgresEpochUs;
  if (us <= d.epoch_us) return true;
  const Wide ticks = (us - d.epoch_us) * 10 / d.layout.unit;
  if (ticks > Wide{LowMask(d.layout.time_bits())}) return false;
  *tick = static_cast<int64_t>(ticks);
  return true;
}

}  // namespace

int64_t TickOf(const Definition& d, TimestampTz at) {
  int64_t tick = 0;
  if (TickWithin(d, at, &tick)) return tick;
  char bound[kMaxInstantText];
  FormatInstant(EndOfEpochUs(d), bound, sizeof bound);
  Raise(Status::Error(Code::kEpochEnd, "The time is not before %s.", bound));
}

namespace {

// The value above the highest id of the layout, if `bits` bits hold it; else that id.
Bits AboveAll(const Layout& layout, int bits) {
  const Bits highest = layout.greatest();
  const Bits above = MultiplyAdd(highest, 1, 1);
  return FitsBits(above, bits) ? above : highest;
}

// The id whose time is the tick that contains `at` and whose other fields are lowest: 0, but for
// constants. `bits` is how many the type holds.
Bits LowestIdAt(const Definition& d, TimestampTz at, int bits) {
  const Layout& layout = d.layout;
  if (!layout.time_first())
    Raise(Error::kTimeNotShown, "Its time field is not the first of the layout.");
  int64_t tick = 0;
  if (!TickWithin(d, at, &tick)) return AboveAll(layout, bits);
  Bits id = layout.fixed;
  for (int i = 0; i < layout.count; i++) {
    const Field& f = layout.fields[i];
    if (f.kind == Kind::kTime)
      PutBits(&id, f.shift, f.bits, static_cast<uint64_t>(tick) >> f.below);
  }
  return id;
}

}  // namespace

DETID_FUNCTION(detid_id_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.layout.is_bigint())
    Raise(Error::kWrongType, "Its layout has %d bits; use detid.%s.", d.layout.bits,
          d.layout.is_uuid() ? "uuid_at" : "text_at");
  PG_RETURN_INT64(static_cast<int64_t>(LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1), 63).word[0]));
}

DETID_FUNCTION(detid_uuid_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.layout.is_uuid())
    Raise(Error::kWrongType, "Its layout has %d bits; use detid.%s.", d.layout.bits,
          d.layout.is_bigint() ? "id_at" : "text_at");
  return UuidDatum(LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1), 128));
}

DETID_FUNCTION(detid_text_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  RequireSortedTexts(d, Error::kTimeNotShown);
  // What is above the highest id may have a digit more, and a text of digits has no room for it.
  const int bits = d.has_own_alphabet() ? 0 : TextBits(d.layout, *d.codec);
  return TextFormDatum(d, LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1), bits));
}

}  // namespace detid
