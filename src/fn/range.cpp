// SPDX-License-Identifier: PostgreSQL
//
// id_at, uuid_at, text_at: the lowest id of a time, for range scans over a key that begins with its
// time.

#include "core/instant.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator.h"

namespace detid {
namespace {

// The tick that contains `us`; false if the layout has none so late. Times of tens of thousands of
// years are more than TickAt takes, and more than an id's time may be for decode to show it.
bool TickWithin(const Definition& d, int64_t us, int64_t* tick) {
  int64_t span = 0;
  if (__builtin_sub_overflow(us, d.epoch_us, &span) || __builtin_mul_overflow(span, 10, &span))
    return false;
  *tick = TickAt(d.layout, d.epoch_us, us);
  return static_cast<uint64_t>(*tick) <= LowMask(d.layout.time_bits());
}

}  // namespace

int64_t TickOf(const Definition& d, TimestampTz at) {
  const int64_t us = UnixUs(at);
  char time[kMaxInstantText], bound[kMaxInstantText];
  FormatInstant(us, time, sizeof time);
  if (us < d.epoch_us) {
    FormatInstant(d.epoch_us, bound, sizeof bound);
    Raise(Status::Error(Code::kBeforeEpoch, "%s is before %s.", time, bound));
  }
  int64_t tick = 0;
  if (!TickWithin(d, us, &tick)) {
    FormatInstant(EndOfEpochUs(d), bound, sizeof bound);
    Raise(Status::Error(Code::kEpochEnd, "%s is not before %s.", time, bound));
  }
  return tick;
}

namespace {

// The id whose time is the tick that contains `at` and whose other fields are lowest: 0, but for
// constants. So no id minted at `at` or later is below it.
Bits LowestIdAt(const Definition& d, TimestampTz at) {
  const Layout& layout = d.layout;
  if (!layout.time_first())
    Raise(Error::kTimeNotShown, "Its time field is not the first of the layout.");
  const int64_t tick = TickOf(d, at);
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
  PG_RETURN_INT64(static_cast<int64_t>(LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1)).word[0]));
}

DETID_FUNCTION(detid_uuid_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.layout.is_uuid())
    Raise(Error::kWrongType, "Its layout has %d bits; use detid.%s.", d.layout.bits,
          d.layout.is_bigint() ? "id_at" : "text_at");
  return UuidDatum(LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1)));
}

DETID_FUNCTION(detid_text_at) {
  const Definition& d = DefinitionFor(PG_GETARG_OID(0));
  if (!d.codec->ordered)
    Raise(Error::kTimeNotShown, "Texts of the codec %s do not sort as their ids do.",
          d.codec->name.data());
  return TextFormDatum(d, LowestIdAt(d, PG_GETARG_TIMESTAMPTZ(1)));
}

}  // namespace detid
