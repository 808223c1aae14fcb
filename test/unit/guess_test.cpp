// SPDX-License-Identifier: PostgreSQL

#include "core/guess.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/instant.h"
#include "core/text_form.h"

namespace detid {
namespace {

int64_t Us(const char* instant) {
  return ParseInstant(instant).value;
}

const int64_t kNow = Us("2026-01-01Z");

// The names of the candidates, the likeliest first.
std::vector<std::string> Names(std::string_view text, int64_t now_us = kNow) {
  const Candidates all = Guess(text, now_us);
  std::vector<std::string> names;
  for (int i = 0; i < all.count; i++)
    names.emplace_back(all.candidate[static_cast<size_t>(i)].preset->name);
  return names;
}

bool Has(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

using List = std::vector<std::string>;

TEST(Guess, KnowsPublishedIdsByTheirText) {
  const struct {
    const char* text;
    const char* first;
    const char* minted_at;
  } kIds[] = {
      {"c232ab00-9414-11ec-b3c8-9f6bdeced846", "uuid1", "2022-02-22T19:22:22Z"},
      {"1ec9414c-232a-6b00-b3c8-9f6bdeced846", "uuid6", "2022-02-22T19:22:22Z"},
      {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "uuid7", "2022-02-22T19:22:22Z"},
      {"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "uuid7", "2022-02-22T19:22:22Z"},
      {"01GV5PA9EQG7D82Q3Y4PKBZSYV", "ulid", "2023-03-10T12:00:49.111Z"},
      {"01gv5pa9eqg7d82q3y4pkbzsyv", "ulid", "2023-03-10T12:00:49.111Z"},
      {"0ujtsYcgvSTl8PAuAdqWYSMnLOv", "ksuid", "2017-10-10T04:00:47Z"},
      {"02i1KoFfY3auBS745gImbZ", "timeflake", "2020-01-15T12:38:55.216Z"},
      {"01226N0640J7Q", "tsid", "2020-04-15T20:22:07.665Z"},
      {"9m4e2mr0ui3e8a215n4g", "xid", "2011-03-22T17:50:19Z"},
      {"507f1f77bcf86cd799439011", "objectid", "2012-10-17T21:13:27Z"},
      {"-JhLeOlGIEjaIOFHR0xd", "pushid", "2015-02-04T22:15:31.153Z"},
      {"ch72gsb320000udocl363eofy", "cuid", "2012-09-13T23:03:12.926Z"},
      {"prefix_01h455vb4pex5vsknk084sn02q", "uuid7", "2023-06-30T03:34:18.518Z"},
      {"01h455vb4pex5vsknk084sn02q", "ulid", "2023-06-30T03:34:18.518Z"},
  };
  for (const auto& id : kIds) {
    const Candidates all = Guess(id.text, kNow);
    ASSERT_GT(all.count, 0) << id.text;
    const Candidate& best = all.candidate[0];
    EXPECT_EQ(best.preset->name, id.first) << id.text;
    EXPECT_TRUE(best.timed);
    char instant[kMaxInstantText];
    FormatInstant(best.minted_us, instant, sizeof instant);
    EXPECT_STREQ(instant, id.minted_at) << id.text;
  }
}

TEST(Guess, KnowsFormatsWithoutATimeByTheirConstantsOrLength) {
  EXPECT_EQ(Names("919108f7-52d1-4320-9bac-f847db4148a8"), List{"uuid4"});
  EXPECT_EQ(Names("2489e9ad-2ee2-8e00-8ec9-32d5f69181c0"), List{"uuid8"});
  EXPECT_EQ(Names("V1StGXR8_Z5jdHi6B-myT"), List{"nanoid"});
  EXPECT_EQ(Names("tz4a98xxat96iws9zmbrgj3a"), List{"cuid2"});
  EXPECT_EQ(Names("tz4a98xxat96iws9zmbrgj3A"), List{});
  EXPECT_EQ(Names("1z4a98xxat96iws9zmbrgj3a"), List{});
  EXPECT_EQ(Names("f07f1f77bcf86cd799439011"), List{"cuid2"});  // an ObjectId of 2097
  EXPECT_EQ(Names("a07f1f77bcf86cd799439011", Us("2060-01-01Z")), (List{"objectid", "cuid2"}));
  const Candidates all = Guess("V1StGXR8_Z5jdHi6B-myT", kNow);
  EXPECT_FALSE(all.candidate[0].timed);
}

// A tweet: a node and a sequence of 0 make Twitter's and its kin likelier than those where the
// same bits are a large sequence.
TEST(Guess, RanksNumbersByTheirSequence) {
  const List tweet = Names("1541815603606036480");
  ASSERT_GE(tweet.size(), 2u);
  EXPECT_EQ(tweet[0], "twitter");
  EXPECT_FALSE(Has(tweet, "snowflake"));  // 2036
  EXPECT_FALSE(Has(tweet, "discord"));    // the summer of 2026
  EXPECT_FALSE(Has(tweet, "tsid"));
  const List discord = Names("1541815603606036480", Us("2027-01-01Z"));
  EXPECT_EQ(discord[0], "discord");  // the later time
  EXPECT_EQ(discord[1], "twitter");
  EXPECT_TRUE(Has(Names("103254962155278888"), "mastodon"));
}

// A uuid that also is a ULID, with the constants of a version, is that version; the rest have the
// presets' order, as nothing tells them apart.
TEST(Guess, RanksConstantsFirstAndEqualsInOrder) {
  EXPECT_EQ(Names("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), (List{"uuid7", "ulid", "timeflake"}));
  EXPECT_EQ(Names("017f22e2-79b0-4cc3-98c4-dc0c0c07398f"), (List{"uuid4", "ulid", "timeflake"}));
  EXPECT_EQ(Names("017f22e2-79b0-0cc3-98c4-dc0c0c07398f"), (List{"ulid", "timeflake"}));
}

// This one has the constants of version 8 as a TypeID.
TEST(Guess, RanksTheOwnTextAboveConstants) {
  EXPECT_EQ(Names("01gv5pa9eqg7d82q3y4pkbzsyv"), (List{"ulid", "uuid8"}));
  EXPECT_EQ(Names("01h455vb4pex5vsknk084sn02q"), (List{"ulid", "uuid7"}));
  const List tsid = Names("662082630451200000", Us("2026-01-01Z"));
  EXPECT_EQ(tsid.back(), "tsid");  // whose own text is not decimal
}

TEST(Guess, AnImplausibleTimeIsNoCandidate) {
  // uuid7 of 2004-12-31T23:59:59.999Z, 2005-01-01Z, 2026-01-02Z and a millisecond later.
  const auto uuid7 = [](int64_t us) {
    const Definition d = DefinitionOf("uuid7").value;
    GeneratorKey key{};
    const Bits id = Compose(d.layout, {0, 0, us / 1000, 0}, {}, &key).value;
    char text[kMaxTextForm + 1];
    FormatTextForm(d, id, text);
    return std::string(text);
  };
  EXPECT_EQ(Names(uuid7(Us("2005-01-01Z") - 1000)), List{"uuid7"});
  EXPECT_EQ(Names(uuid7(Us("2005-01-01Z")))[0], "uuid7");
  EXPECT_EQ(Names(uuid7(Us("2026-01-02Z")))[0], "uuid7");
  EXPECT_EQ(Names(uuid7(Us("2026-01-02Z") + 1000)), List{"uuid7"});
  EXPECT_EQ(Names("01H455VB4PEX5VSKNK084SN02Q", Us("2020-01-01Z")), List{});
}

// A uuid keeps its version whatever its time, but what has a plausible one comes first.
TEST(Guess, AnswersForEveryUuid) {
  const struct {
    const char* uuid;
    List names;
  } kUuids[] = {
      {"00000000-0000-0000-0000-000000000000", {"nil"}},
      {"ffffffff-ffff-ffff-ffff-ffffffffffff", {"max"}},
      {"000003e8-32b1-21ef-8000-325096b39f47", {"uuid2"}},
      {"5df41881-3aed-3515-88a7-2f4a814cf09e", {"uuid3"}},
      {"2ed6657d-e927-568b-95e1-2665a8aea6a2", {"uuid5"}},
      {"5c146b14-3c52-8afd-938a-375d0df1fbf6", {"uuid8"}},
      {"c232ab00-9414-11ec-b3c8-9f6bdeced846", {"uuid1"}},
      {"13814000-1dd2-11b2-8000-000000000000", {"uuid1"}},  // 1970
      {"1b21dd21-3814-6000-8000-000000000000", {"uuid6"}},
      {"ffffffff-ffff-7fff-bfff-ffffffffffff", {"uuid7"}},  // 10889
      {"00000000-0000-7000-8000-000000000000", {"uuid7"}},
      {"aaaaaaaa-bbbb-fccc-8ddd-eeeeeeeeeeee", {"uuid"}},   // no version of the RFC
      {"aaaaaaaa-bbbb-1ccc-cddd-eeeeeeeeeeee", {"uuid"}},   // Microsoft's variant
      {"01890a5d-ac96-574b-bcce-b302099a8057", {"uuid5", "ulid", "timeflake"}},
      {"01890a5d-ac96-174b-bcce-b302099a8057", {"ulid", "timeflake", "uuid1"}},
  };
  for (const auto& [uuid, names] : kUuids) EXPECT_EQ(Names(uuid), names) << uuid;
  const List plain = Names("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  for (const char* form :
       {"017f22e279b07cc398c4dc0c0c07398f", "{017F22E2-79B0-7CC3-98C4-DC0C0C07398F}",
        "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f"})
    EXPECT_EQ(Names(form), plain) << form;
}

TEST(Guess, ReadsHyphensOfCrockfordAndNoShortWords) {
  EXPECT_EQ(Names("01GV5-PA9EQ-G7D82-Q3Y4P-KBZSYV")[0], "ulid");
  EXPECT_EQ(Names("01226-N0640-J7Q")[0], "tsid");
  for (const char* word : {"hey", "code", "Z", "abc123"}) EXPECT_EQ(Names(word), List{}) << word;
}

TEST(Guess, NumbersFromBeforeSnowflakesAreNone) {
  EXPECT_FALSE(Has(Names("20"), "twitter"));
  EXPECT_FALSE(Has(Names("29700859247"), "twitter"));
  EXPECT_TRUE(Has(Names("29700859248"), "twitter"));
  EXPECT_FALSE(CheckAge(PublishedDefinitionOf("twitter").value, {{20, 0, 0}}).ok());
  EXPECT_FALSE(CheckAge(PublishedDefinitionOf("mastodon").value, {{1234567, 0, 0}}).ok());
  EXPECT_TRUE(CheckAge(PublishedDefinitionOf("discord").value, {{20, 0, 0}}).ok());
  EXPECT_TRUE(CheckAge(PublishedDefinitionOf("uuid4").value, {}).ok());
}

TEST(Layouts, AWordThatIsNoneHasANearestName) {
  const struct {
    const char* word;
    const char* name;
  } kWords[] = {{"uuidv7", "uuid7"},   {"UUID7", "uuid7"},       {"typeid", "uuid7"},
                {"uuid", "uuid7"},     {"guid", "uuid4"},        {"Twitter", "twitter"},
                {"snowflakes", "snowflake"}, {"snow-flake", "snowflake"}, {"object_id", "objectid"},
                {"uild", "ulid"},      {"js-53", "js53"},        {"KSUID", "ksuid"}};
  for (const auto& [word, name] : kWords) EXPECT_EQ(NearestLayout(word), name) << word;
  for (const char* word : {"", "x", "serial", "\xc3\xa9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_EQ(NearestLayout(word), "") << word;
  EXPECT_EQ(DefinitionOf("uuidv7").status.code, Code::kNoSuchLayout);
  EXPECT_STREQ(DefinitionOf("uuidv7").status.detail,
               "The layout is \"uuidv7\"; the nearest is \"uuid7\".");
  EXPECT_STREQ(DefinitionOf("uuid5").status.detail,
               "Ids of the format uuid5 are read, and not minted.");
  EXPECT_EQ(DefinitionOf("time:41").status.code, Code::kLayoutSyntax);
  EXPECT_EQ(DefinitionOf("").status.code, Code::kLayoutInvalid);
}

// A TSID before 2020 does not exist, and a KSUID not before 2014.
TEST(Guess, NothingIsOlderThanItsEpoch) {
  const Candidates all = Guess("0", kNow);
  for (int i = 0; i < all.count; i++) {
    const Candidate& c = all.candidate[static_cast<size_t>(i)];
    EXPECT_GE(c.minted_us, c.preset->epoch_us) << c.preset->name;
  }
  EXPECT_FALSE(Has(Names("0"), "mastodon"));  // 1970
}

TEST(Guess, WhatWeMintIsGuessed) {
  GeneratorKey key{};
  for (const Preset& preset : Presets()) {
    const Definition d = DefinitionOf(preset.name).value;
    const int64_t at = Us("2025-06-15T12:00:00Z");
    const Bits id = Compose(d.layout, {1, 1, TickAt(d.layout, d.epoch_us, at), 1}, {}, &key).value;
    char text[kMaxTextForm + 1];
    FormatTextForm(d, id, text);
    EXPECT_TRUE(Has(Names(text), preset.name.data())) << preset.name << " " << text;
  }
}

TEST(Guess, GarbageIsNothing) {
  const std::string uuid = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("_"), std::string("-1"), std::string("1.5"),
        std::string("hello, world"), std::string("null"), "{" + uuid, " " + uuid, uuid + " ",
        uuid + std::string(1, '\0'), std::string("\0", 1), std::string("12\0", 3),
        std::string("\xff\xfe\xfd"), std::string("99999999999999999999"),
        std::string("prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz"),
        std::string("_01h455vb4pex5vsknk084sn02q"), std::string("P_01h455vb4pex5vsknk084sn02q"),
        std::string(64, 'p') + "_01h455vb4pex5vsknk084sn02q"})
    EXPECT_EQ(Names(text), List{}) << text;
}

TEST(Guess, HugeTextsAreNothing) {
  for (const char c : {'0', '7', 'a', '_', '-', '\0', '\xff'})
    EXPECT_EQ(Names(std::string(1 << 20, c)), List{});
  EXPECT_EQ(Names(std::string(1 << 20, 'a') + "_01h455vb4pex5vsknk084sn02q"), List{});
}

TEST(Guess, TheBestIsFirst) {
  std::mt19937_64 rng(23);
  for (int i = 0; i < 3000; i++) {
    const Candidates all = Guess(std::to_string(rng() >> (1 + rng() % 30)), kNow);
    for (int j = 1; j < all.count; j++) {
      const Candidate& a = all.candidate[static_cast<size_t>(j - 1)];
      const Candidate& b = all.candidate[static_cast<size_t>(j)];
      ASSERT_TRUE(a.timed && b.timed);
      ASSERT_GE(a.own_text, b.own_text);
      if (a.own_text != b.own_text) continue;
      ASSERT_LE(a.sequence_bits, b.sequence_bits);
      if (a.sequence_bits == b.sequence_bits) {
        ASSERT_GE(a.minted_us, b.minted_us);
      }
    }
  }
}

// --- What ad-hoc decoding reads ---------------------------------------------------------------

TEST(AnyForm, ReadsNumbersOfBigintsBesideTheirText) {
  const Definition tsid = PublishedDefinitionOf("tsid").value;
  EXPECT_EQ(ParseAnyForm(tsid, "01226N0640J7Q").value, (Bits{{38358284406638839, 0, 0}}));
  EXPECT_EQ(ParseAnyForm(tsid, "38358284406638839").value, (Bits{{38358284406638839, 0, 0}}));
}

TEST(AnyForm, ReadsTypeIdsOfUuidsOnly) {
  const char kTyped[] = "prefix_01h455vb4pex5vsknk084sn02q";
  EXPECT_TRUE(ParseAnyForm(PublishedDefinitionOf("uuid7").value, kTyped).ok());
  EXPECT_TRUE(ParseAnyForm(PublishedDefinitionOf("uuid4").value, kTyped).ok());
  EXPECT_TRUE(ParseAnyForm(PublishedDefinitionOf("random:128").value, kTyped).ok());
  EXPECT_FALSE(ParseAnyForm(PublishedDefinitionOf("ulid").value, kTyped).ok());
  EXPECT_FALSE(ParseAnyForm(PublishedDefinitionOf("xid").value, kTyped).ok());
}

TEST(AnyForm, ReportsTheErrorOfTheOwnForm) {
  EXPECT_STREQ(ParseAnyForm(PublishedDefinitionOf("tsid").value, "x").status.detail,
               ParseTextForm(PublishedDefinitionOf("tsid").value, "x").status.detail);
}

TEST(Published, DefinitionsHaveThePublishedLayoutAndTheRestOfThePreset) {
  const Definition d = PublishedDefinitionOf("ksuid").value;
  EXPECT_EQ(d.layout.bits_of(Kind::kRandom), 128);
  EXPECT_EQ(d.epoch_us, 1400000000000000);
  EXPECT_EQ(d.codec->name, "base62");
  EXPECT_EQ(PublishedDefinitionOf("twitter").value.layout.bits_of(Kind::kNode), 10);
  EXPECT_EQ(PublishedDefinitionOf("time:41@1ms node:22").value.preset, nullptr);
  EXPECT_EQ(PublishedDefinitionOf("nothing").status.code, Code::kNoSuchLayout);
}

}  // namespace
}  // namespace detid
