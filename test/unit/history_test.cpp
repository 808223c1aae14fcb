// SPDX-License-Identifier: PostgreSQL
//
// The recent-history window: exactly the last ids are refused, whatever the number, the space of
// ids and the number of threads.

#include "core/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace detid {
namespace {

// A window for `ids` ids, with what is asked for by number. Numbers below 2^63 are bigints.
struct Window {
  std::vector<HistoryBucket> buckets;
  History history;
  uint32_t chunk;

  explicit Window(uint32_t ids) : buckets(size_t{1} << HistoryBits(ids)), chunk(HistoryChunk(ids)) {
    history.Begin(buckets.data(), HistoryBits(ids));
  }
  Recall Remember(uint64_t id, uint64_t* order = nullptr) {
    return history.Remember(HistoryFingerprint({{id, 0, 0}}), chunk, order);
  }
  int Occupied() const {
    int n = 0;
    for (const HistoryBucket& bucket : buckets)
      for (const std::atomic<uint64_t>& cell : bucket.cell) n += cell != 0;
    return n;
  }
};

// The spaces hold 4 chunks of 4 at the least, as a generator's do: ids that are free are there.
uint64_t Space(uint32_t ids, int factor) {
  return uint64_t{HistoryChunk(ids)} * 4 * static_cast<uint64_t>(factor);
}

TEST(History, RefusesAtLeastTheLastIdsAndAtMostAQuarterMore) {
  std::mt19937_64 random(1);
  for (const uint32_t ids :
       {1u, 2u, 3u, 4u, 5u, 7u, 8u, 16u, 50u, 100u, 1000u, 1023u, 1024u, 1025u, 3000u, 10000u})
    for (const int factor : {4, 16, 1000}) {
      Window w(ids);
      std::unordered_map<uint64_t, uint32_t> accepted_at;
      uint32_t accepted = 0, asked = 0, full = 0, again = 0;
      for (; accepted < 20 * ids + 4000; asked++) {
        ASSERT_LT(asked, 1000000u) << ids << " of " << factor;
        const uint64_t id = random() % Space(ids, factor);
        const auto before = accepted_at.find(id);
        const uint32_t ago = before != accepted_at.end() ? accepted - before->second : UINT32_MAX;
        const Recall recall = w.Remember(id);
        if (recall == Recall::kRecent) {
          ASSERT_LT(ago, 5 * w.chunk) << ids << " of " << factor;
        }
        full += recall == Recall::kFull;
        if (recall != Recall::kNew) continue;
        ASSERT_GT(ago, ids) << ids << " of " << factor;
        again += before != accepted_at.end();
        accepted_at[id] = accepted++;
      }
      EXPECT_TRUE(again > 0 || factor == 1000) << "ids that are forgotten come again";
      EXPECT_LT(full, asked / 100) << ids << " of " << factor;
    }
}

// The rule itself: an id is refused while at most four generations lie between.
TEST(History, ForgetsByGenerations) {
  for (const uint32_t ids : {1u, 4u, 6u, 40u, 2000u}) {
    Window w(ids);
    std::mt19937_64 random(ids);
    std::unordered_map<uint64_t, uint64_t> accepted_at;
    uint64_t accepted = 0;
    for (uint32_t i = 0; i < 40 * ids + 20000; i++) {
      const uint64_t id = random() % Space(ids, 4);
      const auto before = accepted_at.find(id);
      const bool recent = before != accepted_at.end() &&
                          accepted / w.chunk - before->second / w.chunk <= kHistoryGenerations;
      const Recall recall = w.Remember(id);
      ASSERT_EQ(recall == Recall::kRecent, recent) << ids << ": " << i;
      if (recall == Recall::kNew) accepted_at[id] = accepted++;
    }
  }
}

TEST(History, IsEmptyAtFirst) {
  Window w(100);
  EXPECT_EQ(w.Occupied(), 0);
  EXPECT_EQ(w.Remember(0), Recall::kNew);
  EXPECT_EQ(w.Remember(0), Recall::kRecent);
  EXPECT_EQ(w.Occupied(), 1);
  w.history.Begin(w.buckets.data(), w.history.bits());
  EXPECT_EQ(w.Occupied(), 0);
  EXPECT_EQ(w.Remember(0), Recall::kNew);
}

// Fingerprints whose tag is 0, or whose bits are all set, are none but themselves.
TEST(History, TellsTagsApart) {
  constexpr int kTagBits = 63 - kHistoryStampBits;
  for (const uint32_t ids : {1u, 1u << 12}) {
    Window w(ids);
    const auto print = [&](uint64_t bucket, uint64_t tag) {
      return bucket << (64 - w.history.bits()) | tag;
    };
    for (int n = 0; n < 3; n++) {
      for (const uint64_t p : {print(5, 0), print(5, 1), print(5, LowMask(kTagBits)), ~uint64_t{0},
                               uint64_t{0}, print(5, uint64_t{1} << (kTagBits - 1))}) {
        ASSERT_EQ(w.history.Remember(p, 4), Recall::kNew) << std::hex << p;
        ASSERT_EQ(w.history.Remember(p, 4), Recall::kRecent) << std::hex << p;
      }
      for (uint64_t i = 10; i < 50; i++)
        ASSERT_EQ(w.history.Remember(print(i, 0), 4), Recall::kNew);
    }
  }
}

// A stamp has 2^16 values. What was minted once, and never asked for since, is accepted at any time
// after, also where its stamp comes again; and nothing that is new is taken for old.
TEST(History, StampsWrapAround) {
  constexpr uint64_t kWrap = uint64_t{1} << kHistoryStampBits;
  for (const uint64_t age : {kWrap - 5, kWrap - 1, kWrap, kWrap + 1, kWrap + 4, kWrap + 5}) {
    Window w(4);
    uint64_t next = 1000000;
    for (int lap = 0; lap < 3; lap++) {
      ASSERT_EQ(w.Remember(7), Recall::kNew) << age;
      ASSERT_EQ(w.Remember(7), Recall::kRecent) << age;
      for (uint64_t i = 1; i < age;) i += w.Remember(next++) == Recall::kNew;
    }
  }
}

// Of a large window several buckets are swept at a time. The first buckets' cells are there until
// their turn comes, and no longer.
TEST(History, SweepsAllBuckets) {
  for (const uint32_t ids : {4u, 1u << 16}) {
    Window w(ids);
    for (uint64_t i = 0; i < 1000; i++) w.Remember(i);
    EXPECT_GT(w.Occupied(), 100);
    const uint64_t same = HistoryFingerprint({{77, 0, 0}}) >> (64 - w.history.bits())
                                                                  << (64 - w.history.bits());
    for (int n = 0; n < 1 << 14; n++) {  // all generations in one bucket
      while (w.history.Remember(same + static_cast<uint64_t>(n) * 2, 1) != Recall::kNew) FAIL();
    }
    EXPECT_LE(w.Occupied(), HistoryBucket::kCells);
  }
}

TEST(History, AFullBucketRefusesAndForgets) {
  Window w(1024);
  const uint64_t bucket = uint64_t{77} << (64 - w.history.bits());
  for (uint64_t i = 0; i < HistoryBucket::kCells; i++)
    EXPECT_EQ(w.history.Remember(bucket + i, w.chunk), Recall::kNew);
  EXPECT_EQ(w.history.Remember(bucket + 100, w.chunk), Recall::kFull);
  EXPECT_EQ(w.history.Remember(bucket + 3, w.chunk), Recall::kRecent);
  uint64_t other = 0;
  for (uint32_t n = 0; n < 5 * w.chunk;) n += w.Remember(++other) == Recall::kNew;
  for (uint64_t i = 0; i < HistoryBucket::kCells; i++)
    EXPECT_EQ(w.history.Remember(bucket + 100 + i, w.chunk), Recall::kNew);
}

// What is refused counts for nothing: a space that is nearly used up does not make ids forgotten.
TEST(History, RefusalsForgetNothing) {
  Window w(1000);
  for (uint64_t i = 0; i < 1000; i++) w.Remember(i);
  const int kept = w.Occupied();
  for (int n = 0; n < 100; n++)
    for (uint64_t i = 0; i < 900; i++) ASSERT_NE(w.Remember(i), Recall::kNew);
  EXPECT_EQ(w.Occupied(), kept);
}

TEST(History, TheNumberMayChange) {
  Window w(4000);
  std::mt19937_64 random(3);
  for (int phase = 0; phase < 40; phase++) {
    const uint32_t ids = 1 + static_cast<uint32_t>(random() % 4000);
    w.chunk = HistoryChunk(ids);
    std::vector<uint64_t> accepted;
    for (uint32_t i = 0; i < 6 * ids; i++) {
      const uint64_t id = random() % 16000;
      const auto from = accepted.end() - std::min<ptrdiff_t>(ids, std::ssize(accepted));
      const bool among = std::find(from, accepted.end(), id) != accepted.end();
      const Recall recall = w.Remember(id);
      if (among) {
        ASSERT_EQ(recall, Recall::kRecent) << phase << ": " << i << " of " << ids;
      }
      if (recall == Recall::kNew) accepted.push_back(id);
    }
  }
}

TEST(History, FingerprintsOfNarrowIdsDiffer) {
  std::unordered_set<uint64_t> seen;
  for (uint64_t i = 0; i < 100000; i++) {
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{i, 0, 0}})).second);
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{i << 40 | 1ull << 39, 0, 0}})).second);
  }
  // Of wider ones each word counts.
  for (uint64_t i = 1; i < 1000; i++) {
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{0, i, 0}})).second);
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{i, i, 0}})).second);
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{0, 0, i}})).second);
    ASSERT_TRUE(seen.insert(HistoryFingerprint({{i, i, i}})).second);
  }
}

