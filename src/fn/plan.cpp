// SPDX-License-Identifier: PostgreSQL
//
// plan_topology: layouts for so many nodes, so many ids a second, for so many years.

#include "core/plan.h"

#include <cmath>

#include "core/layout.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

Datum NumericOf(const char* format, double value) {
  char digits[64];
  snprintf(digits, sizeof digits, format, value);
  return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
                             Int32GetDatum(-1));
}

int PositiveArgument(FunctionCallInfo fcinfo, int argument, const char* what) {
  const int value = PG_GETARG_INT32(argument);
  if (value < 1)
    Raise(Error::kArgumentInvalid, "The number of %s is %d; it must be 1 or more.", what, value);
  return value;
}

double RateArgument(FunctionCallInfo fcinfo, int argument) {
  const Datum given = PG_GETARG_DATUM(argument);
  const double rate = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, given));
  if (!(rate > 0 && std::isfinite(rate)))
    Raise(Error::kArgumentInvalid, "The ids a second are %.40s; they must be finite and above 0.",
          DatumGetCString(DirectFunctionCall1(numeric_out, given)));
  return rate;
}

}  // namespace

// plan_topology(nodes integer, ids_per_second numeric, years integer) -> setof (layout, node_bits,
//   time_bits, unit, sequence_bits, bits, ids_per_second_and_node, lasts_years)
DETID_FUNCTION(detid_plan_topology) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const int nodes = PositiveArgument(fcinfo, 0, "nodes");
  const double rate = RateArgument(fcinfo, 1);
  const int years = PositiveArgument(fcinfo, 2, "years");
  Plan plans[kMaxPlans];
  const int count = PlanLayouts(nodes, rate, years, plans);
  if (count == 0)
    Raise(
        Error::kArgumentInvalid,
        "No layout gives each of %d nodes %g ids a second for %d years: a bigint has 63 bits, and "
        "a uuid gives 16777216000 ids a second for 8919 years.",
        nodes, rate, years);
  for (int i = 0; i < count; i++) {
    const Plan& plan = plans[i];
    char unit[16];
    FormatUnit(plan.unit, unit, sizeof unit);
    Record<8> row;
    row.AddText(plan.layout);
    row.Add(Int32GetDatum(plan.node_bits));
    row.Add(Int32GetDatum(plan.time_bits));
    row.AddText(unit);
    row.Add(Int32GetDatum(plan.sequence_bits));
    row.Add(Int32GetDatum(plan.bits));
    row.Add(NumericOf("%.0f", plan.ids_per_second));
    row.Add(NumericOf("%.1f", plan.years));
    row.Put(set);
  }
  return Datum{0};
}

}  // namespace detid
