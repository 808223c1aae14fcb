// SPDX-License-Identifier: PostgreSQL

#include "core/sequencer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>
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
  std::atomic<int64_t> evicted_us{0};  // of the database
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
  EXPECT_EQ(s.Now(d, -1), kNoPosition);
  EXPECT_EQ(s.Now(d, 0), 0u);
  EXPECT_EQ(s.Now(d, 1999), 1u << 12);
  EXPECT_EQ(s.Now(d, 1000), 1u << 12);
  EXPECT_EQ(s.Now(d, 1023999), 1023u << 12);
  EXPECT_EQ(s.Now(d, 1024000), kNoPosition);  // G5
  EXPECT_EQ(s.Now(d, 5000), 5u << 12);
}

TEST(Sequencer, NothingIsGivenBeforeTheHorizonIsKnown) {
  Backend b("time:41@1ms node:10 sequence:12", kSecond);
  EXPECT_EQ(b.s.TakeOne(b.s.Now(b.d, 5000)), kNoPosition);
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
  Grant TakeWithoutShard(uint32_t wanted) {
    asked.push_back('t');
    return b->s.TakeTick(b->d, 0, &b->evicted_us, Now(), wanted);
  }
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

// --- Without a shard ----------------------------------------------------------------------------

TEST(WithoutShard, TheRestOfATickIsLeasedFromTheDatabase) {
  Backend b("time:41@1ms node:10 sequence:2", 10000);
  b.s.GoWithoutShard(&b.slot);
  Host host{&b, 5000, 60 * kSecond, {}};
  host.ReadHorizon();
  b.s.SetRenewal(b.d, 50 * kSecond);
  EXPECT_EQ(b.s.TakeOne(host.Now()), kNoPosition);
  const Grant refused = b.s.Take(host.Now(), 1);
  EXPECT_EQ(refused.verdict, Verdict::kNoShard);
  EXPECT_EQ(TakeSlowly(&b.s, host, 1, refused).first, 5u << 2);
  EXPECT_EQ(host.asked, (std::vector<char>{'f', 't', 'f'}));
  EXPECT_EQ(b.evicted_us, 6000);
  // The rest needs nobody.
  EXPECT_EQ(b.s.TakeOne(host.Now()), (5u << 2) + 1);
  const Grant rest = b.s.Take(host.Now(), 10);
  EXPECT_EQ(rest.first, (5u << 2) + 2);
  EXPECT_EQ(rest.count, 2u);
  EXPECT_EQ(b.s.Take(host.Now(), 1).verdict, Verdict::kNoShard);
  // A shard that is made now, of this or of another generator, begins above.
  EXPECT_GT(FirstPosition(b.d, 0, b.evicted_us), rest.first + rest.count - 1);
}

TEST(WithoutShard, ATickThatHasPassedIsDropped) {
  Backend b("time:41@1ms node:10 sequence:2", 10000);
  b.s.GoWithoutShard(&b.slot);
  b.s.SetHorizon(b.d, 60 * kSecond, kAlways);
  b.s.TakeTick(b.d, 0, &b.evicted_us, b.s.Now(b.d, 5000), 1);
  EXPECT_EQ(b.TakeAt(6000).verdict, Verdict::kNoShard);
}

TEST(WithoutShard, WorkersLeaseToo) {
  Backend b("time:36@1ms node:4 worker:8 sequence:2", 10000);
  b.s.GoWithoutShard(&b.slot);
  b.s.SetHorizon(b.d, 60 * kSecond, kAlways);
  EXPECT_EQ(b.TakeAt(5000).verdict, Verdict::kNoShard);
  EXPECT_EQ(b.s.TakeTick(b.d, 9000, &b.evicted_us, b.s.Now(b.d, 5000), 1).first, 9u << 2);
  EXPECT_EQ(b.evicted_us, 10000);
}

// Ordering 'node': what is left would be below what others have taken meanwhile.
TEST(WithoutShard, OrderedIdsKeepNothing) {
  Backend b("time:41@1ms node:10 sequence:4", 10000);
  b.s.GoWithoutShard(&b.slot);
  b.s.ordered = true;
  b.s.SetHorizon(b.d, 60 * kSecond, kAlways);
  const Grant g = b.s.TakeTick(b.d, 0, &b.evicted_us, b.s.Now(b.d, 5000), 3);
  EXPECT_EQ(g.count, 3u);
  EXPECT_EQ(b.TakeAt(5000).verdict, Verdict::kNoShard);
}

TEST(WithoutShard, RefusalsLeaseNothing) {
  Backend b("time:10@1ms node:10 sequence:2", 2000);
  b.s.GoWithoutShard(&b.slot);
  const auto take = [&](int64_t start_us, int64_t evicted_us) {
    b.evicted_us = evicted_us;
    const Grant g = b.s.TakeTick(b.d, start_us, &b.evicted_us, b.s.Now(b.d, 5000), 1);
    EXPECT_EQ(b.evicted_us, evicted_us);
    EXPECT_TRUE(NothingLeft(&b.slot, 0));
    return g.verdict;
  };
  b.s.SetHorizon(b.d, 5000, kAlways);
  EXPECT_EQ(take(0, 0), Verdict::kRaise);  // H1
  b.s.SetHorizon(b.d, 2 * kSecond, kAlways);
  EXPECT_EQ(take(8000, 0), Verdict::kWait);  // G3
  EXPECT_EQ(take(0, 8000), Verdict::kWait);
  EXPECT_EQ(take(0, 1023000), Verdict::kEnd);  // G5
}

// S7 with ticks of all lengths, whatever is evicted in between: no two leases of one database
// overlap in time.
TEST(WithoutShard, GeneratorsOfOneDatabaseLeaseDifferentTimes) {
  std::mt19937_64 random(7);
  const char* layouts[] = {"time:50@100ns node:5 sequence:5", "time:41@1ms node:10 sequence:12",
                           "time:32@1s node:10 sequence:20", "time:45@1500ns node:5 sequence:3"};
  std::atomic<int64_t> evicted_us{0};
  int64_t end_us = 0;
  for (int i = 0; i < 10000; i++) {
    const Definition d = Of(layouts[random() % 4]);
    Slot slot;
    Sequencer s;
    s.Prepare(d, 100000 * kSecond);
    s.GoWithoutShard(&slot);
    s.SetHorizon(d, 1000000 * kSecond, kAlways);
    const int64_t now_us = static_cast<int64_t>(random() % (20 * kSecond));
    const Grant g = s.TakeTick(d, kSecond, &evicted_us, s.Now(d, now_us), 1);
    ASSERT_EQ(g.verdict, Verdict::kGiven);
    const uint64_t tick = g.first >> s.sequence_bits;
    ASSERT_GE(static_cast<int64_t>((tick * d.layout.unit + 9) / 10), end_us);
    ASSERT_GE(g.first, FirstPosition(d, 0, end_us));
    end_us = evicted_us;
    ASSERT_EQ(end_us, EndOfTickUs(d, g.first));
  }
}

// Shards come and go while backends mint from them, or without: a directory as shared memory's, for
// one generator, which a lock guards (M8). Nobody who mints from a block asks it.
class Directory {
 public:
  explicit Directory(const Definition& d, int slots) : d_(d), slots_(static_cast<size_t>(slots)) {}

  // A user more, or a tick.
  Grant Attach(Sequencer* s, Slot* own, int number, bool room, uint64_t now, uint32_t wanted,
               bool* attached) {
    const std::lock_guard<std::mutex> guard(lock_);
    *attached = known_ || room;
    if (!*attached) {
      if (s->slot != own || s->shard != nullptr) s->GoWithoutShard(own);
      return s->TakeTick(d_, kSecond, &evicted_us_, now, wanted);
    }
    if (!known_) {
      const uint64_t first = FirstPosition(d_, kSecond, evicted_us_);
      shard_.next = first;
      for (SharedSlot& slot : slots_) {
        slot = SharedSlot{};
        slot.next = first;
      }
      known_ = true;
    }
    users_++;
    s->shard = &shard_;
    s->slot = &slots_[static_cast<size_t>(number)];
    s->worker = d_.layout.shows(Kind::kWorker);
    return s->Take(now, wanted);
  }

  void Detach(bool evict) {
    const std::lock_guard<std::mutex> guard(lock_);
    if (--users_ != 0 || !evict) return;
    uint64_t last = shard_.next;
    for (const SharedSlot& slot : slots_) last = std::max(last, slot.next);
    evicted_us_ = std::max(evicted_us_.load(), EndOfTickUs(d_, last - 1));
    known_ = false;
  }

 private:
  const Definition d_;
  std::mutex lock_;
  std::atomic<int64_t> evicted_us_{0};
  Shard shard_;
  std::vector<SharedSlot> slots_;
  bool known_ = false;
  int users_ = 0;
};

void RunShardStorm(const char* layout, bool ordered) {
  constexpr int kThreads = 6, kRounds = 4000;
  const Definition d = Of(layout);
  Directory directory(d, kThreads);
  std::atomic<int64_t> clock_us{kSecond};
  std::vector<std::vector<uint64_t>> given(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; number++)
    threads.emplace_back([&, number] {
      std::mt19937 random(static_cast<unsigned>(number));
      std::vector<uint64_t>& mine = given[static_cast<size_t>(number)];
      Slot own;
      Sequencer s;
      s.Prepare(d, 1000 * kSecond);
      s.ordered = ordered;
      s.GoWithoutShard(&own);
      s.SetHorizon(d, 1000000 * kSecond, kAlways);
      s.SetRenewal(d, 1000000 * kSecond);
      bool attached = false;
      for (int i = 0; i < kRounds; i++) {
        if (random() % 8 == 0) clock_us += 200;
        const uint64_t now = s.Now(d, clock_us);
        const uint32_t wanted = 1 + static_cast<uint32_t>(random() % 5);
        if (attached && random() % 16 == 0) {
          s.GoWithoutShard(&own);
          directory.Detach(random() % 2 == 0);
          attached = false;
        }
        Grant g = s.Take(now, wanted);
        if (g.verdict == Verdict::kNoShard)
          g = directory.Attach(&s, &own, number, random() % 4 == 0, now, wanted, &attached);
        ASSERT_EQ(g.verdict, Verdict::kGiven);
        for (uint32_t k = 0; k < g.count; k++) mine.push_back(g.first + k);
        if (!ordered)
          if (const uint64_t one = s.TakeOne(now); one != kNoPosition) mine.push_back(one);
      }
      if (attached) directory.Detach(false);
    });
  for (std::thread& t : threads) t.join();
  std::vector<uint64_t> all;
  for (int number = 0; number < kThreads; number++) {
    const std::vector<uint64_t>& mine = given[static_cast<size_t>(number)];
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));  // G2
    // With a worker field the thread's number is in the id (S5).
    for (const uint64_t p : mine)
      all.push_back(d.layout.shows(Kind::kWorker) ? p * kThreads + static_cast<uint64_t>(number)
                                                  : p);
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_GT(all.size(), size_t{kThreads} * kRounds);
}

TEST(WithoutShardStorm, LeasedBlocks) {
  RunShardStorm("time:41@1ms node:10 sequence:6", false);
}
TEST(WithoutShardStorm, Workers) {
  RunShardStorm("time:36@1ms node:4 worker:8 sequence:6", false);
}
TEST(WithoutShardStorm, OrderedAcrossBackends) {
  RunShardStorm("time:41@1ms node:10 sequence:6", true);
}

}  // namespace
}  // namespace detid
