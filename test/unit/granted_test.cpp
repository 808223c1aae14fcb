// SPDX-License-Identifier: PostgreSQL

#include "core/granted.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/definition.h"
#include "core/sequencer.h"

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;

TEST(Granted, NothingAtFirst) {
  const Granted g;
  EXPECT_EQ(g.Read().limit_us, 0);
}

TEST(Granted, ReadsWhatWasPublished) {
  Granted g;
  g.Publish({7, 100, 200});
  EXPECT_EQ(g.Read(), (Interval{7, 100, 200}));
  g.Publish({7, 100, 300});  // I3: only the limit moves
  EXPECT_EQ(g.Read(), (Interval{7, 100, 300}));
  g.Publish({7, 400, 500});
  EXPECT_EQ(g.Read(), (Interval{7, 400, 500}));
  g.Publish({9, 400, 500});
  EXPECT_EQ(g.Read(), (Interval{9, 400, 500}));
  g.Publish(kAlways);
  EXPECT_EQ(g.Read(), kAlways);
}

TEST(Granted, RevokedUntilPublishedAgain) {
  Granted g;
  g.Publish({7, 100, 200});
  g.Revoke();
  EXPECT_EQ(g.Read().limit_us, 0);
  g.Publish({7, 100, 200});
  EXPECT_EQ(g.Read(), (Interval{7, 100, 200}));
}

// I1. The parts of an interval tell each other: node n begins at 10 n. Written until every reader
// has read often, however late its thread was started.
void Storm(Interval (*published)(int64_t)) {
  constexpr int kReaders = 3, kOften = 1000, kAtLeast = 30000;
  Granted g;
  std::atomic<bool> stop{false};
  std::atomic<int> read_often{0};
  std::atomic<int64_t> torn{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < kReaders; t++)
    readers.emplace_back([&] {
      int64_t read = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        const Interval i = g.Read();
        if (i.limit_us == 0) continue;
        if (++read == kOften) read_often.fetch_add(1);
        if (i.start_us != 10 * int64_t{i.node} ||
            (i.limit_us != kForEver && i.limit_us / 10 != i.node))
          torn.fetch_add(1);
      }
    });
  for (int32_t n = 1; n <= kAtLeast || read_often.load() < kReaders; n++) {
    Interval i = published(n);
    g.Publish(i);
    if (i.limit_us != kForEver) {
      i.limit_us += 3;
      g.Publish(i);
    }
    if (n % 500 == 0) std::this_thread::yield();
    if (n % 1000 == 0) g.Revoke();
  }
  stop.store(true);
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(torn.load(), 0);
}

TEST(Granted, NoReaderSeesPartsOfTwoIntervals) {
  Storm([](int64_t n) { return Interval{static_cast<int32_t>(n), 10 * n, 10 * n + 5}; });
}

TEST(Granted, NorWhereBothLastForEver) {
  Storm([](int64_t n) { return Interval{static_cast<int32_t>(n), 10 * n, kForEver}; });
}

// --- What a sequencer makes of an interval ----------------------------------------------------

struct Backend {
  Definition d;
  Shard shard;
  Slot slot;
  Sequencer s;

  explicit Backend(const char* layout, int64_t max_ahead_us = kSecond, bool scatter = false)
      : d(DefinitionOf(layout).value) {
    d.epoch_us = 0;
    d.scatter = scatter;
    s.Prepare(d, max_ahead_us);
    s.PrepareScatter(d, GeneratorKey{}, 7, 0);
    s.shard = &shard;
    s.slot = &slot;
  }
  Grant TakeAt(int64_t now_us) { return s.Take(s.Now(d, now_us), 1); }
  uint64_t Tick(const Grant& g) const { return g.first >> d.layout.sequence_bits(); }
};

constexpr int64_t kFar = 1000000 * kSecond;

TEST(GrantedSequencer, MintsOnlyInWholeTicksOfTheInterval) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, kFar, {7, 5500, 8500});
  const Grant first = b.TakeAt(5500);
  EXPECT_EQ(first.verdict, Verdict::kGiven);
  EXPECT_EQ(b.Tick(first), 6u);  // 5 is not wholly in it
  EXPECT_EQ(b.Tick(b.TakeAt(7999)), 7u);
  EXPECT_EQ(b.TakeAt(8000).verdict, Verdict::kRaise);  // nor is 8
  EXPECT_EQ(b.s.TakeOne(b.s.Now(b.d, 8000)), kNoPosition);
}

TEST(GrantedSequencer, NothingInAnIntervalWithoutAWholeTick) {
  Backend b("time:32@1s node:10 sequence:20");
  b.s.SetHorizon(b.d, kFar, {7, 5 * kSecond + 1, 7 * kSecond - 1});
  for (int64_t us = 4 * kSecond; us < 9 * kSecond; us += kSecond / 4)
    EXPECT_EQ(b.TakeAt(us).verdict, Verdict::kRaise) << us;
}

