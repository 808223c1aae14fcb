// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is a layout whose written form gives the same layout.

#include "core/layout.h"

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

  // Whatever parses composes, and decomposes to the same coordinates.
  const detid::GeneratorKey key{};
  detid::Coordinates c;
  c.tick = static_cast<int64_t>(detid::LowMask(layout.time_bits()));
  c.sequence = static_cast<int64_t>(detid::LowMask(layout.sequence_bits()));
  const detid::Result<detid::Bits> id = detid::Compose(layout, c, text, &key);
  Require(id.ok());
  const detid::Result<detid::Decomposed> parts = detid::Decompose(layout, id.value);
  Require(parts.ok());
  if (layout.shows(detid::Kind::kTime)) Require(parts.value.coordinates == c);
  return 0;
}
