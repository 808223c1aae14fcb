// SPDX-License-Identifier: PostgreSQL

#include "core/text_form.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/digits.h"
#include "core/presets.h"

namespace detid {
namespace {

Definition Of(std::string_view layout, std::string_view prefix = "", std::string_view codec = "") {
  Result<Definition> d = DefinitionOf(layout);
  EXPECT_TRUE(d.ok()) << layout << ": " << d.status.detail;
  Status s = SetPrefix(prefix, &d.value);
  EXPECT_TRUE(s.ok()) << prefix << ": " << s.detail;
  if (!codec.empty()) s = SetCodec(codec, &d.value);
  EXPECT_TRUE(s.ok()) << codec << ": " << s.detail;
  return d.value;
}

std::string Format(const Definition& d, const Bits& id) {
  char text[kMaxTextForm + 1];
  const int n = FormatTextForm(d, id, text);
  EXPECT_EQ(static_cast<size_t>(n), std::string(text).size());
  return text;
}

void ExpectRefused(const Definition& d, const std::string& text, const std::string& detail) {
  const Result<Bits> r = ParseTextForm(d, text);
  EXPECT_EQ(r.status.code, Code::kIdSyntax) << text;
  EXPECT_EQ(r.status.detail, detail) << text;
}

Bits Random(std::mt19937_64* rng, int bits) {
  Bits id;
  for (int i = 0; i < 3; i++)
    if (bits > 64 * i) id.word[i] = (*rng)() & LowMask(bits - 64 * i);
  return id;
}

constexpr Bits kUuid = {{0xbcceb302099a8057, 0x01890a5dac96774b, 0}};
constexpr char kUuidForm[] = "01890a5d-ac96-774b-bcce-b302099a8057";

// TypeID 0.3's own example.
TEST(TextForm, OfAUuidWithAPrefixIsATypeId) {
  const Definition d = Of("uuid7", "prefix");
  EXPECT_EQ(Format(d, kUuid), "prefix_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(ParseTextForm(d, "prefix_01h455vb4pex5vsknk084sn02q").value, kUuid);
  EXPECT_EQ(Format(Of("uuid7"), kUuid), kUuidForm);
}

TEST(TextForm, UuidsAreReadInTheirUsualFormToo) {
  for (const Definition& d :
       {Of("uuid7", "prefix"), Of("ulid"), Of("ulid", "x"), Of("timeflake"), Of("random:128")})
    EXPECT_EQ(ParseTextForm(d, kUuidForm).value, kUuid) << d.codec->name;
  EXPECT_FALSE(ParseTextForm(Of("nanoid"), kUuidForm).ok());
  EXPECT_FALSE(ParseTextForm(Of("uuid7", "prefix"), std::string("prefix_") + kUuidForm).ok());
}

// 9 letters, an underscore and 26 characters are 36, as a uuid has.
TEST(TextForm, ATextAsLongAsAUuidIsNotTakenForOne) {
  const Definition d = Of("uuid7", "deadbeefd");
  const std::string text = Format(d, kUuid);
  ASSERT_EQ(text.size(), 36u);
  EXPECT_EQ(ParseTextForm(d, text).value, kUuid);
}

TEST(TextForm, EveryPresetsTextComesBack) {
  std::mt19937_64 rng(13);
  for (const Preset& preset : Presets())
    for (const char* prefix : {"", "ord", "a_b"}) {
      const Definition d = Of(preset.name, prefix);
      const size_t before = d.prefix_length > 0 ? d.prefix_length + size_t{1} : 0;
      for (int i = 0; i < 300; i++) {
        Bits id = Random(&rng, i == 0 ? 1 : d.layout.bits);
        for (int w = 0; w < 3; w++) id.word[w] &= d.layout.greatest().word[w];
        const std::string text = Format(d, id);
        ASSERT_EQ(text.substr(0, before), before > 0 ? prefix + std::string("_") : "");
        ASSERT_LE(text.size() - before,
                  static_cast<size_t>(EncodedLength(*d.codec, TextBits(d.layout, *d.codec))));
        const Result<Bits> back = ParseTextForm(d, text);
        ASSERT_TRUE(back.ok()) << preset.name << " " << text << ": " << back.status.detail;
        ASSERT_EQ(back.value, id) << preset.name << " " << text;
      }
    }
}

TEST(TextForm, EveryCodecThatFitsComesBackBehindTheLongestPrefix) {
  std::mt19937_64 rng(17);
  const std::string longest(63, 'z');
  size_t most = 0;
  for (const char* layout : {"snowflake", "xid", "uuid7", "ksuid", "random:127"})
    for (const Codec& codec : Codecs()) {
      Definition d = Of(layout, longest);
      if (!SetCodec(codec.name, &d).ok()) continue;
      for (int i = 0; i < 100; i++) {
        const Bits id = Random(&rng, d.layout.bits);
        const std::string text = Format(d, id);
        most = std::max(most, text.size());
        ASSERT_EQ(ParseTextForm(d, text).value, id) << text;
      }
    }
  EXPECT_EQ(most, static_cast<size_t>(kMaxPrefix + 1 + kMaxEncoded));
}

// Nano ID's customAlphabet: an alphabet and a length.
TEST(TextForm, ANanoIdHasItsAlphabetAndLength) {
  std::mt19937_64 rng(19);
  const std::string_view alphabets[] = {"01",      "abc",          "0123456789", "0123456789abcdef",
                                        "!-~_.x5", kNanoIdAlphabet};
  for (const std::string_view alphabet : alphabets)
    for (int length = 1;; length++) {
      const Result<Definition> made = NanoIdOf(alphabet, length);
      if (!made.ok()) {
        EXPECT_GT(BitsOfDigits(alphabet.size(), length), kMaxIdBits) << alphabet << length;
        break;
      }
      const Definition& d = made.value;
      for (int i = 0; i < 20; i++) {
        Bits id = Random(&rng, d.layout.bits);
        for (int w = 0; w < 3; w++) id.word[w] &= d.layout.greatest().word[w];
        if (i == 0) id = d.layout.greatest();
        const std::string text = Format(d, id);
        ASSERT_EQ(text.size(), static_cast<size_t>(length)) << alphabet;
        ASSERT_EQ(text.find_first_not_of(alphabet), std::string::npos) << text;
        const Result<Bits> back = ParseTextForm(d, text);
        ASSERT_TRUE(back.ok()) << text << ": " << back.status.detail;
        ASSERT_EQ(back.value, id) << text;
      }
    }
}

TEST(TextForm, DigitsOfAnOwnAlphabetAreReadAsTheyAreWritten) {
  const Definition d = NanoIdOf("0123456789abcdef", 10).value;
  EXPECT_EQ(d.layout.bits, 40);
  EXPECT_TRUE(ParseTextForm(d, "00000000ff").ok());
  ExpectRefused(d, "00000000fF",
                "At character 10, the text has what is no digit of the generator's alphabet.");
  ExpectRefused(d, "ff", "At character 3, the text ends too early.");
  ExpectRefused(d, "00000000ff0", "At character 11, the text goes on.");
  ExpectRefused(d, "", "At character 1, the text ends too early.");
  const Definition decimal = NanoIdOf("0123456789", 6).value;  // 19 bits
  EXPECT_TRUE(ParseTextForm(decimal, "524287").ok());
  ExpectRefused(decimal, "524288", "At character 1, the text begins a number that no id has.");
}

TEST(TextForm, AnyLayoutMayHaveAnOwnAlphabet) {
  Definition d = Of("snowflake", "ord");
  ASSERT_TRUE(SetAlphabet("0123456789", &d).ok());
  ASSERT_TRUE(SetCheck("luhn", &d).ok());
  ASSERT_TRUE(CheckTextForm(d).ok());
  EXPECT_EQ(Format(d, {{7992739871, 0, 0}}), "ord_00000000079927398713");
  EXPECT_EQ(ParseTextForm(d, "ord_00000000079927398713").value, (Bits{{7992739871, 0, 0}}));
  EXPECT_EQ(ParseTextForm(d, "ord_00000000079927398731").status.code, Code::kMistyped);
  EXPECT_TRUE(d.texts_sort());
  ASSERT_TRUE(SetAlphabet("9876543210", &d).ok());
  EXPECT_FALSE(d.texts_sort());
}

// Every id of a layout has the length of the layout's bits, so that a codec's texts sort as the
// numbers do; the codecs of RFC 4648 write whole bytes.
TEST(TextForm, BigintsHaveTheWidthOfTheirLayout) {
  const Bits one = {{1, 0, 0}};
  EXPECT_EQ(Format(Of("js53", "", "hex"), one), "00000000000001");
  EXPECT_EQ(Format(Of("random:41", "", "base36"), one), "00000001");
  EXPECT_EQ(Format(Of("random:41", "", "base36"), {{LowMask(41), 0, 0}}), "s27to3cv");
  EXPECT_EQ(Format(Of("random:41", "", "crockford"), one), "000000001");
  EXPECT_EQ(Format(Of("random:41", "", "base62"), one), "0000001");
  EXPECT_EQ(Format(Of("random:41", "", "base64url"), one), "AAAAAAAB");
  EXPECT_EQ(Format(Of("random:41", "", "base58"), one), "111112");
  EXPECT_EQ(Format(Of("random:5", "", "crockford"), one), "1");
  EXPECT_EQ(Format(Of("snowflake", "ord", "crockford"), {{1541815603606036480, 0, 0}}),
            "ord_1ASD13XH1F800");
  EXPECT_EQ(Format(Of("snowflake", "ord"), {{42, 0, 0}}), "ord_42");
}

TEST(TextForm, BigintsAreReadWithoutTheirZerosAndWithThoseOf64Bits) {
  for (const char* layout : {"random:41", "snowflake", "js53"})
    for (const char* codec : {"hex", "crockford", "typeid", "base36", "base62", "pushid"}) {
      const Definition d = Of(layout, "", codec);
      char wide[kMaxEncoded + 1];
      for (const uint64_t n : {uint64_t{0}, uint64_t{1}, uint64_t{12345}, LowMask(d.layout.bits)}) {
        const Bits id = {{n, 0, 0}};
        std::string text = Format(d, id);
        EXPECT_EQ(ParseTextForm(d, std::string(wide, Encode(*d.codec, id, 64, wide))).value, id);
        while (text.size() > 1 && text[0] == d.codec->alphabet[0]) {
          text.erase(0, 1);
          const Result<Bits> r = ParseTextForm(d, text);
          ASSERT_TRUE(r.ok()) << codec << " " << text << r.status.detail;
          EXPECT_EQ(r.value, id);
        }
      }
      EXPECT_FALSE(ParseTextForm(d, "").ok()) << codec;
      EXPECT_FALSE(ParseTextForm(d, std::string(20, d.codec->alphabet[0])).ok()) << codec;
    }
  ExpectRefused(Of("random:41", "", "base36"), "s27to3cw",
                "At character 8, the base36 text becomes larger than 41 bits can hold.");
  for (const char* codec : {"base58", "base32hex", "base64url"}) {
    char wide[kMaxEncoded + 1];
    const Definition d = Of("random:41", "", codec);
    EXPECT_EQ(
        ParseTextForm(d, std::string(wide, Encode(*d.codec, {{77, 0, 0}}, 64, wide))).value.word[0],
        77u);
  }
}

TEST(TextForm, CrockfordIsReadWithHyphens) {
  const Definition d = Of("tsid");
  const Bits id = {{38358284406638839, 0, 0}};
  for (const char* text : {"01226N0640J7Q", "0122-6N06-40J7-Q", "0-1226n0640j7q", "1226N-0640J7Q"})
    EXPECT_EQ(ParseTextForm(d, text).value, id) << text;
  EXPECT_FALSE(ParseTextForm(d, "----").ok());
  EXPECT_FALSE(ParseTextForm(d, std::string(1 << 20, '-')).ok());
  EXPECT_FALSE(ParseTextForm(Of("tsid", "", "base62"), "01226-N0640").ok());
  const Definition ulid = Of("ulid");
  EXPECT_EQ(ParseTextForm(ulid, "01GV5PA9-EQG7D82Q-3Y4PKBZSYV").value,
            ParseTextForm(ulid, "01GV5PA9EQG7D82Q3Y4PKBZSYV").value);
}

TEST(TextForm, TypeIdsAreTakenApart) {
  const Result<TypeId> typed = ParseTypeId("prefix_01h455vb4pex5vsknk084sn02q");
  ASSERT_TRUE(typed.ok());
  EXPECT_EQ(typed.value.prefix, "prefix");
  EXPECT_EQ(typed.value.uuid, kUuid);
  EXPECT_EQ(ParseTypeId("01h455vb4pex5vsknk084sn02q").value.prefix, "");
  EXPECT_EQ(ParseTypeId("a_b_01h455vb4pex5vsknk084sn02q").value.prefix, "a_b");
  for (const std::string& text :
       {std::string("_01h455vb4pex5vsknk084sn02q"), std::string("P_01h455vb4pex5vsknk084sn02q"),
        std::string("a1_01h455vb4pex5vsknk084sn02q"), std::string("prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz"),
        std::string("prefix_01H455VB4PEX5VSKNK084SN02Q"), std::string("prefix_"), std::string(""),
        std::string("prefix_01h455vb4pex5vsknk084sn02"), std::string("__01h455vb4pex5vsknk084sn02q"),
        std::string(64, 'p') + "_01h455vb4pex5vsknk084sn02q", std::string(1 << 20, '_')})
    EXPECT_EQ(ParseTypeId(text).status.code, Code::kIdSyntax) << text.substr(0, 80);
}

// Stripe's kind of prefix is for all codecs but TypeID's own.
TEST(TextForm, PrefixesHaveCapitalsAndDigitsWhereTheTextIsNoTypeId) {
  for (const char* prefix : {"cus", "acct_1", "pk_live", "PK", "x1Y2"}) {
    Definition d = Of("uuid7", prefix, "base62");
    EXPECT_TRUE(CheckTextForm(d).ok()) << prefix;
    EXPECT_EQ(ParseTextForm(d, Format(d, kUuid)).value, kUuid);
    d = Of("uuid7", prefix);
    EXPECT_EQ(CheckTextForm(d).ok(), IsTypeIdPrefix(prefix)) << prefix;
    EXPECT_TRUE(CheckTextForm(Of("snowflake", prefix)).ok());
  }
}

TEST(TextForm, PrefixesFollowTypeId) {
  Definition d = Of("uuid7");
  for (const std::string& prefix :
       {std::string(""), std::string("a"), std::string("ab_cd"), std::string("a__b"),
        std::string(63, 'a'), "a" + std::string(61, '_') + "z"}) {
    EXPECT_TRUE(SetPrefix(prefix, &d).ok()) << prefix;
    EXPECT_EQ(d.prefix_text(), prefix);
    EXPECT_EQ(ParseTextForm(d, Format(d, kUuid)).value, kUuid);
  }
  const std::string before(d.prefix_text());
  for (const std::string& prefix :
       {std::string(64, 'a'), std::string("1"), std::string("1ord"), std::string("_"),
        std::string("_ord"), std::string("ord_"),
        std::string("or-d"), std::string("o d"), std::string("\xc3\xb6l"), std::string("o\0d", 3),
        std::string(1 << 20, 'a')}) {
    const Status s = SetPrefix(prefix, &d);
    EXPECT_EQ(s.code, Code::kLabelSyntax) << prefix.substr(0, 80);
    EXPECT_NE(std::string(s.detail).find("a prefix has up to 63 letters, digits and _, begins with "
                                         "a letter and does not end with _."),
              std::string::npos)
        << s.detail;
    EXPECT_EQ(d.prefix_text(), before) << "a prefix that is refused changes nothing";
  }
}

TEST(TextForm, APrefixThatIsNotTheGeneratorsIsRefused) {
  const Definition d = Of("uuid7", "ord");
  const std::string id = "01h455vb4pex5vsknk084sn02q";
  for (const std::string& text : {"inv_" + id, id, "ord" + id, "ord-" + id, "ORD_" + id, "_" + id,
                                  "or_" + id, "ordd_" + id, std::string("ord"), std::string("")})
    ExpectRefused(d, text, "\"" + text + "\" does not begin with \"ord_\".");
  // Where there is none.
  EXPECT_FALSE(ParseTextForm(Of("uuid7", "", "typeid"), "ord_" + id).ok());
  EXPECT_TRUE(ParseTextForm(Of("uuid7", "", "typeid"), id).ok());
}

TEST(TextForm, TypeIdsSuffixIsStrict) {
  const Definition d = Of("uuid7", "prefix");
  ExpectRefused(
      d, "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
      "Behind \"prefix_\": At character 1, the typeid text becomes larger than 128 bits can hold.");
  ExpectRefused(d, "prefix_01H455vb4pex5vsknk084sn02q",
                "Behind \"prefix_\": At character 3, the typeid text has \"H\", which is no digit "
                "of the codec.");
  ExpectRefused(d, "prefix_01l455vb4pex5vsknk084sn02q",
                "Behind \"prefix_\": At character 3, the typeid text has \"l\", which is no digit "
                "of the codec.");
  ExpectRefused(
      d, "prefix_",
      "Behind \"prefix_\": At character 1, the typeid text ends, but 128 bits have 26 characters.");
  ExpectRefused(d, "prefix__1h455vb4pex5vsknk084sn02q",
                "Behind \"prefix_\": At character 1, the typeid text has \"_\", which is no digit "
                "of the codec.");
}

TEST(TextForm, HugeTextsAreRefusedBriefly) {
  for (const Preset& preset : Presets())
    for (const char* prefix : {"", "ord"}) {
      const Definition d = Of(preset.name, prefix);
      for (const std::string& start : {std::string(), std::string("ord_")}) {
        const Result<Bits> r = ParseTextForm(d, start + std::string(1 << 20, '7'));
        EXPECT_EQ(r.status.code, Code::kIdSyntax) << preset.name;
        EXPECT_LT(std::string(r.status.detail).size(), 140u) << r.status.detail;
      }
    }
}

TEST(TextForm, EmbeddedNulsAreRefused) {
  std::mt19937_64 rng(19);
  for (const Preset& preset : Presets()) {
    const Definition d = Of(preset.name, "ord");
    const std::string text = Format(d, Random(&rng, d.layout.bits));
    EXPECT_FALSE(ParseTextForm(d, text + '\0').ok()) << preset.name;
    for (size_t at = 0; at < text.size(); at++) {
      std::string with = text;
      with[at] = '\0';
      EXPECT_EQ(ParseTextForm(d, with).status.code, Code::kIdSyntax) << preset.name << " " << at;
    }
  }
}

}  // namespace
}  // namespace detid
