// SPDX-License-Identifier: PostgreSQL

#include "core/bits.h"

#include <gtest/gtest.h>

#include <random>

namespace detid {
namespace {

constexpr Bits kDigits = {{0x0123456789abcdef, 0xfedcba9876543210, 0x00000000cafef00d}};

TEST(Bits, LowMaskCoversNoneToAll) {
  EXPECT_EQ(LowMask(0), 0u);
  EXPECT_EQ(LowMask(1), 1u);
  EXPECT_EQ(LowMask(12), 0xfffu);
  EXPECT_EQ(LowMask(63), 0x7fffffffffffffffu);
  EXPECT_EQ(LowMask(64), 0xffffffffffffffffu);
}

TEST(Bits, GetBitsReadsWithinAndAcrossWords) {
  EXPECT_EQ(GetBits(kDigits, 0, 4), 0xfu);
  EXPECT_EQ(GetBits(kDigits, 60, 4), 0x0u);
  EXPECT_EQ(GetBits(kDigits, 56, 16), 0x1001u);
  EXPECT_EQ(GetBits(kDigits, 0, 64), 0x0123456789abcdefu);
  EXPECT_EQ(GetBits(kDigits, 64, 64), 0xfedcba9876543210u);
  EXPECT_EQ(GetBits(kDigits, 32, 64), 0x7654321001234567u);
  EXPECT_EQ(GetBits(kDigits, 96, 64), 0xcafef00dfedcba98u);
  EXPECT_EQ(GetBits(kDigits, 159, 1), 1u);
  EXPECT_EQ(GetBits(kDigits, 160, 32), 0u);
}

TEST(Bits, PutBitsWritesAcrossWordsAndDropsHighBits) {
  Bits b;
  PutBits(&b, 60, 8, 0xfa5);  // only a5 fits
  EXPECT_EQ(b, (Bits{{0x5000000000000000, 0xa, 0}}));
  PutBits(&b, 124, 36, 0x923456781);
  EXPECT_EQ(b, (Bits{{0x5000000000000000, 0x100000000000000a, 0x92345678}}));
}

TEST(Bits, OrderIsNumeric) {
  EXPECT_LT((Bits{{~uint64_t{0}, 0, 0}}), (Bits{{0, 1, 0}}));
  EXPECT_LT((Bits{{~uint64_t{0}, ~uint64_t{0}, 0}}), (Bits{{0, 0, 1}}));
  EXPECT_LT((Bits{{1, 5, 7}}), (Bits{{2, 5, 7}}));
  EXPECT_EQ((Bits{{1, 2, 3}}), (Bits{{1, 2, 3}}));
}

TEST(Bits, WhatIsPutIsGotWhereverItStands) {
  std::mt19937_64 rng(1);
  for (int n = 1; n <= 64; n++)
    for (int shift = 0; shift + n <= 192; shift++) {
      const uint64_t v = rng() & LowMask(n);
      Bits b;
      PutBits(&b, shift, n, v);
      ASSERT_EQ(GetBits(b, shift, n), v) << n << " bits at " << shift;
      if (shift > 0) {
        ASSERT_EQ(GetBits(b, shift - 1, 1), 0u);
      }
      if (shift + n < 192) {
        ASSERT_EQ(GetBits(b, shift + n, 1), 0u);
      }
    }
}

}  // namespace
}  // namespace detid
