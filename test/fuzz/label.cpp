// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is a label whose written form gives the same definition.

#include <cstdlib>
#include <string_view>

#include "core/label.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const detid::Result<detid::Definition> first =
      detid::ParseLabel({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) return 0;
  const detid::Definition& a = first.value;
  char written[detid::kMaxLabelText], again[detid::kMaxLabelText];
  const int n = detid::FormatLabel(a, written, sizeof written);
  Require(n > 0 && n < detid::kMaxLabelText);
  const detid::Result<detid::Definition> second =
      detid::ParseLabel({written, static_cast<size_t>(n)});
  Require(second.ok());
  const detid::Definition& b = second.value;
  Require(a.preset == b.preset && a.epoch_us == b.epoch_us && a.salt == b.salt &&
          a.audit == b.audit && a.ordering == b.ordering && a.codec == b.codec &&
          a.has_own_alphabet() == b.has_own_alphabet() && a.digits() == b.digits() &&
          a.own_length == b.own_length && a.prefix_text() == b.prefix_text() &&
          a.scatter == b.scatter && a.has_mask == b.has_mask && a.mask == b.mask &&
          a.history == b.history);
  Require(detid::MayBecome(a, b));
  detid::FormatLabel(b, again, sizeof again);
  Require(std::string_view(written) == again);
  Require(detid::IdsPerSecond(a.layout) >= 0);
  Require(detid::EndOfEpochUs(a) > a.epoch_us);
  return 0;
}
