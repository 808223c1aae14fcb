// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is a layout whose written form gives the same layout. Whatever
// parses composes and decomposes, bit by bit, wherever the parts of its time and sequence stand.

#include "core/layout.h"

#include <bit>
#include <cstdlib>
#include <string_view>

#include "core/compose.h"

namespace {

using detid::Field;
using detid::Layout;

bool Same(const Layout& a, const Layout& b) {
  if (a.count != b.count || a.bits != b.bits || a.width != b.width || a.unit != b.unit)
    return false;
  for (size_t i = 0; i < a.count; i++) {
    const Field &x = a.fields[i], &y = b.fields[i];
    if (x.kind != y.kind || x.bits != y.bits || x.shift != y.shift || x.below != y.below ||
        x.value != y.value)
      return false;
  }
  return true;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

// The coordinates come back, and each bit of them stands for one bit of the id.
void CheckComposing(const Layout& layout, std::string_view input, uint64_t position) {
  const detid::GeneratorKey key{};
  detid::Coordinates c;
  detid::SetPosition(layout, position, &c);
  const detid::Result<detid::Bits> id = detid::Compose(layout, c, input, &key);
  Require(id.ok() && detid::IsOfLayout(layout, id.value));
  const detid::Result<detid::Decomposed> parts = detid::Decompose(layout, id.value);
  Require(parts.ok());
  if (!layout.shows(detid::Kind::kTime)) return;
  Require(parts.value.coordinates == c && detid::CoordinatesOf(layout, id.value) == c);
  if (layout.shows(detid::Kind::kRandom) || layout.shows(detid::Kind::kHash)) return;
  const int bits = layout.time_bits() + layout.sequence_bits();
  for (int i = 0; i < bits; i++) {
    const uint64_t other = position ^ uint64_t { 1 } << i;
    const detid::Bits near = detid::Composer(layout, 0, 0, nullptr)(other, input);
    int changed = 0;
    for (int w = 0; w < 3; w++) changed += std::popcount(near.word[w] ^ id.value.word[w]);
    Require(changed == 1);
    if (layout.time_first() && i >= layout.sequence_bits())
      Require((near < id.value) == (other < position));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const detid::Result<Layout> first = detid::ParseLayout(text);
  if (!first.ok()) return 0;
  const Layout& layout = first.value;
  Require(layout.time_bits() + layout.sequence_bits() <= detid::kMaxPositionBits);

  char written[detid::kMaxLayoutText + 1];
  const int n = detid::FormatLayout(layout, written, sizeof written);
  Require(n > 0 && n <= detid::kMaxLayoutText);
  const detid::Result<Layout> second =
      detid::ParseLayout(std::string_view(written, static_cast<size_t>(n)));
  Require(second.ok() && Same(layout, second.value));

  uint64_t position = 0;
  for (const char c : text) position = (position ^ static_cast<uint8_t>(c)) * 0x9e3779b97f4a7c15;
  const uint64_t all = detid::LowMask(layout.time_bits() + layout.sequence_bits());
  CheckComposing(layout, text, 0);
  CheckComposing(layout, text, all);
  CheckComposing(layout, text, position & all);
  return 0;
}
