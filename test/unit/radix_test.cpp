// SPDX-License-Identifier: PostgreSQL

#include "core/radix.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace detid {
namespace {

// Against the division of the compiler, at the ends of the quotients and rests and between them.
template <uint64_t kDivisor>
void ExpectDivides() {
  std::mt19937_64 rng(7);
  const uint64_t max = ~uint64_t{0};
  for (int i = 0; i < 20000; i++) {
    const uint64_t quotient = i % 3 == 0 ? max - rng() % 3 : i % 3 == 1 ? rng() % 3 : rng();
    const uint64_t left = i % 5 == 0 ? 0 : i % 5 == 1 ? kDivisor - 1 : rng() % kDivisor;
    const Wide dividend = Wide{quotient} * kDivisor + left;
    uint64_t rest = static_cast<uint64_t>(dividend >> 64), word = static_cast<uint64_t>(dividend);
    Divider<kDivisor>::Step(&rest, &word);
    ASSERT_EQ(word, quotient) << kDivisor << " " << left;
    ASSERT_EQ(rest, left) << kDivisor << " " << quotient;
  }
}

TEST(Radix, DividesByConstants) {
  ExpectDivides<1>();
  ExpectDivides<3>();
  ExpectDivides<uint64_t{1} << 63>();
  ExpectDivides<(uint64_t{1} << 63) + 1>();
  ExpectDivides<~uint64_t{0}>();
  ExpectDivides<DigitsOf<10>::kChunkPower>();
  ExpectDivides<DigitsOf<16>::kChunkPower>();
  ExpectDivides<DigitsOf<36>::kChunkPower>();
  ExpectDivides<DigitsOf<58>::kChunkPower>();
  ExpectDivides<DigitsOf<62>::kChunkPower>();
}

TEST(Radix, WritesDigitsWithoutRoundingThemUp) {
  constexpr int kDigits = DigitsOf<10>::kChunk;
  char digits[kDigits];
  uint64_t power = 1;
  for (int nines = 1; nines <= kDigits; nines++) {
    power *= 10;
    DigitsOf<10>::Write({{power - 1, 0, 0}}, kDigits, "0123456789", digits);
    EXPECT_EQ(std::string(digits, kDigits),
              std::string(kDigits - nines, '0') + std::string(nines, '9'));
  }
}

TEST(Radix, CountsDigits) {
  EXPECT_EQ(DigitsOf<10>::kCount[3], 1);
  EXPECT_EQ(DigitsOf<10>::kCount[4], 2);
  EXPECT_EQ(DigitsOf<10>::kCount[64], 20);
  EXPECT_EQ(DigitsOf<62>::kCount[128], 22);
  EXPECT_EQ(DigitsOf<62>::kCount[160], 27);
  EXPECT_EQ(DigitsOf<16>::kCount[160], 40);
}

}  // namespace
}  // namespace detid