TEST(History, RoomIsAsTheHeadSays) {
  EXPECT_EQ(HistoryBits(1), 9);
  EXPECT_EQ(HistoryBits(1024), 9);
  EXPECT_EQ(HistoryBits(1025), 10);
  EXPECT_EQ(HistoryBits(2048), 10);
  EXPECT_EQ(HistoryBits(1 << 20), 19);
  EXPECT_EQ(HistoryBits(kMaxHistory), 23);
  for (uint32_t ids = 1024; ids <= kMaxHistory; ids = ids * 9 / 8) {
    const double bytes = static_cast<double>(sizeof(HistoryBucket)) *
                         static_cast<double>(uint64_t{1} << HistoryBits(ids)) / ids;
    EXPECT_GE(bytes, 32.0);
    EXPECT_LE(bytes, 64.0);
  }
}

constexpr int kThreads = 4;

template <typename Work>
void InThreads(const Work& work) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++)
    threads.emplace_back([&, t] {
      ready++;
      while (ready < kThreads) std::this_thread::yield();
      work(t);
    });
  for (std::thread& t : threads) t.join();
}

// All threads ask for the same ids at the same time, fewer in all than the window holds.
TEST(HistoryStorm, AcceptsEachOnce) {
  constexpr uint64_t kIds = 20000;
  for (int round = 0; round < 5; round++) {
    Window w(kIds);
    std::vector<std::atomic<int>> accepted(kIds);
    std::atomic<uint64_t> slowest[kThreads] = {};
    std::atomic<int> full{0};
    InThreads([&](int me) {
      for (uint64_t i = 0; i < kIds; i++) {
        // Side by side, so that they meet in the same bucket; but nobody waits for long.
        slowest[me] = i;
        for (int spins = 0; spins < 200; spins++) {
          uint64_t behind = i;
          for (const std::atomic<uint64_t>& s : slowest) behind = std::min<uint64_t>(behind, s);
          if (behind + 1 >= i) break;
        }
        const Recall recall = w.Remember(i);
        accepted[i] += recall == Recall::kNew;
        full += recall == Recall::kFull;
      }
    });
    int none = 0;
    for (uint64_t i = 0; i < kIds; i++) {
      ASSERT_LE(accepted[i], 1) << i;
      none += accepted[i] == 0;
    }
    EXPECT_LT(none, static_cast<int>(kIds) / 10) << "refused by all";
    EXPECT_LT(full, static_cast<int>(kIds) / 25);
  }
}

