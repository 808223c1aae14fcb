// SPDX-License-Identifier: PostgreSQL
//
// Most tests use 2 bits of sequence, so tick t holds the positions 4t .. 4t + 3.

#include "core/sequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <thread>
#include <vector>

namespace detid {
namespace {

constexpr int kBits = 2;
constexpr Limits kOpen = {uint64_t{1} << 40, uint64_t{1} << 40, uint64_t{1} << 20};

constexpr uint64_t At(uint64_t tick, uint64_t sequence = 0) {
  return tick << kBits | sequence;
}

void ExpectGrant(const Grant& g, Verdict verdict, uint64_t first, uint32_t count) {
  EXPECT_EQ(g.verdict, verdict);
  EXPECT_EQ(g.first, first);
  EXPECT_EQ(g.count, count);
}

TEST(Judge, RefusesInTheOrderEndWaitRaise) {
  constexpr Limits kLimits = {100, 50, 10};
  EXPECT_EQ(Judge(99, 99, {100, 100, 10}), Verdict::kGiven);
  EXPECT_EQ(Judge(100, 99, kLimits), Verdict::kEnd);
  EXPECT_EQ(Judge(60, 49, kLimits), Verdict::kWait);
  EXPECT_EQ(Judge(59, 49, kLimits), Verdict::kRaise);
  EXPECT_EQ(Judge(50, 50, kLimits), Verdict::kRaise);
  EXPECT_EQ(Judge(49, 39, kLimits), Verdict::kGiven);  // the lead is inclusive
  EXPECT_EQ(Judge(49, 38, kLimits), Verdict::kWait);
}

TEST(TakeOwn, FollowsTheClockAndCountsWithinATick) {
  Slot slot;
  ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, 0), 1);
  ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, 1), 1);
  ExpectGrant(TakeOwn(&slot, At(7), 1, kBits, kOpen), Verdict::kGiven, At(7, 0), 1);
}

TEST(TakeOwn, LastSequenceRollsIntoTheNextTick) {
  Slot slot;
  for (uint64_t i = 0; i < 4; i++)
    ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, i), 1);
  ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(6, 0), 1);
}

TEST(TakeOwn, AClockThatFellRepeatsNothing) {
  Slot slot;
  TakeOwn(&slot, At(9), 1, kBits, kOpen);
  ExpectGrant(TakeOwn(&slot, At(3), 1, kBits, kOpen), Verdict::kGiven, At(9, 1), 1);
}

TEST(TakeOwn, SeveralStayWithinOneTick) {
  Slot slot;
  ExpectGrant(TakeOwn(&slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(5, 0), 3);
  ExpectGrant(TakeOwn(&slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(5, 3), 1);
  ExpectGrant(TakeOwn(&slot, At(5), 100, kBits, kOpen), Verdict::kGiven, At(6, 0), 4);
}

TEST(TakeOwn, WithoutSequenceBitsATickIsOneId) {
  Slot slot;
  ExpectGrant(TakeOwn(&slot, 5, 10, 0, kOpen), Verdict::kGiven, 5, 1);
  ExpectGrant(TakeOwn(&slot, 5, 10, 0, kOpen), Verdict::kGiven, 6, 1);
}

TEST(TakeOwn, RefusalsChangeNothing) {
  Slot slot;
  slot.next = At(8);
  constexpr Limits kLimits = {At(20), At(9), At(2)};
  ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kLimits), Verdict::kWait, At(8), 0);
  ExpectGrant(TakeOwn(&slot, At(9), 1, kBits, kLimits), Verdict::kRaise, At(9), 0);
  ExpectGrant(TakeOwn(&slot, At(20), 1, kBits, kLimits), Verdict::kEnd, At(20), 0);
  EXPECT_EQ(slot.next, At(8));
  ExpectGrant(TakeOwn(&slot, At(6), 1, kBits, kLimits), Verdict::kGiven, At(8), 1);
}

// The last position of a layout with 63 bits of time and sequence.
TEST(Sequence, EndsAtTheLastPositionForGood) {
  constexpr uint64_t kEnd = uint64_t{1} << 63;
  constexpr Limits kLimits = {kEnd, kEnd, At(1)};
  constexpr uint64_t kNow = kEnd - 4;
  Slot slot, leased, ordered_slot;
  Shard shard, ordered;
  for (uint64_t i = 0; i < 4; i++) {
    ExpectGrant(TakeOwn(&slot, kNow, 1, kBits, kLimits), Verdict::kGiven, kNow + i, 1);
    ExpectGrant(TakeLeased(&shard, &leased, kNow, 1, kBits, kLimits), Verdict::kGiven, kNow + i, 1);
    ExpectGrant(TakeOrdered(&ordered, &ordered_slot, kNow, 1, kBits, kLimits), Verdict::kGiven,
                kNow + i, 1);
  }
  for (int i = 0; i < 3; i++) {
    ExpectGrant(TakeOwn(&slot, kNow, 1, kBits, kLimits), Verdict::kEnd, kEnd, 0);
    ExpectGrant(TakeLeased(&shard, &leased, kNow, 1, kBits, kLimits), Verdict::kEnd, kEnd, 0);
    ExpectGrant(TakeOrdered(&ordered, &ordered_slot, kNow, 1, kBits, kLimits), Verdict::kEnd, kEnd,
                0);
  }
}

