// SPDX-License-Identifier: PostgreSQL
//
// The golden numbers come from permutation_golden.py, an independent implementation. They never
// change: masked ids are in other people's bookmarks.

#include "core/permutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "core/bits.h"

namespace detid {
namespace {

MaskKey KeyOf(uint64_t salt) {
  StartCrypto();
  Seed seed;
  for (int i = 0; i < kSeedBytes; i++) seed.byte[i] = static_cast<uint8_t>(i);
  return DeriveMaskKey(seed, salt);
}

std::vector<uint64_t> Masks(const MaskKey& key, const std::vector<uint64_t>& values, int bits) {
  std::vector<uint64_t> masks;
  for (const uint64_t v : values) masks.push_back(Permute(key, v, bits));
  return masks;
}

std::vector<uint64_t> From0To(uint64_t last) {
  std::vector<uint64_t> values;
  for (uint64_t v = 0; v <= last; v++) values.push_back(v);
  return values;
}

using Numbers = std::vector<uint64_t>;

TEST(Permutation, WholeTablesOfNarrowWidthsAreGolden) {
  const MaskKey key = KeyOf(42);
  EXPECT_EQ(Masks(key, From0To(1), 1), (Numbers{0, 1}));
  EXPECT_EQ(Masks(key, From0To(3), 2), (Numbers{3, 1, 2, 0}));
  EXPECT_EQ(Masks(key, From0To(7), 3), (Numbers{1, 5, 6, 0, 2, 3, 7, 4}));
}

// On either side of each width where the number of rounds changes, and at the ends.
TEST(Permutation, TheFirstTwoAndTheLastOfWiderWidthsAreGolden) {
  const std::map<int, Numbers> golden = {
      {7, {39, 41, 100}},
      {8, {183, 228, 195}},
      {19, {294611, 91467, 7942}},
      {20, {51226, 710557, 183688}},
      {32, {3148095222, 1107194866, 1371113152}},
      {47, {47970808375080, 64210294851864, 53946086066326}},
      {48, {195510889530458, 562588513390, 167348554929227}},
      {62, {4308146487496239747, 2731911555715533476, 1214720597420728797}},
      {63, {1482162005776077062, 3611484260088351586, 9189866582710099636}},
  };
  const MaskKey key = KeyOf(42);
  for (const auto& [bits, masks] : golden) {
    EXPECT_EQ(Masks(key, {0, 1, LowMask(bits)}, bits), masks) << bits;
    for (size_t i = 0; i < 3; i++)
      EXPECT_EQ(Unpermute(key, masks[i], bits), (Numbers{0, 1, LowMask(bits)})[i]) << bits;
  }
}

TEST(Permutation, EveryNumberOfWidthsUpTo16IsTheMaskOfExactlyOne) {
  for (const uint64_t salt : {0, 1, 42}) {
    const MaskKey key = KeyOf(salt);
    for (int bits = 1; bits <= 16; bits++) {
      std::vector<bool> taken(size_t{1} << bits);
      for (uint64_t v = 0; v <= LowMask(bits); v++) {
        const uint64_t mask = Permute(key, v, bits);
        ASSERT_LE(mask, LowMask(bits)) << bits << " bits, " << v;
        ASSERT_FALSE(taken[mask]) << bits << " bits, " << v;
        taken[mask] = true;
        ASSERT_EQ(Unpermute(key, mask, bits), v) << bits << " bits";
      }
    }
  }
}

TEST(Permutation, RandomNumbersOfWiderWidthsComeBack) {
  std::mt19937_64 random(1);
  for (int bits = 17; bits <= kMaxMaskBits; bits++) {
    const MaskKey key = KeyOf(random());
    Numbers values = {0, LowMask(bits)};
    for (int i = 0; i < 500; i++) values.push_back(random() & LowMask(bits));
    for (const uint64_t v : values) {
      const uint64_t mask = Permute(key, v, bits);
      ASSERT_LE(mask, LowMask(bits)) << bits << " bits, " << v;
      ASSERT_EQ(Unpermute(key, mask, bits), v) << bits << " bits";
      ASSERT_EQ(Permute(key, Unpermute(key, v, bits), bits), v) << bits << " bits";
    }
  }
}

TEST(Permutation, RoundsOfNarrowWidthsComeInPairsAndFitAByte) {
  for (int bits = 1; bits < kMinHashedMaskBits; bits++) {
    EXPECT_EQ(NarrowMaskRounds(bits) % 2, 0) << bits;
    EXPECT_LE(NarrowMaskRounds(bits), 256) << bits;
  }
}

// How many of the first 200 numbers have masks in a and b that agree in the low bits of `common`.
int Agreements(const MaskKey& a, int a_bits, const MaskKey& b, int b_bits, uint64_t common) {
  int n = 0;
  for (uint64_t v = 0; v < 200; v++)
    n += (Permute(a, v, a_bits) & common) == (Permute(b, v, b_bits) & common);
  return n;
}

TEST(Permutation, KeysTellNothingOfEachOther) {
  const MaskKey key = KeyOf(42), neighbour = KeyOf(43);
  for (int bits = 8; bits <= kMaxMaskBits; bits++)
    EXPECT_LE(Agreements(key, bits, neighbour, bits, LowMask(bits)), 6) << bits;
}

TEST(Permutation, WidthsTellNothingOfEachOther) {
  const MaskKey key = KeyOf(42);
  for (int bits = 8; bits < kMaxMaskBits; bits++)
    EXPECT_LE(Agreements(key, bits, key, bits + 1, LowMask(8)), 6) << bits;
}

// A 2-bit permutation is one of 24, and all are to be as likely: Pearson's statistic has 23 degrees
// of freedom, and exceeds 53 once in 2500 times.
TEST(Permutation, KeysMakeAllSmallPermutationsAlike) {
  constexpr int kKeys = 12000, kPermutations = 24;
  std::map<Numbers, int> seen;
  for (uint64_t salt = 0; salt < kKeys; salt++) seen[Masks(KeyOf(salt), From0To(3), 2)]++;
  ASSERT_EQ(seen.size(), static_cast<size_t>(kPermutations));
  const double expected = double{kKeys} / kPermutations;
  double statistic = 0;
  for (const auto& [table, n] : seen) statistic += (n - expected) * (n - expected) / expected;
  EXPECT_LT(statistic, 53);
}

// [i * bits + j]: in how many of `samples` cases, each of a key of its own, flipping bit i of the
// number flips bit j of the mask.
std::vector<int> CountFlips(int bits, int samples) {
  std::mt19937_64 random(2);
  std::vector<int> flips(static_cast<size_t>(bits * bits));
  for (int n = 0; n < samples; n++) {
    const MaskKey key = KeyOf(random());
    const uint64_t value = random() & LowMask(bits), mask = Permute(key, value, bits);
    for (int i = 0; i < bits; i++) {
      const uint64_t change = Permute(key, value ^ uint64_t{1} << i, bits) ^ mask;
      for (int j = 0; j < bits; j++)
        flips[static_cast<size_t>(i * bits + j)] += static_cast<int>(change >> j & 1);
    }
  }
  return flips;
}

// The top and the lowest bits too; within six standard deviations, for there are thousands.
TEST(Permutation, EveryBitFlipsEveryBitOfTheMaskInHalfOfTheCases) {
  constexpr int kSamples = 1000, kDeviation = 16;
  for (const int bits : {8, 13, 19, 20, 33, 47, 48, 63}) {
    const std::vector<int> flips = CountFlips(bits, kSamples);
    EXPECT_GE(*std::min_element(flips.begin(), flips.end()), kSamples / 2 - 6 * kDeviation) << bits;
    EXPECT_LE(*std::max_element(flips.begin(), flips.end()), kSamples / 2 + 6 * kDeviation) << bits;
  }
}

// Of n successive masks of a random permutation, n / 2 exceed the one before, give or take
// sqrt(n / 12).
TEST(Permutation, SuccessiveNumbersHaveNoOrderAndNoCommonStep) {
  constexpr int kNumbers = 10000, kDeviation = 29;
  for (const int bits : {20, 32, 48, 63}) {
    const Numbers masks = Masks(KeyOf(42), From0To(kNumbers), bits);
    std::map<uint64_t, int> steps;
    int up = 0, common = 0;
    for (size_t i = 1; i < masks.size(); i++) {
      up += masks[i] > masks[i - 1];
      common = std::max(common, ++steps[(masks[i] - masks[i - 1]) & LowMask(bits)]);
    }
    EXPECT_NEAR(up, kNumbers / 2, 5 * kDeviation) << bits;
    EXPECT_LE(common, 4) << bits;
  }
}

// How many pairs of 2^16 numbers with one high half share what the low half is changed by. Of a
// random permutation's 2^31 pairs, 2^31 / 2^24 do at 48 bits; of 4 rounds, where no hash keeps the
// first or the last high half from being constant, twice as many.
template <typename Map>
int PairsWithOneChange(Map map) {
  constexpr int kHalf = 24;
  std::map<uint64_t, int> changes;
  int pairs = 0;
  for (uint64_t low = 0; low < uint64_t{1} << 16; low++)
    pairs += changes[(map(uint64_t{5} << kHalf | low) ^ low) & LowMask(kHalf)]++;
  return pairs;
}

TEST(Permutation, HashesHideEqualHighHalvesEitherWay) {
  const MaskKey key = KeyOf(42);
  constexpr int kPairs = 128, kDeviation = 11;
  EXPECT_NEAR(PairsWithOneChange([&](uint64_t v) { return Permute(key, v, 48); }), kPairs,
              5 * kDeviation);
  EXPECT_NEAR(PairsWithOneChange([&](uint64_t v) { return Unpermute(key, v, 48); }), kPairs,
              5 * kDeviation);
}

}  // namespace
}  // namespace detid
