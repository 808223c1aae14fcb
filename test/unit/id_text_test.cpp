// SPDX-License-Identifier: PostgreSQL

#include "core/id_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace detid {
namespace {

Layout Parsed(std::string_view text) {
  const Result<Layout> r = ParseLayout(text);
  EXPECT_TRUE(r.ok()) << text << ": " << r.status.detail;
  return r.value;
}

const Layout kBigint = Parsed("time:41@1ms node:10 sequence:12");
const Layout kUuid = Parsed("time:48@1ms random:80");
const Layout kWide = Parsed("time:48@1ms random:112");
const Layout kObjectId = Parsed("time:32@1s random:64");
const Layout kOdd = Parsed("time:48@1ms random:85");  // 133 bits, 34 digits

std::string Format(const Layout& layout, const Bits& id) {
  char text[kMaxIdText];
  const int n = FormatId(layout.bits, id, text, sizeof text);
  EXPECT_EQ(static_cast<size_t>(n), std::string(text).size());
  return text;
}

constexpr Bits kRfc = {{0x98c4dc0c0c07398f, 0x017f22e279b07cc3, 0}};
constexpr char kRfcText[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(IdText, BigintsAreDecimal) {
  EXPECT_EQ(Format(kBigint, {}), "0");
  EXPECT_EQ(Format(kBigint, {{1541815603606036480, 0, 0}}), "1541815603606036480");
  EXPECT_EQ(Format(kBigint, {{9223372036854775807, 0, 0}}), "9223372036854775807");
}

TEST(IdText, UuidsHave36Characters) {
  EXPECT_EQ(Format(kUuid, kRfc), kRfcText);
  EXPECT_EQ(Format(kUuid, {}), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(ParseId(kUuid, kRfcText).value, kRfc);
  EXPECT_EQ(ParseId(kUuid, "017F22E2-79B0-7CC3-98C4-DC0C0C07398F").value, kRfc);
}

TEST(IdText, WiderIdsAreHexOfFixedWidth) {
  const Bits id = {{0x53fb6853345c9735, 0xb5a1cd34b5f99d11, 0x0669f7ef}};
  EXPECT_EQ(Format(kWide, id), "0669f7efb5a1cd34b5f99d1153fb6853345c9735");
  EXPECT_EQ(Format(kWide, {{1, 0, 0}}), "0000000000000000000000000000000000000001");
  EXPECT_EQ(Format(kOdd, {{5, 0, 0x1f}}), "1f00000000000000000000000000000005");
  EXPECT_EQ(ParseId(kWide, "0669F7EFb5a1cd34b5f99d1153fb6853345c9735").value, id);
}

// Between a bigint and a uuid: an xid's 96 bits are no number.
TEST(IdText, NarrowerTextsAreHexOfFixedWidthToo) {
  EXPECT_EQ(Format(kObjectId, {{0xbcf86cd799439011, 0x507f1f77, 0}}), "507f1f77bcf86cd799439011");
  EXPECT_EQ(Format(kObjectId, {{1, 0, 0}}), "000000000000000000000001");
  EXPECT_EQ(Format(Parsed("time:32@1s random:33"), {{5, 1, 0}}), "10000000000000005");
  EXPECT_EQ(Format(Parsed("random:127"), {{5, 1, 0}}), "00000000000000010000000000000005");
}

TEST(IdText, HexRoundsUpToWholeDigits) {
  char text[kMaxIdText];
  EXPECT_EQ(FormatHex({{0x1f, 0, 0}}, 5, text, sizeof text), 2);
  EXPECT_STREQ(text, "1f");
  EXPECT_EQ(FormatHex({{7, 0, 0}}, 3, text, sizeof text), 1);
  EXPECT_STREQ(text, "7");
}

TEST(IdText, NothingIsWrittenBeyondTheBuffer) {
  char text[4] = "abc";
  EXPECT_EQ(FormatHex({}, 16, text, sizeof text), 0);
  EXPECT_EQ(FormatUuid({}, text, sizeof text), 0);
  EXPECT_STREQ(text, "abc");
}

TEST(IdText, UuidBytesAreBigEndian) {
  uint8_t bytes[kUuidBytes];
  ToUuidBytes(kRfc, bytes);
  const uint8_t kExpected[kUuidBytes] = {0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
                                         0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
  EXPECT_EQ(std::vector<uint8_t>(bytes, bytes + kUuidBytes),
            std::vector<uint8_t>(kExpected, kExpected + kUuidBytes));
  EXPECT_EQ(FromUuidBytes(bytes), kRfc);
}

void ExpectRefused(const Layout& layout, const std::string& text, const std::string& why) {
  const Result<Bits> r = ParseId(layout, text);
  EXPECT_EQ(r.status.code, Code::kIdSyntax) << text;
  EXPECT_EQ(r.status.detail,
            "\"" + text.substr(0, 60) + (text.size() > 60 ? "\"... " : "\" ") + why);
}

TEST(IdText, RefusesWhatIsNoBigint) {
  for (const char* text : {"", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e5", "0x10", "abc",
                           "18446744073709551616", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"})
    ExpectRefused(kBigint, text, "is not a decimal number from 0 to 9223372036854775807.");
  EXPECT_EQ(ParseId(kBigint, "0").value, Bits{});
  EXPECT_EQ(ParseId(kBigint, "9223372036854775807").value, (Bits{{9223372036854775807, 0, 0}}));
}

TEST(IdText, RefusesNumbersAboveBigint) {
  for (const char* text : {"9223372036854775808", "18446744073709551615"})
    ExpectRefused(kBigint, text, "is not a decimal number from 0 to 9223372036854775807.");
}

TEST(IdText, RefusesWhatIsNoUuid) {
  for (const char* text :
       {"", "017f22e279b07cc398c4dc0c0c07398", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2079b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c-c07398f"})
    ExpectRefused(kUuid, text, "is not a uuid.");
}

TEST(IdText, RefusesWhatIsNoHexOfTheWidth) {
  for (const char* text :
       {"", "1", "0669f7efb5a1cd34b5f99d1153fb6853345c973",
        "0669f7efb5a1cd34b5f99d1153fb6853345c97350", "0669f7efb5a1cd34b5f99d1153fb6853345c973x"})
    ExpectRefused(kWide, text, "is not an id in hexadecimal of the layout's width.");
}

TEST(IdText, LongTextsAreQuotedInPart) {
  ExpectRefused(kBigint, std::string(100, '7'),
                "is not a decimal number from 0 to 9223372036854775807.");
}

// All that PostgreSQL's type reads, and the URN of RFC 9562.
TEST(IdText, UuidsAreReadInEveryUsualForm) {
  const Bits id = ParseUuid(kRfcText).value;
  for (const char* text :
       {"017f22e279b07cc398c4dc0c0c07398f", "017F22E279B07CC398C4DC0C0C07398F",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "{017f22e279b07cc398c4dc0c0c07398f}",
        "017f-22e2-79b0-7cc3-98c4-dc0c-0c07-398f", "017f22e2-79b07cc3-98c4dc0c-0c07398f",
        "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "URN:UUID:017F22E2-79B0-7CC3-98C4-DC0C0C07398F"}) {
    EXPECT_TRUE(ParseUuid(text).ok()) << text;
    EXPECT_EQ(ParseUuid(text).value, id) << text;
  }
  for (const char* text :
       {"{017f22e279b07cc398c4dc0c0c07398f", "017f22e279b07cc398c4dc0c0c07398f}",
        "-017f22e279b07cc398c4dc0c0c07398f", "017f22e279b07cc398c4dc0c0c07398f-",
        "017f--22e279b07cc398c4dc0c0c07398f", "01-7f22e279b07cc398c4dc0c0c07398f",
        "{{017f22e279b07cc398c4dc0c0c07398f}}", "uuid:017f22e279b07cc398c4dc0c0c07398f",
        "urn:uuid:{017f22e279b07cc398c4dc0c0c07398f}", "017f22e279b07cc398c4dc0c0c07398",
        "017f22e279b07cc398c4dc0c0c07398f0", "0x17f22e279b07cc398c4dc0c0c07398f",
        " 017f22e279b07cc398c4dc0c0c07398f", "{}", "urn:uuid:", ""})
    EXPECT_FALSE(ParseUuid(text).ok()) << text;
  EXPECT_FALSE(ParseUuid(std::string(1 << 20, '0')).ok());
}

TEST(IdText, LooksLikeUuidKnowsTheForm) {
  EXPECT_TRUE(LooksLikeUuid(kRfcText));
  EXPECT_TRUE(LooksLikeUuid("FFFFFFFF-ffff-ffff-ffff-ffffffffffff"));
  EXPECT_TRUE(LooksLikeUuid("017f22e279b07cc398c4dc0c0c07398f"));
  EXPECT_FALSE(LooksLikeUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"));
  EXPECT_FALSE(LooksLikeUuid("1541815603606036480"));
  EXPECT_FALSE(LooksLikeUuid(""));
}

TEST(IdText, TextRoundTripsAndSortsAsTheNumber) {
  std::mt19937_64 rng(3);
  const auto random = [&](const Layout& layout) {
    Bits b;
    for (int i = 0; i < 3; i++) {
      const int here = layout.bits - 64 * i;
      b.word[i] = here > 0 ? rng() & LowMask(here) : 0;
    }
    return b;
  };
  for (const Layout* layout : {&kBigint, &kUuid, &kObjectId, &kWide, &kOdd})
    for (int i = 0; i < 5000; i++) {
      const Bits a = random(*layout), b = random(*layout);
      const std::string text = Format(*layout, a);
      ASSERT_EQ(ParseId(*layout, text).value, a) << text;
      if (layout->is_bigint()) continue;
      ASSERT_EQ(text < Format(*layout, b), a < b);
    }
}

}  // namespace
}  // namespace detid
