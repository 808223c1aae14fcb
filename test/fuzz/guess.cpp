// SPDX-License-Identifier: PostgreSQL
//
// Of any text: each format that it is guessed to be reads it, at a plausible time, and the likelier
// one comes first. The first 2 bytes are the days since 2005 at which it is asked.

#include "core/guess.h"

#include <cstdlib>
#include <string_view>

#include "core/id_text.h"

namespace {

constexpr int64_t kDayUs = int64_t{86400} * 1000000;
constexpr int64_t k2005 = 1104537600000000;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckCandidate(const detid::Candidate& c, std::string_view text, int64_t now_us) {
  const detid::Result<detid::Definition> d = detid::PublishedDefinitionOf(c.preset->name);
  Require(d.ok());
  const detid::Result<detid::Bits> id = detid::ParseAnyForm(d.value, text);
  Require(id.ok());
  const detid::Result<detid::Decomposed> parts = detid::Decompose(d.value.layout, id.value);
  Require(parts.ok() && c.timed == d.value.layout.shows(detid::Kind::kTime));
  if (!c.timed) return;
  int64_t us = 0;
  Require(detid::TimeOfTick(d.value.layout, d.value.epoch_us, parts.value.coordinates.tick, &us));
  Require(us == c.minted_us);
  const bool plausible = us >= k2005 && us >= c.preset->epoch_us && us <= now_us + kDayUs;
  Require(c.plausible == plausible && (plausible || c.const_bits > 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const int64_t now_us = k2005 + (data[0] | data[1] << 8) * kDayUs;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const detid::Candidates all = detid::Guess(text, now_us);
  Require(all.count >= 0 && all.count <= static_cast<int>(detid::Presets().size() +
                                                          detid::ForeignFormats().size()));
  Require(all.count > 0 || !detid::LooksLikeUuid(text));
  for (int i = 0; i < all.count; i++) {
    const detid::Candidate& c = all.candidate[static_cast<size_t>(i)];
    CheckCandidate(c, text, now_us);
    if (i == 0) continue;
    const detid::Candidate& before = all.candidate[static_cast<size_t>(i - 1)];
    Require(before.preset != c.preset && before.plausible >= c.plausible);
    if (before.plausible != c.plausible) continue;
    Require(before.own_text >= c.own_text);
    Require(before.own_text != c.own_text || before.const_bits >= c.const_bits);
  }
  return 0;
}
