// SPDX-License-Identifier: PostgreSQL
//
// Presets never change once released: their ids must be decodable for ever. A failure here is a
// broken promise, not a test to update.

#include "core/presets.h"

#include <gtest/gtest.h>

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
  const char* layout;
  int bits;
  int64_t epoch_us;
  bool epoch_fixed;
  const char* end;  // of the epoch: the first time that the layout cannot hold
  double ids_per_second;
};

constexpr Pinned kPinned[] = {
    {"snowflake", "time:41@1ms node:10 sequence:12", 63, 1735689600000000, false,
     "2094-09-07T15:47:35.552Z", 4096000},
    {"twitter", "time:41@1ms node:10 sequence:12", 63, 1288834974657000, false,
     "2080-07-10T17:30:30.209Z", 4096000},
    {"discord", "time:41@1ms node:10 sequence:12", 63, 1420070400000000, false,
     "2084-09-06T15:47:35.552Z", 4096000},
    {"instagram", "time:40@1ms node:13 sequence:10", 63, 1314220021721000, false,
     "2046-06-27T17:00:49.497Z", 1024000},
    {"sonyflake", "time:39@10ms sequence:8 node:16", 63, 1409529600000000, false,
     "2188-11-16T03:28:58.88Z", 25600},
    {"js53", "time:40@1ms node:6 sequence:7", 53, 1735689600000000, false,
     "2059-11-04T19:53:47.776Z", 128000},
    {"uuid7", "time:48@1ms const:4=7 sequence:12 const:2=2 node:10 worker:12 random:40", 128, 0,
     true, "10889-08-02T05:31:50.656Z", 16777216000.0},
};

TEST(Presets, TextBitsAndEpochArePinned) {
  ASSERT_EQ(Presets().size(), std::size(kPinned));
  for (size_t i = 0; i < std::size(kPinned); i++) {
    const Preset& preset = Presets()[i];
    const Pinned& pinned = kPinned[i];
    EXPECT_EQ(preset.name, pinned.name);
    EXPECT_EQ(preset.layout, pinned.layout) << pinned.name;
    EXPECT_EQ(preset.epoch_us, pinned.epoch_us) << pinned.name;
    EXPECT_EQ(preset.epoch_fixed, pinned.epoch_fixed) << pinned.name;
    EXPECT_FALSE(preset.source.empty()) << pinned.name;
    EXPECT_EQ(Of(pinned.name).layout.bits, pinned.bits) << pinned.name;
    EXPECT_TRUE(Of(pinned.name).layout.time_first()) << pinned.name;
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
