// SPDX-License-Identifier: PostgreSQL

#include "core/guess.h"

#include <algorithm>
#include <bit>

#include "core/id_text.h"
#include "core/presets.h"
#include "core/text_form.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr int64_t kDayUs = int64_t{86400} * 1000000;
constexpr int64_t kFirstPlausibleUs = 1104537600000000;  // 2005-01-01Z

// Whether the preset can have made the id; fills the candidate.
bool Fits(const Preset& preset, std::string_view text, int64_t now_us, Candidate* candidate) {
  const Definition d = PublishedDefinitionOf(preset.name).value;
  const Result<Bits> id = ParseAnyForm(d, text);
  if (!id.ok()) return false;
  const Result<Decomposed> parts = Decompose(d.layout, id.value);
  if (!parts.ok()) return false;
  const Coordinates& c = parts.value.coordinates;
  candidate->preset = &preset;
  candidate->own_text = ParseTextForm(d, text).ok();
  candidate->const_bits = d.layout.bits_of(Kind::kConst);
  candidate->sequence_bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(c.sequence)));
  candidate->timed = d.layout.shows(Kind::kTime);
  if (!candidate->timed) return true;
  return TimeOfTick(d.layout, d.epoch_us, c.tick, &candidate->minted_us) &&
         candidate->minted_us >= std::max(d.epoch_us, kFirstPlausibleUs) &&
         candidate->minted_us <= now_us + kDayUs;
}

bool Likelier(const Candidate& a, const Candidate& b) {
  if (a.own_text != b.own_text) return a.own_text;
  if (a.const_bits != b.const_bits) return a.const_bits > b.const_bits;
  if (a.timed != b.timed) return a.timed;
  if (a.sequence_bits != b.sequence_bits) return a.sequence_bits < b.sequence_bits;
  if (a.minted_us != b.minted_us) return a.minted_us > b.minted_us;
  return a.preset < b.preset;
}

}  // namespace

Result<Definition> PublishedDefinitionOf(std::string_view layout) {
  Result<Definition> d = DefinitionOf(layout);
  if (!d.ok() || d.value.preset == nullptr || d.value.preset->published.empty()) return d;
  d.value.layout = ParseLayout(d.value.preset->published).value;
  return d;
}

Result<Bits> ParseAnyForm(const Definition& d, std::string_view text) {
  const Result<Bits> own = ParseTextForm(d, text);
  if (own.ok()) return own;
  if (d.layout.is_uuid() && d.codec->name == "uuid") {
    const size_t prefix = text.rfind('_');
    Definition typed = d;
    const std::string_view before =
        prefix == std::string_view::npos ? std::string_view{} : text.substr(0, prefix);
    if ((prefix == std::string_view::npos || prefix > 0) && SetPrefix(before, &typed).ok()) {
      typed.codec = FindCodec("typeid");
      if (const Result<Bits> id = ParseTextForm(typed, text); id.ok()) return id;
    }
  }
  if (d.layout.is_bigint())
    if (const Result<Bits> id = ParseId(d.layout, text); id.ok()) return id;
  return own;
}

Candidates Guess(std::string_view text, int64_t now_us) {
  Candidates all;
  for (const Preset& preset : Presets()) {
    Candidate candidate;
    if (all.count < kMaxCandidates && Fits(preset, text, now_us, &candidate))
      all.candidate[all.count++] = candidate;
  }
  std::sort(all.candidate.begin(), all.candidate.begin() + all.count, Likelier);
  return all;
}

}  // namespace detid
