// SPDX-License-Identifier: PostgreSQL

#include "core/codec.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <set>
#include <string>

#include "codec_texts.h"

namespace detid {
namespace {

using test::BytesRefusal;
using test::ExpectPair;
using test::ForEachWidth;
using test::Get;
using test::MaxOf;
using test::Number;
using test::Random;
using test::Refusal;
using test::Text;
using test::Upper;

TEST(Codec, IsFoundByItsExactName) {
  for (const Codec& codec : Codecs()) EXPECT_EQ(FindCodec(codec.name), &codec);
  for (const char* name : {"", "h", "he", "HEX", "hex ", "base64", "base32hexx", "xis", "puzhid"})
    EXPECT_EQ(FindCodec(name), nullptr) << name;
  EXPECT_EQ(FindCodec(std::string(100000, 'x')), nullptr);
}

TEST(Codec, UuidsHaveHyphens) {
  const Bits id = Number("017f22e279b07cc398c4dc0c0c07398f");
  ExpectPair("uuid", 128, id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(Decode(Get("uuid"), "017F22E2-79B0-7cc3-98C4-DC0C0C07398F", 128).value, id);
  EXPECT_EQ(DecodeBytes(Get("uuid"), "017F22E2-79B0-7cc3-98C4-DC0C0C07398F").value.count, 16);
  EXPECT_EQ(Refusal("uuid", "017f22e279b07cc398c4dc0c0c07398f", 128),
            "At character 9, the uuid text has \"7\" where a hyphen belongs.");
  EXPECT_EQ(Refusal("uuid", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", 128),
            "At character 36, the uuid text has \"g\", which is no digit of the codec.");
  EXPECT_EQ(Refusal("uuid", "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f", 128),
            "At character 1, the uuid text has \"-\", which is no digit of the codec.");
  EXPECT_EQ(Refusal("uuid", "017f22e2", 64), "There are no uuid texts of 64 bits.");
}

TEST(Codec, SurplusBitsOfANumberAreInItsFirstDigit) {
  ExpectPair("hex", 5, {{0x1f, 0, 0}}, "1f");
  ExpectPair("hex", 1, {{1, 0, 0}}, "1");
  EXPECT_EQ(Refusal("hex", "20", 5),
            "At character 1, the hex text becomes larger than 5 bits can hold.");
  ExpectPair("base36", 64, MaxOf(64), "3w5e11264sgsf");
  EXPECT_EQ(Decode(Get("base36"), "3W5E11264SGSF", 64).value, MaxOf(64));
  ExpectPair("pushid", 120, {}, std::string(20, '-'));
  ExpectPair("pushid", 120, MaxOf(120), std::string(20, 'z'));
}

TEST(Codec, DecimalHasNoLeadingZeros) {
  ExpectPair("decimal", 64, {}, "0");
  ExpectPair("decimal", 64, MaxOf(64), "18446744073709551615");
  ExpectPair("decimal", 128, MaxOf(128), "340282366920938463463374607431768211455");
  ExpectPair("decimal", 160, MaxOf(160), "1461501637330902918203684832716283019655932542975");
  EXPECT_EQ(Refusal("decimal", "007", 64), "At character 1, the decimal text has a leading zero.");
  EXPECT_EQ(Refusal("decimal", "00", 64), "At character 1, the decimal text has a leading zero.");
  EXPECT_EQ(Refusal("decimal", "-7", 64),
            "At character 1, the decimal text has \"-\", which is no digit of the codec.");
  EXPECT_EQ(Refusal("decimal", "18446744073709551616", 64),
            "At character 20, the decimal text becomes larger than 64 bits can hold.");
  EXPECT_EQ(Refusal("decimal", "19", 4),
            "At character 2, the decimal text becomes larger than 4 bits can hold.");
}

TEST(Codec, DecimalHasTheLeastOf8And16And20Bytes) {
  const auto count = [](const char* text) { return DecodeBytes(Get("decimal"), text).value.count; };
  EXPECT_EQ(count("0"), 8);
  EXPECT_EQ(count("18446744073709551615"), 8);
  EXPECT_EQ(count("18446744073709551616"), 16);
  EXPECT_EQ(count("340282366920938463463374607431768211455"), 16);
  EXPECT_EQ(count("340282366920938463463374607431768211456"), 20);
  EXPECT_EQ(count("1461501637330902918203684832716283019655932542975"), 20);
  EXPECT_EQ(BytesRefusal("decimal", "1461501637330902918203684832716283019655932542976"),
            "At character 49, the decimal text becomes larger than 160 bits can hold.");
}

TEST(Codec, RoundTripsEveryWidth) {
  std::mt19937_64 rng(4);
  ForEachWidth([&](const Codec& codec, int bits) {
    const int length = EncodedLength(codec, bits);
    ASSERT_LE(length, kMaxEncoded);
    for (int i = 0; i < 60; i++) {
      const Bits value = i == 0 ? MaxOf(bits) : i == 1 ? Bits{} : Random(rng, bits);
      const std::string text = Text(codec, value, bits);
      ASSERT_LE(text.size(), static_cast<size_t>(length)) << codec.name << " " << bits;
      if (codec.width == Width::kFixed || (i == 0 && bits % 8 == 0)) {
        ASSERT_EQ(text.size(), static_cast<size_t>(length)) << codec.name << " " << bits;
      }
      const Result<Bits> back = Decode(codec, text, bits);
      ASSERT_TRUE(back.ok()) << codec.name << " " << bits << " " << back.status.detail;
      ASSERT_EQ(back.value, value) << codec.name << " " << bits << " " << text;
      if (codec.folds_case) {
        ASSERT_EQ(Decode(codec, Upper(text), bits).value, value) << text;
      }
    }
  });
}

TEST(Codec, DecodeBytesFindsTheWidth) {
  std::mt19937_64 rng(5);
  for (const Codec& codec : Codecs())
    for (int bits = 8; bits <= kMaxIdBits; bits += 8) {
      if (EncodedLength(codec, bits) == 0 || codec.width == Width::kShortest) continue;
      for (int i = 0; i < 200; i++) {
        const Bits value = Random(rng, bits);
        const Result<Bytes> r = DecodeBytes(codec, Text(codec, value, bits));
        ASSERT_TRUE(r.ok()) << codec.name << " " << bits << " " << r.status.detail;
        ASSERT_EQ(r.value.count * 8, bits) << codec.name;
        ASSERT_EQ(r.value.value, value) << codec.name;
      }
    }
}

TEST(Codec, OrderedTextsSortAsTheirNumbers) {
  std::mt19937_64 rng(6);
  for (const Codec& codec : Codecs()) {
    bool kept = true;
    for (int bits = 1; bits <= kMaxIdBits; bits++) {
      if (EncodedLength(codec, bits) == 0) continue;
      for (int i = 0; i < 100; i++) {
        const Bits a = Random(rng, bits), b = Random(rng, bits);
        if ((Text(codec, a, bits) < Text(codec, b, bits)) != (a < b)) kept = false;
      }
    }
    EXPECT_EQ(kept, codec.ordered) << codec.name;
  }
  std::set<std::string_view> unordered;
  for (const Codec& codec : Codecs())
    if (!codec.ordered) unordered.insert(codec.name);
  EXPECT_EQ(unordered, (std::set<std::string_view>{"decimal", "base58", "base64url", "zbase32"}));
}

// The text after `text` in the order of the digits, or nothing after the last one.
std::string Successor(const Codec& codec, std::string text) {
  for (size_t i = text.size(); i-- > 0;) {
    if (text[i] == '-' && codec.hyphens != 0) continue;
    const size_t digit = codec.alphabet.find(text[i]);
    if (digit + 1 < codec.alphabet.size()) {
      text[i] = codec.alphabet[digit + 1];
      return text;
    }
    text[i] = codec.alphabet[0];
  }
  return {};
}

TEST(Codec, RefusesTheNumberAfterTheGreatest) {
  int refused = 0;
  ForEachWidth([&](const Codec& codec, int bits) {
    const std::string next = Successor(codec, Text(codec, MaxOf(bits), bits));
    if (next.empty()) return;
    const Result<Bits> r = Decode(codec, next, bits);
    EXPECT_FALSE(r.ok()) << codec.name << " " << bits << " " << next;
    refused++;
  });
  EXPECT_GT(refused, 1000);
}

TEST(Codec, EveryOtherCharacterIsForeign) {
  for (const Codec& codec : Codecs()) {
    const int bits = codec.only_bits != 0 ? codec.only_bits : 96;
    const std::string text = Text(codec, MaxOf(bits), bits);
    for (int c = 0; c < 256; c++) {
      std::string changed = text;
      changed[2] = static_cast<char>(c);
      const Result<Bits> r = Decode(codec, changed, bits);
      std::string as_written = changed;
      if (codec.name == "crockford")
        for (char& d : as_written)
          d = d == 'i' || d == 'I' || d == 'l' || d == 'L' ? '1' : d == 'o' || d == 'O' ? '0' : d;
      const bool digit =
          codec.alphabet.find(as_written[2]) != codec.alphabet.npos ||
          (codec.folds_case && std::isalpha(c) != 0 &&
           codec.alphabet.find(static_cast<char>(as_written[2] ^ 0x20)) != codec.alphabet.npos);
      const bool foreign = std::string(r.status.detail).find("is no digit") != std::string::npos;
      ASSERT_EQ(foreign, !digit) << codec.name << " " << c << " " << r.status.detail;
      if (foreign) {
        ASSERT_EQ(std::string(r.status.detail).rfind("At character 3, ", 0), 0u);
      }
    }
  }
}

TEST(Codec, ShowsForeignBytesSafely) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(Refusal("hex", "0\0ff"sv, 16),
            "At character 2, the hex text has the byte 0x00, which is no digit of the codec.");
  EXPECT_EQ(Refusal("hex", "00\xC3\xA4"sv, 16),
            "At character 3, the hex text has the byte 0xC3, which is no digit of the codec.");
  EXPECT_EQ(Refusal("base58", "\n"sv, 16),
            "At character 1, the base58 text has the byte 0x0A, which is no digit of the codec.");
  EXPECT_EQ(Refusal("base64url", "Zg=="sv, 8),
            "At character 3, the base64url text goes on, but 8 bits have 2 characters.");
}

TEST(Codec, RefusesAWrongLength) {
  EXPECT_EQ(Refusal("base62", "", 128),
            "At character 1, the base62 text ends, but 128 bits have 22 characters.");
  EXPECT_EQ(Refusal("base62", std::string(21, '0'), 128),
            "At character 22, the base62 text ends, but 128 bits have 22 characters.");
  EXPECT_EQ(Refusal("base62", std::string(23, '0'), 128),
            "At character 23, the base62 text goes on, but 128 bits have 22 characters.");
  EXPECT_EQ(Refusal("decimal", "", 64),
            "At character 1, the decimal text ends, but 64 bits have at least 1 character.");
  EXPECT_EQ(Refusal("decimal", std::string(21, '1'), 64),
            "At character 21, the decimal text goes on, but 64 bits have at most 20 characters.");
  EXPECT_EQ(Refusal("base62", "00 0", 128),
            "At character 3, the base62 text has \" \", which is no digit of the codec.");
}

TEST(Codec, Base58HasTheBytesOfItsWidth) {
  EXPECT_EQ(Refusal("base58", "1", 16), "At character 2, the base58 text ends with 1 of 2 bytes.");
  EXPECT_EQ(Refusal("base58", "5Q", 16), "At character 3, the base58 text ends with 1 of 2 bytes.");
  EXPECT_EQ(Refusal("base58", "111", 16),
            "At character 3, the base58 text goes on, but it has 2 bytes already.");
  EXPECT_EQ(Refusal("base58", "112", 16),
            "At character 3, the base58 text becomes larger than 0 bits can hold.");
  EXPECT_EQ(Refusal("base58", "15R", 16),
            "At character 3, the base58 text becomes larger than 8 bits can hold.");
  EXPECT_EQ(Refusal("base58", "LUw", 16),
            "At character 3, the base58 text becomes larger than 16 bits can hold.");
  EXPECT_EQ(BytesRefusal("base58", std::string(21, '1')),
            "At character 21, the base58 text goes on, but it has 20 bytes already.");
  EXPECT_EQ(BytesRefusal("base58", ""),
            "At character 1, the base58 text ends, but 160 bits have at least 1 character.");
}

TEST(Codec, RefusesALengthThatNoBytesHave) {
  EXPECT_EQ(BytesRefusal("hex", "abc"),
            "At character 3, the hex text goes on, but 8 bits have 2 characters.");
  EXPECT_EQ(BytesRefusal("hex", "a"),
            "At character 2, the hex text ends, but 8 bits have 2 characters.");
  EXPECT_EQ(BytesRefusal("base64url", std::string(28, 'A')),
            "At character 28, the base64url text goes on, but 160 bits have 27 characters.");
  EXPECT_EQ(BytesRefusal("uuid", "017f22e2"),
            "At character 9, the uuid text ends, but 128 bits have 36 characters.");
  for (const Codec& codec : Codecs()) EXPECT_FALSE(DecodeBytes(codec, "").ok()) << codec.name;
}

TEST(Codec, RefusesBitsBeyondTheLast) {
  EXPECT_EQ(Refusal("base32hex", "CP", 8),
            "At character 2, the base32hex text has bits set beyond the last of 8.");
  EXPECT_EQ(Refusal("base64url", "Zh", 8),
            "At character 2, the base64url text has bits set beyond the last of 8.");
  EXPECT_EQ(BytesRefusal("base64url", "Zm9"),
            "At character 3, the base64url text has bits set beyond the last of 16.");
}

TEST(Codec, RefusesAnOverlongTextAtOnce) {
  const std::string huge(1 << 20, '1');
  for (const Codec& codec : Codecs()) {
    const int bits = codec.only_bits != 0 ? codec.only_bits : 128;
    for (int i = 0; i < 2000; i++) {  // 2 GB a codec if they were read
      ASSERT_FALSE(Decode(codec, huge, bits).ok()) << codec.name;
      ASSERT_FALSE(DecodeBytes(codec, huge).ok()) << codec.name;
    }
  }
}

TEST(Codec, HoldsNoOtherWidths) {
  for (const Codec& codec : Codecs())
    for (const int bits : {-1, 0, 161, 1000}) {
      EXPECT_EQ(EncodedLength(codec, bits), 0) << codec.name;
      EXPECT_FALSE(Decode(codec, "0", bits).ok()) << codec.name;
    }
  EXPECT_EQ(EncodedLength(Get("uuid"), 127), 0);
  EXPECT_EQ(EncodedLength(Get("uuid"), 128), 36);
  EXPECT_EQ(EncodedLength(Get("decimal"), kMaxIdBits), kMaxEncoded);
}

}  // namespace
}  // namespace detid