TEST(Sequence, WaitsWhenTheLeadIsUsedUp) {
  constexpr Limits kLimits = {At(100), At(100), At(1)};
  Slot slot;
  Shard shard;
  uint64_t last = 0;
  for (;;) {
    const Grant g = TakeLeased(&shard, &slot, At(5), 1, kBits, kLimits);
    if (g.verdict != Verdict::kGiven) {
      ExpectGrant(g, Verdict::kWait, last + 1, 0);
      break;
    }
    last = g.first;
  }
  EXPECT_GE(last, At(6, 0));  // one tick ahead of the clock
  EXPECT_LT(last, At(7, 0));
  EXPECT_EQ(TakeLeased(&shard, &slot, At(6), 1, kBits, kLimits).verdict, Verdict::kGiven);
}

TEST(Sequence, RaisesAtTheHorizonAndGoesOnOnceRaised) {
  Limits limits = {At(100), At(6), At(50)};
  Shard shard;
  Slot slot;
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 9, kBits, limits), Verdict::kGiven, At(5), 4);
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 1, kBits, limits), Verdict::kRaise, At(6), 0);
  EXPECT_EQ(shard.next.load(), At(6));
  limits.horizon = At(7);
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 1, kBits, limits), Verdict::kGiven, At(6), 1);
}

TEST(TakeLeased, BlocksDoubleWithinATickAndFallBackToOne) {
  constexpr int kWide = 12;
  Slot slot;
  Shard shard;
  const uint64_t tick = uint64_t{5} << kWide, next_tick = uint64_t{6} << kWide;
  std::vector<uint64_t> ends;
  for (int i = 0; i < 31; i++) {
    TakeLeased(&shard, &slot, tick, 1, kWide, kOpen);
    if (ends.empty() || shard.next.load() != ends.back()) ends.push_back(shard.next.load());
  }
  EXPECT_EQ(ends, (std::vector<uint64_t>{tick + 1, tick + 3, tick + 7, tick + 15, tick + 31}));
  TakeLeased(&shard, &slot, next_tick, 1, kWide, kOpen);
  EXPECT_EQ(shard.next.load(), next_tick + 1);
}

TEST(TakeLeased, BlocksStopGrowingAtKMaxBlock) {
  constexpr int kWide = 20;
  Slot slot;
  Shard shard;
  uint64_t largest = 0;
  for (int i = 0; i < 10000; i++) {
    const uint64_t before = shard.next.load();
    TakeLeased(&shard, &slot, 0, 1, kWide, kOpen);
    largest = std::max(largest, shard.next.load() - before);
  }
  EXPECT_EQ(largest, 1024u);
  EXPECT_EQ(largest, kMaxBlock);
}

TEST(TakeLeased, ABlockNeverCrossesATick) {
  Slot slot;
  Shard shard;
  // Blocks of 1, 2, 1: the fourth position is the tick's last.
  for (uint64_t i = 0; i < 4; i++)
    ExpectGrant(TakeLeased(&shard, &slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, i), 1);
  EXPECT_EQ(shard.next.load(), At(6));
  ExpectGrant(TakeLeased(&shard, &slot, At(5), 9, kBits, kOpen), Verdict::kGiven, At(6, 0), 4);
  EXPECT_EQ(shard.next.load(), At(7));
}

TEST(TakeLeased, ABlockIsDroppedOnceTheClockHasPassedItsTick) {
  Slot slot;
  Shard shard;
  TakeLeased(&shard, &slot, At(5), 1, kBits, kOpen);
  TakeLeased(&shard, &slot, At(5), 1, kBits, kOpen);  // leases 5/1 and 5/2, gives out 5/1
  EXPECT_EQ(slot.lease_next, At(5, 2));
  EXPECT_EQ(slot.lease_end, At(5, 3));
  ExpectGrant(TakeLeased(&shard, &slot, At(6), 1, kBits, kOpen), Verdict::kGiven, At(6, 0), 1);
}

