// SPDX-License-Identifier: PostgreSQL
//
// Generators that scatter: order, uniqueness, capacity, and how evenly ids fall into buckets.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/compose.h"
#include "core/sequencer.h"

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kTickUs = 1000;

GeneratorKey Key(uint8_t first) {
  GeneratorKey key{};
  key.byte[0] = first;
  return key;
}

// The backends of one node with one generator, from which nothing was minted. Its clock begins at
// its epoch; the horizon is far.
struct Node {
  Definition d;
  Shard shard;
  std::vector<Slot> slots;
  std::vector<Sequencer> backends;

  Node(const std::string& layout, int count, int64_t max_ahead_us = kSecond,
       Ordering ordering = Ordering::kBackend, bool scatter = true, uint8_t key = 1, int node = 3)
      : d(DefinitionOf(layout).value), slots(static_cast<size_t>(count)) {
    d.epoch_us = 0;
    d.ordering = ordering;
    d.scatter = scatter;
    for (int i = 0; i < count; i++) {
      Sequencer s;
      s.Prepare(d, max_ahead_us);
      s.PrepareScatter(d, Key(key), node, i);
      s.shard = &shard;
      s.slot = &slots[static_cast<size_t>(i)];
      s.limits.horizon = s.limits.end;
      backends.push_back(s);
    }
  }

  uint64_t Now(int64_t now_us, int backend = 0) {
    return backends[static_cast<size_t>(backend)].Now(d, now_us);
  }
  // As a mint does: in a register if that is the common case.
  Grant Take(int64_t now_us, int backend = 0, uint32_t wanted = 1) {
    Sequencer& s = backends[static_cast<size_t>(backend)];
    const uint64_t now = s.Now(d, now_us);
    s.renew = s.limits.end;
    if (wanted == 1 && !s.ordered) {
      const uint64_t one = s.TakeOne(now);
      if (one != kNoPosition) return {Verdict::kGiven, one, 1};
    }
    return s.Take(now, wanted);
  }
};

uint64_t StartOf(uint64_t position, int sequence_bits) {
  return position & LowMask(sequence_bits);
}

TEST(Scatter, BeginsTicksInTheLowerHalf) {
  for (const int bits : {2, 5, 12}) {
    Node n("time:32@1ms node:5 sequence:" + std::to_string(bits), 1);
    std::set<uint64_t> starts;
    for (int64_t tick = 0; tick < 2000; tick++) {
      const uint64_t now = n.Now(tick * kTickUs + 7);
      ASSERT_EQ(now >> bits, static_cast<uint64_t>(tick));
      ASSERT_LT(StartOf(now, bits), uint64_t{1} << (bits - 1));
      ASSERT_EQ(n.Now(tick * kTickUs + 999), now) << "a tick begins at one place";
      starts.insert(StartOf(now, bits));
    }
    EXPECT_GE(starts.size(), std::min<size_t>(size_t{1} << (bits - 1), 1000)) << bits;
  }
}

TEST(Scatter, ThePlaceIsThePrfsOfTheTickNodeAndWorker) {
  const char kShared[] = "time:32@1ms node:5 sequence:12";
  const char kOwn[] = "time:32@1ms node:5 worker:5 sequence:12";
  Node n(kShared, 2), again(kShared, 1),
      other_node(kShared, 1, kSecond, Ordering::kBackend, true, 1, 4),
      other_key(kShared, 1, kSecond, Ordering::kBackend, true, 2), own(kOwn, 2);
  int same_node = 0, same_key = 0, same_worker = 0;
  for (int64_t us = 0; us < 500 * kTickUs; us += kTickUs) {
    EXPECT_EQ(n.Now(us), again.Now(us));
    // Backends that share a sequence share its beginnings.
    EXPECT_EQ(n.Now(us, 0), n.Now(us, 1));
    same_node += n.Now(us) == other_node.Now(us);
    same_key += n.Now(us) == other_key.Now(us);
    same_worker += own.Now(us, 0) == own.Now(us, 1);
  }
  // 500 / 2048 are expected.
  EXPECT_LT(same_node, 5);
  EXPECT_LT(same_key, 5);
  EXPECT_LT(same_worker, 5);
  // Never changes (G4).
  EXPECT_EQ(StartOf(n.Now(0), 12), StartOf(ScatterWord(Key(1), 0, 3, 0), 11));
}

