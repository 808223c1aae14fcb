// SPDX-License-Identifier: PostgreSQL

#include "core/odds.h"

#include <cmath>

#include "core/no_postgres.h"

namespace detid {
namespace {

// Up to this width P is made one id after the other: some 2,000, before it is 1 to a double.
// Beyond, the closed form is as exact.
constexpr int kMaxSteppedBits = 16;

// 1 - exp(-38) is 1 to a double: exp(-38) is below 2^-54.
constexpr double kCertain = 38;

// P(i+1) = P(i) + (1 - P(i)) i/N. Nothing cancels, and by Kahan's summation the error does not grow
// with the number of steps.
double Stepped(double values, double ids) {
  double p = 0, excess = 0;
  for (double i = 1; i < ids; i++) {
    const double step = (1 - p) * i / values - excess;
    const double next = p + step;
    excess = (next - p) - step;
    p = next;
  }
  return p;
}

// -ln(1 - P(n)) by Stirling's formula for N! / (N-n)!, whose logarithms, taken together as a series
// in a = n/N, lose their large parts, which cancel each other:
//
//   sum over k of a^k / k * (n / (k+1) - 1/2)   +   a / (12 N (1-a))
//
// Of what the formula has besides, the largest is 1 / (60 n N^3) of the result: nothing to a
// double. As kCertain keeps a below 0.025, a dozen terms are enough.
double Series(double values, double ids) {
  const double a = ids / values;
  double sum = 0;
  double power = a;
  for (int k = 1; power > 1e-18 * a; k++, power *= a) sum += power / k * (ids / (k + 1) - 0.5);
  return sum + a / 12 / values / (1 - a);
}

}  // namespace

double CollisionProbability(int bits, double ids) {
  const double values = std::ldexp(1.0, bits);
  if (ids < 2) return 0;
  if (ids > values) return 1;
  // What -ln(1 - P) is at least: the sum of i/N.
  const double at_least = ids / values * ((ids - 1) / 2);
  if (at_least > kCertain) return 1;
  if (bits <= kMaxSteppedBits) return Stepped(values, ids);
  return -std::expm1(-Series(values, ids));
}

double IdsForProbability(int bits, double p) {
  if (p <= 0) return 0;
  if (p >= 1) return std::ldexp(1.0, bits) + 1;
  double below = 1, enough = 2;
  while (CollisionProbability(bits, enough) < p) {
    below = enough;
    enough *= 2;
  }
  for (;;) {
    const double middle = std::floor(below + (enough - below) / 2);
    if (middle <= below || middle >= enough) return enough;
    (CollisionProbability(bits, middle) < p ? below : enough) = middle;
  }
}

double YearsUntil(int bits, double ids_per_second, double p) {
  return IdsForProbability(bits, p) / kSecondsPerYear / ids_per_second;
}

}  // namespace detid
