// SPDX-License-Identifier: PostgreSQL
//
// The golden probabilities come from odds_golden.py, by exact fractions and by another formula.

#include "core/odds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace detid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kExact = 1e-15;  // of the value: a few units in its last place

struct Golden {
  int bits;
  double ids, probability;
};

TEST(Odds, ProbabilitiesAreExactToTheLastPlaces) {
  const std::vector<Golden> golden = {
      {1, 2.0, 0.5},
      {2, 3.0, 0.625},
      {8, 20.0, 0.5331670787195923},
      {8, 100.0, 0.9999999998278067},
      {16, 2.0, 1.52587890625e-05},
      {16, 3.0, 4.577590152621269e-05},
      {16, 302.0, 0.500722489523196},
      {16, 1500.0, 0.9999999689307599},
      {16, 2000.0, 0.9999999999999587},
      {17, 2.0, 7.62939453125e-06},
      {17, 3.0, 2.2888067178428173e-05},
      {17, 4.0, 4.577572690589449e-05},
      {17, 10.0, 0.00034327211743768397},
      {17, 427.0, 0.5007533045059012},
      {17, 1500.0, 0.9998177706083928},
      {17, 2000.0, 0.999999779927474},
      {17, 3000.0, 0.999999999999999},
      {20, 5.0, 9.536711331791306e-06},
      {32, 2.0, 2.3283064365386963e-10},
      {32, 1000.0, 0.00011629215306986069},
      {32, 77163.0, 0.49999989051734833},
      {32, 500000.0, 0.999999999999771},
      {40, 1.0, 0.0},
      {40, 1000000.0, 0.3653915179871931},
      {46, 1000000.0, 0.007080236469613511},
      {62, 5000000000.0, 0.9334968145957162},
      {63, 2.0, 1.0842021724855044e-19},
      {63, 3037000500.0, 0.39346934022557856},
      {74, 1000000000000.0, 0.9999999999968061},
      {80, 2199023255552.0, 0.8646647167634284},
      {122, 103000000000000.0, 9.97665564932214e-10},
      {122, 2.305843009213694e+18, 0.3934693402873666},
      {128, 2.0, 2.938735877055719e-39},
      {128, 3.0, 8.816207631167156e-39},
      {128, 4096.0, 2.464588475708041e-32},
      {128, 1000000.0, 1.4693664691599209e-27},
      {128, 1000000000000.0, 1.469367938526389e-15},
      {128, 9007199254740991.0, 1.1920928244535413e-07},
      {128, 1.8446744073709552e+19, 0.3934693402873666},
      {128, 3.6893488147419103e+19, 0.8646647167633873},
      {128, 7.378697629483821e+19, 0.9996645373720975},
      {160, 1000000000.0, 3.4211388254968716e-31},
      {160, 1.2089258196146292e+24, 0.3934693402873666},
      {256, 1.2676506002282294e+30, 6.938893903907228e-18},
      {1023, 2.0, 1.1125369292536007e-308},
      {1023, 1000000.0, 5.562679083583357e-297},
      {1023, 6.703903964971299e+153, 0.22119921692859512},
  };
  for (const Golden& g : golden)
    EXPECT_NEAR(CollisionProbability(g.bits, g.ids), g.probability, g.probability * kExact)
        << g.bits << " bits, " << g.ids << " ids";
}

// The product itself, to more digits than a double has.
TEST(Odds, SmallSpacesAreRightForEveryNumberOfIds) {
  for (int bits = 1; bits <= 10; bits++) {
    const int values = 1 << bits;
    long double none = 1;
    for (int n = 0; n <= values; n++) {
      const double expected = static_cast<double>(1 - none);
      ASSERT_NEAR(CollisionProbability(bits, n), expected, expected * kExact) << bits << ", " << n;
      none *= static_cast<long double>(values - n) / values;
    }
  }
}

TEST(Odds, NeitherNoneNorOneCanCollide) {
  for (const int bits : {1, 16, 17, 128, kMaxOddsBits}) {
    EXPECT_EQ(CollisionProbability(bits, 0), 0) << bits;
    EXPECT_EQ(CollisionProbability(bits, 1), 0) << bits;
  }
}

