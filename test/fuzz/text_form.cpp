// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is an id whose text form gives the same id, for every preset,
// minted or published, with and without a prefix, in every codec; what is of the layout can be
// drawn, and all ways to read its coordinates agree. The first byte chooses the preset, the second
// the prefix and the codec, the lowest two bits of the third the check character, the others an
// alphabet in place of the codec, or a Nano ID's.

#include "core/text_form.h"

#include <cstdlib>
#include <iterator>
#include <string_view>

#include "core/compose.h"
#include "core/guess.h"
#include "core/id_text.h"
#include "core/picture.h"

namespace {

using detid::Bits;
using detid::CheckCharacter;
using detid::Definition;
using detid::Kind;
using detid::Layout;
using detid::Result;

constexpr std::string_view kPrefixes[] = {
    "", "ord", "Pk_1", "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghi"};

constexpr std::string_view kAlphabets[] = {"01", "0123456789abcdef", "zyx", "!-~_.x5A",
                                           detid::kNanoIdAlphabet};

void Require(bool holds) {
  if (!holds) std::abort();
}

Definition Chosen(uint8_t which, uint8_t how, uint8_t check) {
  const std::string_view name = detid::Presets()[which % detid::Presets().size()].name;
  Definition d =
      which & 0x80 ? detid::PublishedDefinitionOf(name).value : detid::DefinitionOf(name).value;
  Require(detid::SetPrefix(kPrefixes[how % std::size(kPrefixes)], &d).ok());
  const size_t codec = how / std::size(kPrefixes);
  if (codec < detid::Codecs().size()) detid::SetCodec(detid::Codecs()[codec].name, &d);
  if (d.codec->name == "typeid" && !detid::IsTypeIdPrefix(d.prefix_text())) detid::SetPrefix("", &d);
  const std::string_view alphabet = kAlphabets[check / 8 % std::size(kAlphabets)];
  if ((check & 4) != 0 && which == 0) {
    const Result<Definition> nano = detid::NanoIdOf(alphabet, how);
    if (nano.ok()) d = nano.value;
  } else if ((check & 4) != 0) {
    Require(detid::SetAlphabet(alphabet, &d).ok());
  }
  const CheckCharacter chosen = static_cast<CheckCharacter>(check % 4 % 3);
  if (d.has_own_alphabet() ? detid::TakesCheck(d.digits(), chosen)
                           : detid::TakesCheck(*d.codec, chosen))
    d.check = chosen;
  Require(detid::CheckTextForm(d).ok());
  return d;
}

// What the layout can have made is read alike in all ways.
void CheckReading(const Definition& d, const Bits& id) {
  static char picture[detid::kMaxPicture];
  const Result<detid::Decomposed> parts = detid::Decompose(d.layout, id);
  Require(detid::DrawPicture(d, id, picture, sizeof picture).ok() == parts.ok());
  Require(detid::IsOfLayout(d.layout, id) == parts.ok());
  if (!parts.ok()) {
    Require(parts.status.code == detid::Code::kNotOfLayout);
    return;
  }
  const detid::Coordinates& c = parts.value.coordinates;
  Require(detid::CoordinatesOf(d.layout, id) == c);
  Require(detid::CheckCoordinates(d.layout, c).ok());
  const auto one = [&](Kind kind) {
    return static_cast<int64_t>(detid::CoordinateOf(d.layout, kind, id));
  };
  Require(one(Kind::kTime) == c.tick && one(Kind::kNode) == c.node);
  Require(one(Kind::kWorker) == c.worker && one(Kind::kSequence) == c.sequence);
  int64_t us = 0;
  detid::TimeOfTick(d.layout, d.epoch_us, c.tick, &us);
  if (d.layout.shows(Kind::kRandom)) return;
  const Result<Bits> again = detid::Compose(d.layout, c, "", nullptr);
  Require(again.ok() && again.value == id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const Definition d = Chosen(data[0], data[1], data[2]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

  const Result<Bits> id = detid::ParseTextForm(d, text);
  const Result<Bits> any = detid::ParseAnyForm(d, text);
  if (!id.ok())
    Require((id.status.code == detid::Code::kIdSyntax ||
             (id.status.code == detid::Code::kMistyped && d.check != CheckCharacter::kNone)) &&
            id.status.detail[0] != '\0');
  else
    Require(any.ok() && any.value == id.value);
  if (!any.ok()) return 0;
  // Bits beyond the layout's are left to Decompose, and no text form has them.
  CheckReading(d, any.value);
  if (!detid::IsOfLayout(d.layout, any.value)) return 0;

  char written[detid::kMaxTextForm + 1];
  const int n = detid::FormatTextForm(d, any.value, written);
  Require(n > 0 && n <= detid::kMaxTextForm && written[n] == '\0');
  const std::string_view form(written, static_cast<size_t>(n));
  const Result<Bits> back = detid::ParseTextForm(d, form);
  Require(back.ok() && back.value == any.value);
  // Strictly, only the length that is written, in whatever case.
  if (id.ok() && d.has_own_alphabet()) Require(form == text || detid::LooksLikeUuid(text));
  if (id.ok() && d.check == CheckCharacter::kNone && !d.has_own_alphabet() &&
      detid::Decode(*d.codec, text, detid::TextBits(d.layout, *d.codec)).ok() &&
      d.prefix_length == 0)
    Require(form.size() == text.size());
  // Whatever else is read is one of few forms: it is never much longer.
  if (id.ok()) Require(text.size() <= 2 * detid::kMaxTextForm);
  return 0;
}