// Backends that mint at random, in bursts and with pauses, under a clock that only rises.
void CheckOrder(const std::string& layout, Ordering ordering, int64_t max_ahead_us, bool toggle) {
  constexpr int kBackends = 4;
  Node n(layout, kBackends, max_ahead_us, ordering);
  const bool worker = n.d.layout.shows(Kind::kWorker);
  std::mt19937_64 rng(31);
  std::vector<uint64_t> last(kBackends, 0);
  uint64_t last_of_all = 0;
  std::set<std::pair<uint64_t, int>> given;
  int64_t us = kTickUs;
  int waits = 0;
  for (int i = 0; i < 40000; i++) {
    if (rng() % 4 == 0) us += static_cast<int64_t>(rng() % (rng() % 50 == 0 ? 20000 : 400));
    const int b = static_cast<int>(rng() % kBackends);
    if (toggle && rng() % 100 == 0) {
      // One backend learns of a change of the option before the others.
      Definition d = n.d;
      d.scatter = rng() % 2 == 0;
      Sequencer& s = n.backends[static_cast<size_t>(b)];
      s.Prepare(d, max_ahead_us);
      s.PrepareScatter(d, Key(1), 3, b);
      s.limits.horizon = s.limits.end;
    }
    const uint32_t wanted = rng() % 8 == 0 ? 1 + static_cast<uint32_t>(rng() % 40) : 1;
    const Grant g = n.Take(us, b, wanted);
    if (g.verdict != Verdict::kGiven) {
      ASSERT_EQ(g.verdict, Verdict::kWait);
      waits++;
      continue;
    }
    ASSERT_GE(g.count, 1u);
    for (uint64_t p = g.first; p < g.first + g.count; p++) {
      ASSERT_GT(p, last[static_cast<size_t>(b)]) << layout;
      ASSERT_TRUE(given.insert({p, worker ? b : 0}).second) << layout << ": " << p;
      last[static_cast<size_t>(b)] = p;
      if (ordering == Ordering::kNode) {
        ASSERT_GT(p, last_of_all) << layout;
      }
      last_of_all = std::max(last_of_all, p);
    }
    // G3
    const uint64_t ahead = static_cast<uint64_t>(max_ahead_us / kTickUs);
    ASSERT_LE(g.first >> n.d.layout.sequence_bits(), static_cast<uint64_t>(us / kTickUs) + ahead);
  }
  EXPECT_GT(given.size(), 5000u) << layout;
  if (n.d.layout.sequence_bits() <= 5) {
    EXPECT_GT(waits, 0) << layout;
  }
}

TEST(Scatter, NeverGivesTwiceAndKeepsTheOrder) {
  for (const bool toggle : {false, true})
    for (const int64_t ahead : {int64_t{0}, 3 * kTickUs, kSecond})
      for (const char* bits : {"2", "5", "12"}) {
        const std::string sequence = std::string(" sequence:") + bits;
        if (ahead == kSecond && sequence != " sequence:12") continue;
        CheckOrder("time:32@1ms node:5" + sequence, Ordering::kBackend, ahead, toggle);
        CheckOrder("time:32@1ms node:5" + sequence, Ordering::kNode, ahead, toggle);
        if (sequence == " sequence:12")
          CheckOrder("time:32@1ms node:5 worker:5" + sequence, Ordering::kBackend, ahead, toggle);
      }
}

// --- Buckets ----------------------------------------------------------------------------------

// The ids of one mint a tick, counted by id % buckets.
std::vector<int> Buckets(const std::string& layout, int buckets, int ticks, bool scatter) {
  Node n(layout, 1, kSecond, Ordering::kBackend, scatter);
  std::vector<int> counts(static_cast<size_t>(buckets));
  for (int i = 0; i < ticks; i++) {
    const Grant g = n.Take(i * kTickUs);
    EXPECT_EQ(g.verdict, Verdict::kGiven);
    Coordinates c = {3, 0, 0, 0};
    SetPosition(n.d.layout, g.first, &c);
    const Bits id = Compose(n.d.layout, c, {}, nullptr).value;
    counts[id.word[0] % static_cast<uint64_t>(buckets)]++;
  }
  return counts;
}