TEST(TakeLeased, ABlockAheadOfTheClockIsKept) {
  Slot slot;
  Shard shard;
  shard.next = At(8);
  TakeLeased(&shard, &slot, At(5), 1, kBits, kOpen);
  TakeLeased(&shard, &slot, At(5), 1, kBits, kOpen);
  ExpectGrant(TakeLeased(&shard, &slot, At(8), 1, kBits, kOpen), Verdict::kGiven, At(8, 2), 1);
}

TEST(TakeLeased, SeveralComeFromTheBlockOrALargerOne) {
  constexpr int kWide = 12;
  Slot slot;
  Shard shard;
  ExpectGrant(TakeLeased(&shard, &slot, 0, 10, kWide, kOpen), Verdict::kGiven, 0, 10);
  ExpectGrant(TakeLeased(&shard, &slot, 0, 1, kWide, kOpen), Verdict::kGiven, 10, 1);
  ExpectGrant(TakeLeased(&shard, &slot, 0, 10, kWide, kOpen), Verdict::kGiven, 11, 1);  // the rest
  ExpectGrant(TakeLeased(&shard, &slot, 0, 5000, kWide, kOpen), Verdict::kGiven, 12, 4084);
}

TEST(TakeLeased, TwoSlotsHoldDifferentBlocks) {
  Slot a, b;
  Shard shard;
  ExpectGrant(TakeLeased(&shard, &a, At(5), 2, kBits, kOpen), Verdict::kGiven, At(5, 0), 2);
  ExpectGrant(TakeLeased(&shard, &b, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, 2), 1);
  ExpectGrant(TakeLeased(&shard, &a, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, 3), 1);
}

TEST(TakeOrdered, SeveralStayWithinOneTick) {
  Shard shard;
  Slot slot;
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(5, 0), 3);
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(5, 3), 1);
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(6, 0), 3);
}

// --- Eight backends at once. ---

constexpr int kThreads = 8;
constexpr size_t kPositionsEach = 200000;
constexpr int kSequenceBits = 8;
constexpr Limits kStorm = {uint64_t{1} << 62, uint64_t{1} << 62, uint64_t{50} << kSequenceBits};

using Take = std::function<Grant(Shard*, Slot*, uint64_t now, uint32_t wanted)>;

struct Storm {
  std::vector<uint64_t> positions[kThreads];
  bool globally_ordered = true;  // what was taken later is larger, whoever took it
};

