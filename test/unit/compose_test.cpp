// SPDX-License-Identifier: PostgreSQL

#include "core/compose.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/definition.h"
#include "core/id_text.h"
#include "core/text_form.h"
#include "random_layout.h"

namespace detid {
namespace {

using test::FieldSpec;
using test::LayoutMaker;
using test::LayoutSpec;

Layout Parsed(std::string_view text) {
  const Result<Layout> r = ParseLayout(text);
  EXPECT_TRUE(r.ok()) << text << ": " << r.status.detail;
  return r.value;
}

Layout OfPreset(std::string_view name) {
  return DefinitionOf(name).value.layout;
}

std::string Text(const Layout& layout, const Bits& id) {
  char text[kMaxIdText];
  FormatId(layout.bits, id, text, sizeof text);
  return text;
}

// The key of seed 00 01 .. 1f and the name "orders_id".
GeneratorKey Key() {
  Seed seed;
  for (int i = 0; i < kSeedBytes; i++) seed.byte[i] = static_cast<uint8_t>(i);
  return DeriveGeneratorKey(seed, "orders_id");
}

// --- The naive reference: an id as a row of bits, most significant first. ---

using Row = std::vector<bool>;

// The lowest `bits` bits of little-endian bytes.
Row RowOf(const uint8_t* bytes, int bits) {
  Row row;
  for (int i = bits - 1; i >= 0; i--) row.push_back(bytes[i / 8] >> (i % 8) & 1);
  return row;
}

Row RowOf(uint64_t value, int bits) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = static_cast<uint8_t>(value >> (8 * i));
  return RowOf(bytes, bits);
}

Row NaivePrf(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker, int bits) {
  uint8_t out[32];
  for (uint32_t half = 0; half < 2; half++) {
    uint8_t message[16];
    for (int i = 0; i < 8; i++) message[i] = static_cast<uint8_t>(position >> (8 * i));
    for (int i = 0; i < 4; i++)
      message[8 + i] = static_cast<uint8_t>((node | half << 31) >> (8 * i));
    for (int i = 0; i < 4; i++) message[12 + i] = static_cast<uint8_t>(worker >> (8 * i));
    crypto_shorthash_siphashx24(out + 16 * half, message, sizeof message, key.byte);
  }
  return RowOf(out, bits);
}

Row NaiveHash(std::string_view input, int bits) {
  uint8_t out[20];
  const uint8_t personal[17] = "detid-hash-v1\0\0";
  crypto_generichash_blake2b_salt_personal(out, sizeof out,
                                           reinterpret_cast<const uint8_t*>(input.data()),
                                           input.size(), nullptr, 0, nullptr, personal);
  return RowOf(out, bits);
}

// Deals the rows of the coordinates out to the fields, from the top.
Row NaiveCompose(const LayoutSpec& spec, const Coordinates& c, std::string_view input,
                 const GeneratorKey& key) {
  const bool timed = spec.BitsOf(Kind::kTime) > 0;
  const int sequence_bits = timed ? spec.BitsOf(Kind::kSequence) : 22;
  const uint64_t position = static_cast<uint64_t>(c.tick) * (uint64_t{1} << sequence_bits) +
                            static_cast<uint64_t>(c.sequence);
  Row rows[kKinds];
  const auto set = [&](Kind kind, Row row) { rows[static_cast<int>(kind)] = std::move(row); };
  set(Kind::kTime, RowOf(static_cast<uint64_t>(c.tick), spec.BitsOf(Kind::kTime)));
  set(Kind::kSequence, RowOf(static_cast<uint64_t>(c.sequence), spec.BitsOf(Kind::kSequence)));
  set(Kind::kNode, RowOf(static_cast<uint64_t>(c.node), spec.BitsOf(Kind::kNode)));
  set(Kind::kWorker, RowOf(static_cast<uint64_t>(c.worker), spec.BitsOf(Kind::kWorker)));
  set(Kind::kRandom, NaivePrf(key, position, static_cast<uint32_t>(c.node),
                              spec.BitsOf(Kind::kWorker) > 0 ? static_cast<uint32_t>(c.worker) : 0,
                              spec.BitsOf(Kind::kRandom)));
  set(Kind::kHash, NaiveHash(input, spec.BitsOf(Kind::kHash)));
  Row id;
  size_t used[kKinds] = {};
  for (const FieldSpec& f : spec.fields) {
    const int kind = static_cast<int>(f.kind);
    const Row constant = RowOf(f.value, f.kind == Kind::kConst ? f.bits : 0);
    if (f.below >= 0) used[kind] = rows[kind].size() - static_cast<size_t>(f.below + f.bits);
    for (int i = 0; i < f.bits; i++)
      id.push_back(f.kind == Kind::kConst ? constant[static_cast<size_t>(i)]
                                          : rows[kind][used[kind]++]);
  }
  return id;
}

Row RowOf(const Bits& id, int bits) {
  Row row;
  for (int i = bits - 1; i >= 0; i--) row.push_back(id.word[i / 64] >> (i % 64) & 1);
  return row;
}

Coordinates RandomCoordinates(const LayoutSpec& spec, LayoutMaker* maker) {
  const auto pick = [&](int bits) {
    const uint64_t v = maker->Word() & LowMask(bits);
    const int edge = maker->Below(8);
    return edge == 0 ? 0 : edge == 1 ? LowMask(bits) : v;
  };
  const auto bits_or = [&](Kind kind, int hidden) {
    return spec.BitsOf(kind) > 0 ? spec.BitsOf(kind) : hidden;
  };
  const bool timed = spec.BitsOf(Kind::kTime) > 0;
  return {static_cast<int32_t>(pick(bits_or(Kind::kNode, kMaxNodeBits))),
          static_cast<int32_t>(pick(bits_or(Kind::kWorker, kMaxWorkerBits))),
          static_cast<int64_t>(pick(timed ? spec.BitsOf(Kind::kTime) : kHiddenTimeBits)),
          static_cast<int64_t>(pick(timed ? spec.BitsOf(Kind::kSequence) : kHiddenSequenceBits))};
}

// What reads an id without Decompose agrees with it, and notices a bit that is wrong.
void CheckShortReadings(const Layout& layout, const Bits& id, const Coordinates& shown,
                        const GeneratorKey& key, LayoutMaker* maker) {
  ASSERT_TRUE(IsOfLayout(layout, id));
  ASSERT_EQ(CoordinatesOf(layout, id), shown);
  const auto one = [&](Kind kind) { return static_cast<int64_t>(CoordinateOf(layout, kind, id)); };
  ASSERT_EQ(one(Kind::kTime), shown.tick);
  ASSERT_EQ(one(Kind::kSequence), shown.sequence);
  ASSERT_EQ(one(Kind::kNode), shown.node);
  ASSERT_EQ(one(Kind::kWorker), shown.worker);
  const bool shows_all = layout.shows(Kind::kTime) && layout.shows(Kind::kNode);
  if (shows_all) {
    ASSERT_TRUE(HasRandomOf(layout, id, shown, key));
  }
  const auto& field = layout.fields[static_cast<size_t>(maker->Below(layout.count))];
  const int bit = field.shift + maker->Below(field.bits);
  Bits other = id;
  other.word[bit / 64] ^= uint64_t{1} << (bit % 64);
  ASSERT_EQ(IsOfLayout(layout, other), field.kind != Kind::kConst);
  ASSERT_EQ(Decompose(layout, other).ok(), field.kind != Kind::kConst);
  if (shows_all && field.kind == Kind::kRandom) {
    ASSERT_FALSE(HasRandomOf(layout, other, shown, key));
  }
  other = id;
  other.word[layout.bits / 64] ^= uint64_t{1} << (layout.bits % 64);
  ASSERT_FALSE(IsOfLayout(layout, other));
}

TEST(Compose, AgreesWithTheNaiveReferenceAndDecomposeInverts) {
  ASSERT_TRUE(StartCrypto());
  const GeneratorKey key = Key();
  LayoutMaker maker(4711);
  int straddling[kKinds] = {}, wide = 0, narrow = 0, words = 0, placed = 0;
  for (int i = 0; i < 100000; i++) {
    const LayoutSpec spec = maker.Make();
    const Result<Layout> parsed = ParseLayout(spec.text);
    ASSERT_TRUE(parsed.ok()) << spec.text << ": " << parsed.status.detail;
    const Layout& layout = parsed.value;
    const Coordinates c = RandomCoordinates(spec, &maker);
    const std::string input = "input " + std::to_string(i);

    const Result<Bits> id = Compose(layout, c, input, &key);
    ASSERT_TRUE(id.ok()) << spec.text << ": " << id.status.detail;
    const Row naive = NaiveCompose(spec, c, input, key);
    ASSERT_EQ(RowOf(id.value, layout.bits), naive) << spec.text;
    ASSERT_EQ(RowOf(id.value, 192), [&] {
      Row padded(static_cast<size_t>(192 - layout.bits), false);
      padded.insert(padded.end(), naive.begin(), naive.end());
      return padded;
    }()) << spec.text;

    const Result<Decomposed> back = Decompose(layout, id.value);
    ASSERT_TRUE(back.ok()) << spec.text << ": " << back.status.detail;
    const bool timed = layout.shows(Kind::kTime);
    const Coordinates shown = {layout.shows(Kind::kNode) ? c.node : 0,
                               layout.shows(Kind::kWorker) ? c.worker : 0, timed ? c.tick : 0,
                               timed ? c.sequence : 0};
    ASSERT_EQ(back.value.coordinates, shown) << spec.text;
    const uint64_t position = PositionOf(layout, c);
    ASSERT_EQ(back.value.random,
              RandomBits(key, position, static_cast<uint32_t>(c.node),
                         layout.shows(Kind::kWorker) ? static_cast<uint32_t>(c.worker) : 0,
                         layout.bits_of(Kind::kRandom)))
        << spec.text;
    ASSERT_EQ(back.value.hash, HashBits(input, layout.bits_of(Kind::kHash))) << spec.text;

    ASSERT_NO_FATAL_FAILURE(CheckShortReadings(layout, id.value, shown, key, &maker)) << spec.text;

    const Composer composer(layout, c.node, c.worker, &key);
    ASSERT_EQ(composer.is_word(),
              layout.bits <= 63 && !layout.shows(Kind::kRandom) && !layout.shows(Kind::kHash));
    if (composer.is_word()) {
      ASSERT_EQ(composer.Word(position), id.value.word[0]) << spec.text;
    }

    wide += layout.bits > 128;
    narrow += layout.bits > 63 && layout.bits < 128;
    placed += spec.text.find('^') != std::string::npos;
    words += composer.is_word();
    for (int f = 0; f < layout.count; f++) {
      const Field& field = layout.fields[static_cast<size_t>(f)];
      straddling[static_cast<int>(field.kind)] +=
          field.shift / 64 != (field.shift + field.bits - 1) / 64;
    }
  }
  // The layouts drawn did cover what they are meant to.
  EXPECT_GT(wide, 10000);
  EXPECT_GT(narrow, 10000);
  EXPECT_GT(placed, 5000);
  EXPECT_GT(words, 1000);
  for (const Kind kind : {Kind::kTime, Kind::kNode, Kind::kWorker, Kind::kSequence, Kind::kRandom,
                          Kind::kHash, Kind::kConst})
    EXPECT_GT(straddling[static_cast<int>(kind)], 500) << KindName(kind);
}

TEST(Compose, SmallestAndLargestIdOfEveryPreset) {
  struct Ends {
    const char* name;
    const char* smallest;
    const char* largest;
  };
  // Without the random bits, which the coordinates determine.
  constexpr Ends kEnds[] = {
      {"snowflake", "0", "9223372036854775807"},
      {"twitter", "0", "9223372036854775807"},
      {"discord", "0", "9223372036854775807"},
      {"instagram", "0", "9223372036854775807"},
      {"mastodon", "0", "9223372036854775807"},
      {"sonyflake", "0", "9223372036854775807"},
      {"tsid", "0000000000000", "7ZZZZZZZZZZZZ"},
      {"js53", "0", "9007199254740991"},
      {"uuid1", "00000000-0000-1000-8000-010000000000", "ffffffff-ffff-1fff-bffe-01fff0000000"},
      {"uuid4", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"},
      {"uuid6", "00000000-0000-6000-8000-010000000000", "ffffffff-ffff-6fff-bffe-01fff0000000"},
      {"uuid7", "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ff0000000000"},
      {"uuid8", "00000000-0000-8000-8000-000000000000", "ffffffff-ffff-8fff-bfff-ffffffffe000"},
      {"ulid", "00000000000000000000000000", "7ZZZZZZZZZZZZZZZY000000000"},
      {"timeflake", "0000000000000000000000", "7n42DGM5Tflk9moo0TuPT6"},
      {"pushid", "--------------------", "zzzzzzzzzzzzzw------"},
      {"ksuid", "000000000000000000000000000", "aWgEPTl1tmebfsPWUqU1FPEVeYS"},
      {"xid", "00000000000000000000", "vvvvvvvvvvvvvvvvvvvg"},
      {"objectid", "000000000000000000000000", "ffffffffffffffffffffffff"},
      {"nanoid", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA"},
      {"cuid2", "a00000000000000000000000", "a00000000000000000000000"},
  };
  ASSERT_EQ(std::size(kEnds), Presets().size());
  const GeneratorKey key = Key();
  for (const Ends& ends : kEnds) {
    const Definition d = DefinitionOf(ends.name).value;
    const Layout& layout = d.layout;
    const auto largest = [&](Kind kind) {
      return static_cast<int64_t>(LowMask(layout.bits_of(kind)));
    };
    const Coordinates top = {static_cast<int32_t>(largest(Kind::kNode)),
                             static_cast<int32_t>(largest(Kind::kWorker)),
                             static_cast<int64_t>(LowMask(layout.time_bits())),
                             static_cast<int64_t>(LowMask(layout.sequence_bits()))};
    for (const auto& [c, expected] :
         {std::pair{Coordinates{}, ends.smallest}, {top, ends.largest}}) {
      Result<Bits> id = Compose(layout, c, {}, &key);
      ASSERT_TRUE(id.ok()) << ends.name << ": " << id.status.detail;
      for (const Field& f : std::span(layout.fields.data(), layout.count))
        if (f.kind == Kind::kRandom)
          for (int bit = f.shift; bit < f.shift + f.bits; bit++)
            id.value.word[bit / 64] &= ~(uint64_t{1} << (bit % 64));
      char text[kMaxTextForm + 1];
      FormatTextForm(d, id.value, text);
      EXPECT_STREQ(text, expected) << ends.name;
    }
  }
}

// From an independent implementation of SipHash and BLAKE2b. Never changes (G4).
TEST(Compose, Uuid7IsGolden) {
  const GeneratorKey key = Key();
  const Layout layout = OfPreset("uuid7");
  const Result<Bits> id = Compose(layout, {5, 9, 1645557742000, 0xcc3}, {}, &key);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(Text(layout, id.value), "017f22e2-79b0-7cc3-8050-09fe15bd4c58");
}

TEST(Compose, HashIsGolden) {
  const Layout layout = Parsed("hash:122 const:4=8 const:2=2");
  const Result<Bits> id = Compose(layout, {}, "alice@example.com", nullptr);
  ASSERT_TRUE(id.ok());
  // 0x13f27f7e58b061a8d459ac74e7788ee5, cut to 122 bits, << 6 | 8 << 2 | 2
  EXPECT_EQ(Text(layout, id.value), "fc9fdf96-2c18-6a35-166b-1d39de23b962");
}

// But for the worker, which has no part in positions where the layout does not show it.
TEST(Compose, HiddenCoordinatesStillChangeTheRandomBits) {
  const GeneratorKey key = Key();
  const Layout layout = Parsed("random:128");
  const Bits base = Compose(layout, {1, 2, 3, 4}, {}, &key).value;
  EXPECT_EQ(Compose(layout, {1, 2, 3, 4}, {}, &key).value, base);
  EXPECT_EQ(Compose(layout, {1, 9, 3, 4}, {}, &key).value, base);
  for (const Coordinates& c :
       {Coordinates{2, 2, 3, 4}, Coordinates{1, 2, 4, 4}, Coordinates{1, 2, 3, 5}})
    EXPECT_NE(Compose(layout, c, {}, &key).value, base);
}

void ExpectRefused(std::string_view layout, const Coordinates& c, Code code, const char* detail) {
  const GeneratorKey key = Key();
  const Result<Bits> r = Compose(Parsed(layout), c, "", &key);
  EXPECT_EQ(r.status.code, code) << layout;
  EXPECT_STREQ(r.status.detail, detail);
}

TEST(Compose, RefusesCoordinatesBeyondTheirFields) {
  constexpr char kSnowflake[] = "time:41@1ms node:10 sequence:12";
  ExpectRefused(kSnowflake, {1024, 0, 0, 0}, Code::kOutOfRange,
                "The node 1024 is not within 0 and 1023, the layout's largest.");
  ExpectRefused(kSnowflake, {-1, 0, 0, 0}, Code::kOutOfRange,
                "The node -1 is not within 0 and 1023, the layout's largest.");
  ExpectRefused("time:41@1ms worker:6", {0, 64, 0, 0}, Code::kOutOfRange,
                "The worker 64 is not within 0 and 63, the layout's largest.");
  ExpectRefused(kSnowflake, {0, 0, 2199023255552, 0}, Code::kEpochEnd,
                "The tick 2199023255552 is not within 0 and 2199023255551, the layout's largest.");
  ExpectRefused(kSnowflake, {0, 0, -1, 0}, Code::kBeforeEpoch,
                "The tick -1 is not within 0 and 2199023255551, the layout's largest.");
  ExpectRefused(kSnowflake, {0, 0, 0, 4096}, Code::kOutOfRange,
                "The sequence 4096 is not within 0 and 4095, the layout's largest.");
  ExpectRefused("time:41@1ms", {0, 0, 0, 1}, Code::kOutOfRange,
                "The sequence 1 is not within 0 and 0, the layout's largest.");
}

TEST(Compose, HiddenCoordinatesHaveLimitsToo) {
  ExpectRefused("random:128", {0, 1 << 18, 0, 0}, Code::kOutOfRange,
                "The worker 262144 is not within 0 and 262143, the layout's largest.");
  ExpectRefused("random:128", {0, 0, int64_t{1} << 41, 0}, Code::kEpochEnd,
                "The tick 2199023255552 is not within 0 and 2199023255551, the layout's largest.");
  ExpectRefused("random:128", {0, 0, 0, 1 << 22}, Code::kOutOfRange,
                "The sequence 4194304 is not within 0 and 4194303, the layout's largest.");
  EXPECT_TRUE(CheckCoordinates(Parsed("random:128"), {0x7fffffff, 262143, 0, 0}).ok());
}

TEST(Compose, NeedsASeedForRandomAndAnInputForHash) {
  const GeneratorKey key = Key();
  const Layout layout = Parsed("time:40@1ms random:68 hash:20");
  Result<Bits> r = Compose(layout, {}, "x", nullptr);
  EXPECT_EQ(r.status.code, Code::kSeedMissing);
  EXPECT_STREQ(r.status.detail, "The layout has 68 random bits.");
  r = Compose(layout, {}, {}, &key);
  EXPECT_EQ(r.status.code, Code::kInputMissing);
  EXPECT_STREQ(r.status.detail, "The layout has 20 bits of a hash of the input.");
  EXPECT_TRUE(Compose(layout, {}, "", &key).ok());  // an empty input is an input
}

TEST(Compose, PositionIsTickThenSequence) {
  const Layout layout = OfPreset("snowflake");
  EXPECT_EQ(PositionOf(layout, {0, 0, 3, 5}), 3u * 4096 + 5);
  Coordinates c = {7, 8, 0, 0};
  SetPosition(layout, 3 * 4096 + 4095, &c);
  EXPECT_EQ(c, (Coordinates{7, 8, 3, 4095}));
  SetPosition(layout, 3 * 4096 + 4096, &c);
  EXPECT_EQ(c, (Coordinates{7, 8, 4, 0}));
}

TEST(Decompose, RefusesBitsBeyondTheLayout) {
  const std::pair<const char*, Bits> kIds[] = {
      {"time:41@1ms node:10 sequence:12", {{uint64_t{1} << 63, 0, 0}}},
      {"time:41@1ms node:10 sequence:12", {{0, 1, 0}}},
      {"time:40@1ms node:6 sequence:7", {{uint64_t{1} << 53, 0, 0}}},
      {"time:48@1ms random:80", {{0, 0, 1}}},
      {"time:48@1ms random:81", {{0, 0, 2}}},
      {"time:48@1ms random:112", {{0, 0, uint64_t{1} << 32}}},
  };
  for (const auto& [text, id] : kIds) {
    const Layout layout = Parsed(text);
    const Result<Decomposed> r = Decompose(layout, id);
    EXPECT_EQ(r.status.code, Code::kNotOfLayout) << text;
    EXPECT_EQ(r.status.detail,
              "It has bits beyond the layout's " + std::to_string(layout.bits) + ".");
  }
}

TEST(Decompose, FieldOfReadsUpTo64Bits) {
  const Layout layout = Parsed("time:48@1ms random:80");
  const Bits id = {{0x1111222233334444, 0x555566667777abcd, 0}};
  EXPECT_EQ(FieldOf(layout.fields[0], id), 0x555566667777u);
  EXPECT_EQ(FieldOf(layout.fields[1], id), 0x1111222233334444u);
}

TEST(Ticks, TickAtIsTheTickThatContainsTheTime) {
  const Layout sonyflake = OfPreset("sonyflake");
  EXPECT_EQ(TickAt(sonyflake, 1000000, 1000000), 0);
  EXPECT_EQ(TickAt(sonyflake, 1000000, 1009999), 0);
  EXPECT_EQ(TickAt(sonyflake, 1000000, 1010000), 1);
  const Layout fine = Parsed("time:50@100ns");
  EXPECT_EQ(TickAt(fine, 0, 7), 70);
  // The limit that the header names.
  EXPECT_EQ(TickAt(fine, 0, (int64_t{1} << 59) - 1), 5764607523034234870);
}

TEST(Ticks, TimeOfTickInvertsTickAt) {
  LayoutMaker maker(5);
  for (const char* text : {"time:41@1ms", "time:39@10ms", "time:32@1s", "time:50@1us"}) {
    const Layout layout = Parsed(text);
    for (int i = 0; i < 1000; i++) {
      const auto tick = static_cast<int64_t>(maker.Word() & LowMask(layout.time_bits()));
      int64_t us = 0;
      ASSERT_TRUE(TimeOfTick(layout, kDefaultEpochUs, tick, &us));
      ASSERT_EQ(TickAt(layout, kDefaultEpochUs, us), tick) << text;
      ASSERT_EQ(TickAt(layout, kDefaultEpochUs, us - 1), tick - 1) << text;
    }
  }
}

TEST(Ticks, TimeOfTickSaysWhen64BitsAreTooFew) {
  int64_t us = 0;
  const Layout layout = Parsed("time:63@1s");
  EXPECT_TRUE(TimeOfTick(layout, 0, 922337203685, &us));
  EXPECT_EQ(us, 922337203685000000);
  EXPECT_FALSE(TimeOfTick(layout, 0, 9223372036854775807, &us));
}

}  // namespace
}  // namespace detid
