// SPDX-License-Identifier: PostgreSQL

#include "core/sequencer.h"

#include <gtest/gtest.h>

#include <vector>

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;

Definition Of(const char* layout) {
  Definition d = DefinitionOf(layout).value;
  d.epoch_us = 0;
  return d;
}

TEST(Sequencer, PositionsOfTimes) {
  const Definition d = Of("time:41@1ms node:10 sequence:12");
  EXPECT_EQ(PositionAt(d, -5), 0u);
  EXPECT_EQ(PositionAt(d, 999), 0u);
  EXPECT_EQ(PositionAt(d, 1000), 1u << 12);
  EXPECT_EQ(EndOfTickUs(d, 0), 1000);
  EXPECT_EQ(EndOfTickUs(d, (1u << 12) - 1), 1000);
  EXPECT_EQ(EndOfTickUs(d, 1u << 12), 2000);
}

// A tick of 100 ns ends within a microsecond: the end is the next whole one.
TEST(Sequencer, EndsOfShortTicksAreRoundedUp) {
  const Definition d = Of("time:50@100ns node:5 sequence:5");
  EXPECT_EQ(EndOfTickUs(d, 0), 1);
  EXPECT_EQ(EndOfTickUs(d, 9 << 5), 1);
  EXPECT_EQ(EndOfTickUs(d, 10 << 5), 2);
}

// M2: above everything before, also where the evicted shard had ticks of another length.
TEST(Sequencer, AShardBeginsAboveWhatWasBefore) {
  const Definition d = Of("time:32@1s node:10 sequence:20");
  EXPECT_EQ(FirstPosition(d, 7 * kSecond, 0), uint64_t{7} << 20);
  EXPECT_EQ(FirstPosition(d, 7 * kSecond + 1, 0), uint64_t{7} << 20);
  EXPECT_EQ(FirstPosition(d, 7 * kSecond, 9 * kSecond), uint64_t{10} << 20);
  EXPECT_EQ(FirstPosition(d, 7 * kSecond, 9 * kSecond + 1), uint64_t{10} << 20);
}

TEST(Sequencer, NowFollowsTheClockAndKnowsTheEpoch) {
  const Definition d = Of("time:10@1ms node:10 sequence:12");
  Sequencer s;
  s.Prepare(d, kSecond);
  EXPECT_EQ(s.Now(d, -1), kNone);
  EXPECT_EQ(s.Now(d, 0), 0u);
  EXPECT_EQ(s.Now(d, 1999), 1u << 12);
  EXPECT_EQ(s.Now(d, 1000), 1u << 12);
  EXPECT_EQ(s.Now(d, 1023999), 1023u << 12);
  EXPECT_EQ(s.Now(d, 1024000), kNone);  // G5
  EXPECT_EQ(s.Now(d, 5000), 5u << 12);
}

TEST(Sequencer, NothingIsGivenBeforeTheHorizonIsKnown) {
  const Definition d = Of("time:41@1ms node:10 sequence:12");
  Shard shard;
  Slot slot;
  Sequencer s;
  s.Prepare(d, kSecond);
  s.shard = &shard;
  s.slot = &slot;
  EXPECT_EQ(s.TakeOne(s.Now(d, 5000)), kNone);
  EXPECT_EQ(s.Take(s.Now(d, 5000), 1).verdict, Verdict::kRaise);
  s.SetHorizon(d, 6000);
  EXPECT_EQ(s.Take(s.Now(d, 5000), 1).verdict, Verdict::kGiven);
  EXPECT_EQ(s.Take(s.Now(d, 6000), 1).verdict, Verdict::kRaise);  // H1
  s.SetRenewal(d, 100000);
  EXPECT_EQ(s.renew, uint64_t{6} << 12);  // within the limits
}

// The host of TakeSlowly, noting what it is asked.
struct Host {
  Sequencer* s;
  const Definition* d;
  int64_t now_us, published_us;
  std::vector<char> asked;

  void CheckFence() { asked.push_back('f'); }
  uint64_t Now() { return s->Now(*d, now_us); }
  void ReadHorizon() { s->SetHorizon(*d, published_us); }
  void Raise(uint64_t position) {
    asked.push_back('r');
    published_us = EndOfTickUs(*d, position) + 3 * kSecond;
  }
  void Renew(uint64_t) { asked.push_back('n'); }
  void Wait(uint64_t position) {
    asked.push_back('w');
    now_us = s->GivenAtUs(*d, position);
  }
  void Ready() {}
  void End() { FAIL(); }
};

TEST(Sequencer, TakeSlowlyRaisesWhatIsUsedUp) {
  const Definition d = Of("time:41@1ms node:10 sequence:12");
  Shard shard;
  Slot slot;
  Sequencer s;
  s.Prepare(d, kSecond);
  s.shard = &shard;
  s.slot = &slot;
  Host host{&s, &d, 5000, 0, {}};
  const Grant g = TakeSlowly(&s, host, 1, s.Take(host.Now(), 1));
  EXPECT_EQ(g.verdict, Verdict::kGiven);
  EXPECT_EQ(g.first, uint64_t{5} << 12);
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'r', 'f', 'n'}));
}

// Another has raised it meanwhile: nothing is written.
TEST(Sequencer, TakeSlowlyLooksBeforeItRaises) {
  const Definition d = Of("time:41@1ms node:10 sequence:12");
  Shard shard;
  Slot slot;
  Sequencer s;
  s.Prepare(d, kSecond);
  s.shard = &shard;
  s.slot = &slot;
  Host host{&s, &d, 5000, 3 * kSecond, {}};
  TakeSlowly(&s, host, 1, s.Take(host.Now(), 1));
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'f', 'n'}));
}

TEST(Sequencer, TakeSlowlyWaitsUnderOverload) {
  const Definition d = Of("time:41@1ms node:10 sequence:2");
  Shard shard;
  Slot slot;
  Sequencer s;
  s.Prepare(d, 2000);  // two ticks ahead
  s.shard = &shard;
  s.slot = &slot;
  Host host{&s, &d, 5000, 60 * kSecond, {}};
  s.SetHorizon(d, host.published_us);
  uint64_t last = 0;
  for (int i = 0; i < 12; i++) last = s.Take(host.Now(), 1).first;
  EXPECT_EQ(last >> 2, 7u);
  const Grant refused = s.Take(host.Now(), 1);
  EXPECT_EQ(refused.verdict, Verdict::kWait);
  const Grant g = TakeSlowly(&s, host, 1, refused);
  EXPECT_EQ(g.first, last + 1);
  EXPECT_EQ(host.now_us, 6000);
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'w', 'f', 'n'}));
}

// A generator made again with the other ordering shares the slot.
TEST(Sequencer, OrderingsInTurnNeverGoBack) {
  const Definition d = Of("time:32@1s node:10 sequence:20");
  Shard shard;
  Slot slot;
  Sequencer s;
  s.Prepare(d, kSecond);
  s.shard = &shard;
  s.slot = &slot;
  s.SetHorizon(d, 60 * kSecond);
  uint64_t last = 0;
  for (int i = 0; i < 1000; i++) {
    s.ordered = i / 10 % 2 == 1;
    const Grant g = s.Take(s.Now(d, 5 * kSecond), 1);
    ASSERT_EQ(g.verdict, Verdict::kGiven);
    ASSERT_GT(g.first, last);
    last = g.first;
  }
}

}  // namespace
}  // namespace detid