TEST(GrantedSequencer, NothingWhereNothingIsGranted) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, kFar, Interval{});
  EXPECT_EQ(b.TakeAt(5000).verdict, Verdict::kRaise);
  EXPECT_EQ(b.s.granted, 0u);
}

// A lead, from overload, ends at the limit.
TEST(GrantedSequencer, TheLeadDoesNotCrossTheLimit) {
  Backend b("time:41@1ms node:10 sequence:1", kSecond);
  b.s.SetHorizon(b.d, kFar, {7, 5000, 8000});
  int given = 0;
  while (b.TakeAt(5000).verdict == Verdict::kGiven) given++;
  EXPECT_EQ(given, 2 * 2);  // ticks 6 and 7
}

TEST(GrantedSequencer, ABlockOfTheLastIntervalIsDropped) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, kFar, {7, 0, 8000});
  for (int i = 0; i < 40; i++) b.TakeAt(7000);
  ASSERT_LT(b.slot.lease_next, b.slot.lease_end);
  b.s.SetHorizon(b.d, kFar, {7, 20000, 30000});
  // A backend that read the clock before node time went to the start.
  const Grant g = b.TakeAt(7000);
  EXPECT_EQ(g.verdict, Verdict::kGiven);
  EXPECT_EQ(b.Tick(g), 21u);
}

TEST(GrantedSequencer, ALimitThatMovesChangesNothingElse) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, kFar, {7, 5000, 8000});
  const Grant before = b.TakeAt(7000);
  EXPECT_EQ(b.TakeAt(9000).verdict, Verdict::kRaise);
  b.s.SetHorizon(b.d, kFar, {7, 5000, 20000});
  const Grant after = b.TakeAt(7000);
  EXPECT_EQ(after.first, before.first + 1);
  EXPECT_EQ(b.TakeAt(9000).verdict, Verdict::kGiven);
}

TEST(GrantedSequencer, TheHorizonLimitsAnIntervalThatReachesFurther) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, 7000, {7, 0, 100000});
  EXPECT_EQ(b.TakeAt(6999).verdict, Verdict::kGiven);
  EXPECT_EQ(b.TakeAt(7000).verdict, Verdict::kRaise);
  EXPECT_GT(b.s.granted, b.s.limits.horizon);
}

TEST(GrantedSequencer, AlwaysIsWithoutLimits) {
  Backend b("time:41@1ms node:10 sequence:12");
  b.s.SetHorizon(b.d, kFar, kAlways);
  EXPECT_EQ(b.s.start, 0u);
  EXPECT_EQ(b.s.granted, kNoPosition);
}

// Neighbours in time under one number, whose border lies anywhere: what one gives out begins and
// ends below it, and what the other gives out above, in ticks of any length, scattered or not.
TEST(GrantedSequencer, NeighboursNeverShareATick) {
  const struct {
    const char* layout;
    int64_t step_us;  // of the clock, about a fifth of a tick
  } kCases[] = {
      {"time:41@1ms node:10 sequence:4", 210},   {"time:50@100ns node:5 sequence:4", 1},
      {"time:50@700ns node:5 sequence:4", 1},    {"time:50@1500ns node:5 sequence:4", 1},
      {"time:48@12300ns node:5 sequence:4", 3},  {"time:39@10ms node:8 sequence:4", 2100},
      {"time:32@1s node:10 sequence:4", 210000},
  };
  for (const auto& c : kCases) {
    ASSERT_TRUE(ParseLayout(c.layout).ok()) << c.layout;
    for (const bool scatter : {false, true}) {
      const int64_t base = 1000 * c.step_us + 17;
      for (int64_t border = base; border < base + 12 * c.step_us; border += (c.step_us + 6) / 7) {
        Backend before(c.layout, 20 * c.step_us, scatter), after(c.layout, 20 * c.step_us, scatter);
        before.s.SetHorizon(before.d, kFar, {7, base - 100 * c.step_us, border});
        after.s.SetHorizon(after.d, kFar, {7, border, border + 100 * c.step_us});
        uint64_t last = 0, first = kNoPosition;
        for (int64_t us = border - 30 * c.step_us; us < border + 30 * c.step_us; us += c.step_us) {
          for (int i = 0; i < 3; i++) {
            if (const Grant g = before.TakeAt(us); g.verdict == Verdict::kGiven)
              last = std::max(last, g.first + g.count - 1);
            if (const Grant g = after.TakeAt(us); g.verdict == Verdict::kGiven)
              first = std::min(first, g.first);
          }
        }
        ASSERT_NE(last, 0u) << c.layout;
        ASSERT_NE(first, kNoPosition) << c.layout;
        ASSERT_LE(EndOfTickUs(before.d, last), border) << c.layout;
        // The tick begins at the border or after it.
        const int bits = after.d.layout.sequence_bits();
        ASSERT_GE(static_cast<int64_t>(first >> bits) * after.d.layout.unit, border * 10)
            << c.layout;
      }
    }
  }
}

}  // namespace
}  // namespace detid
