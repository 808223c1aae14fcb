// SPDX-License-Identifier: PostgreSQL
//
// The keys of a label that need not be there: codec, prefix, scatter, mask, history.

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <string>

#include "core/history.h"
#include "core/label.h"
#include "random_layout.h"

namespace detid {
namespace {

constexpr char kMask[] = "000102030405060708090a0b0c0d0e0f";

std::string LabelOf(const std::string& layout, const std::string& epoch, const std::string& rest) {
  return "layout=" + layout + "; epoch=" + epoch +
         "; audit=range; ordering=backend; salt=00000000000000ff" + rest;
}
std::string Snowflake(const std::string& rest) {
  return LabelOf("snowflake", "2025-01-01T00:00:00Z", rest);
}
std::string Uuid7(const std::string& rest) {
  return LabelOf("uuid7", "1970-01-01T00:00:00Z", rest);
}

std::string Uuid4(const std::string& rest) {
  return LabelOf("uuid4", "2025-01-01T00:00:00Z", rest);
}

std::string Label(const Definition& d) {
  char text[kMaxLabelText];
  EXPECT_LT(FormatLabel(d, text, sizeof text), kMaxLabelText);
  return text;
}

Definition Parsed(const std::string& label) {
  const Result<Definition> r = ParseLabel(label);
  EXPECT_TRUE(r.ok()) << label << ": " << r.status.detail;
  return r.value;
}

void ExpectRefused(const std::string& label, const std::string& detail,
                   Code code = Code::kLabelSyntax) {
  const Result<Definition> r = ParseLabel(label);
  EXPECT_EQ(r.status.code, code) << label;
  EXPECT_EQ(r.status.detail, detail) << label;
}

TEST(LabelOptions, AreReadAndWrittenAgain) {
  for (const std::string& label :
       {Uuid4("; history=1"), Uuid4("; history=16777216"),
        Uuid4("; prefix=ord; codec=base58; history=1000"), Snowflake("; codec=hex"),
        Snowflake("; prefix=ord"), Snowflake("; scatter=on"),
        Snowflake("; mask=" + std::string(kMask)),
        Snowflake("; prefix=ord; codec=crockford; scatter=on; mask=" + std::string(kMask)),
        Uuid7("; codec=base58"), Uuid7("; prefix=a_b; codec=uuid")})
    EXPECT_EQ(Label(Parsed(label)), label);
}

TEST(LabelOptions, SayWhatTheySay) {
  const Definition d = Parsed(
      Snowflake("; mask=" + std::string(kMask) + "; scatter=on; codec=crockford; prefix=ord"));
  EXPECT_EQ(d.codec, FindCodec("crockford"));
  EXPECT_EQ(d.prefix_text(), "ord");
  EXPECT_TRUE(d.scatter);
  ASSERT_TRUE(d.has_mask);
  for (int i = 0; i < kCommitmentBytes; i++) EXPECT_EQ(d.mask.byte[i], i);
  const Definition plain = Parsed(Snowflake(""));
  EXPECT_EQ(plain.codec, FindCodec("decimal"));
  EXPECT_EQ(plain.prefix_text(), "");
  EXPECT_FALSE(plain.scatter);
  EXPECT_FALSE(plain.has_mask);
  EXPECT_EQ(plain.history, 0u);
  EXPECT_EQ(Parsed(Uuid4("; history=1000")).history, 1000u);
}

TEST(LabelOptions, DefaultsAreNotWritten) {
  EXPECT_EQ(Label(Parsed(Snowflake("; codec=decimal"))), Snowflake(""));
  EXPECT_EQ(Label(Parsed(Uuid7("; codec=uuid"))), Uuid7(""));
  EXPECT_EQ(Label(Parsed(Uuid7("; prefix=ord; codec=typeid"))), Uuid7("; prefix=ord"));
  EXPECT_EQ(Label(Parsed(Snowflake("; prefix="))), Snowflake(""));
}

TEST(LabelOptions, ThePrefixMayComeBehindTheCodec) {
  EXPECT_EQ(Label(Parsed(Uuid7("; codec=base62; prefix=ord"))),
            Uuid7("; prefix=ord; codec=base62"));
}

TEST(LabelOptions, DefaultCodecIsThePresetsOrTheTypes) {
  const std::pair<const char*, const char*> kCodecs[] = {
      {"snowflake", "decimal"}, {"tsid", "crockford"},      {"ulid", "crockford"},
      {"ksuid", "base62"},      {"nanoid", "base64url"},    {"random:128", "uuid"},
      {"cuid2", "cuid2"},       {"time:41@1ms", "decimal"}, {"time:41@1ms random:59", "hex"},
      {"random:129", "hex"}};
  for (const auto& [layout, codec] : kCodecs) {
    Definition d = DefinitionOf(layout).value;
    EXPECT_EQ(d.codec->name, codec) << layout;
    ASSERT_TRUE(SetPrefix("ord", &d).ok());
    EXPECT_EQ(d.codec->name, codec == std::string("uuid") ? "typeid" : codec) << layout;
    ASSERT_TRUE(SetPrefix("", &d).ok());
    EXPECT_EQ(d.codec->name, codec) << layout;
  }
}

TEST(LabelOptions, AnAlphabetComesBack) {
  for (const char* alphabet :
       {"01", "0123456789abcdef", "=:'\\\"%{}", "!#$%&'()*+,-./:<=>?@[\\]^_`{|}~"}) {
    const Definition d = Parsed(Snowflake(std::string("; alphabet=") + alphabet));
    EXPECT_EQ(d.digits(), alphabet);
    EXPECT_EQ(Label(d), Snowflake(std::string("; alphabet=") + alphabet));
  }
  const Definition d = Parsed(Snowflake("; alphabet=abcdef; prefix=ord; check=luhn"));
  EXPECT_EQ(Label(d), Snowflake("; prefix=ord; alphabet=abcdef; check=luhn"));
  const Definition other = Parsed(Snowflake("; alphabet=abcdfe; prefix=ord; check=luhn"));
  EXPECT_TRUE(MayBecome(d, d));
  EXPECT_FALSE(MayBecome(d, other));
  EXPECT_FALSE(MayBecome(d, Parsed(Snowflake("; prefix=ord"))));
  EXPECT_FALSE(MayBecome(Parsed(Snowflake("; prefix=ord")), d));
}

TEST(LabelOptions, AlphabetsThatCannotBeAreRefused) {
  ExpectRefused(Snowflake("; alphabet=a"), "\"a\" has 1 characters; 2 are the least.");
  ExpectRefused(Snowflake("; alphabet="), "\"\" has 0 characters; 2 are the least.");
  ExpectRefused(Snowflake("; alphabet=aba"), "Character 3 of \"aba\" occurs before.");
  ExpectRefused(Snowflake("; alphabet=a b"),
                "Character 2 of \"a b\" is not printable ASCII, or is a space.");
  ExpectRefused(Snowflake("; alphabet=ab; codec=hex"),
                "\"hex\": there is a codec or an alphabet, not both.");
  ExpectRefused(Snowflake("; alphabet=abc; check=luhn"),
                "\"abc\": luhn takes an alphabet with an even number of letters.");
  ExpectRefused(Snowflake("; alphabet=abcdEF; check=mod37_36"),
                "\"abcdEF\": mod37_36 takes digits and letters of one case; luhn takes others.");
  EXPECT_FALSE(NanoIdOf("ab;", 10).ok());
  EXPECT_STREQ(NanoIdOf("0123456789", 49).status.detail,
               "The length is 49; texts of these 10 letters may have 1 to 48.");
  EXPECT_STREQ(NanoIdOf("0123456789", 0).status.detail,
               "The length is 0; texts of these 10 letters may have 1 to 48.");
  EXPECT_FALSE(NanoIdOf("01", -2147483647).ok());
  EXPECT_FALSE(NanoIdOf("01", 2147483647).ok());
}

TEST(LabelOptions, RefusalsNameTheValue) {
  ExpectRefused(Snowflake("; codec=base99"), "\"base99\": there is no such codec.");
  ExpectRefused(Snowflake("; codec="), "\"\": there is no such codec.");
  ExpectRefused(Snowflake("; codec=HEX"), "\"HEX\": there is no such codec.");
  ExpectRefused(Snowflake("; codec=uuid"), "\"uuid\": the codec cannot hold ids of this layout.");
  ExpectRefused(Snowflake("; prefix=Ord_"),
                "\"Ord_\": a prefix has up to 63 letters, digits and _, begins with a letter and does not "
                "end with _.");
  ExpectRefused(Snowflake("; prefix=Ord; codec=typeid"),
                "\"Ord\": a TypeID's prefix has a to z and _ only; other codecs, such as base62, take "
                "capitals and digits.");
  ExpectRefused(Snowflake("; check=crc"), "\"crc\": a check character is mod37_36 or luhn.");
  for (const char* value : {"", "off", "true", "ON", "1"})
    ExpectRefused(Snowflake("; scatter=" + std::string(value)),
                  "\"" + std::string(value) + "\": scatter is on, or not there.");
  for (const char* value : {"", "0", "-1", "+1", "1 000", "1e3", "0x10", "16777217", "4294967296"})
    ExpectRefused(Uuid4("; history=" + std::string(value)),
                  "\"" + std::string(value) + "\": history is 1 to 16777216, or not there.");
  for (const std::string& value :
       {std::string(), std::string("00"), std::string(kMask) + "0", std::string(31, '0'),
        std::string(31, '0') + "g", "0x" + std::string(30, '0'), "-" + std::string(31, '0')})
    ExpectRefused(Snowflake("; mask=" + value),
                  "\"" + value + "\": mask is 128 bits in hexadecimal.");
  ExpectRefused(Uuid7("; mask=" + std::string(kMask)), "\"mask\": only bigints are masked.");
  for (const char* twice : {"codec=hex", "prefix=a", "scatter=on"})
    ExpectRefused(Snowflake("; " + std::string(twice) + "; " + twice),
                  "\"" + std::string(twice) + "\": the key is there twice.");
}

TEST(LabelOptions, ScatterTakesASequence) {
  const auto label = [](const char* layout) {
    return LabelOf(layout, "2025-01-01T00:00:00Z", "; scatter=on");
  };
  ExpectRefused(label("time:41@1ms node:10"),
                "Its sequence has 0 bits; to scatter takes 2 at the least.", Code::kLayoutInvalid);
  ExpectRefused(label("time:41@1ms sequence:1"),
                "Its sequence has 1 bits; to scatter takes 2 at the least.", Code::kLayoutInvalid);
  ExpectRefused(label("uuid4"), "Its sequence has 0 bits; to scatter takes 2 at the least.",
                Code::kLayoutInvalid);
  EXPECT_TRUE(Parsed(label("time:41@1ms sequence:2")).scatter);
}

TEST(LabelOptions, AHistoryTakesRandomBitsWithoutATime) {
  const auto label = [](const std::string& layout, uint32_t ids) {
    return LabelOf(layout, "2025-01-01T00:00:00Z", "; history=" + std::to_string(ids));
  };
  for (const char* layout : {"snowflake", "time:41@1ms random:22"})
    ExpectRefused(label(layout, 1),
                  "A history is for ids of random bits without a time; these are unique by "
                  "construction.",
                  Code::kLayoutInvalid);
  for (const char* layout : {"hash:128", "hash:60 node:3"})
    ExpectRefused(label(layout, 1),
                  "A history is for ids of random bits without a time; these are the same for the "
                  "same input.",
                  Code::kLayoutInvalid);
  for (const char* layout : {"uuid4", "nanoid", "random:4", "random:26", "random:3 node:5 random:1",
                             "const:8=1 random:20 hash:20", "random:63", "random:160"})
    EXPECT_EQ(Parsed(label(layout, 1)).history, 1u);
}

// The room that is taken is at most 5 chunks, of at least 16.
TEST(LabelOptions, AHistoryLeavesMoreThanHalfOfTheIdsFree) {
  for (int bits = 1; bits <= 26; bits++) {
    const Definition d = DefinitionOf("random:" + std::to_string(bits)).value;
    uint32_t most = 0;
    for (uint32_t ids = kMaxHistory; ids > 0 && most == 0; ids = ids > 4096 ? ids - 4096 : ids - 1)
      if (CheckHistory(d.layout, ids).ok()) most = ids;
    EXPECT_EQ(most, bits < 4 ? 0u : uint32_t{1} << (bits - 2)) << bits;
    if (most == 0) continue;
    EXPECT_LT(5.0 * HistoryChunk(most), 0.32 * (1 << bits));
    if (bits < 26) {
      EXPECT_EQ(CheckHistory(d.layout, most + 1).code, Code::kLayoutInvalid);
    }
  }
  const Status refused = CheckHistory(DefinitionOf("random:6 hash:30").value.layout, 17);
  EXPECT_STREQ(refused.detail,
               "Its 6 random bits have 64 values; a history of 17 ids takes 80 at the least.");
}

TEST(LabelOptions, OnlyAuditScatterAndHistoryMayChangeAndAMaskMayCome) {
  const Definition plain = Parsed(Snowflake(""));
  const Definition masked = Parsed(Snowflake("; mask=" + std::string(kMask)));
  const Definition other = Parsed(Snowflake("; mask=ff" + std::string(kMask + 2)));
  const Definition scatters = Parsed(Snowflake("; scatter=on"));
  EXPECT_TRUE(MayBecome(plain, scatters));
  EXPECT_TRUE(MayBecome(scatters, plain));
  EXPECT_TRUE(MayBecome(plain, masked));
  EXPECT_TRUE(MayBecome(masked, masked));
  EXPECT_FALSE(MayBecome(masked, plain));
  EXPECT_FALSE(MayBecome(masked, other));
  EXPECT_TRUE(MayBecome(Parsed(Uuid4("")), Parsed(Uuid4("; history=5"))));
  EXPECT_TRUE(MayBecome(Parsed(Uuid4("; history=9")), Parsed(Uuid4("; history=5"))));
  EXPECT_TRUE(MayBecome(Parsed(Uuid4("; history=9")), Parsed(Uuid4(""))));

  const Definition codec = Parsed(Snowflake("; codec=hex"));
  EXPECT_FALSE(MayBecome(plain, codec));
  EXPECT_FALSE(MayBecome(codec, plain));
  const Definition ord = Parsed(Snowflake("; prefix=ord"));
  EXPECT_FALSE(MayBecome(plain, ord));
  EXPECT_FALSE(MayBecome(ord, plain));
  EXPECT_FALSE(MayBecome(ord, Parsed(Snowflake("; prefix=orb"))));
  EXPECT_FALSE(MayBecome(ord, Parsed(Snowflake("; prefix=orde"))));
  // What says the same may be said in another way.
  EXPECT_TRUE(MayBecome(plain, Parsed(Snowflake("; codec=decimal; prefix="))));
  EXPECT_TRUE(MayBecome(
      plain, Parsed(LabelOf("time:41@1ms node:10 sequence:12", "2025-01-01T00:00:00Z", ""))));
}

// Coordinates make the same id whatever it is written as.
TEST(LabelOptions, AreNotInTheFingerprint) {
  const uint64_t plain = Fingerprint(Parsed(Snowflake("")));
  for (const std::string& rest : {std::string("; codec=hex"), std::string("; prefix=ord"),
                                  std::string("; scatter=on"), "; mask=" + std::string(kMask)})
    EXPECT_EQ(Fingerprint(Parsed(Snowflake(rest))), plain) << rest;
  EXPECT_EQ(Fingerprint(Parsed(Uuid4("; history=9"))), Fingerprint(Parsed(Uuid4(""))));
}

TEST(LabelOptions, RandomOnesRoundTrip) {
  test::LayoutMaker maker(77);
  int scattered = 0, remember = 0;
  for (int i = 0; i < 5000; i++) {
    const test::LayoutSpec spec = maker.Make();
    Definition d = DefinitionOf(spec.text).value;
    std::string prefix(static_cast<size_t>(maker.Below(kMaxPrefix + 1)), 'q');
    for (char& c : prefix) c = static_cast<char>('a' + maker.Below(26));
    ASSERT_TRUE(SetPrefix(prefix, &d).ok());
    const std::span<const Codec> codecs = Codecs();
    const Codec& codec = codecs[static_cast<size_t>(maker.Below(static_cast<int>(codecs.size())))];
    const bool fits = codec.only_bits == 0 || codec.only_bits == d.layout.bits;
    ASSERT_EQ(SetCodec(codec.name, &d).ok(), fits) << codec.name << " " << spec.text;
    d.scatter = spec.BitsOf(Kind::kSequence) > 1 && maker.Below(2) == 0;
    d.has_mask = d.layout.is_bigint() && maker.Below(2) == 0;
    for (uint8_t& byte : d.mask.byte) byte = d.has_mask ? static_cast<uint8_t>(maker.Word()) : 0;
    const uint32_t ids = 1 + static_cast<uint32_t>(maker.Word() >> (40 + maker.Below(24)));
    const int random_bits = spec.BitsOf(Kind::kTime) > 0 ? 0 : spec.BitsOf(Kind::kRandom);
    const bool may = random_bits > 0 && std::ldexp(1.0, random_bits) >= 16.0 * ((ids + 3) / 4);
    ASSERT_EQ(CheckHistory(d.layout, ids).ok(), may) << ids << " of " << spec.text;
    if (may && maker.Below(3) > 0) d.history = ids;
    const Definition again = Parsed(Label(d));
    ASSERT_EQ(Label(again), Label(d));
    ASSERT_EQ(again.codec, d.codec);
    ASSERT_EQ(again.prefix_text(), prefix);
    ASSERT_EQ(again.scatter, d.scatter);
    ASSERT_EQ(again.has_mask, d.has_mask);
    ASSERT_EQ(again.mask, d.mask);
    ASSERT_EQ(again.history, d.history);
    ASSERT_TRUE(MayBecome(again, d) && MayBecome(d, again));
    scattered += d.scatter;
    remember += d.history > 0;
  }
  EXPECT_GT(scattered, 500);
  EXPECT_GT(remember, 100);
}

TEST(LabelOptions, CommitmentsAreReadInEitherCase) {
  Commitment a, b;
  ASSERT_TRUE(ParseCommitment("000102030405060708090a0b0c0d0e0f", &a));
  ASSERT_TRUE(ParseCommitment("000102030405060708090A0B0C0D0E0F", &b));
  EXPECT_EQ(a, b);
  char text[kCommitmentText + 1];
  FormatCommitment(a, text);
  EXPECT_STREQ(text, kMask);
}

}  // namespace
}  // namespace detid