// Every backend takes 200,000 positions, one to three at a time, while the clock moves on: by
// itself now and then, and whenever somebody must wait.
void RunStorm(const Take& take, Storm* storm, uint32_t calls_a_tick = 2000) {
  Shard shard;
  std::vector<Slot> slots(kThreads);
  std::atomic<uint64_t> tick{1000}, highest{0};
  std::atomic<bool> ordered{true};
  const auto backend = [&](int me) {
    std::vector<uint64_t>& mine = storm->positions[me];
    mine.reserve(kPositionsEach + 3);
    for (uint32_t i = 0; mine.size() < kPositionsEach; i++) {
      if (i % calls_a_tick == 0) tick.fetch_add(1);
      const uint64_t now = tick.load() << kSequenceBits;
      const uint64_t before = highest.load();
      const Grant g = take(&shard, &slots[static_cast<size_t>(me)], now, 1 + i % 3);
      if (g.verdict != Verdict::kGiven) {
        tick.fetch_add(1);
        continue;
      }
      if (g.first <= before) ordered = false;
      for (uint32_t k = 0; k < g.count; k++) mine.push_back(g.first + k);
      uint64_t seen = before;
      while (seen < mine.back() && !highest.compare_exchange_weak(seen, mine.back())) {
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++) threads.emplace_back(backend, t);
  for (std::thread& t : threads) t.join();
  storm->globally_ordered = ordered;
}

void ExpectRisingInEach(const Storm& storm) {
  for (const std::vector<uint64_t>& mine : storm.positions)
    EXPECT_EQ(std::adjacent_find(mine.begin(), mine.end(), std::greater_equal<>()), mine.end());
}

void ExpectNoneTwice(const Storm& storm) {
  std::vector<uint64_t> all;
  for (const std::vector<uint64_t>& mine : storm.positions)
    all.insert(all.end(), mine.begin(), mine.end());
  ASSERT_GE(all.size(), kThreads * kPositionsEach);
  std::sort(all.begin(), all.end());
  const auto twice = std::adjacent_find(all.begin(), all.end());
  EXPECT_EQ(twice, all.end()) << "position " << *twice;
}

// Blocks grow within a tick, so short ticks make many small leases that meet.
TEST(SequenceStorm, LeasedPositionsAreNeverTwice) {
  for (const uint32_t calls_a_tick : {2000, 10, 3, 2, 2, 2}) {
    Storm storm;
    RunStorm(
        [](Shard* shard, Slot* slot, uint64_t now, uint32_t wanted) {
          return TakeLeased(shard, slot, now, wanted, kSequenceBits, kStorm);
        },
        &storm, calls_a_tick);
    ExpectRisingInEach(storm);
    ExpectNoneTwice(storm);
  }
}

TEST(SequenceStorm, OrderedPositionsRiseAcrossBackends) {
  Storm storm;
  RunStorm(
      [](Shard* shard, Slot* slot, uint64_t now, uint32_t wanted) {
        return TakeOrdered(shard, slot, now, wanted, kSequenceBits, kStorm);
      },
      &storm);
  ExpectRisingInEach(storm);
  ExpectNoneTwice(storm);
  EXPECT_TRUE(storm.globally_ordered);
}

TEST(SequenceStorm, OwnPositionsRiseInEachSlot) {
  Storm storm;
  RunStorm([](Shard*, Slot* slot, uint64_t now,
              uint32_t wanted) { return TakeOwn(slot, now, wanted, kSequenceBits, kStorm); },
           &storm);
  ExpectRisingInEach(storm);
}

// S4 for every position of a grant, where end, horizon and ahead are whole ticks.
TEST(Sequence, GrantsStayWithinWholeTickLimits) {
  std::mt19937_64 rng(9);
  Slot slot, own, ordered_slot;
  Shard shard, ordered;
  uint64_t tick = 100;
  const Limits limits = {At(4000), At(3000), At(3)};
  for (int i = 0; i < 20000; i++) {
    if (rng() % 8 == 0) tick = std::min<uint64_t>(tick + rng() % 4, 2999);
    const auto wanted = static_cast<uint32_t>(1 + rng() % 6);
    for (const Grant& g : {TakeOwn(&own, At(tick), wanted, kBits, limits),
                           TakeLeased(&shard, &slot, At(tick), wanted, kBits, limits),
                           TakeOrdered(&ordered, &ordered_slot, At(tick), wanted, kBits, limits)}) {
      if (g.verdict != Verdict::kGiven) continue;
      const uint64_t last = g.first + g.count - 1;
      ASSERT_GE(g.count, 1u);
      ASSERT_LE(g.count, wanted);
      ASSERT_EQ(g.first >> kBits, last >> kBits);
      ASSERT_GE(g.first, At(tick));
      ASSERT_LE(last >> kBits, tick + 3);
      ASSERT_LT(last, limits.horizon);
    }
  }
}

// A generator with a worker field that is dropped and made again with the other ordering.
TEST(Sequence, AnotherOrderingGoesOnInTheSameSlot) {
  Slot slot;
  Shard shard;
  ExpectGrant(TakeOwn(&slot, At(5), 3, kBits, kOpen), Verdict::kGiven, At(5, 0), 3);
  ExpectGrant(TakeOrdered(&shard, &slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5, 3), 1);
  ExpectGrant(TakeOwn(&slot, At(5), 1, kBits, kOpen), Verdict::kGiven, At(6, 0), 1);
}

// The common case in a register: the same as the general one, or nothing at all.
TEST(TakeOne, GivesWhatTheGeneralCaseWould) {
  Slot one, general;
  for (uint64_t i = 0; i < 3; i++) {
    EXPECT_EQ(TakeOneOwn(&one, At(5), At(9), 3), At(5) + i);
    ExpectGrant(TakeOwn(&general, At(5), 1, kBits, kOpen), Verdict::kGiven, At(5) + i, 1);
  }
  EXPECT_EQ(TakeOneOwn(&one, At(5), At(5) + 3, 100), kNoPosition);  // the horizon wants a look
  EXPECT_EQ(TakeOneOwn(&one, At(5), At(9), 2), kNoPosition);        // the lead is used up
  EXPECT_EQ(one.next, At(5) + 3);
}

TEST(TakeOne, LeavesALeaseThatIsEmptyPassedOrBeyond) {
  Slot slot;
  EXPECT_EQ(TakeOneLeased(&slot, 0, At(9)), kNoPosition);
  slot.lease_next = At(5);
  slot.lease_end = At(5) + 2;
  EXPECT_EQ(TakeOneLeased(&slot, At(6), At(9)), kNoPosition);
  EXPECT_EQ(TakeOneLeased(&slot, At(5), At(5)), kNoPosition);
  EXPECT_EQ(TakeOneLeased(&slot, At(5), At(9)), At(5));
  EXPECT_EQ(TakeOneLeased(&slot, At(4), At(9)), At(5) + 1);
  EXPECT_EQ(TakeOneLeased(&slot, At(4), At(9)), kNoPosition);
}

}  // namespace
}  // namespace detid