// Few ids and many threads, which are stopped anywhere. The order that ids are accepted in is
// known: no two of N + 1 in a row are the same. In one bucket, cells expire while others look for
// one, so that two that have the same id take different cells.
void Storm(uint32_t ids, uint64_t space, uint64_t each, bool one_bucket = false) {
  Window w(ids);
  std::vector<std::pair<uint64_t, uint64_t>> accepted[kThreads];
  InThreads([&](int me) {
    std::mt19937_64 random(static_cast<uint64_t>(me) * 77 + ids);
    for (uint64_t i = 0; i < each; i++) {
      const uint64_t id = random() % space;
      uint64_t order = 0;
      const uint64_t print = one_bucket ? id : HistoryFingerprint({{id, 0, 0}});
      if (w.history.Remember(print, w.chunk, &order) == Recall::kNew)
        accepted[me].emplace_back(order, id);
    }
  });
  std::vector<std::pair<uint64_t, uint64_t>> all;
  for (const auto& mine : accepted) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_GT(all.size(), each / 4);
  std::unordered_map<uint64_t, size_t> last;
  for (size_t i = 0; i < all.size(); i++) {
    ASSERT_TRUE(i == 0 || all[i].first > all[i - 1].first);
    const auto before = last.find(all[i].second);
    if (before != last.end()) {
      ASSERT_GT(i - before->second, ids) << ids << " of " << space << ": " << all[i].second;
    }
    last[all[i].second] = i;
  }
}

TEST(HistoryStorm, NeverTwiceAmongTheLast) {
  Storm(1, 16, 20000);
  Storm(4, 16, 20000);
  Storm(16, 64, 300000);
  Storm(100, 400, 300000);
  Storm(1000, 4000, 300000);
  Storm(5000, 20000, 300000);
}

TEST(HistoryStorm, NeverTwiceWhereCellsExpire) {
  for (int round = 0; round < 12; round++) Storm(4, 16, 200000, true);
}

}  // namespace
}  // namespace detid
