// SPDX-License-Identifier: PostgreSQL

#include "core/plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/definition.h"
#include "core/odds.h"

namespace detid {
namespace {

std::vector<Plan> PlansFor(double nodes, double rate, double years) {
  std::vector<Plan> plans(kMaxPlans);
  plans.resize(static_cast<size_t>(PlanLayouts(nodes, rate, years, plans)));
  return plans;
}

std::string Texts(const std::vector<Plan>& plans) {
  std::string text;
  for (const Plan& plan : plans) text += std::string(plan.layout) + "\n";
  return text;
}

TEST(Plan, ProposesTheRoomiestFirst) {
  EXPECT_EQ(Texts(PlansFor(1000, 1000, 50)),
            "time:41@1ms node:16 sequence:6\n"
            "time:34@100ms node:16 sequence:13\n"
            "time:31@1s node:16 sequence:16\n"
            "time:38@10ms node:15 sequence:10\n"
            "time:41@1ms node:11 sequence:1\n"
            "time:34@100ms node:11 sequence:8\n"
            "time:31@1s node:11 sequence:11\n"
            "time:38@10ms node:10 sequence:5\n");
}

TEST(Plan, WithoutSpareBitsItIsWhatWasAskedFor) {
  const std::vector<Plan> plans = PlansFor(1024, 4096000, 69);
  ASSERT_FALSE(plans.empty());
  EXPECT_EQ(Texts({plans.back()}), "time:41@1ms node:10 sequence:12\n");
  EXPECT_EQ(plans.back().spare, 0);
}

TEST(Plan, ProposesUuidsWhereABigintIsTooNarrow) {
  EXPECT_EQ(Texts(PlansFor(1024, 1e9, 100)), "uuid7\n");
  EXPECT_EQ(Texts(PlansFor(1025, 1e9, 100)),
            "time:48@1ms const:4=8 sequence:12 const:2=2 node:11 worker:12 random:39\n");
  EXPECT_EQ(Texts(PlansFor(2147483648.0, 1e9, 8919)),
            "time:48@1ms const:4=8 sequence:12 const:2=2 node:31 worker:12 random:19\n");
  EXPECT_EQ(Texts(PlansFor(2147483648.0, 16777216000, 100)) != "", true);
  EXPECT_EQ(Texts(PlansFor(1024, 16777216001, 100)), "");
  EXPECT_EQ(Texts(PlansFor(1024, 1e9, 8920)), "");
}

TEST(Plan, EveryPlanIsALayoutThatGivesWhatWasAskedFor) {
  int proposed = 0, bigints = 0;
  for (const double nodes :
       {1.0, 2.0, 3.0, 64.0, 65.0, 1000.0, 1024.0, 1025.0, 1e6, 2147483647.0, 2147483648.0})
    for (const double rate : {1e-9, 0.5, 1.0, 7.0, 1000.0, 1001.0, 4096000.0, 1e7, 1e9, 1.6e10})
      for (const double years : {1.0, 2.0, 35.0, 50.0, 69.0, 70.0, 500.0, 8000.0, 1e6, 2e9})
        for (const Plan& plan : PlansFor(nodes, rate, years)) {
          const Result<Definition> d = DefinitionOf(plan.layout);
          ASSERT_TRUE(d.ok()) << plan.layout << ": " << d.status.detail;
          const Layout& l = d.value.layout;
          EXPECT_EQ(l.bits, plan.bits);
          EXPECT_TRUE(l.bits == 63 || l.bits == 53 || l.bits == 128) << plan.layout;
          EXPECT_GE(std::ldexp(1.0, l.bits_of(Kind::kNode)), nodes) << plan.layout;
          EXPECT_GE(IdsPerSecond(l), rate) << plan.layout;
          EXPECT_GE(std::ldexp(l.unit / 1e7, l.time_bits()) / kSecondsPerYear, years)
              << plan.layout;
          EXPECT_TRUE(l.time_first()) << plan.layout;
          proposed++;
          bigints += l.is_bigint();
        }
  EXPECT_GT(bigints, 1000);
  EXPECT_GT(proposed, bigints);
}

// Of what fits, nothing is left out: one bit less of any field would not do.
TEST(Plan, NoBitIsAskedForInVain) {
  for (const double nodes : {2.0, 3.0, 1000.0, 1e6})
    for (const double rate : {1.0, 1000.0, 1e6})
      for (const double years : {1.0, 50.0, 100.0})
        for (const Plan& plan : PlansFor(nodes, rate, years)) {
          if (plan.bits == 128 || plan.spare > 0) continue;
          EXPECT_LT(std::ldexp(1.0, plan.node_bits - 1), nodes);
          EXPECT_TRUE(plan.sequence_bits == 0 || plan.ids_per_second / 2 < rate);
          EXPECT_LT(plan.years / 2, years);
        }
}

}  // namespace
}  // namespace detid
