// SPDX-License-Identifier: PostgreSQL

#include "core/instant.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace detid {
namespace {

std::string Format(int64_t us) {
  char text[kMaxInstantText];
  const int n = FormatInstant(us, text, sizeof text);
  return std::string(text, static_cast<size_t>(n));
}

TEST(Instant, FormatsInUtcWithoutTrailingZeros) {
  EXPECT_EQ(Format(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Format(1735689600000000), "2025-01-01T00:00:00Z");
  EXPECT_EQ(Format(1656432460105000), "2022-06-28T16:07:40.105Z");
  EXPECT_EQ(Format(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(Format(951782399999990), "2000-02-28T23:59:59.99999Z");
}

TEST(Instant, FormatsBefore1970) {
  EXPECT_EQ(Format(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(Format(-86400000000), "1969-12-31T00:00:00Z");
  EXPECT_EQ(Format(-12219292800000000), "1582-10-15T00:00:00Z");
  EXPECT_EQ(Format(-62135596800000000), "0001-01-01T00:00:00Z");
}

TEST(Instant, FormatsFarYears) {
  EXPECT_EQ(Format(253402300799999999), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(Format(281474976710656000), "10889-08-02T05:31:50.656Z");
  EXPECT_EQ(Format(std::numeric_limits<int64_t>::max()), "294247-01-10T04:00:54.775807Z");
}

TEST(Instant, ParsesEveryForm) {
  const std::pair<const char*, int64_t> kTexts[] = {
      {"2025-01-01T00:00:00Z", 1735689600000000},
      {"2025-01-01 00:00:00Z", 1735689600000000},
      {"2025-01-01T00:00Z", 1735689600000000},
      {"2025-01-01Z", 1735689600000000},
      {"2025-01-01T02:30:00+02:30", 1735689600000000},
      {"2024-12-31T19:00:00-05", 1735689600000000},
      {"2024-12-31-05", 1735621200000000},
      {"2025-01-01T00:00:00.5Z", 1735689600500000},
      {"2025-01-01T00:00:00.000001Z", 1735689600000001},
      {"2024-02-29T23:59:59.999999Z", 1709251199999999},
      {"0001-01-01T00:00:00Z", -62135596800000000},
      {"9999-12-31T23:59:59.999999Z", 253402300799999999},
  };
  for (const auto& [text, us] : kTexts) {
    const Result<int64_t> r = ParseInstant(text);
    ASSERT_TRUE(r.ok()) << text;
    EXPECT_EQ(r.value, us) << text;
  }
}

TEST(Instant, RefusesWhatIsNoTimeWithAZone) {
  const char* kTexts[] = {
      "",
      "now",
      "infinity",
      "2025-01-01",           // no zone
      "2025-01-01T00:00:00",  // no zone
      "25-01-01Z",            // year of two digits
      "0000-01-01Z",          // no year 0
      "2025-13-01Z",
      "2025-00-01Z",
      "2025-02-29Z",  // not a leap year
      "2025-01-01T24:00:00Z",
      "2025-01-01T00:60:00Z",
      "2025-01-01T00:00:60Z",
      "2025-01-01T00:00:00.Z",
      "2025-01-01T00:00:00.1234567Z",  // seven digits
      "2025-01-01T00:00:00z",
      "2025-01-01T00:00:00+16",
      "2025-01-01T00:00:00+01:60",
      "2025-01-01T00:00:00Z ",
      " 2025-01-01T00:00:00Z",
      "2025-1-1Z",
      "2025-01-01TZ",
  };
  for (const char* text : kTexts) {
    const Result<int64_t> r = ParseInstant(text);
    EXPECT_EQ(r.status.code, Code::kInstantSyntax) << text;
    EXPECT_EQ(r.status.detail,
              "\"" + std::string(text) + "\" is not a time such as 2025-01-01T00:00:00Z.");
  }
}

TEST(Instant, RefusesYearsBeyondTheCalendar) {
  for (const char* text : {"10000-01-01Z", "10889-08-02Z", "32768-01-01Z", "40000-01-01Z",
                           "70000-01-01Z", "99999-12-31Z"})
    EXPECT_EQ(ParseInstant(text).status.code, Code::kInstantSyntax) << text;
}

TEST(Instant, RoundTripsThroughText) {
  std::mt19937_64 rng(7);
  for (int i = 0; i < 50000; i++) {
    const int64_t us =
        kMinInstantUs +
        static_cast<int64_t>(rng() % static_cast<uint64_t>(kMaxInstantUs - kMinInstantUs));
    const Result<int64_t> r = ParseInstant(Format(us));
    ASSERT_TRUE(r.ok()) << Format(us);
    ASSERT_EQ(r.value, us) << Format(us);
  }
}

// Whatever is accepted can be written and read again, or a label could not be restored.
TEST(Instant, AcceptsOnlyWhatCanBeWrittenAgain) {
  for (const char* text : {"0001-01-01T00:00:00+15:00", "32767-12-31T23:59:59-15:00"}) {
    const Result<int64_t> r = ParseInstant(text);
    if (!r.ok()) continue;
    const Result<int64_t> again = ParseInstant(Format(r.value));
    EXPECT_TRUE(again.ok()) << text << " -> " << Format(r.value);
    EXPECT_EQ(again.value, r.value) << text;
  }
}

}  // namespace
}  // namespace detid