TEST(Odds, MoreIdsThanValuesMustCollide) {
  EXPECT_LT(CollisionProbability(1, 2), 1);
  EXPECT_LT(CollisionProbability(3, 8), 1);
  for (const int bits : {1, 3, 16, 17, 52, 128, kMaxOddsBits}) {
    EXPECT_EQ(CollisionProbability(bits, std::ldexp(1.0, bits) + 1), 1) << bits;
    EXPECT_EQ(CollisionProbability(bits, kInfinity), 1) << bits;
  }
}

TEST(Odds, MoreIdsAreNeverLessLikelyToCollide) {
  for (const int bits : {1, 5, 15, 16, 17, 18, 32, 63, 122, 128, 160, kMaxOddsBits}) {
    double before = 0;
    for (double n = 2; n <= std::ldexp(1.0, bits) && before < 1; n = std::ceil(n * 1.001)) {
      const double p = CollisionProbability(bits, n);
      ASSERT_GE(p, before) << bits << " bits, " << n;
      ASSERT_GT(p, 0) << bits << " bits, " << n;
      before = p;
    }
  }
}

TEST(Odds, AWiderSpaceIsLessLikelyToCollide) {
  for (const double n : {2.0, 3.0, 50.0, 300.0})
    for (int bits = 10; bits < 300; bits++)
      ASSERT_LT(CollisionProbability(bits + 1, n), CollisionProbability(bits, n)) << bits;
}

TEST(Odds, OneLessThanEnoughIsNotEnough) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const double last = std::nextafter(1.0, 0.0);
  for (const int bits : {1, 2, 3, 8, 15, 16, 17, 20, 32, 53, 63, 74, 100, 122, 128, 160, 512, 1023})
    for (const double p : {tiny, 1e-300, 1e-38, 1e-18, 1e-9, 0.01, 0.3, 0.5, 0.75, 0.999, last}) {
      const double n = IdsForProbability(bits, p);
      const double less = std::fmin(n - 1, std::nextafter(n, 0.0));
      EXPECT_EQ(n, std::floor(n));
      EXPECT_GE(CollisionProbability(bits, n), p) << bits << " bits, " << n;
      EXPECT_LT(CollisionProbability(bits, less), p) << bits << " bits, " << n;
    }
}

TEST(Odds, EveryNumberOfIdsIsFoundAgainByItsProbability) {
  for (int bits = 1; bits <= 8; bits++)
    for (int n = 2; n <= 1 << bits; n++) {
      const double p = CollisionProbability(bits, n);
      if (p == 1) break;  // to a double only
      ASSERT_EQ(IdsForProbability(bits, p), n) << bits << " bits";
    }
}

TEST(Odds, NothingIsNeededForNoneAndMoreThanAllValuesForCertainty) {
  for (const int bits : {1, 16, 17, 52}) {
    EXPECT_EQ(IdsForProbability(bits, 0), 0) << bits;
    EXPECT_EQ(IdsForProbability(bits, 1), std::ldexp(1.0, bits) + 1) << bits;
  }
  EXPECT_EQ(IdsForProbability(kMaxOddsBits, 1), std::ldexp(1.0, kMaxOddsBits));
}

// 2^64 ids of 128 bits collide with 1 - exp(-1/2); one in two needs sqrt(2 ln 2) times as many.
TEST(Odds, TheSquareRootOfTheSpaceIsWhereCollisionsBecomeLikely) {
  EXPECT_NEAR(CollisionProbability(128, std::ldexp(1.0, 64)), -std::expm1(-0.5), 1e-15);
  EXPECT_NEAR(IdsForProbability(128, 0.5), std::ldexp(std::sqrt(2 * std::log(2.0)), 64), 1e5);
}

// A million nodes with 50,000 ids a second each: 215.7 quadrillion millennia.
TEST(Odds, YearsUntilAllValuesAreUsedUp) {
  EXPECT_NEAR(YearsUntil(128, 5e10, 1), 2.1566e20, 0.0001e20);
  EXPECT_EQ(YearsUntil(8, 1, 1), 257 / kSecondsPerYear);
  EXPECT_EQ(YearsUntil(128, 5e10, 0), 0);
  EXPECT_EQ(YearsUntil(kMaxOddsBits, std::numeric_limits<double>::denorm_min(), 1), kInfinity);
}

}  // namespace
}  // namespace detid
