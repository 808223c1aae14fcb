// SPDX-License-Identifier: PostgreSQL

#include "core/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/definition.h"
#include "core/no_postgres.h"
#include "core/odds.h"

namespace detid {
namespace {

constexpr int kWidths[] = {63, 53};
constexpr uint32_t kUnits[] = {10000, 100000, 1000000, 10000000};  // 1 ms to 1 s, in 100 ns
static_assert(std::size(kWidths) * std::size(kUnits) == kMaxPlans);

constexpr int kMaxSequenceBits = 32;
constexpr int kUuidWorkerBits = 12, kUuidFreeBits = 62;

double Seconds(uint32_t unit) {
  return unit / 1e7;
}

// The bits of `values` different values.
int BitsFor(double values) {
  int bits = 0;
  while (std::ldexp(1.0, bits) < values) bits++;
  return bits;
}

// What the layout in the plan gives.
void Measure(Plan* plan) {
  const Layout layout = DefinitionOf(plan->layout).value.layout;
  plan->bits = layout.bits;
  plan->node_bits = layout.bits_of(Kind::kNode);
  plan->time_bits = layout.bits_of(Kind::kTime);
  plan->sequence_bits = layout.bits_of(Kind::kSequence);
  plan->unit = layout.unit;
  plan->ids_per_second = IdsPerSecond(layout);
  plan->years = std::ldexp(Seconds(layout.unit), plan->time_bits) / kSecondsPerYear;
}

// Half of the spare bits let the nodes grow, the other half let each of them mint faster.
bool PlanWidth(int width, uint32_t unit, double nodes, double rate, double years, Plan* plan) {
  const double ticks = years * kSecondsPerYear / Seconds(unit);
  int node = std::max(1, BitsFor(nodes)), time = BitsFor(ticks);
  int sequence = BitsFor(rate * Seconds(unit));
  const int spare = width - node - time - sequence;
  if (spare < 0 || sequence > kMaxSequenceBits) return false;
  const int grow = std::min(spare / 2, kMaxNodeBits - node);
  node += grow;
  const int faster = std::min(spare - grow, kMaxSequenceBits - sequence);
  sequence += faster;
  time += spare - grow - faster;
  char unit_text[16];
  FormatUnit(unit, unit_text, sizeof unit_text);
  int n =
      std::snprintf(plan->layout, sizeof plan->layout, "time:%d@%s node:%d", time, unit_text, node);
  if (sequence > 0)
    std::snprintf(plan->layout + n, sizeof plan->layout - static_cast<size_t>(n), " sequence:%d",
                  sequence);
  plan->spare = spare;
  Measure(plan);
  return true;
}

// uuid7 if its node field is wide enough; else one like it, of the version that is free for such.
bool PlanUuid(double nodes, double rate, double years, Plan* plan) {
  const int node = BitsFor(nodes);
  std::snprintf(plan->layout, sizeof plan->layout, "uuid7");
  Measure(plan);
  if (node > plan->node_bits) {
    std::snprintf(plan->layout, sizeof plan->layout,
                  "time:48@1ms const:4=8 sequence:12 const:2=2 node:%d worker:%d random:%d", node,
                  kUuidWorkerBits, kUuidFreeBits - kUuidWorkerBits - node);
    Measure(plan);
  }
  return rate <= plan->ids_per_second && years <= plan->years;
}

}  // namespace

int PlanLayouts(double nodes, double rate, double years, std::span<Plan> plans) {
  int count = 0;
  for (const int width : kWidths)
    for (const uint32_t unit : kUnits)
      count += PlanWidth(width, unit, nodes, rate, years, &plans[static_cast<size_t>(count)]);
  if (count == 0) count += PlanUuid(nodes, rate, years, &plans[0]);
  std::sort(plans.begin(), plans.begin() + count, [](const Plan& a, const Plan& b) {
    if (a.spare != b.spare) return a.spare > b.spare;
    return a.bits != b.bits ? a.bits > b.bits : a.unit < b.unit;
  });
  return count;
}

}  // namespace detid
