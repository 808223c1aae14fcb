// SPDX-License-Identifier: PostgreSQL
//
// Presets never change once released: their ids must be decodable for ever. A failure here is a
// broken promise, not a test to update.

#include "core/presets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "core/compose.h"
#include "core/definition.h"
#include "core/id_text.h"
#include "core/instant.h"

namespace detid {
namespace {

Definition Of(std::string_view name) {
  const Result<Definition> r = DefinitionOf(name);
  EXPECT_TRUE(r.ok()) << name << ": " << r.status.detail;
  return r.value;
}

std::string Instant(int64_t us) {
  char text[kMaxInstantText];
  FormatInstant(us, text, sizeof text);
  return text;
}

struct Read {
  std::string minted_at;
  Coordinates coordinates;
};

Read Decoded(const Definition& d, const Bits& id) {
  const Result<Decomposed> r = Decompose(d.layout, id);
  EXPECT_TRUE(r.ok()) << r.status.detail;
  int64_t us = 0;
  EXPECT_TRUE(TimeOfTick(d.layout, d.epoch_us, r.value.coordinates.tick, &us));
  return {Instant(us), r.value.coordinates};
}

Bits Uuid(std::string_view text) {
  const Result<Bits> r = ParseId(Of("uuid7").layout, text);
  EXPECT_TRUE(r.ok()) << text;
  return r.value;
}

struct Pinned {
  const char* name;
  const char* codec;
  const char* layout;
  const char* published;  // empty if it is the layout
  int bits;
  int64_t epoch_us;
  bool epoch_fixed;
  bool time_first;
  const char* end;  // of the epoch: the first time that the layout cannot hold
  double ids_per_second;
};

constexpr int64_t k2025 = 1735689600000000;
constexpr int64_t kGregorian = -12219292800000000;  // 1582-10-15Z
constexpr char kYear10889[] = "10889-08-02T05:31:50.656Z";

constexpr Pinned kPinned[] = {
    {"snowflake", "decimal", "time:41@1ms node:10 sequence:12", "", 63, k2025, false, true,
     "2094-09-07T15:47:35.552Z", 4096000},
    {"twitter", "decimal", "time:41@1ms node:10 sequence:12", "", 63, 1288834974657000, false, true,
     "2080-07-10T17:30:30.209Z", 4096000},
    {"discord", "decimal", "time:41@1ms node:10 sequence:12", "", 63, 1420070400000000, false, true,
     "2084-09-06T15:47:35.552Z", 4096000},
    {"instagram", "decimal", "time:40@1ms node:13 sequence:10", "", 63, 1314220021721000, false,
     true, "2046-06-27T17:00:49.497Z", 1024000},
    {"mastodon", "decimal", "time:47@1ms node:6 sequence:10", "time:47@1ms random:16", 63, 0, true,
     true, "6429-10-17T02:45:55.328Z", 1024000},
    {"sonyflake", "decimal", "time:39@10ms sequence:8 node:16", "", 63, 1409529600000000, false,
     true, "2188-11-16T03:28:58.88Z", 25600},
    {"tsid", "crockford", "time:41@1ms node:10 sequence:12", "", 63, 1577836800000000, false, true,
     "2089-09-06T15:47:35.552Z", 4096000},
    {"js53", "decimal", "time:40@1ms node:6 sequence:7", "", 53, k2025, false, true,
     "2059-11-04T19:53:47.776Z", 128000},
    {"uuid1", "uuid",
     "time:32@100ns^0 time:16^32 const:4=1 time:12^48 const:2=2 sequence:3 node:10 random:8 "
     "const:1=1 worker:12 random:28",
     "time:32@100ns^0 time:16^32 const:4=1 time:12^48 const:2=2 random:62", 128, kGregorian, true,
     false, "5236-03-31T21:21:00.684697Z", 327680000000.0},
    {"uuid4", "uuid", "random:48 const:4=4 random:12 const:2=2 random:62", "", 128, k2025, false,
     false, "2094-09-07T15:47:35.552Z", 0},
    {"uuid6", "uuid",
     "time:48@100ns const:4=6 time:12 const:2=2 sequence:3 node:10 random:8 const:1=1 worker:12 "
     "random:28",
     "time:48@100ns const:4=6 time:12 const:2=2 random:62", 128, kGregorian, true, true,
     "5236-03-31T21:21:00.684697Z", 327680000000.0},
    {"uuid7", "uuid", "time:48@1ms const:4=7 sequence:12 const:2=2 node:10 worker:12 random:40",
     "time:48@1ms const:4=7 random:12 const:2=2 random:62", 128, 0, true, true, kYear10889,
     16777216000.0},
    {"uuid8", "uuid", "time:48@1ms const:4=8 sequence:12 const:2=2 node:31 worker:18 random:13",
     "random:48 const:4=8 random:12 const:2=2 random:62", 128, 0, true, true, kYear10889,
     1073741824000.0},
    {"ulid", "crockford", "time:48@1ms sequence:12 node:10 worker:12 random:46",
     "time:48@1ms random:80", 128, 0, true, true, kYear10889, 16777216000.0},
    {"timeflake", "base62", "time:48@1ms sequence:12 node:10 worker:12 random:46",
     "time:48@1ms random:80", 128, 0, true, true, kYear10889, 16777216000.0},
    {"pushid", "pushid", "time:48@1ms sequence:12 node:10 worker:12 random:38",
     "time:48@1ms random:72", 120, 0, true, true, kYear10889, 16777216000.0},
    {"ksuid", "base62", "time:32@1s sequence:24 node:16 worker:16 random:72",
     "time:32@1s random:128", 160, 1400000000000000, true, true, "2150-06-19T23:21:36Z",
     1099511627776.0},
    {"xid", "xid", "time:32@1s node:24 worker:16 sequence:24", "", 96, 0, true, true,
     "2106-02-07T06:28:16Z", 1099511627776.0},
    {"objectid", "hex", "time:32@1s node:24 worker:16 sequence:24",
     "time:32@1s random:40 sequence:24", 96, 0, true, true, "2106-02-07T06:28:16Z",
     1099511627776.0},
    {"nanoid", "base64url", "random:126", "", 126, k2025, false, false, "2094-09-07T15:47:35.552Z",
     0},
    {"cuid2", "cuid2", "const:1=0 random:4 const:1=0 random:118", "random:124", 124, k2025, false,
     false, "2094-09-07T15:47:35.552Z", 0},
};

TEST(Presets, TextBitsAndEpochArePinned) {
  ASSERT_EQ(Presets().size(), std::size(kPinned));
  for (size_t i = 0; i < std::size(kPinned); i++) {
    const Preset& preset = Presets()[i];
    const Pinned& pinned = kPinned[i];
    EXPECT_EQ(preset.name, pinned.name);
    EXPECT_EQ(preset.codec, pinned.codec) << pinned.name;
    EXPECT_EQ(preset.layout, pinned.layout) << pinned.name;
    EXPECT_EQ(preset.published, pinned.published) << pinned.name;
    EXPECT_EQ(preset.epoch_us, pinned.epoch_us) << pinned.name;
    EXPECT_EQ(preset.epoch_fixed, pinned.epoch_fixed) << pinned.name;
    EXPECT_FALSE(preset.source.empty()) << pinned.name;
    EXPECT_EQ(Of(pinned.name).layout.bits, pinned.bits) << pinned.name;
    EXPECT_EQ(Of(pinned.name).layout.time_first(), pinned.time_first) << pinned.name;
    EXPECT_EQ(Of(pinned.name).codec->name, pinned.codec) << pinned.name;
  }
}

// Where less is published than is minted, it is the same bits under the same constants, so that
// every id minted is one of the published format, with the same time.
TEST(Presets, WhatIsMintedIsWhatIsPublished) {
  for (const Preset& preset : Presets()) {
    if (preset.published.empty()) continue;
    const Layout minted = Of(preset.name).layout;
    const Layout published = ParseLayout(preset.published).value;
    EXPECT_EQ(minted.bits, published.bits) << preset.name;
    EXPECT_EQ(minted.unit, published.unit) << preset.name;
    for (const Field& f : std::span(published.fields.data(), published.count)) {
      if (f.kind == Kind::kRandom) continue;
      const auto same = [&f](const Field& g) {
        return g.kind == f.kind && g.bits == f.bits && g.shift == f.shift &&
               (f.kind == Kind::kConst || g.below == f.below) && g.value == f.value;
      };
      EXPECT_TRUE(std::any_of(minted.fields.begin(), minted.fields.begin() + minted.count, same))
          << preset.name << ": " << KindName(f.kind);
    }
  }
}

TEST(Presets, EndOfEpochAndRateArePinned) {
  for (const Pinned& pinned : kPinned) {
    EXPECT_EQ(Instant(EndOfEpochUs(Of(pinned.name))), pinned.end) << pinned.name;
    EXPECT_EQ(IdsPerSecond(Of(pinned.name).layout), pinned.ids_per_second) << pinned.name;
  }
}

TEST(Presets, AreFoundByTheirExactName) {
  EXPECT_EQ(FindPreset("twitter"), &Presets()[1]);
  for (const char* name : {"", "Twitter", "twitter ", "snow", "snowflakes"})
    EXPECT_EQ(FindPreset(name), nullptr) << name;
}

TEST(Presets, TwitterReadsAPublishedTweet) {
  const Read read = Decoded(Of("twitter"), {{1541815603606036480, 0, 0}});
  EXPECT_EQ(read.minted_at, "2022-06-28T16:07:40.105Z");
  EXPECT_EQ(read.coordinates, (Coordinates{378, 0, 367597485448, 0}));
}

// Worker 1, process 0, increment 7: the node is worker << 5 | process.
TEST(Presets, DiscordReadsItsDocumentedId) {
  const Read read = Decoded(Of("discord"), {{175928847299117063, 0, 0}});
  EXPECT_EQ(read.minted_at, "2016-04-30T11:18:25.796Z");
  EXPECT_EQ(read.coordinates, (Coordinates{32, 0, 41944705796, 7}));
}

// The worked example of "Sharding & IDs at Instagram": 1387263000 ms after their epoch, shard
// 1341, sequence 5001 % 1024.
TEST(Presets, InstagramReadsItsWorkedExample) {
  const Read read = Decoded(Of("instagram"), {{11637205501278089, 0, 0}});
  EXPECT_EQ(read.minted_at, "2011-09-09T22:28:04.721Z");
  EXPECT_EQ(read.coordinates, (Coordinates{1341, 0, 1387263000, 905}));
}

// 1 << 24 | 2 << 16 | 3: one tick of 10 ms, sequence 2, machine 3.
TEST(Presets, SonyflakeHasItsSequenceAboveTheMachine) {
  const Read read = Decoded(Of("sonyflake"), {{16908291, 0, 0}});
  EXPECT_EQ(read.minted_at, "2014-09-01T00:00:00.01Z");
  EXPECT_EQ(read.coordinates, (Coordinates{3, 0, 1, 2}));
}

TEST(Presets, SnowflakeReadsFrom2025) {
  const Read read = Decoded(Of("snowflake"), {{uint64_t{1} << 22 | 5 << 12 | 7, 0, 0}});
  EXPECT_EQ(read.minted_at, "2025-01-01T00:00:00.001Z");
  EXPECT_EQ(read.coordinates, (Coordinates{5, 0, 1, 7}));
}

TEST(Presets, Js53EndsAtMaxSafeInteger) {
  const Layout layout = Of("js53").layout;
  const Result<Bits> id = Compose(layout, {63, 0, 1099511627775, 127}, {}, nullptr);
  ASSERT_TRUE(id.ok()) << id.status.detail;
  EXPECT_EQ(id.value, (Bits{{9007199254740991, 0, 0}}));  // Number.MAX_SAFE_INTEGER
}

TEST(Presets, Uuid7ReadsTheRfcVector) {
  const Definition uuid7 = Of("uuid7");
  const Bits id = Uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  const Read read = Decoded(uuid7, id);
  EXPECT_EQ(read.minted_at, "2022-02-22T19:22:22Z");  // unix_ts_ms 1645557742000
  EXPECT_EQ(read.coordinates, (Coordinates{0x18c, 0x4dc, 1645557742000, 0xcc3}));
  EXPECT_EQ(Decompose(uuid7.layout, id).value.random, (Bits{{0x0c0c07398f, 0, 0}}));
}

TEST(Presets, Uuid7ReadsTheLowestIdOfATime) {
  const Read read = Decoded(Of("uuid7"), Uuid("018570bb-4a7d-7000-8000-000000000000"));
  EXPECT_EQ(read.minted_at, "2023-01-02T04:26:40.637Z");
  EXPECT_EQ(read.coordinates, (Coordinates{0, 0, 1672633600637, 0}));
}

TEST(Presets, Uuid7RefusesOtherUuids) {
  const std::pair<const char*, const char*> kUuids[] = {
      {"00000000-0000-0000-0000-000000000000",  // nil
       "Its bits 79 to 76 are 0 where the layout has the constant 7."},
      {"ffffffff-ffff-ffff-ffff-ffffffffffff",  // max
       "Its bits 79 to 76 are 15 where the layout has the constant 7."},
      {"2ed6657d-e927-568b-95e1-2665a8aea6a2",  // version 5
       "Its bits 79 to 76 are 5 where the layout has the constant 7."},
      {"2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",  // version 8
       "Its bits 79 to 76 are 8 where the layout has the constant 7."},
      {"017f22e2-79b0-7cc3-d8c4-dc0c0c07398f",  // variant 11
       "Its bits 63 to 62 are 3 where the layout has the constant 2."},
  };
  for (const auto& [text, detail] : kUuids) {
    const Result<Decomposed> r = Decompose(Of("uuid7").layout, Uuid(text));
    EXPECT_EQ(r.status.code, Code::kNotOfLayout) << text;
    EXPECT_STREQ(r.status.detail, detail);
  }
}

}  // namespace
}  // namespace detid
