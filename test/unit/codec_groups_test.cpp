// SPDX-License-Identifier: PostgreSQL

#include "core/codec_groups.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/definition.h"
#include "core/digits.h"
#include "core/guess.h"
#include "core/radix.h"
#include "core/text_form.h"

namespace detid {
namespace {

const Codec& Get(std::string_view name) {
  const Codec* codec = FindCodec(name);
  EXPECT_NE(codec, nullptr) << name;
  return *codec;
}

std::string Text(const Codec& codec, const Bits& id) {
  char text[kMaxEncoded + 1];
  const int n = Encode(codec, id, codec.only_bits, text);
  EXPECT_EQ(n, EncodedLength(codec, codec.only_bits));
  return {text, static_cast<size_t>(n)};
}

std::string Refusal(std::string_view codec, std::string_view text) {
  const Result<Bits> r = Decode(Get(codec), text, Get(codec).only_bits);
  EXPECT_EQ(r.status.code, Code::kTextSyntax) << text;
  return r.status.detail;
}

Bits Random(std::mt19937_64* rng) {
  return {{(*rng)(), (*rng)(), (*rng)() & LowMask(32)}};
}

// The README of cuid explains this one.
TEST(CodecGroups, CuidIsCutAsItsAuthorExplains) {
  const Definition d = PublishedDefinitionOf("cuid").value;
  const Result<Bits> id = ParseAnyForm(d, "ch72gsb320000udocl363eofy");
  ASSERT_TRUE(id.ok()) << id.status.detail;
  const Coordinates c = Decompose(d.layout, id.value).value.coordinates;
  const auto value36 = [](const char* digits) { return std::stoll(digits, nullptr, 36); };
  EXPECT_EQ(c.tick, value36("h72gsb32"));
  EXPECT_EQ(c.sequence, value36("0000"));
  EXPECT_EQ(c.node, value36("udoc"));
  EXPECT_EQ(GetBits(id.value, 0, 42), static_cast<uint64_t>(value36("l363eofy")));
  EXPECT_EQ(Text(Get("cuid"), id.value), "ch72gsb320000udocl363eofy");
}

// What the format allows is read, though only half of it is minted.
TEST(CodecGroups, EveryTextOfTheFormComesBack) {
  std::mt19937_64 rng(24);
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (const char* name : {"cuid", "cuid2"}) {
    const Codec& codec = Get(name);
    for (int i = 0; i < 20000; i++) {
      std::string text(1, codec.groups[0].alphabet[rng() % codec.groups[0].alphabet.size()]);
      while (text.size() < static_cast<size_t>(EncodedLength(codec, codec.only_bits)))
        text += i == 0 ? 'z' : i == 1 ? '0' : kDigits[rng() % 36];
      const Result<Bits> id = Decode(codec, text, codec.only_bits);
      ASSERT_TRUE(id.ok()) << text << ": " << id.status.detail;
      ASSERT_TRUE(FitsBits(id.value, codec.only_bits) && HoldsAll(codec, id.value)) << text;
      ASSERT_EQ(Text(codec, id.value), text);
    }
  }
}

TEST(CodecGroups, OfCuid2WhatIsMintedIsWithinTheForm) {
  const Definition d = DefinitionOf("cuid2").value;
  EXPECT_EQ(d.layout.bits, PublishedDefinitionOf("cuid2").value.layout.bits);
  EXPECT_TRUE(HoldsAll(*d.codec, d.layout.greatest()));
  const std::string last = Text(*d.codec, d.layout.greatest());
  EXPECT_EQ(last.size(), 24u);
  EXPECT_EQ(last[0], 'p');
  EXPECT_EQ(Text(*d.codec, {}), "a00000000000000000000000");
}

TEST(CodecGroups, RefusesLayoutsWhoseIdsItCannotAllWrite) {
  const struct {
    const char* layout;
    const char* codec;
    bool fits;
  } kLayouts[] = {
      {"random:124", "cuid2", false},
      {"const:1=0 random:123", "cuid2", false},           // the digits
      {"random:4 const:2=0 random:118", "cuid2", false},  // the letter
      {"const:1=0 random:4 const:1=0 random:118", "cuid2", true},
      {"const:1=0 random:122", "cuid2", false},  // another width
      {"random:128", "cuid2", false},
      {"time:42@1ms sequence:21 node:21 random:42", "cuid", false},
      {"const:1=0 time:41@1ms const:1=0 sequence:20 const:1=0 node:20 const:1=0 random:41", "cuid",
       true},
  };
  for (const auto& [layout, codec, fits] : kLayouts) {
    Definition d = DefinitionOf(layout).value;
    EXPECT_EQ(SetCodec(codec, &d).ok(), fits) << layout;
  }
}

TEST(CodecGroups, RefusesOtherTexts) {
  EXPECT_EQ(Refusal("cuid", "dh72gsb320000udocl363eofy"),
            "At character 1, the cuid text has \"d\", which cannot be there.");
  EXPECT_EQ(Refusal("cuid", "ch72gsb320000udocl363eof"),
            "At character 25, the cuid text ends, but all have 25 characters.");
  EXPECT_EQ(Refusal("cuid", "ch72gsb320000udocl363eofyy"),
            "At character 26, the cuid text goes on, but all have 25 characters.");
  EXPECT_EQ(Refusal("cuid", "ch72gsb32000-udocl363eofy"),
            "At character 13, the cuid text has \"-\", which cannot be there.");
  EXPECT_EQ(Refusal("cuid", "ch72gsb32000\xc3udocl363eofy"),
            "At character 13, the cuid text has the byte 0xC3, which cannot be there.");
  EXPECT_EQ(Refusal("cuid", ""), "At character 1, the cuid text ends, but all have 25 characters.");
  EXPECT_EQ(Refusal("cuid2", "1z4a98xxat96iws9zmbrgj3a"),
            "At character 1, the cuid2 text has \"1\", which cannot be there.");
  EXPECT_EQ(Refusal("cuid2", "Tz4a98xxat96iws9zmbrgj3a"),
            "At character 1, the cuid2 text has \"T\", which cannot be there.");
  EXPECT_FALSE(Decode(Get("cuid2"), std::string(100000, 'a'), 124).ok());
  EXPECT_EQ(std::string(DecodeBytes(Get("cuid2"), "tz4a98xxat96iws9zmbrgj3a").status.detail),
            "Texts of the codec cuid2 are not of bytes.");
  for (const int bits : {64, 123, 125, 128}) EXPECT_EQ(EncodedLength(Get("cuid2"), bits), 0);
}

TEST(Digits, NumbersOfAnyRadixComeBack) {
  std::mt19937_64 rng(7);
  std::string letters;
  for (char c = '!'; c <= '~'; c++) letters += c;
  for (size_t radix = 2; radix <= letters.size(); radix++) {
    const std::string_view digits = std::string_view(letters).substr(0, radix);
    for (int i = 0; i < 100; i++) {
      Bits number = i == 0 ? Bits{{~uint64_t{0}, ~uint64_t{0}, LowMask(32)}} : Random(&rng);
      if (i % 3 == 1) number.word[2] = number.word[1] = 0;
      const int count = std::max(1, DigitCount(radix, number));
      std::string text(static_cast<size_t>(count), '?');
      WriteDigits(number, digits, count, text.data());
      ASSERT_TRUE(count == 1 || text[0] != digits[0]) << radix;
      Bits back;
      ASSERT_EQ(ReadDigits(text, digits, &back), -1);
      ASSERT_EQ(back, number) << radix << " " << text;
    }
  }
  Bits none;
  EXPECT_EQ(ReadDigits("01x1", "01", &none), 2);
}

// As the codecs of the same radix write them.
TEST(Digits, AreThoseOfTheCodecs) {
  std::mt19937_64 rng(8);
  for (const char* name : {"hex", "crockford", "base36", "base62", "pushid"})
    for (int i = 0; i < 200; i++) {
      const Codec& codec = Get(name);
      const Bits id = Random(&rng);
      char text[kMaxEncoded + 1], digits[kMaxEncoded + 1];
      const int n = Encode(codec, id, kMaxIdBits, text);
      WriteDigits(id, codec.alphabet, n, digits);
      ASSERT_EQ(std::string_view(text, static_cast<size_t>(n)),
                std::string_view(digits, static_cast<size_t>(n)));
    }
}

TEST(Digits, OfALengthAreSoManyBits) {
  EXPECT_EQ(BitsOfDigits(64, 21), 126);
  EXPECT_EQ(BitsOfDigits(36, 23), 118);
  EXPECT_EQ(BitsOfDigits(10, 6), 19);
  EXPECT_EQ(BitsOfDigits(2, 160), 160);
  EXPECT_EQ(BitsOfDigits(2, 161), kMaxIdBits + 1);
  EXPECT_EQ(BitsOfDigits(94, 1000), kMaxIdBits + 1);
  EXPECT_EQ(BitsOfDigits(62, 0), 0);
}

}  // namespace
}  // namespace detid