double ChiSquared(const std::vector<int>& counts) {
  double total = 0, sum = 0;
  for (const int count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// 15 degrees of freedom: 37.7 is exceeded once in a thousand keys, and this is one key for ever.
TEST(Scatter, SpreadsIdsOver16Buckets) {
  for (const char* layout : {"time:41@1ms node:10 sequence:12", "time:41@1ms node:10 sequence:5"})
    EXPECT_LT(ChiSquared(Buckets(layout, 16, 16000, true)), 37.7) << layout;
}

TEST(Scatter, WithoutItAllIdsFallIntoOneBucket) {
  EXPECT_EQ(Buckets("time:41@1ms node:10 sequence:12", 16, 1000, false)[0], 1000);
}

// Half of the sequence is where ticks begin: 2 bits have 2 places, and so 2 buckets.
TEST(Scatter, FillsAsManyBucketsAsHalfTheSequenceHas) {
  const std::vector<int> counts = Buckets("time:41@1ms node:10 sequence:2", 4, 16000, true);
  EXPECT_LT(ChiSquared({counts[0], counts[1]}), 10.8);  // one degree of freedom
  EXPECT_EQ(counts[2] + counts[3], 0);
  const std::vector<int> of_16 = Buckets("time:41@1ms node:10 sequence:4", 16, 16000, true);
  EXPECT_LT(ChiSquared({of_16.begin(), of_16.begin() + 8}), 24.3);  // seven
}

// --- Capacity ---------------------------------------------------------------------------------

// Takes one by one until refused or `wanted` are given; returns how many were.
int TakeUpTo(Node* n, int64_t us, int wanted, uint64_t* last) {
  for (int i = 0; i < wanted; i++) {
    const Grant g = n->Take(us);
    if (g.verdict != Verdict::kGiven) return i;
    *last = g.first;
  }
  return wanted;
}

TEST(Scatter, GivesNearlyAWholeTicksSequenceEveryTick) {
  for (const int bits : {2, 5, 12}) {
    Node n("time:32@1ms node:5 sequence:" + std::to_string(bits), 1);
    const int whole = 1 << bits;
    int64_t demand = 0;
    for (int64_t tick = 0; tick < 1000; tick++) {
      const int64_t before = demand;
      demand = (tick + 1) * whole * 95 / 100;
      uint64_t last = 0;
      const int wanted = static_cast<int>(demand - before);
      ASSERT_EQ(TakeUpTo(&n, tick * kTickUs, wanted, &last), wanted) << bits << " " << tick;
      ASSERT_LE(last >> bits, static_cast<uint64_t>(tick) + 1) << bits;
    }
  }
}

TEST(Scatter, GivesAllThereIsUnderOverload) {
  for (const int64_t ahead : {kTickUs, 3 * kTickUs})
    for (const int bits : {2, 5, 12}) {
      Node n("time:32@1ms node:5 sequence:" + std::to_string(bits), 1, ahead);
      const int whole = 1 << bits;
      uint64_t last = 0;
      int64_t given = 0;
      for (int64_t tick = 0; tick < 1000; tick++) {
        given += TakeUpTo(&n, tick * kTickUs, 8 * whole, &last);
        ASSERT_LE(last >> bits, static_cast<uint64_t>(tick + ahead / kTickUs));
      }
      EXPECT_GE(given, 1000 * whole) << bits;
    }
}

// What cannot run on into the next tick would be lost.
TEST(Scatter, TakesALeadOfATick) {
  for (const int64_t ahead : {int64_t{0}, kTickUs - 1}) {
    Node n("time:32@1ms node:5 sequence:5", 1, ahead);
    uint64_t last = 0;
    for (int64_t tick = 0; tick < 1000; tick++) {
      ASSERT_EQ(n.Now(tick * kTickUs), static_cast<uint64_t>(tick) << 5);
      ASSERT_EQ(TakeUpTo(&n, tick * kTickUs, 100, &last), 32);
    }
  }
}

TEST(Scatter, ARefusedPositionIsGivenWhenItIsSaidToBe) {
  for (const int64_t ahead : {int64_t{0}, kTickUs, 2 * kTickUs, 7 * kTickUs}) {
    Node n("time:32@1ms node:5 sequence:5", 1, ahead);
    int64_t us = 0;
    int waits = 0;
    for (int i = 0; i < 20000; i++) {
      Grant g = n.Take(us);
      if (g.verdict == Verdict::kGiven) continue;
      ASSERT_EQ(g.verdict, Verdict::kWait);
      const int64_t at = n.backends[0].GivenAtUs(n.d, g.first);
      ASSERT_GT(at, us);
      ASSERT_LE(at, us + 2 * kTickUs);
      us = at;
      const Grant later = n.Take(us);
      ASSERT_EQ(later.verdict, Verdict::kGiven);
      ASSERT_GE(later.first, g.first);
      waits++;
    }
    EXPECT_GT(waits, 500);
  }
}

// --- The end ----------------------------------------------------------------------------------

// The places below the beginning of the last tick are lost unless the tick before runs into them;
// nothing else is, and nothing wraps.
TEST(Scatter, TheLastTickIsGivenFromItsBeginningToTheEnd) {
  Node n("time:10@1ms node:5 sequence:5", 1);
  const uint64_t begin = n.Now(1023 * kTickUs);
  ASSERT_GT(StartOf(begin, 5), 0u);
  uint64_t last = 0;
  EXPECT_EQ(TakeUpTo(&n, 1023 * kTickUs, 100, &last), 32 - static_cast<int>(StartOf(begin, 5)));
  EXPECT_EQ(last, 1023u << 5 | 31);
  EXPECT_EQ(n.Take(1023 * kTickUs).verdict, Verdict::kEnd);
  EXPECT_EQ(n.Now(1024 * kTickUs), kNoPosition);
}

TEST(Scatter, TheTickBeforeTheLastRunsIntoIt) {
  Node n("time:10@1ms node:5 sequence:5", 1);
  const uint64_t begin = n.Now(1022 * kTickUs);
  uint64_t last = 0;
  // To the end of the epoch: a tick and what is left of one.
  EXPECT_EQ(TakeUpTo(&n, 1022 * kTickUs, 100, &last), 64 - static_cast<int>(StartOf(begin, 5)));
  EXPECT_EQ(last, 1023u << 5 | 31);
  EXPECT_EQ(n.Take(1022 * kTickUs).verdict, Verdict::kEnd);
  EXPECT_EQ(n.Take(1023 * kTickUs).verdict, Verdict::kEnd);
}

}  // namespace
}  // namespace detid
