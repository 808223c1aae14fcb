// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is an id whose written form gives the same id; what decomposes can
// be drawn. The first byte chooses the layout.

#include "core/id_text.h"

#include <cstdlib>
#include <iterator>
#include <string_view>

#include "core/compose.h"
#include "core/picture.h"

namespace {

constexpr std::string_view kLayouts[] = {
    "snowflake",
    "js53",
    "uuid7",
    "time:1@1s random:2",
    "time:48@1ms random:80",
    "random:128",
    "time:32@1s random:97",
    "time:48@100ns const:12=5 time:12 hash:88",
    "const:1=1 hash:159",
    "objectid",
};

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const detid::Definition d = detid::DefinitionOf(kLayouts[data[0] % std::size(kLayouts)]).value;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const detid::Result<detid::Bits> first = detid::ParseId(d.layout, text);
  if (d.layout.is_uuid()) Require(detid::LooksLikeUuid(text) == first.ok());
  if (!first.ok()) return 0;
  char written[detid::kMaxIdText];
  const int n = detid::FormatId(d.layout.bits, first.value, written, sizeof written);
  Require(n > 0 && (d.layout.is_uuid() || static_cast<size_t>(n) == text.size()));
  const detid::Result<detid::Bits> second =
      detid::ParseId(d.layout, {written, static_cast<size_t>(n)});
  Require(second.ok() && second.value == first.value);

  static char picture[detid::kMaxPicture];
  const bool of_layout = detid::Decompose(d.layout, first.value).ok();
  Require(detid::DrawPicture(d, first.value, picture, sizeof picture).ok() == of_layout);
  return 0;
}
