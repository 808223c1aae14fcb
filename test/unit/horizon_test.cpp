// SPDX-License-Identifier: PostgreSQL

#include "core/horizon.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kNow = 1767225600 * kSecond;
constexpr int64_t kWindow = 3 * kSecond;
constexpr HorizonRules kRules = {kWindow, kSecond, 10 * kSecond, 600 * kSecond};
constexpr Origin kHere = {11, 5, 1, 7};

// What is written is flushed when the test says so.
struct Store {
  int64_t stored = 0, durable = 0;
  uint64_t lsn = 0, flushed = 0, nudged = 0;
  bool held = false;
  int opened = 0, writes = 0, waits = 0;

  bool Open(bool wait) {
    if (held && !wait) return false;
    opened++;
    return true;
  }
  void Close() { opened--; }
  Written Write(int64_t target_us, int64_t enough_us) {
    EXPECT_EQ(opened, 1);
    if (stored < enough_us) {
      stored = std::max(stored, target_us);
      lsn++;
      writes++;
    }
    return {stored, lsn};
  }
  bool Flushed(uint64_t l) { return flushed >= l; }
  void Flush(uint64_t l) {
    EXPECT_EQ(opened, 0);  // H5
    waits++;
    flushed = std::max(flushed, l);
    durable = stored;
  }
  void Nudge(uint64_t l) { nudged = l; }
};

// A horizon that was raised at kNow, and one of the backends that renew it.
struct Raised {
  Horizon horizon;
  PendingHorizon pending;
  Store store;

  Raised() { RaiseHorizon(&horizon, store, kNow, kWindow); }
  int64_t Renew(int64_t us) { return RenewHorizon(&horizon, &pending, store, us, kWindow); }
};

TEST(Horizon, RaiseIsDurableBeforeItIsPublished) {
  Horizon horizon;
  Store store;
  RaiseHorizon(&horizon, store, kNow, kWindow);
  EXPECT_EQ(horizon.published(), kNow + kWindow);
  EXPECT_EQ(store.durable, kNow + kWindow);
  EXPECT_EQ(store.opened, 0);
}

// Many who find the window used up at once write one record.
TEST(Horizon, RaiseTakesTheRecordOfAnother) {
  Horizon horizon;
  Store store;
  for (int64_t us = kNow; us < kNow + kSecond; us += 1000)
    RaiseHorizon(&horizon, store, us, kWindow);
  EXPECT_EQ(store.writes, 1);
  RaiseHorizon(&horizon, store, kNow + 2 * kSecond, kWindow);
  EXPECT_EQ(store.writes, 2);
  EXPECT_EQ(store.durable, kNow + 5 * kSecond);
}

TEST(Horizon, RenewDoesNothingInTheFirstHalf) {
  Raised r;
  EXPECT_EQ(r.Renew(kNow + kSecond), kNow + kWindow / 2);
  EXPECT_EQ(r.store.writes, 1);
}

TEST(Horizon, RenewWritesWithoutWaitingAndPublishesWhatIsFlushed) {
  Raised r;
  const int64_t us = kNow + 2 * kSecond;
  EXPECT_EQ(r.Renew(us), us + kLookAgainUs);
  EXPECT_EQ(r.store.writes, 2);
  EXPECT_EQ(r.store.nudged, 2u);
  EXPECT_EQ(r.store.waits, 1);                       // the raise's
  EXPECT_EQ(r.horizon.published(), kNow + kWindow);  // H2
  // Not flushed yet: no second record.
  EXPECT_EQ(r.Renew(us + kLookAgainUs), us + 2 * kLookAgainUs);
  EXPECT_EQ(r.store.writes, 2);
  r.store.flushed = 2;
  EXPECT_EQ(r.Renew(us + 5000), us + kWindow - kWindow / 2);
  EXPECT_EQ(r.horizon.published(), us + kWindow);
  EXPECT_EQ(r.store.writes, 2);
}

TEST(Horizon, RenewTakesTheRecordOfAnother) {
  Raised r;
  PendingHorizon other;
  const int64_t us = kNow + 2 * kSecond;
  RenewHorizon(&r.horizon, &other, r.store, us, kWindow);
  r.Renew(us + 10);
  EXPECT_EQ(r.store.writes, 2);
  EXPECT_EQ(r.pending.lsn, other.lsn);
  r.store.flushed = r.pending.lsn;
  r.Renew(us + 20);
  EXPECT_EQ(r.horizon.published(), us + kWindow);
}

