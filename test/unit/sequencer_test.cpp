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

// A backend with a generator from which nothing was minted.
struct Backend {
  const Definition d;
  Shard shard;
  Slot slot;
  Sequencer s;

  Backend(const char* layout, int64_t max_ahead_us) : d(Of(layout)) {
    s.Prepare(d, max_ahead_us);
    s.shard = &shard;
    s.slot = &slot;
  }
  Grant TakeAt(int64_t now_us) { return s.Take(s.Now(d, now_us), 1); }
};

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
  Backend b("time:41@1ms node:10 sequence:12", kSecond);
  EXPECT_EQ(b.s.TakeOne(b.s.Now(b.d, 5000)), kNone);
  EXPECT_EQ(b.TakeAt(5000).verdict, Verdict::kRaise);
  b.s.SetHorizon(b.d, 6000, kAlways);
  EXPECT_EQ(b.TakeAt(5000).verdict, Verdict::kGiven);
  EXPECT_EQ(b.TakeAt(6000).verdict, Verdict::kRaise);  // H1
  b.s.SetRenewal(b.d, 100000);
  EXPECT_EQ(b.s.renew, uint64_t{6} << 12);  // within the limits
}

// The host of TakeSlowly, noting what it is asked.
struct Host {
  Backend* b;
  int64_t now_us, published_us;
  std::vector<char> asked;

  void CheckFence() { asked.push_back('f'); }
  uint64_t Now() { return b->s.Now(b->d, now_us); }
  void ReadHorizon() { b->s.SetHorizon(b->d, published_us, kAlways); }
  void AwaitGrant(uint64_t) {}
  void Raise(uint64_t position) {
    asked.push_back('r');
    published_us = EndOfTickUs(b->d, position) + 3 * kSecond;
  }
  void Renew(uint64_t) { asked.push_back('n'); }
  void Wait(uint64_t position) {
    asked.push_back('w');
    now_us = b->s.GivenAtUs(b->d, position);
  }
  void Ready() {}
  void End() { FAIL(); }
};

TEST(Sequencer, TakeSlowlyRaisesWhatIsUsedUp) {
  Backend b("time:41@1ms node:10 sequence:12", kSecond);
  Host host{&b, 5000, 0, {}};
  const Grant g = TakeSlowly(&b.s, host, 1, b.s.Take(host.Now(), 1));
  EXPECT_EQ(g.verdict, Verdict::kGiven);
  EXPECT_EQ(g.first, uint64_t{5} << 12);
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'r', 'f', 'n'}));
}

// Another has raised it meanwhile: nothing is written.
TEST(Sequencer, TakeSlowlyLooksBeforeItRaises) {
  Backend b("time:41@1ms node:10 sequence:12", kSecond);
  Host host{&b, 5000, 3 * kSecond, {}};
  TakeSlowly(&b.s, host, 1, b.s.Take(host.Now(), 1));
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'f', 'n'}));
}

TEST(Sequencer, TakeSlowlyWaitsUnderOverload) {
  Backend b("time:41@1ms node:10 sequence:2", 2000);  // two ticks ahead
  Host host{&b, 5000, 60 * kSecond, {}};
  b.s.SetHorizon(b.d, host.published_us, kAlways);
  uint64_t last = 0;
  for (int i = 0; i < 12; i++) last = b.s.Take(host.Now(), 1).first;
  EXPECT_EQ(last >> 2, 7u);
  const Grant refused = b.s.Take(host.Now(), 1);
  EXPECT_EQ(refused.verdict, Verdict::kWait);
  const Grant g = TakeSlowly(&b.s, host, 1, refused);
  EXPECT_EQ(g.first, last + 1);
  EXPECT_EQ(host.now_us, 6000);
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 'w', 'f', 'n'}));
}

// A generator made again with the other ordering shares the slot.
TEST(Sequencer, OrderingsInTurnNeverGoBack) {
  Backend b("time:32@1s node:10 sequence:20", kSecond);
  b.s.SetHorizon(b.d, 60 * kSecond, kAlways);
  uint64_t last = 0;
  for (int i = 0; i < 1000; i++) {
    b.s.ordered = i / 10 % 2 == 1;
    const Grant g = b.TakeAt(5 * kSecond);
    ASSERT_EQ(g.verdict, Verdict::kGiven);
    ASSERT_GT(g.first, last);
    last = g.first;
  }
}

}  // namespace
}  // namespace detid
