// SPDX-License-Identifier: PostgreSQL

#include "core/text_form.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

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
        const Bits id = Random(&rng, i == 0 ? 1 : d.layout.bits);
        const std::string text = Format(d, id);
        ASSERT_EQ(text.substr(0, before), before > 0 ? prefix + std::string("_") : "");
        ASSERT_LE(text.size() - before,
                  static_cast<size_t>(EncodedLength(*d.codec, d.layout.text_bits())));
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
  EXPECT_EQ(most, static_cast<size_t>(kMaxTextForm));
}

// Every bigint has the length of 64 bits, so that a codec's texts sort as the numbers do.
TEST(TextForm, BigintsAreWrittenAs64Bits) {
  EXPECT_EQ(Format(Of("js53", "", "hex"), {{1, 0, 0}}), "0000000000000001");
  EXPECT_EQ(Format(Of("snowflake", "ord", "crockford"), {{1541815603606036480, 0, 0}}),
            "ord_1ASD13XH1F800");
  EXPECT_EQ(Format(Of("snowflake", "ord"), {{42, 0, 0}}), "ord_42");
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
       {std::string(64, 'a'), std::string("Ord"), std::string("ORD"), std::string("ord1"),
        std::string("1"), std::string("_"), std::string("_ord"), std::string("ord_"),
        std::string("or-d"), std::string("o d"), std::string("\xc3\xb6l"), std::string("o\0d", 3),
        std::string(1 << 20, 'a')}) {
    const Status s = SetPrefix(prefix, &d);
    EXPECT_EQ(s.code, Code::kLabelSyntax) << prefix.substr(0, 80);
    EXPECT_NE(std::string(s.detail).find("a prefix has up to 63 of a to z and _, and begins and "
                                         "ends with a letter."),
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