TEST(Horizon, RenewDoesNotWaitForALock) {
  Raised r;
  r.store.held = true;
  const int64_t us = kNow + 2 * kSecond;
  EXPECT_EQ(r.Renew(us), us + kLookAgainUs);
  EXPECT_EQ(r.store.writes, 1);
}

// One record a half window, however often it is looked after.
TEST(Horizon, WritesOneRecordAHalfWindow) {
  Raised r;
  const int64_t seconds = 600;
  for (int64_t us = kNow; us < kNow + seconds * kSecond; us += 1000) {
    r.Renew(us);
    r.store.flushed = r.store.lsn;
    ASSERT_GT(r.horizon.published(), us);
  }
  EXPECT_NEAR(r.store.writes, static_cast<double>(seconds) / 1.5, 3);
}

TEST(Horizon, PublishNeverLowers) {
  Horizon horizon;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([&horizon, t] {
      for (int64_t i = 1; i <= 20000; i++) {
        horizon.Publish(i * 4 + t);
        ASSERT_GE(horizon.published(), i * 4 + t);
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(horizon.published(), 20000 * 4 + 3);
}

// --- The beginning ----------------------------------------------------------------------------

HorizonRecord Stored(int64_t horizon_us, const Origin& origin) {
  HorizonRecord r;
  r.horizon_us = horizon_us;
  r.origin = origin;
  return r;
}

TEST(Horizon, BeginsAtWhatIsStored) {
  const Beginning b = BeginningOf(Stored(kNow + kSecond, kHere), kHere, kNow, kNow, kRules);
  EXPECT_TRUE(b.believed);
  EXPECT_EQ(b.move, Move::kNone);
  EXPECT_EQ(b.start_us, kNow + kSecond);
}

TEST(Horizon, IsBelievedUpToTheStepAndTheUsualLead) {
  const int64_t most = (600 + 3 + 1 + 10) * kSecond;
  EXPECT_TRUE(BeginningOf(Stored(kNow + most, kHere), kHere, kNow, kNow, kRules).believed);
  EXPECT_FALSE(BeginningOf(Stored(kNow + most + 1, kHere), kHere, kNow, kNow, kRules).believed);
  EXPECT_TRUE(BeginningOf(Stored(kNow - 1000 * most, kHere), kHere, kNow, kNow, kRules).believed);
}

TEST(Horizon, AfterAMoveBeginsAboveHorizonAndClock) {
  const Origin before = {12, 5, 1, 7};
  EXPECT_EQ(BeginningOf(Stored(kNow + 5, before), kHere, kNow, kNow, kRules).start_us,
            kNow + 5 + 10 * kSecond);
  EXPECT_EQ(BeginningOf(Stored(kNow - 5, before), kHere, kNow, kNow, kRules).start_us,
            kNow + 10 * kSecond);
}

// Several databases begin in turn after a promotion: the guard does not add up. Nor does it follow
// a system clock that is not believed.
TEST(Horizon, TheGuardIsAboveTheLesserOfTheClocks) {
  const Origin before = {12, 5, 1, 7};
  const Origin after = {12, 5, 2, 7};
  EXPECT_EQ(BeginningOf(Stored(kNow, before), after, kNow + 10 * kSecond, kNow, kRules).start_us,
            kNow + 10 * kSecond);
  EXPECT_EQ(
      BeginningOf(Stored(kNow, before), after, kNow + 5, kNow + 9000 * kSecond, kRules).start_us,
      kNow + 5 + 10 * kSecond);
}

TEST(Horizon, APromotionDoesNotEndASuspicion) {
  HorizonRecord r = Stored(kNow, {11, 5, 1, 7});
  r.moved = Move::kServerCopied;
  r.moved_node = 7;
  const Origin promoted = {11, 5, 2, 7};
  EXPECT_TRUE(StaysSuspected(r, MoveOf(r.origin, promoted), promoted));
  EXPECT_TRUE(ProvenanceOf(r, promoted).suspected);
  r.moved_node = -1;
  EXPECT_EQ(ProvenanceOf(r, promoted).move, Move::kPromoted);
}

// pg_upgrade begins with the first timeline again.
TEST(Horizon, ALowerTimelineIsACopy) {
  EXPECT_EQ(MoveOf({12, 5, 3, 7}, kHere), Move::kServerCopied);
}

TEST(Horizon, TellsMovesApart) {
  EXPECT_EQ(MoveOf({0, 0, 0, -1}, kHere), Move::kNone);  // nothing was minted
  EXPECT_EQ(MoveOf(kHere, kHere), Move::kNone);
  EXPECT_EQ(MoveOf({11, 5, 1, 8}, kHere), Move::kNone);  // the node id may change in place
  EXPECT_EQ(MoveOf(kHere, {11, 5, 2, 7}), Move::kPromoted);
  EXPECT_EQ(MoveOf(kHere, {12, 5, 2, 7}), Move::kPromoted);
  EXPECT_EQ(MoveOf({12, 5, 1, 7}, kHere), Move::kServerCopied);
  EXPECT_EQ(MoveOf({11, 5, 1, 7, 3}, {11, 5, 1, 7, 4}), Move::kRemade);  // an oid is used again
  EXPECT_EQ(MoveOf({11, 5, 1, 7, 3}, {11, 5, 2, 7, 4}), Move::kPromoted);
  EXPECT_EQ(MoveOf({12, 5, 1, 7, 3}, {11, 5, 1, 7, 4}), Move::kServerCopied);
  EXPECT_EQ(MoveOf({11, 6, 1, 7}, kHere), Move::kDatabaseCopied);
  EXPECT_EQ(MoveOf({11, 6, 2, 7}, kHere), Move::kDatabaseCopied);
}

TEST(Horizon, APromotionIsToBeAcknowledgedUnderTheNodeIdOfThePredecessor) {
  EXPECT_TRUE(ProvenanceOf(Stored(kNow, {11, 5, 0, 7}), kHere).unaccepted);
  EXPECT_FALSE(ProvenanceOf(Stored(kNow, {11, 5, 0, 8}), kHere).unaccepted);  // a number of its own
  EXPECT_FALSE(ProvenanceOf(Stored(kNow, {12, 5, 1, 7}), kHere).unaccepted);  // a copy: suspected
  HorizonRecord r = Stored(kNow, kHere);
  EXPECT_FALSE(ProvenanceOf(r, kHere).unaccepted);
  r.moved = Move::kPromoted;
  r.moved_node = 7;
  EXPECT_TRUE(ProvenanceOf(r, kHere).unaccepted);
  r.moved_node = -1;  // accepted
  EXPECT_FALSE(ProvenanceOf(r, kHere).unaccepted);
}

TEST(Horizon, ANumberIsThisDatabasesFromWhereMintingUnderItBegan) {
  HorizonRecord r = Stored(kNow, kHere);
  EXPECT_TRUE(Begins(r, Move::kNone, kHere));  // nothing was minted
  r.since_us = kNow;
  EXPECT_FALSE(Begins(r, Move::kNone, kHere));
  EXPECT_TRUE(Begins(r, Move::kPromoted, kHere));
  EXPECT_TRUE(Begins(r, Move::kNone, {11, 5, 1, 8}));
}

TEST(Horizon, SuspectsACopyUnderTheNodeIdOfItsOriginal) {
  // Before its first mint, by the origin.
  EXPECT_TRUE(ProvenanceOf(Stored(kNow, {12, 5, 1, 7}), kHere).suspected);
  EXPECT_FALSE(ProvenanceOf(Stored(kNow, {12, 5, 1, 8}), kHere).suspected);
  EXPECT_FALSE(ProvenanceOf(Stored(kNow, {12, 5, 0, 7}), kHere).suspected);  // promoted
  // Later, by what was recorded then.
  HorizonRecord r = Stored(kNow, kHere);
  EXPECT_FALSE(ProvenanceOf(r, kHere).suspected);
  for (const Move copy : {Move::kServerCopied, Move::kDatabaseCopied, Move::kRestored}) {
    r.moved = copy;
    r.moved_node = 7;
    EXPECT_TRUE(ProvenanceOf(r, kHere).suspected);
    r.moved_node = 8;
    EXPECT_FALSE(ProvenanceOf(r, kHere).suspected);
    r.moved_node = -1;  // accepted
    EXPECT_FALSE(ProvenanceOf(r, kHere).suspected);
  }
}

// Open when a horizon begins, as BeginHorizon requires, and closed by its flush.
struct OpenStore : Store {
  OpenStore() { opened = 1; }
  void Flush(uint64_t l) {
    opened = 0;
    Store::Flush(l);
  }
};

// One incarnation of a server, with its clock started at kNow.
struct Incarnation {
  const ClockReading now = {500, kNow, 500};
  NodeClock clock;
  Horizon horizon;
  std::atomic<int64_t> begun{0};

  Incarnation() { clock.Start(now); }
  template <typename AnOpenStore>
  int64_t Begin(AnOpenStore& store, const Origin& origin) {
    const Beginning b = BeginningOf(Stored(store.stored, origin), kHere, kNow, kNow, kRules);
    return BeginHorizon(&horizon, &clock, store, b, now, kWindow, &begun);
  }
};

// H4, in this order: node time, what shards begin with, durable, published.
TEST(Horizon, BeginRaisesNodeTimeFirst) {
  Incarnation incarnation;
  struct Watching : OpenStore {
    Incarnation* incarnation;
    void Flush(uint64_t l) {
      EXPECT_GE(incarnation->clock.At(500), kNow + 2 * kSecond);
      EXPECT_GE(incarnation->begun.load(), kNow + 2 * kSecond);
      EXPECT_EQ(incarnation->horizon.published(), 0);
      OpenStore::Flush(l);
    }
  } store;
  store.incarnation = &incarnation;
  store.stored = kNow + 2 * kSecond;
  const int64_t start = incarnation.Begin(store, kHere);
  EXPECT_GE(start, kNow + 2 * kSecond);
  EXPECT_EQ(start, incarnation.begun.load());
  EXPECT_EQ(incarnation.horizon.published(), start + kWindow);
  EXPECT_EQ(store.durable, start + kWindow);
}

// The extension was dropped and made again: what this incarnation published holds on.
TEST(Horizon, BeginKeepsWhatThisIncarnationPublished) {
  Incarnation incarnation;
  incarnation.horizon.Publish(kNow + 20 * kSecond);
  OpenStore fresh;
  incarnation.Begin(fresh, {0, 0, 0, -1});
  EXPECT_EQ(incarnation.horizon.published(), kNow + 20 * kSecond);
  EXPECT_EQ(fresh.durable, kNow + 20 * kSecond);  // H3
}

// Databases of one server share its clock: what is known takes no guard, and puts nothing ahead.
TEST(Horizon, ACopyWithinTheServerBeginsAboveWhatIsKnownOfItsOriginal) {
  const Origin original = {11, 6, 1, 7, 3}, remade = {11, 5, 1, 7, 3}, here = {11, 5, 1, 7, 4};
  for (const Origin& before : {original, remade}) {
    const Beginning b = BeginningOf(Stored(kNow + 2 * kSecond, before), here, kNow, kNow, kRules,
                                    {true, kNow + 5, false});
    EXPECT_TRUE(b.believed);
    EXPECT_FALSE(b.guarded);
    EXPECT_EQ(b.start_us, 0);
    EXPECT_EQ(b.floor_us, kNow + 5);
  }
  // What was copied in this incarnation has in its horizon all that was minted in incarnations
  // before.
  const Beginning made =
      BeginningOf(Stored(kNow + 2, original), here, kNow, kNow, kRules, {false, kNow + 7, true});
  EXPECT_FALSE(made.guarded);
  EXPECT_EQ(made.start_us, kNow + 2);
  EXPECT_EQ(made.floor_us, kNow + 7);  // of databases that this incarnation has forgotten
}

TEST(Horizon, ACopyWithinTheServerIsGuardedWhereItsOriginalIsNotKnown) {
  const Origin original = {11, 6, 1, 7, 3}, here = {11, 5, 1, 7, 4};
  const Beginning b =
      BeginningOf(Stored(kNow, original), here, kNow, kNow, kRules, {false, 0, false});
  EXPECT_TRUE(b.guarded);
  EXPECT_EQ(b.start_us, kNow + 10 * kSecond);
  // Another server's shared memory says nothing.
  const Beginning elsewhere =
      BeginningOf(Stored(kNow, {12, 6, 1, 7, 3}), here, kNow, kNow, kRules, {true, kNow + 5, true});
  EXPECT_TRUE(elsewhere.guarded);
  EXPECT_EQ(elsewhere.start_us, kNow + 10 * kSecond);
}

TEST(Horizon, AnotherTablespaceIsNoReasonToForgetASuspicion) {
  HorizonRecord r = Stored(kNow, {11, 5, 1, 7, 3});
  r.moved = Move::kDatabaseCopied;
  r.moved_node = 7;
  const Origin here = {11, 5, 1, 7, 4};
  EXPECT_TRUE(StaysSuspected(r, MoveOf(r.origin, here), here));
  EXPECT_TRUE(ProvenanceOf(r, here).suspected);
  r.moved = Move::kNone;
  EXPECT_FALSE(ProvenanceOf(r, here).suspected);
}

}  // namespace
}  // namespace detid
