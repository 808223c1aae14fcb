// SPDX-License-Identifier: PostgreSQL

#include "core/picture.h"

#include <cstdarg>
#include <cstdio>

#include "core/compose.h"
#include "core/id_text.h"
#include "core/instant.h"
#include "core/text_form.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

class Out {
 public:
  Out(char* out, int size) : out_(out), size_(size) { out_[0] = '\0'; }
  [[gnu::format(printf, 2, 3)]] void Add(const char* format, ...) {
    va_list args;
    va_start(args, format);
    const int n = std::vsnprintf(out_ + at_, static_cast<size_t>(size_ - at_), format, args);
    va_end(args);
    at_ = at_ + n < size_ ? at_ + n : size_ - 1;
  }

 private:
  char* out_;
  int size_;
  int at_ = 0;
};

// The id's digits (of `step` bits each), with dots where no bit of the digit is the field's.
void DrawRow(const Layout& layout, const Bits& id, const Field& field, char* row, int size) {
  const int step = layout.is_bigint() ? 1 : 4;
  const int digits = (layout.bits + step - 1) / step;
  char text[kMaxIdText];
  if (!layout.is_bigint()) FormatId(layout.bits, id, text, sizeof text);
  int at = 0;
  for (int i = 0; i < digits && at + 2 < size; i++) {
    if (layout.is_uuid() && text[at] == '-') row[at++] = '-';
    const int low = (digits - 1 - i) * step;
    const bool mine = low < field.shift + field.bits && low + step > field.shift;
    const char digit = layout.is_bigint() ? static_cast<char>('0' + GetBits(id, low, 1)) : text[at];
    row[at++] = mine ? digit : '.';
  }
  row[at] = '\0';
}

void DrawValue(const Definition& d, const Bits& id, const Decomposed& parts, const Field& field,
               Out* out) {
  char text[kMaxIdText];
  if (field.kind == Kind::kRandom || field.kind == Kind::kHash) {
    Bits part;
    for (int done = 0; done < field.bits; done += 64) {
      const int n = field.bits - done < 64 ? field.bits - done : 64;
      PutBits(&part, done, n, GetBits(id, field.shift + done, n));
    }
    FormatHex(part, field.bits, text, sizeof text);
    out->Add("%s", text);
    return;
  }
  // The lowest part of the time stands for the whole.
  int64_t us = 0;
  const int64_t tick = parts.coordinates.tick;
  if (field.kind == Kind::kTime && field.below == 0 &&
      TimeOfTick(d.layout, d.epoch_us, tick, &us)) {
    char unit[16], instant[kMaxInstantText];
    FormatUnit(d.layout.unit, unit, sizeof unit);
    FormatInstant(us, instant, sizeof instant);
    out->Add("%lld x %s = %s", static_cast<long long>(tick), unit, instant);
    return;
  }
  out->Add("%llu", static_cast<unsigned long long>(FieldOf(field, id)));
}

}  // namespace

Status DrawPicture(const Definition& d, const Bits& id, char* out, int size) {
  const Result<Decomposed> parts = Decompose(d.layout, id);
  if (!parts.ok()) return parts.status;
  Out draw(out, size);
  char text[kMaxTextForm + 1], layout[kMaxLayoutText + 1];
  FormatTextForm(d, id, text);
  FormatLayout(d.layout, layout, sizeof layout);
  if (d.preset != nullptr)
    draw.Add("%s  %s, %d bits: %s", text, d.preset->name.data(), d.layout.bits, layout);
  else
    draw.Add("%s  %d bits: %s", text, d.layout.bits, layout);
  for (int i = 0; i < d.layout.count; i++) {
    const Field& field = d.layout.fields[i];
    char row[kMaxIdBits + 8], range[16];
    std::snprintf(range, sizeof range, "%d..%d", field.shift + field.bits - 1, field.shift);
    DrawRow(d.layout, id, field, row, sizeof row);
    draw.Add("\n%-8s  %-8s  %s  ", KindName(field.kind).data(), range, row);
    DrawValue(d, id, parts.value, field, &draw);
  }
  return Status::Ok();
}

}  // namespace detid
