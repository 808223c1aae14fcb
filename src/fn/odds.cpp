// SPDX-License-Identifier: PostgreSQL
//
// collision_probability, ids_for_probability, years_until: how likely random ids collide.

#include "core/odds.h"

#include <cmath>
#include <limits>

#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

constexpr double kMost = std::numeric_limits<double>::max();
constexpr int kMostDigits = std::numeric_limits<double>::max_exponent10 + 1;

int BitsArgument(FunctionCallInfo fcinfo, int argument) {
  const int bits = PG_GETARG_INT32(argument);
  if (bits < 1 || bits > kMaxOddsBits)
    Raise(Error::kArgumentInvalid, "The number of bits is %d; it must be from 1 to %d.", bits,
          kMaxOddsBits);
  return bits;
}

const char* TextOf(double value) {
  return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(value)));
}

double ProbabilityArgument(FunctionCallInfo fcinfo, int argument) {
  const double p = PG_GETARG_FLOAT8(argument);
  if (!(p >= 0 && p <= 1))
    Raise(Error::kArgumentInvalid, "The probability is %s; it must be from 0 to 1.", TextOf(p));
  return p;
}

// What a double cannot hold becomes infinite: it is more than any number of values.
double DoubleOf(Datum numeric) {
  return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));
}

// Whole ids only count.
double IdsArgument(FunctionCallInfo fcinfo, int argument) {
  const Numeric given = PG_GETARG_NUMERIC(argument);
  const double ids = DoubleOf(DirectFunctionCall1(numeric_floor, NumericGetDatum(given)));
  if (numeric_is_nan(given) || numeric_is_inf(given) || ids < 0)
    Raise(Error::kArgumentInvalid, "The number of ids is %s; it must be finite and 0 or more.",
          TextOf(DoubleOf(NumericGetDatum(given))));
  return ids;
}

// All digits of a whole number, of which the server's own cast gives 15.
Datum WholeNumeric(double value) {
  char digits[kMostDigits + 1];
  snprintf(digits, sizeof digits, "%.0f", value);
  return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
                             Int32GetDatum(-1));
}

}  // namespace

// collision_probability(bits integer, ids numeric) -> double precision
DETID_FUNCTION(detid_collision_probability) {
  const int bits = BitsArgument(fcinfo, 0);
  PG_RETURN_FLOAT8(CollisionProbability(bits, IdsArgument(fcinfo, 1)));
}

// ids_for_probability(bits integer, p double precision) -> numeric
DETID_FUNCTION(detid_ids_for_probability) {
  const int bits = BitsArgument(fcinfo, 0);
  const double p = ProbabilityArgument(fcinfo, 1);
  if (p < 1) return WholeNumeric(IdsForProbability(bits, p));
  // One more than the values: beyond 2^53 no double.
  return DirectFunctionCall2(numeric_add, WholeNumeric(std::ldexp(1.0, bits)),
                             NumericGetDatum(int64_to_numeric(1)));
}

// years_until(bits integer, ids_per_second double precision, p double precision) -> double
// precision
DETID_FUNCTION(detid_years_until) {
  const int bits = BitsArgument(fcinfo, 0);
  const double rate = PG_GETARG_FLOAT8(1);
  if (!(rate > 0 && rate <= kMost))
    Raise(Error::kArgumentInvalid, "The ids a second are %s; they must be finite and above 0.",
          TextOf(rate));
  const double years = YearsUntil(bits, rate, ProbabilityArgument(fcinfo, 2));
  if (years > kMost)
    Raise(Error::kArgumentInvalid, "The years at %s ids a second are more than a double holds.",
          TextOf(rate));
  PG_RETURN_FLOAT8(years);
}

}  // namespace detid
