// SPDX-License-Identifier: PostgreSQL
//
// Formats as others know them: ids of their specifications and documents are read under the
// published layouts, and what is minted here is read by code of this file's own, which knows of a
// format only what its specification says.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/compose.h"
#include "core/definition.h"
#include "core/guess.h"
#include "core/instant.h"
#include "core/text_form.h"
#include "random_layout.h"

namespace detid {
namespace {

// --- Ids of others ----------------------------------------------------------------------------

struct Vector {
  const char* format;
  const char* text;
  const char* minted_at;    // null if the format shows no time
  Coordinates coordinates;  // as far as the published layout shows them
  Bits random;
};

constexpr Vector kVectors[] = {
    // RFC 9562 appendix A.
    {"uuid1",
     "c232ab00-9414-11ec-b3c8-9f6bdeced846",
     "2022-02-22T19:22:22Z",
     {0, 0, 0x1ec9414c232ab00, 0},
     {{0x33c89f6bdeced846, 0, 0}}},
    {"uuid4",
     "919108f7-52d1-4320-9bac-f847db4148a8",
     nullptr,
     {},
     {{0x1bacf847db4148a8, 0x02464423dd4b44c8, 0}}},
    {"uuid6",
     "1ec9414c-232a-6b00-b3c8-9f6bdeced846",
     "2022-02-22T19:22:22Z",
     {0, 0, 0x1ec9414c232ab00, 0},
     {{0x33c89f6bdeced846, 0, 0}}},
    {"uuid7",
     "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
     "2022-02-22T19:22:22Z",
     {0, 0, 1645557742000, 0},
     {{0xd8c4dc0c0c07398f, 0x330, 0}}},
    {"uuid8",
     "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
     nullptr,
     {},
     {{0x0ec932d5f69181c0, 0x009227a6b4bb8b80, 0}}},
    {"uuid8",
     "5c146b14-3c52-8afd-938a-375d0df1fbf6",
     nullptr,
     {},
     {{0x538a375d0df1fbf6, 0x017051ac50f14abf, 0}}},
    // The specifications' own examples.
    {"ulid",
     "01GV5PA9EQG7D82Q3Y4PKBZSYV",
     "2023-03-10T12:00:49.111Z",
     {0, 0, 0x0186cb6525d7, 0},
     {{0x815c7e25a6bfe7db, 0x81da, 0}}},
    {"ksuid",
     "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
     "2017-10-10T04:00:47Z",
     {0, 0, 107608047, 0},
     {{0x54fb6853345c9735, 0xb5a1cd34b5f99d11, 0}}},
    {"timeflake",
     "02i1KoFfY3auBS745gImbZ",
     "2020-01-15T12:38:55.216Z",
     {0, 0, 1579091935216, 0},
     {{0x0a3c428548fee8c9, 0x997a, 0}}},
    {"tsid", "01226N0640J7Q", "2020-04-15T20:22:07.665Z", {4, 0, 9145327665, 2295}, {}},
    {"tsid", "38358284406638839", "2020-04-15T20:22:07.665Z", {4, 0, 9145327665, 2295}, {}},
    {"xid",
     "9m4e2mr0ui3e8a215n4g",
     "2011-03-22T17:50:19Z",
     {0x60f486, 0xe428, 1300816219, 4271561},
     {}},
    {"objectid",
     "507f1f77bcf86cd799439011",
     "2012-10-17T21:13:27Z",
     {0, 0, 1350508407, 0x439011},
     {{0xbcf86cd799, 0, 0}}},
    {"pushid",
     "-JhLeOlGIEjaIOFHR0xd",
     "2015-02-04T22:15:31.153Z",
     {0, 0, 1423088131153, 0},
     {{0xfbe64d9412701f69, 0x4c, 0}}},
    {"nanoid", "V1StGXR8_Z5jdHi6B-myT", nullptr, {}, {{0x98dd1e2e81fa6c93, 0x15d52b465d1f3f67, 0}}},
    // Documents of the services.
    {"twitter", "1541815603606036480", "2022-06-28T16:07:40.105Z", {378, 0, 367597485448, 0}, {}},
    {"discord", "175928847299117063", "2016-04-30T11:18:25.796Z", {32, 0, 41944705796, 7}, {}},
    {"instagram", "11637205501278089", "2011-09-09T22:28:04.721Z", {1341, 0, 1387263000, 905}, {}},
    {"mastodon",
     "103254962155278888",
     "2019-12-05T11:34:47.183Z",
     {0, 0, 1575545687183, 0},
     {{53800, 0, 0}}},
};

TEST(Published, IdsOfOthersShowWhatTheirFormatsSay) {
  for (const Vector& v : kVectors) {
    const Definition d = PublishedDefinitionOf(v.format).value;
    const Result<Bits> id = ParseAnyForm(d, v.text);
    ASSERT_TRUE(id.ok()) << v.format << ": " << id.status.detail;
    const Result<Decomposed> r = Decompose(d.layout, id.value);
    ASSERT_TRUE(r.ok()) << v.format << ": " << r.status.detail;
    EXPECT_EQ(r.value.coordinates, v.coordinates) << v.format << " " << v.text;
    EXPECT_EQ(r.value.random, v.random) << v.format << " " << v.text;
    EXPECT_EQ(d.layout.shows(Kind::kTime), v.minted_at != nullptr) << v.format;
    if (v.minted_at == nullptr) continue;
    int64_t us = 0;
    char instant[kMaxInstantText];
    ASSERT_TRUE(TimeOfTick(d.layout, d.epoch_us, r.value.coordinates.tick, &us));
    FormatInstant(us, instant, sizeof instant);
    EXPECT_STREQ(instant, v.minted_at) << v.format << " " << v.text;
  }
}

// --- Ids of ours, as others read them ---------------------------------------------------------

// An id from its first bit on.
using Row = std::vector<bool>;

uint64_t Number(const Row& row, size_t from, size_t count) {
  uint64_t n = 0;
  for (size_t i = from; i < from + count; i++) n = n << 1 | row[i];
  return n;
}

// The number that digits of a radix are, as its `bits` bits.
Row RowOf(const std::string& text, const std::string& alphabet, size_t bits) {
  std::vector<unsigned> bytes((bits + 7) / 8 + 1);  // least significant first
  for (const char c : text) {
    size_t carry = alphabet.find(c);
    EXPECT_NE(carry, std::string::npos) << text;
    for (unsigned& byte : bytes) {
      carry += byte * alphabet.size();
      byte = carry & 255;
      carry >>= 8;
    }
    EXPECT_EQ(carry, 0u) << text;
  }
  Row row;
  for (size_t i = 8 * bytes.size(); i-- > 0;) {
    const bool bit = bytes[i / 8] >> (i % 8) & 1;
    if (i < bits)
      row.push_back(bit);
    else
      EXPECT_FALSE(bit) << text;
  }
  return row;
}

std::string WithoutHyphens(std::string uuid) {
  EXPECT_EQ(uuid.size(), 36u);
  for (const size_t at : {23u, 18u, 13u, 8u}) {
    EXPECT_EQ(uuid[at], '-') << uuid;
    uuid.erase(at, 1);
  }
  return uuid;
}

constexpr char kDecimal[] = "0123456789";
constexpr char kHex[] = "0123456789abcdef";
constexpr char kCrockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr char kBase62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr char kPush[] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
constexpr char kXid[] = "0123456789abcdefghijklmnopqrstuv";
constexpr char kNano[] = "useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict";
constexpr char kCuid[] = "0123456789abcdefghijklmnopqrstuvwxyz";

// What an outside parser knows of a format: its text, and where it finds the time in microseconds
// since 1970 (null if nowhere), the node and the sequence.
struct Outside {
  const char* name;
  size_t length;  // of the text; 0: a number
  const char* alphabet;
  size_t bits;
  int version;      // of a uuid; else 0
  int64_t unit_us;  // to which the time is cut
  std::function<int64_t(const Row&)> time_us;
  std::function<int64_t(const Row&)> node, sequence;  // null if its maker's business
};

std::function<int64_t(const Row&)> At(size_t from, size_t count) {
  return [=](const Row& row) { return static_cast<int64_t>(Number(row, from, count)); };
}
std::function<int64_t(const Row&)> MsAt(size_t from, size_t count, int64_t epoch_ms) {
  return [=](const Row& row) {
    return (static_cast<int64_t>(Number(row, from, count)) + epoch_ms) * 1000;
  };
}
std::function<int64_t(const Row&)> SecondsAt(size_t from, size_t count, int64_t epoch_s) {
  return [=](const Row& row) {
    return (static_cast<int64_t>(Number(row, from, count)) + epoch_s) * 1000000;
  };
}

// 100 ns from 1582-10-15 to 1970-01-01, as the RFC has it.
constexpr int64_t kGregorian = 0x01b21dd213814000;

int64_t Uuid1Us(const Row& r) {
  const uint64_t low = Number(r, 0, 32), mid = Number(r, 32, 16), high = Number(r, 52, 12);
  return (static_cast<int64_t>(high << 48 | mid << 32 | low) - kGregorian) / 10;
}
int64_t Uuid6Us(const Row& r) {
  const uint64_t high = Number(r, 0, 32), mid = Number(r, 32, 16), low = Number(r, 52, 12);
  return (static_cast<int64_t>(high << 28 | mid << 12 | low) - kGregorian) / 10;
}
int64_t SonyflakeUs(const Row& r) {
  return static_cast<int64_t>(Number(r, 1, 39)) * 10000 + 1409529600000000;
}

std::vector<Outside> Outsiders() {
  const auto none = std::function<int64_t(const Row&)>();
  const auto snowflake = [](const char* name, int64_t epoch_ms) {
    return Outside{name, 0, kDecimal, 64, 0, 1000, MsAt(0, 42, epoch_ms), At(42, 10), At(52, 12)};
  };
  return {
      snowflake("snowflake", 1735689600000),
      snowflake("twitter", 1288834974657),
      snowflake("discord", 1420070400000),
      {"instagram", 0, kDecimal, 64, 0, 1000, MsAt(0, 41, 1314220021721), At(41, 13), At(54, 10)},
      {"mastodon", 0, kDecimal, 64, 0, 1000, MsAt(0, 48, 0), none, none},
      {"sonyflake", 0, kDecimal, 64, 0, 10000, SonyflakeUs, At(48, 16), At(40, 8)},
      {"tsid", 13, kCrockford, 64, 0, 1000, MsAt(0, 42, 1577836800000), At(42, 10), At(52, 12)},
      {"js53", 0, kDecimal, 53, 0, 1000, MsAt(0, 40, 1735689600000), At(40, 6), At(46, 7)},
      {"uuid1", 36, kHex, 128, 1, 1, Uuid1Us, none, none},
      {"uuid4", 36, kHex, 128, 4, 1, none, none, none},
      {"uuid6", 36, kHex, 128, 6, 1, Uuid6Us, none, none},
      {"uuid7", 36, kHex, 128, 7, 1000, MsAt(0, 48, 0), none, none},
      {"uuid8", 36, kHex, 128, 8, 1000, none, none, none},
      {"ulid", 26, kCrockford, 128, 0, 1000, MsAt(0, 48, 0), none, none},
      {"timeflake", 22, kBase62, 128, 0, 1000, MsAt(0, 48, 0), none, none},
      {"pushid", 20, kPush, 120, 0, 1000, MsAt(0, 48, 0), none, none},
      {"ksuid", 27, kBase62, 160, 0, 1000000, SecondsAt(0, 32, 1400000000), none, none},
      {"xid", 20, kXid, 100, 0, 1000000, SecondsAt(0, 32, 0), At(32, 24), At(72, 24)},
      {"objectid", 24, kHex, 96, 0, 1000000, SecondsAt(0, 32, 0), At(32, 24), At(72, 24)},
      {"nanoid", 21, kNano, 126, 0, 1, none, none, none},
      {"cuid2", 24, kCuid, 125, 0, 1, none, none, none},
  };
}

int64_t FloorTo(int64_t us, int64_t unit_us) {
  return us - ((us % unit_us) + unit_us) % unit_us;
}

void CheckOutside(const Outside& o, const Definition& d, const Coordinates& c, int64_t minted_us,
                  const std::string& text) {
  if (o.length > 0) {
    ASSERT_EQ(text.size(), o.length) << o.name << " " << text;
  }
  const std::string digits = o.version > 0 ? WithoutHyphens(text) : text;
  const Row row = RowOf(digits, o.alphabet, o.bits);
  if (o.version > 0) {
    ASSERT_EQ(Number(row, 48, 4), static_cast<uint64_t>(o.version)) << text;
    ASSERT_EQ(Number(row, 64, 2), 2u) << text;
  }
  if (o.version == 1 || o.version == 6) {
    ASSERT_TRUE(row[87]) << text;  // the node is no MAC address
  }
  if (o.alphabet == kXid) {
    ASSERT_EQ(Number(row, 96, 4), 0u) << text;  // beyond the 12 bytes
  }
  if (o.time_us) {
    ASSERT_EQ(o.time_us(row), FloorTo(minted_us, o.unit_us)) << o.name << " " << text;
  }
  if (o.node) {
    ASSERT_EQ(o.node(row), c.node) << o.name << " " << text;
  }
  if (o.sequence) {
    ASSERT_EQ(o.sequence(row), c.sequence) << o.name << " " << text;
  }
  ASSERT_EQ(ParseTextForm(d, text).ok(), true) << text;
}

TEST(Published, OutsidersReadOurIdsAsTheirFormatsSay) {
  const std::vector<Outside> outsiders = Outsiders();
  ASSERT_EQ(outsiders.size(), Presets().size());
  GeneratorKey key{};
  key.byte[0] = 7;
  test::LayoutMaker maker(9562);
  for (const Outside& o : outsiders) {
    const Definition d = DefinitionOf(o.name).value;
    for (int i = 0; i < 2000; i++) {
      const auto pick = [&](int bits) {
        return static_cast<int64_t>(maker.Below(8) == 0 ? LowMask(bits)
                                                        : maker.Word() & LowMask(bits));
      };
      Coordinates c;
      c.node = static_cast<int32_t>(pick(d.layout.bits_of(Kind::kNode)));
      c.worker = static_cast<int32_t>(pick(d.layout.bits_of(Kind::kWorker)));
      // From 2025, or the format's epoch if that is later, to 2045.
      const int64_t minted_us = std::max(d.epoch_us, kDefaultEpochUs) +
                                static_cast<int64_t>(maker.Word() % 631152000000000);
      c.tick = TickAt(d.layout, d.epoch_us, minted_us);
      c.sequence = pick(d.layout.sequence_bits());
      const Result<Bits> id = Compose(d.layout, c, {}, &key);
      ASSERT_TRUE(id.ok()) << o.name << ": " << id.status.detail;
      char text[kMaxTextForm + 1];
      FormatTextForm(d, id.value, text);
      ASSERT_NO_FATAL_FAILURE(CheckOutside(o, d, c, minted_us, text));
      ASSERT_EQ(ParseTextForm(d, text).value, id.value) << text;
      ASSERT_TRUE(Decompose(PublishedDefinitionOf(o.name).value.layout, id.value).ok()) << text;
    }
  }
}

// The variant, the version, and what the RFC sets in a node that is no MAC address.
TEST(Published, IdsOfOtherVersionsAreRefused) {
  const std::pair<const char*, const char*> kForeign[] = {
      {"uuid1", "1ec9414c-232a-6b00-b3c8-9f6bdeced846"},
      {"uuid1", "c232ab00-9414-11ec-33c8-9f6bdeced846"},
      {"uuid4", "919108f7-52d1-5320-9bac-f847db4148a8"},
      {"uuid4", "919108f7-52d1-4320-dbac-f847db4148a8"},
      {"uuid6", "c232ab00-9414-11ec-b3c8-9f6bdeced846"},
      {"uuid8", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
  };
  for (const auto& [format, text] : kForeign) {
    const Definition d = PublishedDefinitionOf(format).value;
    EXPECT_EQ(Decompose(d.layout, ParseAnyForm(d, text).value).status.code, Code::kNotOfLayout)
        << format << " " << text;
  }
  // Published takes the node of a MAC address, minted does not.
  const Definition minted = DefinitionOf("uuid1").value;
  const Bits mac = ParseTextForm(minted, "c232ab00-9414-11ec-b3c8-9e6bdeced846").value;
  EXPECT_FALSE(Decompose(minted.layout, mac).ok());
  EXPECT_TRUE(Decompose(PublishedDefinitionOf("uuid1").value.layout, mac).ok());
}

}  // namespace
}  // namespace detid
