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

// Whether the format can have made the id; fills the candidate.
bool Fits(const Preset& format, std::string_view text, int64_t now_us, Candidate* candidate) {
  const Definition d = PublishedDefinitionOf(format.name).value;
  const Result<Bits> id = ParseAnyForm(d, text, false);
  if (!id.ok()) return false;
  // A short decimal number may also be digits of the codec without their zeros. decode_as reads it
  // so, and must find what was guessed.
  if (const Result<Bits> read = ParseAnyForm(d, text); !read.ok() || !(read.value == id.value))
    return false;
  if (d.layout.is_bigint() && id.value.word[0] < format.first_id) return false;
  const Result<Decomposed> parts = Decompose(d.layout, id.value);
  if (!parts.ok()) return false;
  const Coordinates& c = parts.value.coordinates;
  candidate->preset = &format;
  candidate->own_text = Decode(*d.codec, text, TextBits(d.layout, *d.codec)).ok();
  candidate->const_bits = d.layout.bits_of(Kind::kConst);
  candidate->sequence_bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(c.sequence)));
  candidate->timed = d.layout.shows(Kind::kTime);
  candidate->plausible = true;
  if (!candidate->timed) return true;
  if (!TimeOfTick(d.layout, d.epoch_us, c.tick, &candidate->minted_us)) return false;
  candidate->plausible = candidate->minted_us >= std::max(d.epoch_us, kFirstPlausibleUs) &&
                         candidate->minted_us <= now_us + kDayUs;
  return candidate->plausible || candidate->const_bits > 0;
}

bool Likelier(const Candidate& a, const Candidate& b) {
  if (a.plausible != b.plausible) return a.plausible;
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
  if (d.status.code == Code::kNoSuchLayout) {
    for (const Preset& foreign : ForeignFormats()) {
      if (foreign.name != layout) continue;
      Definition f;
      f.preset = &foreign;
      f.layout = ParsePublishedLayout(foreign.layout).value;
      f.epoch_us = foreign.epoch_us;
      f.codec = FindCodec(foreign.codec);
      return f;
    }
  }
  if (!d.ok() || d.value.preset == nullptr || d.value.preset->published.empty()) return d;
  d.value.layout = ParseLayout(d.value.preset->published).value;
  return d;
}

Result<Bits> ParseAnyForm(const Definition& d, std::string_view text, bool unpadded) {
  const Result<Bits> own = ParseTextForm(d, text, unpadded);
  if (own.ok()) return own;
  if (d.layout.is_uuid() && !d.has_own_alphabet() && d.codec->name == "uuid")
    if (const Result<TypeId> typed = ParseTypeId(text); typed.ok()) return typed.value.uuid;
  if (d.layout.is_bigint())
    if (const Result<Bits> id = ParseId(d.layout, text); id.ok()) return id;
  return own;
}

Status CheckAge(const Definition& d, const Bits& id) {
  if (d.preset == nullptr || !d.layout.is_bigint() || id.word[0] >= d.preset->first_id)
    return Status::Ok();
  return Status::Error(Code::kNotOfLayout,
                       "%llu is older than the format: %s counted its ids below %llu, which show no "
                       "time.",
                       static_cast<unsigned long long>(id.word[0]), d.preset->name.data(),
                       static_cast<unsigned long long>(d.preset->first_id));
}

Candidates Guess(std::string_view text, int64_t now_us) {
  Candidates all;
  const auto add = [&](const Preset& format) {
    Candidate candidate;
    if (all.count < kMaxCandidates && Fits(format, text, now_us, &candidate))
      all.candidate[all.count++] = candidate;
  };
  for (const Preset& preset : Presets()) add(preset);
  for (const Preset& foreign : ForeignFormats())
    if (foreign.name != "uuid" || all.count == 0) add(foreign);
  std::sort(all.candidate.begin(), all.candidate.begin() + all.count, Likelier);
  return all;
}

}  // namespace detid
