// SPDX-License-Identifier: PostgreSQL
//
// Odds: how likely random ids collide, the birthday problem. Among n of N = 2^bits values that are
// drawn at random and independently, two are equal with the probability
//
//   P(n) = 1 - (1 - 1/N)(1 - 2/N)...(1 - (n-1)/N)
//
// which is what these return, to a few units in the last place of a double, however small it is:
// not an estimate such as n^2 / 2N. Checked against exact values (test/unit/odds_golden.py).

#pragma once

namespace detid {

// The widest space whose size is a double.
inline constexpr int kMaxOddsBits = 1023;

inline constexpr double kSecondsPerYear = 365.25 * 86400;

// P(ids). 1 for more ids than values, and where only a double beyond the last one below 1 could
// tell it from 1. REQUIRES: 1 <= bits <= kMaxOddsBits; ids >= 0, whole or infinite.
double CollisionProbability(int bits, double ids);

// The smallest number of ids with CollisionProbability(bits, ids) >= p; above 2^53 the smallest
// double. For p = 1 it is 2^bits + 1, or the double next to it: only then two must be equal.
// REQUIRES: 1 <= bits <= kMaxOddsBits; 0 <= p <= 1.
double IdsForProbability(int bits, double p);

// Years until that many ids are made, at a rate; infinite if a double does not hold them.
// REQUIRES: as IdsForProbability; ids_per_second > 0.
double YearsUntil(int bits, double ids_per_second, double p);

}  // namespace detid
