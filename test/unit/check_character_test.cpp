// SPDX-License-Identifier: PostgreSQL

#include "core/check_character.h"
#include "core/label.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>

#include "core/text_form.h"

namespace detid {
namespace {

constexpr std::string_view k36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

char Mod37(std::string_view text) {
  return k36[static_cast<size_t>(Mod37_36(text))];
}

// Published: the GRid standard's example, and ISAN's (ISO 15706), whose two check characters are
// those of its first 16 digits and of all 24.
TEST(CheckCharacters, Mod37_36IsThatOfIso7064) {
  EXPECT_EQ(Mod37("A12425GABC1234002"), 'M');
  EXPECT_EQ(Mod37("a12425gabc1234002"), 'M');
  EXPECT_EQ(Mod37("00000000D07A0090"), 'Q');
  EXPECT_EQ(Mod37("00000000D07A009000000000"), 'X');
  EXPECT_EQ(Mod37("0000000189470000"), '8');
  EXPECT_EQ(Mod37("000000018947000000000000"), 'D');
}

// Published: Luhn's own of ten digits, and the example of Luhn mod N for an alphabet of 6.
TEST(CheckCharacters, LuhnIsAsPublished) {
  EXPECT_EQ(LuhnModN("7992739871", "0123456789"), 3);
  EXPECT_EQ(LuhnModN("1789372997", "0123456789"), 4);
  EXPECT_EQ(LuhnModN("411111111111111", "0123456789"), 1);
  EXPECT_EQ(LuhnModN("abcdef", "abcdef"), 4);  // 'e'
  EXPECT_EQ(LuhnModN("", "0123456789"), 0);
}

Definition Of(std::string_view layout, std::string_view codec, CheckCharacter check) {
  Definition d = DefinitionOf(layout).value;
  EXPECT_TRUE(SetCodec(codec, &d).ok());
  d.check = check;
  EXPECT_TRUE(CheckTextForm(d).ok()) << codec;
  return d;
}

std::string Format(const Definition& d, const Bits& id) {
  char text[kMaxTextForm + 1];
  const int n = FormatTextForm(d, id, text);
  EXPECT_EQ(text[n], '\0');
  return {text, static_cast<size_t>(n)};
}

Bits Random(std::mt19937_64* rng, int bits) {
  Bits id;
  for (int i = 0; i < 3; i++)
    if (bits > 64 * i) id.word[i] = (*rng)() & LowMask(bits - 64 * i);
  return id;
}

TEST(CheckCharacters, WhatIsWrittenIsRead) {
  std::mt19937_64 rng(5);
  for (const char* layout : {"snowflake", "random:41", "random:96", "uuid4", "ksuid"})
    for (const Codec& codec : Codecs())
      for (const CheckCharacter check : {CheckCharacter::kMod37_36, CheckCharacter::kLuhn}) {
        Definition d = DefinitionOf(layout).value;
        if (!TakesCheck(codec, check) || !SetCodec(codec.name, &d).ok()) continue;
        d.check = check;
        for (int i = 0; i < 50; i++) {
          const Bits id = Random(&rng, d.layout.bits);
          const std::string text = Format(d, id);
          const Result<Bits> back = ParseTextForm(d, text);
          ASSERT_TRUE(back.ok()) << codec.name << " " << text << ": " << back.status.detail;
          ASSERT_EQ(back.value, id) << text;
        }
      }
}

// Each wrong digit, and nearly each swap of neighbours.
TEST(CheckCharacters, WhatIsMistypedIsRefused) {
  std::mt19937_64 rng(6);
  for (const char* codec : {"hex", "crockford", "base36", "decimal", "base62"})
    for (const CheckCharacter check : {CheckCharacter::kMod37_36, CheckCharacter::kLuhn}) {
      if (!TakesCheck(*FindCodec(codec), check)) continue;
      const Definition d = Of("snowflake", codec, check);
      const std::string_view digits = d.codec->alphabet;
      int swaps = 0, passed = 0;
      for (int i = 0; i < 200; i++) {
        const std::string text = Format(d, Random(&rng, 63));
        for (size_t at = 0; at + 1 < text.size(); at++) {
          std::string wrong = text;
          wrong[at] = digits[(digits.find(text[at]) + 1 + rng() % (digits.size() - 1)) % digits.size()];
          ASSERT_FALSE(ParseTextForm(d, wrong).ok()) << text << " " << wrong;
          std::string swapped = text;
          if (at + 2 >= text.size() || text[at] == text[at + 1]) continue;
          std::swap(swapped[at], swapped[at + 1]);
          swaps++;
          passed += ParseTextForm(d, swapped).ok();
        }
      }
      EXPECT_GT(swaps, 1000);
      EXPECT_LT(passed, check == CheckCharacter::kMod37_36 ? swaps / 100 : swaps / 20) << codec;
    }
}

TEST(CheckCharacters, ReadingIsLiberalButForTheLength) {
  const Definition d = Of("tsid", "crockford", CheckCharacter::kMod37_36);
  const std::string text = Format(d, {{38358284406638839, 0, 0}});
  EXPECT_EQ(text.substr(0, 13), "01226N0640J7Q");
  std::string lower = text, hyphens = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  hyphens.insert(8, "-").insert(4, "-");
  EXPECT_TRUE(ParseTextForm(d, lower).ok());
  EXPECT_TRUE(ParseTextForm(d, hyphens).ok());
  EXPECT_TRUE(ParseTextForm(d, "O" + text.substr(1)).ok());
  EXPECT_FALSE(ParseTextForm(d, text.substr(1)).ok());
  EXPECT_FALSE(ParseTextForm(d, text.substr(0, 13)).ok());
  EXPECT_FALSE(ParseTextForm(d, "").ok());
  std::string wrong = text;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(ParseTextForm(d, wrong).status.code, Code::kMistyped);
  for (const char c : {'-', '\0', ' ', '\xff'})
    EXPECT_FALSE(ParseTextForm(d, text.substr(0, 13) + c).ok());
  EXPECT_FALSE(ParseTextForm(d, std::string(1 << 20, '0')).ok());
}

TEST(CheckCharacters, NotEveryCodecTakesEachOne) {
  for (const char* codec : {"hex", "decimal", "crockford", "typeid", "base32hex", "xid", "base36"})
    EXPECT_TRUE(TakesCheck(*FindCodec(codec), CheckCharacter::kMod37_36)) << codec;
  for (const char* codec : {"uuid", "base58", "base62", "base64url", "pushid"})
    EXPECT_FALSE(TakesCheck(*FindCodec(codec), CheckCharacter::kMod37_36)) << codec;
  for (const Codec& codec : Codecs())
    EXPECT_EQ(TakesCheck(codec, CheckCharacter::kLuhn), codec.name != "uuid") << codec.name;
}

TEST(CheckCharacters, IsPartOfTheLabelForEver) {
  const std::string label =
      "layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; "
      "salt=0000000000000001; prefix=acct_1; codec=base36; check=luhn";
  const Result<Definition> d = ParseLabel(label);
  ASSERT_TRUE(d.ok()) << d.status.detail;
  EXPECT_EQ(d.value.check, CheckCharacter::kLuhn);
  char out[kMaxLabelText];
  FormatLabel(d.value, out, sizeof out);
  EXPECT_EQ(out, label);
  Definition other = d.value;
  other.check = CheckCharacter::kNone;
  EXPECT_FALSE(MayBecome(d.value, other));
  for (const char* bad : {"check=", "check=Luhn", "check=crc", "check=luhn; check=luhn"})
    EXPECT_FALSE(ParseLabel(label.substr(0, label.find("check=")) + bad).ok()) << bad;
  EXPECT_FALSE(ParseLabel(label.substr(0, label.find("codec=")) + "codec=base62; check=mod37_36").ok());
}

}  // namespace
}  // namespace detid
