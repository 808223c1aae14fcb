// SPDX-License-Identifier: PostgreSQL

#include "core/registry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kLease = 30 * kSecond;
constexpr int64_t kBeat = kLease / 3;
constexpr int64_t kQuarantine = 600 * kSecond;
constexpr int64_t kNow = 1000000 * kSecond;
constexpr int32_t kNumber = 7;

Registration Enrolled(Mode mode) {
  Registration r;
  r.mode = mode;
  r.interval.node = kNumber;
  return r;
}

// A node as its server keeps it, and the coordinator, which may be made to answer it.
struct Node {
  Beat beat;
  explicit Node(Mode mode, int64_t instance = 1, int64_t life = 11) {
    beat.mode = mode;
    beat.node = mode == Mode::kAssigned ? kNumber : kAnyNode;
    beat.instance = instance;
    beat.life = life;
    beat.timeline = 1;
    beat.node_us = kNow;
    Next({});
  }
  void Next(const Nonce& current) {
    beat.old = current;
    beat.next = {current.counter + 1, beat.instance * 1000 + beat.life + current.counter};
  }
  void Restart(int64_t life) { beat.life = life; }
  void Take(const Ruling& ruling) {
    Next(ruling.current);
    beat.granted_us = ruling.interval.limit_us;
  }
};

struct Coordinator {
  Registration r;
  RegistryRules rules{kLease, kQuarantine, 0, 0, 0, 4711};
  int64_t now_us = kNow;
  bool same_seed = false;

  explicit Coordinator(Mode mode) : r(Enrolled(mode)) {}
  Ruling Ask(const Node& node) { return Rule(&r, node.beat, same_seed, rules, now_us); }
  // As a server that lives asks: again, with the challenge, if it is told one.
  Ruling Insist(Node node) {
    node.beat.challenge = Ask(node).challenge;
    return Ask(node);
  }
  // A beat that is answered.
  Ruling Serve(Node* node) {
    Ruling ruling = Ask(*node);
    if (ruling.challenge != 0) ruling = Insist(*node);
    if (ruling.outcome == Outcome::kGranted) node->Take(ruling);
    return ruling;
  }
  Ruling ServeAt(Node* node, int64_t us) {
    now_us = node->beat.node_us = us;
    return Serve(node);
  }
};

void ExpectRefused(const Ruling& ruling, Reason reason) {
  EXPECT_EQ(ruling.outcome, Outcome::kRefused);
  EXPECT_EQ(ruling.reason, reason);
}

void ExpectFenced(const Ruling& ruling, Reason reason, bool both) {
  EXPECT_EQ(ruling.outcome, Outcome::kFenced);
  EXPECT_EQ(ruling.reason, reason);
  EXPECT_EQ(ruling.fences_both, both);
}

#define EXPECT_GRANTED(ruling) ASSERT_EQ((ruling).outcome, Outcome::kGranted)

bool Same(const Registration& a, const Registration& b) {
  return a.mode == b.mode && a.state == b.state && a.reason == b.reason && a.current == b.current &&
         a.asked_old == b.asked_old && a.asked_next == b.asked_next && a.instance == b.instance &&
         a.life == b.life && a.timeline == b.timeline && a.interval == b.interval &&
         a.end_us == b.end_us && a.stopped == b.stopped;
}

// --- Grants -----------------------------------------------------------------------------------

TEST(Registry, TheFirstIntervalBeginsAtNodeTime) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kLease}));
  EXPECT_EQ(g.life, 11);
  EXPECT_EQ(c.r.end_us, kNow + kLease);
  EXPECT_EQ(c.r.state, NodeState::kActive);
}

TEST(Registry, TheNextBeatProlongsIt) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Ruling g = c.ServeAt(&n, kNow + kBeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kBeat + kLease}));
  EXPECT_EQ(c.r.end_us, g.interval.limit_us);
}

TEST(Registry, AnIntervalIsNeverShortened) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Ruling first = c.Serve(&n);
  n.beat.node_us -= kBeat;
  EXPECT_EQ(c.Serve(&n).interval, first.interval);
}

TEST(Registry, TheSameBeatGetsTheSameAnswer) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Ruling first = c.Insist(n);  // whose answer is lost
  const Registration stored = c.r;
  n.beat.node_us += kBeat;
  const Ruling again = c.Ask(n);
  EXPECT_GRANTED(again);
  EXPECT_EQ(again.interval, first.interval);
  EXPECT_EQ(again.current, first.current);
  EXPECT_EQ(again.life, first.life);
  EXPECT_TRUE(Same(c.r, stored));
}

// R3
TEST(Registry, AStartBeginsAboveTheIntervalBefore) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Ruling first = c.Serve(&n);
  n.Restart(12);
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, first.interval.limit_us);
  EXPECT_EQ(g.life, 12);
}

TEST(Registry, AStartThatRepeatsAnAnsweredBeatGetsAnIntervalOfItsOwn) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Ruling first = c.Insist(n);
  n.Restart(12);
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, first.interval.limit_us);
  EXPECT_EQ(g.current.counter, first.current.counter + 1);
  EXPECT_GRANTED(c.Serve(&n));
}

// Two servers with the same past and place send the same pair: whoever comes next is found.
TEST(Registry, ACopyThatLooksAlikeIsFoundWithTheNextBeat) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  EXPECT_GRANTED(c.Insist(n));  // the pair is stored, and copied
  Node copy = n;
  copy.beat.life = 12;
  const Registration before = c.r;
  EXPECT_EQ(c.Ask(copy).outcome, Outcome::kRefused);  // or an earlier life's request, late
  EXPECT_TRUE(Same(c.r, before));
  EXPECT_GRANTED(c.Serve(&copy));
  n.beat.old = before.current;
  n.beat.next = {before.current.counter + 1, 4711};
  ExpectFenced(c.Insist(n), Reason::kUsedNonce, true);
}

// An earlier life's request arrives late, and then the life before it once more.
TEST(Registry, WhateverLifeAsksNoIntervalIsGrantedTwice) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  int64_t end = 0;
  for (const int64_t life : {11, 12, 11, 13, 12}) {
    n.beat.life = life;
    const Ruling g = c.Insist(n);
    EXPECT_GRANTED(g);
    EXPECT_GE(g.interval.start_us, end);
    end = g.interval.limit_us;
    EXPECT_EQ(g.life, life);
  }
}

// R1
TEST(Registry, AnIntervalBeginsAboveNodeTimeAndWhatTheNumberAndTheNodeWereGranted) {
  Coordinator c(Mode::kLeased);
  c.r.end_us = kNow - kLease;
  Node n(Mode::kLeased);
  EXPECT_EQ(Coordinator(c).Serve(&n).interval.start_us, kNow);
  n = Node(Mode::kLeased);
  c.r.end_us = kNow + kLease;
  EXPECT_EQ(Coordinator(c).Serve(&n).interval.start_us, kNow + kLease);
  n = Node(Mode::kLeased);
  n.beat.granted_us = kNow + 2 * kLease;
  EXPECT_EQ(Coordinator(c).Serve(&n).interval.start_us, kNow + 2 * kLease);
}

// The number went to another, and the node gets a new one: not the rest of the interval before.
TEST(Registry, ANumberThatIsNewBeginsAboveItsOwnEnd) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  c.r.interval = {9, 0, 0};
  c.r.end_us = kNow + kQuarantine + 5;
  const Ruling g = c.ServeAt(&n, kNow + kQuarantine);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.node, 9);
  EXPECT_EQ(g.interval.start_us, kNow + kQuarantine + 5);
}

// So is a beat whose answer was lost with the number.
TEST(Registry, ARepeatedBeatUnderANewNumberGetsAnInterval) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Insist(n);
  c.r.interval = {9, 0, 0};
  c.r.end_us = 0;
  const Ruling g = c.ServeAt(&n, kNow + kQuarantine);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{9, kNow + kQuarantine, kNow + kQuarantine + kLease}));
  EXPECT_GRANTED(c.Serve(&n));
}

TEST(Registry, AnAssignedNodeHasAllOfTime) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.beat.horizon_us = kNow + 3 * kSecond;
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, 0, kForEver}));
  EXPECT_EQ(c.r.end_us, kNow + 3 * kSecond);
  n.Restart(12);
  EXPECT_EQ(c.Serve(&n).interval, g.interval);
}

TEST(Registry, WhoFollowsAnAssignedNodeBeginsAboveWhatItMints) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.beat.horizon_us = kNow + 3 * kSecond;
  c.Serve(&n);
  Node promoted(Mode::kAssigned, 2);
  promoted.beat.timeline = 2;
  promoted.beat.claims = true;
  const Ruling g = c.Serve(&promoted);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow + 3 * kSecond + 2 * kBeat, kForEver}));
  // It is its own from then on, in each life.
  promoted.Restart(12);
  EXPECT_EQ(c.Serve(&promoted).interval, g.interval);
}

TEST(Registry, AnAssignedNumberThatWasRetiredBeginsAboveItsEnd) {
  Coordinator c(Mode::kAssigned);
  c.r.end_us = kNow + 5;
  Node n(Mode::kAssigned);
  EXPECT_EQ(c.Serve(&n).interval.start_us, kNow + 5 + 2 * kBeat);
}

// Who was here before sleeps for as long as it was told, though nodes ask more often now.
TEST(Registry, WhoFollowsAnAssignedNodeWaitsForItsOldBeat) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.rules.lease_us = 10 * kLease;
  c.Serve(&n);
  c.rules.lease_us = kLease;
  Node promoted(Mode::kAssigned, 2);
  promoted.beat.timeline = 2;
  promoted.beat.claims = true;
  const Ruling g = c.Serve(&promoted);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, kNow + 20 * kBeat);
  // It goes on under that start, and is told the new beat.
  EXPECT_EQ(c.ServeAt(&promoted, kNow + 1).interval.start_us, g.interval.start_us);
  EXPECT_EQ(c.r.beat_us, kBeat);
}

// An answer that is given again says how often to ask now.
TEST(Registry, ARepeatedAnswerIsTheBeatThatWasToldLast) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Insist(n);
  c.rules.lease_us = 10 * kLease;
  c.Ask(n);
  EXPECT_EQ(c.r.beat_us, 10 * kBeat);
}

// --- Refusals ---------------------------------------------------------------------------------

TEST(Registry, WhatIsRefusedChangesNothing) {  // R5
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Registration before = c.r;
  const auto refused = [&](const Beat& beat, Reason reason) {
    Node asks = n;
    asks.beat = beat;
    ExpectRefused(reason == Reason::kUsedNonce ? c.Ask(asks) : c.Insist(asks), reason);
    EXPECT_TRUE(Same(c.r, before));
  };
  Beat b = n.beat;
  b.mode = Mode::kAssigned;
  refused(b, Reason::kWrongMode);
  b = n.beat;
  b.node_us = kNow + c.rules.max_ahead_us() + 1;
  refused(b, Reason::kClockAhead);
  b = n.beat;
  b.life = 12;
  b.granted_us = kNow + c.rules.max_start_us() + 1;
  refused(b, Reason::kTooFarAhead);
  b = n.beat;
  b.old = {0, 5};
  refused(b, Reason::kUsedNonce);
}

// The coordinator's clock is a day ahead. What it said would be the node's for ever.
TEST(Registry, AWrongClockOfTheCoordinatorDoesNotBecomeTheNodes) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  c.r.state = NodeState::kExpected;  // unfenced
  n.beat.claims = true;
  const Registration before = c.r;
  c.now_us += 86400 * kSecond;
  ExpectRefused(c.Insist(n), Reason::kTooFarAhead);
  EXPECT_TRUE(Same(c.r, before));  // R5
  c.now_us = kNow;
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  // Who has its number is not refused, whatever that clock is.
  c.now_us += 86400 * kSecond;
  EXPECT_EQ(c.Serve(&n).interval, g.interval);
}

TEST(Registry, ANumberThatWasNotEnrolledIsRefused) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.beat.node = kNumber + 1;
  ExpectRefused(c.Ask(n), Reason::kWrongNode);
}

TEST(Registry, NobodyIsGrantedWhatThereIsNot) {
  Coordinator c(Mode::kLeased);
  c.r.interval.node = kAnyNode;
  ExpectRefused(c.Ask(Node(Mode::kLeased)), Reason::kNoNumber);
}

// --- Who is fenced ----------------------------------------------------------------------------

TEST(Registry, AUsedNonceFencesTheLeasedNodeThatBringsIt) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Node clone = n;  // of a virtual machine: in the same life
  c.Serve(&n);
  c.Serve(&n);
  ExpectFenced(c.Insist(clone), Reason::kUsedNonce, false);
  EXPECT_GRANTED(c.Serve(&n));
}

// A clone may have the same beat to send, but not the one after.
TEST(Registry, AUsedNonceFencesBothAssignedNodes) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node clone = n;
  EXPECT_GRANTED(c.Serve(&n));
  EXPECT_GRANTED(c.Serve(&clone));
  EXPECT_GRANTED(c.Serve(&n));
  clone.beat.next.bits++;
  ExpectFenced(c.Insist(clone), Reason::kUsedNonce, true);
  ExpectFenced(c.Insist(n), Reason::kUsedNonce, false);
}

TEST(Registry, AnAssignedNodeInTwoDataDirectoriesFencesBoth) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, true);
  ExpectFenced(c.Insist(n), Reason::kOtherInstance, false);
}

TEST(Registry, ACopyOfALeasedNodeIsFencedWhileTheNodeLives) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  c.now_us = kNow + kLease - 1;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, false);
  EXPECT_GRANTED(c.Serve(&n));
}

TEST(Registry, ACopyOfALeasedNodeTakesThePlaceOfOneThatIsSilent) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Node behind = n;
  const Ruling last = c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  copy.beat.life = 12;
  c.now_us = kNow + kLease;
  const Ruling g = c.Insist(copy);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, last.interval.limit_us);
  // The node comes back.
  ExpectFenced(c.Insist(n), Reason::kOtherInstance, false);
  // And when the copy is silent, too, what is older than it.
  Node old = behind;
  old.beat.instance = 3;
  c.now_us = c.r.interval.limit_us;
  ExpectFenced(c.Insist(old), Reason::kUsedNonce, false);
}

TEST(Registry, ASeedThatAnotherHasFences) {
  Coordinator c(Mode::kLeased);
  c.same_seed = true;
  ExpectFenced(c.Insist(Node(Mode::kLeased)), Reason::kSameSeed, true);
  EXPECT_EQ(c.r.state, NodeState::kFenced);
}

TEST(Registry, WhoIsFencedStaysFencedUntilItIsExpectedAgain) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  c.Insist(copy);
  copy.beat.claims = true;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, false);
  c.r.state = NodeState::kExpected;
  const Ruling g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_GE(g.interval.start_us, kNow + 2 * kBeat);
  EXPECT_EQ(g.current.counter, 2);
}

TEST(Registry, WhoHasRetiredIsDone) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  n.beat.retires = true;
  EXPECT_GRANTED(c.Insist(n));
  EXPECT_EQ(c.r.state, NodeState::kRetired);
  ExpectFenced(c.Insist(n), Reason::kRetired, false);
}

// The pair was sent before, and its answer was lost.
TEST(Registry, ARepeatedPairCanRetire) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Insist(n);
  n.beat.retires = true;
  c.Insist(n);
  EXPECT_EQ(c.r.state, NodeState::kRetired);
}

// R4
TEST(Registry, TheCounterNeverFalls) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  for (int i = 0; i < 5; i++) c.Serve(&n);
  Node standby = n;
  standby.beat.instance = 2;
  standby.beat.timeline = 2;
  standby.beat.began = Began::kPromoted;
  standby.beat.old = {3, 1};
  standby.beat.next = {4, 2};
  c.now_us += kLease;
  const Ruling g = c.Insist(standby);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.current, (Nonce{6, 2}));
}

// --- What a standby is told ---------------------------------------------------------------------

// R8
TEST(Registry, AStandbyIsToldWhatWouldStopItAndChangesNothing) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Coordinator c(mode);
    Node n(mode);
    Node standby(mode, 2, 12);
    standby.beat.began = Began::kNotYet;
    const auto told = [&](auto change) {
      Node asks = standby;
      change(&asks.beat);
      const Registration before = c.r;
      const Ruling ruling = c.Ask(asks);
      EXPECT_EQ(memcmp(&before, &c.r, sizeof before), 0);
      EXPECT_EQ(ruling.challenge, 0);
      EXPECT_EQ(ruling.interval.limit_us, 0);
      return ruling;
    };
    const auto as_it_is = [](Beat*) {};
    EXPECT_GRANTED(told(as_it_is));  // its primary has not registered yet
    c.Serve(&n);
    c.now_us += kSecond;
    EXPECT_GRANTED(told(as_it_is));  // nor when its primary lives
    ExpectRefused(
        told([&](Beat* b) { b->mode = mode == Mode::kLeased ? Mode::kAssigned : Mode::kLeased; }),
        Reason::kWrongMode);
    if (mode == Mode::kAssigned)
      ExpectRefused(told([](Beat* b) { b->node = kNumber + 1; }), Reason::kWrongNode);
    ExpectRefused(told([](Beat* b) { b->node_us = kNow + 100 * kLease; }), Reason::kClockAhead);
    // Whatever else it says.
    EXPECT_GRANTED(told([](Beat* b) { b->claims = b->retires = b->stops = true; }));
    c.same_seed = true;
    EXPECT_GRANTED(told(as_it_is));
    c.same_seed = false;
    c.ServeAt(&n, c.now_us + kBeat);
    EXPECT_EQ(c.r.state, NodeState::kActive);
    c.r.state = NodeState::kRetired;
    ExpectFenced(told(as_it_is), Reason::kRetired, false);
    c.r.state = NodeState::kFenced;
    c.r.reason = Reason::kUsedNonce;
    ExpectFenced(told(as_it_is), Reason::kUsedNonce, false);
  }
}

// --- Who follows a node -----------------------------------------------------------------------

struct Follow {
  Coordinator c;
  Node n, next;
  explicit Follow(Mode mode, Began began) : c(mode), n(mode), next(mode) {
    c.Serve(&n);
    next = n;
    next.beat.instance = 2;
    next.beat.timeline = 2;
    next.beat.life = 12;
    next.beat.began = began;
  }
  Ruling AskAt(int64_t us) {
    c.now_us = next.beat.node_us = us;
    return c.Insist(next);
  }
};

// R7
TEST(Registry, APromotedStandbyWaitsWhileTheNodeAsks) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Follow f(mode, Began::kPromoted);
    for (int i = 1; i <= 20; i++) {
      EXPECT_GRANTED(f.c.ServeAt(&f.n, kNow + i * kBeat));
      const Registration before = f.c.r;
      ExpectRefused(f.AskAt(kNow + (i + 1) * kBeat - 1), Reason::kNodeLives);
      EXPECT_TRUE(Same(f.c.r, before));
    }
    const int64_t last_us = f.c.r.heard_us;
    ExpectRefused(f.AskAt(last_us + 3 * kBeat - 1), Reason::kNodeLives);
    const Interval before = f.c.r.interval;
    const Ruling g = f.AskAt(last_us + 3 * kBeat);
    EXPECT_GRANTED(g);
    if (mode == Mode::kLeased)
      EXPECT_GE(g.interval.start_us, before.limit_us);
    else
      EXPECT_GE(g.interval.start_us, f.c.now_us + 2 * kBeat);
    f.next.Take(g);
    ExpectFenced(f.c.Insist(f.n), Reason::kSuperseded, false);
    EXPECT_GRANTED(f.c.Serve(&f.next));
  }
}

TEST(Registry, ANodeThatIsStoppedIsFollowedAtOnce) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Follow f(mode, Began::kPromoted);
    f.n.beat.stops = true;
    EXPECT_GRANTED(f.c.Ask(f.n));
    EXPECT_TRUE(f.c.r.stopped);
    EXPECT_GRANTED(f.AskAt(kNow + 1));
    EXPECT_FALSE(f.c.r.stopped);
  }
}

TEST(Registry, ANodeThatIsStoppedComesBack) {
  Follow f(Mode::kAssigned, Began::kPromoted);
  f.n.beat.stops = true;
  f.c.Ask(f.n);
  f.n.beat.stops = false;
  f.n.Restart(13);
  EXPECT_GRANTED(f.c.Serve(&f.n));
  ExpectRefused(f.AskAt(kNow + 1), Reason::kNodeLives);
}

// Who is refused for his clock lives, too.
TEST(Registry, ANodeThatIsRefusedIsNotSilent) {
  Follow f(Mode::kLeased, Began::kPromoted);
  f.c.now_us = kNow + 4 * kBeat;
  f.n.beat.node_us = f.c.now_us + f.c.rules.max_ahead_us() + 1;
  ExpectRefused(f.c.Ask(f.n), Reason::kClockAhead);
  ExpectRefused(f.AskAt(kNow + 6 * kBeat), Reason::kNodeLives);
}

// Nobody could ask before.
TEST(Registry, ANodeIsNotSilentForAsLongAsTheCoordinatorWasAway) {
  Follow f(Mode::kAssigned, Began::kPromoted);
  f.c.rules.noted_us = kNow + 100 * kBeat;
  ExpectRefused(f.AskAt(kNow + 103 * kBeat - 1), Reason::kNodeLives);
  EXPECT_GRANTED(f.AskAt(kNow + 103 * kBeat));
}

// R7: whatever its timeline is, and however long the node has been silent.
TEST(Registry, ARecoveredBackupFollowsOnlyAnOperatorsWord) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    for (const int64_t timeline : {1, 2}) {
      Follow f(mode, Began::kRecovered);
      f.next.beat.timeline = timeline;
      ExpectFenced(f.AskAt(kNow + 1), Reason::kOldCopy, false);
      EXPECT_GRANTED(f.c.ServeAt(&f.n, kNow + 2));
      ExpectFenced(f.AskAt(kNow + 100 * kBeat), Reason::kOldCopy, false);
      f.n.beat.stops = true;
      f.c.Ask(f.n);
      ExpectFenced(f.AskAt(kNow + 100 * kBeat), Reason::kOldCopy, false);
      f.next.beat.claims = true;
      EXPECT_GRANTED(f.AskAt(kNow + 100 * kBeat));
    }
  }
}

// What nothing is known of is no standby.
TEST(Registry, ALaterTimelineAloneFollowsNobody) {
  Follow f(Mode::kLeased, Began::kPlainly);
  ExpectFenced(f.AskAt(kNow + 100 * kBeat), Reason::kOldCopy, false);
}

// --- Messages from the past -------------------------------------------------------------------

// R6. Every request that was ever sent arrives again, after each step of a node's way: whatever it
// is, the node is not fenced, displaced or retired by it, and goes on.
TEST(Registry, NoLateRequestHarmsANode) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Coordinator c(mode);
    Node n(mode);
    std::vector<Beat> sent;
    const auto arrive_again = [&] {
      for (const Beat& late : sent) {
        const Registration before = c.r;
        const Ruling ruling = Rule(&c.r, late, false, c.rules, c.now_us);
        EXPECT_FALSE(ruling.fences_both);
        EXPECT_EQ(c.r.state, before.state);
        EXPECT_EQ(c.r.instance, before.instance);
        EXPECT_EQ(c.r.stopped, before.stopped);
      }
    };
    // One answer of two is lost, each request is sent twice.
    const auto ask = [&](bool heard) {
      Ruling ruling = c.Ask(n);
      sent.push_back(n.beat);
      if (ruling.challenge != 0) {
        n.beat.challenge = ruling.challenge;
        sent.push_back(n.beat);
        ruling = c.Ask(n);
        n.beat.challenge = 0;
      }
      EXPECT_GRANTED(ruling);
      if (heard) n.Take(ruling);
      arrive_again();
    };
    const auto restart = [&](int64_t life) {
      n.beat.life = life;
      ask(false);
      ask(true);
      ask(true);
    };
    ask(false);
    ask(true);
    restart(12);
    // It stops, and starts again: the stop arrives late, too.
    n.beat.stops = true;
    sent.push_back(n.beat);
    n.beat.stops = false;
    restart(13);
    n.beat.stops = true;
    ask(false);
    n.beat.stops = false;
    restart(14);
    // A promoted standby follows, then an operator takes the number back to where it was.
    Node old = n;
    n.beat.instance = 2;
    n.beat.timeline = 2;
    n.beat.began = Began::kPromoted;
    c.now_us = n.beat.node_us = kNow + 3 * kBeat;
    restart(15);
    old.beat.claims = true;
    n.beat = old.beat;
    restart(16);
    // It is to retire, which is taken back before it was heard.
    n.beat.claims = false;
    n.beat.retires = true;
    const Ruling told = c.Ask(n);
    sent.push_back(n.beat);
    n.beat.challenge = told.challenge;
    sent.push_back(n.beat);
    n.beat.retires = false;
    n.beat.challenge = 0;
    ask(true);
    ask(true);
    EXPECT_EQ(c.r.state, NodeState::kActive);
  }
}

// A challenge is for one request, and for the registration as it is.
TEST(Registry, AChallengeIsVoidOnceTheNodeHasGoneOn) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  const int64_t challenge = c.Ask(copy).challenge;
  EXPECT_NE(challenge, 0);
  c.Serve(&n);
  copy.beat.challenge = challenge;
  const Ruling again = c.Ask(copy);
  ExpectRefused(again, Reason::kOtherInstance);
  EXPECT_NE(again.challenge, challenge);
  Node other = copy;
  other.beat.life = 77;
  other.beat.challenge = again.challenge;
  EXPECT_EQ(c.Ask(other).outcome, Outcome::kRefused);
  c.rules.secret++;  // the coordinator was started
  copy.beat.challenge = again.challenge;
  EXPECT_EQ(c.Ask(copy).outcome, Outcome::kRefused);
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, true);
}

// Unfenced, the next that asks is the node; and a message does not ask.
TEST(Registry, ALateRequestIsNotTakenForTheNodeThatIsExpected) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.beat.instance = 2;
  copy.beat.challenge = c.Ask(copy).challenge;
  c.Ask(copy);
  c.r.state = NodeState::kExpected;
  EXPECT_EQ(c.Ask(copy).outcome, Outcome::kRefused);
  EXPECT_EQ(c.r.state, NodeState::kExpected);
  EXPECT_GRANTED(c.Serve(&n));
}

// --- A coordinator that was promoted ----------------------------------------------------------

struct Failover {
  Coordinator lost{Mode::kLeased};  // the coordinator before
  Coordinator c{Mode::kLeased};
  void Fail() { lost = c; }
  // As it was at Fail; at the time that it is.
  void Promote() {
    c.r = lost.r;
    c.rules.floor_us = c.rules.FloorAt(c.now_us);
  }
};

TEST(RegistryFailover, ANodeThatIsNotTouchedGoesOn) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.Promote();
  const Ruling g = f.c.ServeAt(&n, kNow + kBeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kBeat + kLease}));
}

TEST(RegistryFailover, ANodeThatKnowsMoreGoesOnAboveWhatItKnows) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.ServeAt(&n, kNow + kBeat);
  const Ruling lost = f.c.ServeAt(&n, kNow + 2 * kBeat);
  f.Promote();
  const Ruling g = f.c.ServeAt(&n, kNow + 3 * kBeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, lost.interval.limit_us);
  EXPECT_EQ(g.current, n.beat.old);
  EXPECT_GT(g.current.counter, lost.current.counter);
}

TEST(RegistryFailover, WhoStartsAnewBeginsAboveTheFloor) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.Promote();
  n.Restart(12);
  ExpectRefused(f.c.Serve(&n), Reason::kTooFarAhead);
  const int64_t later = f.c.rules.floor_us - f.c.rules.max_raised_us();
  const Ruling g = f.c.ServeAt(&n, later);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.floor_us);
}

// The number may have been given to another in what was lost, and be in use there.
TEST(RegistryFailover, ANodeThatWasSilentForLongDoesNotGoOnBelowTheFloor) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.now_us = kNow + 2 * kQuarantine;
  f.Promote();
  const Ruling g = f.c.ServeAt(&n, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.floor_us);
  // The floor lies behind it now.
  const Ruling next = f.c.ServeAt(&n, f.c.now_us + kBeat);
  EXPECT_GRANTED(next);
  EXPECT_EQ(next.interval.start_us, g.interval.start_us);
}

// What it was granted last was of a number that the coordinator has lost; the one before may have
// been given to another.
TEST(RegistryFailover, ANodeThatWasGivenAnotherNumberDoesNotGoOnUnderTheOneBefore) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.r.interval = {9, 0, 0};
  f.c.r.end_us = 0;
  const int64_t later = kNow + 2 * kQuarantine;
  EXPECT_EQ(f.c.ServeAt(&n, later).interval.node, 9);
  f.Promote();
  const Ruling g = f.c.ServeAt(&n, later + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.node, kNumber);
  EXPECT_EQ(g.interval.start_us, f.c.rules.floor_us);
}

// In what was lost first, the node was granted an interval that the next coordinator never heard
// of; in what was lost then, that one gave the number to another.
TEST(RegistryFailover, ANodesWordThatItsIntervalIsRecentIsNotEnough) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.ServeAt(&n, kNow + kQuarantine / 2 + kLease);
  f.Promote();
  f.c.now_us = kNow + kQuarantine + 2 * kLease;
  f.Promote();
  n.beat.node_us = f.c.now_us += 4 * kLease;
  const Ruling g = f.c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.floor_us);
}

// A request of before the loss arrives, and uses the nonce; what the node has is not prolonged
// then, as it is not what the coordinator knows of.
TEST(RegistryFailover, ALateRequestDoesNotTakeANodeBack) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  const Node late = n;
  n.Restart(12);
  const Ruling lost = f.c.ServeAt(&n, kNow + kBeat);
  f.Promote();
  EXPECT_GRANTED(f.c.Ask(late));
  n.beat.life = late.beat.life;
  const Ruling g = f.c.ServeAt(&n, kNow + 2 * kBeat);
  EXPECT_GRANTED(g);
  EXPECT_GE(g.interval.start_us, lost.interval.limit_us);
}

// The highest that can be granted, after starts in a row whose answers were lost.
TEST(RegistryFailover, TheFloorIsAboveAllThatMayHaveBeenGranted) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  n.beat.node_us = kNow + c.rules.max_ahead_us();
  int64_t life = 12;
  while (c.Insist(n).outcome == Outcome::kGranted) n.Restart(life++);
  EXPECT_GT(life, 12);
  EXPECT_LE(c.r.end_us + kLease, c.rules.FloorAt(kNow));
}

// --- A coordinator that was set back, and shows it by its start alone -------------------------

struct Rollback : Failover {
  void Start() {
    c.r = lost.r;
    c.rules.silent_floor_us = c.rules.FloorAt(c.now_us);
  }
};

TEST(RegistryRollback, WhoHasItsNumberGoesOnAsAfterAnyStart) {
  Rollback f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.Start();
  const Ruling next = f.c.ServeAt(&n, kNow + kBeat);
  EXPECT_EQ(next.interval, (Interval{kNumber, kNow, kNow + kBeat + kLease}));
  n.Restart(12);
  EXPECT_EQ(f.c.ServeAt(&n, kNow + 2 * kBeat).interval.start_us, next.interval.limit_us);
}

// Its number may have gone to another in what was lost.
TEST(RegistryRollback, ANodeThatWasSilentForLongBeginsAboveTheFloor) {
  Rollback f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.now_us = kNow + 2 * kQuarantine;
  f.Start();
  n.beat.node_us = f.c.now_us;
  ExpectRefused(f.c.Serve(&n), Reason::kTooFarAhead);
  const Ruling g = f.c.ServeAt(&n, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.silent_floor_us);
  n.beat.node_us = g.interval.start_us + kBeat;  // which is not too far ahead
  const Ruling next = f.c.ServeAt(&n, f.c.now_us + kBeat);
  EXPECT_GRANTED(next);
  EXPECT_EQ(next.interval.start_us, g.interval.start_us);
}

TEST(RegistryRollback, ANumberThatIsNewBeginsAboveTheFloor) {
  Rollback f;
  f.Fail();
  f.Start();
  Node n(Mode::kLeased);
  const Ruling g = f.c.ServeAt(&n, kNow + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.silent_floor_us);
}

// The node was prolonged in what was lost, and lives on.
TEST(RegistryRollback, WhoTakesThePlaceOfANodeBeginsAboveTheFloor) {
  Rollback f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  const Ruling lost = f.c.ServeAt(&n, kNow + 3 * kLease);
  f.Start();
  Node standby = n;
  standby.beat.instance = 2;
  standby.beat.timeline = 2;
  standby.beat.began = Began::kPromoted;
  standby.beat.granted_us = kNow + kLease;  // it lags
  standby.beat.node_us = f.c.now_us;
  ExpectRefused(f.c.Insist(standby), Reason::kTooFarAhead);
  const Ruling g = f.c.ServeAt(&standby, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_GT(g.interval.start_us, lost.interval.limit_us);
}

// --- What a node makes of it ------------------------------------------------------------------

struct Adopting {
  Granted granted;
  NodeClock clock;
  ClockReading now{500, kNow, 500};
  Adopting() { clock.Start(now); }
  Adopted Adopt(const Interval& interval, int64_t life = 11) {
    Ruling ruling{Outcome::kGranted, Reason::kNone, interval, {}, 11};
    return detid::Adopt(&granted, &clock, now, ruling, life, 4 * kLease);
  }
  int64_t Now() const { return clock.At(500); }
};

TEST(Adopt, AnIntervalIsPublishedAndNodeTimeIsInIt) {  // I4
  Adopting a;
  const Interval i = {kNumber, kNow + kLease, kNow + 2 * kLease};
  EXPECT_EQ(a.Adopt(i), Adopted::kYes);
  EXPECT_EQ(a.granted.Read(), i);
  EXPECT_EQ(a.Now(), kNow + kLease);
}

TEST(Adopt, ALimitThatMovesLeavesNodeTimeAlone) {
  Adopting a;
  a.Adopt({kNumber, kNow - 5, kNow + kLease});
  EXPECT_EQ(a.Adopt({kNumber, kNow - 5, kNow + 2 * kLease}), Adopted::kYes);
  EXPECT_EQ(a.granted.Read().limit_us, kNow + 2 * kLease);
  EXPECT_EQ(a.Now(), kNow);
  EXPECT_EQ(a.Adopt({kNumber, kNow - 5, kNow + kLease}), Adopted::kYes);  // late
  EXPECT_EQ(a.granted.Read().limit_us, kNow + 2 * kLease);
}

TEST(Adopt, WhatAnotherLifeAskedForIsNotTaken) {  // R3
  Adopting a;
  EXPECT_EQ(a.Adopt({kNumber, kNow, kNow + kLease}, 12), Adopted::kOtherLife);
  EXPECT_EQ(a.granted.Read().limit_us, 0);
}

TEST(Adopt, NodeTimeDoesNotGoTooFar) {
  Adopting a;
  EXPECT_EQ(a.Adopt({kNumber, kNow + 4 * kLease + 1, kNow + 9 * kLease}), Adopted::kTooFar);
  EXPECT_EQ(a.Now(), kNow);
  EXPECT_EQ(a.granted.Read().limit_us, 0);
}

TEST(Adopt, IntervalsDoNotGoBack) {  // I3
  Adopting a;
  a.Adopt({kNumber, kNow, kNow + kLease});
  EXPECT_EQ(a.Adopt({kNumber, kNow + kLease - 1, kNow + 2 * kLease}), Adopted::kBackwards);
  EXPECT_EQ(a.granted.Read(), (Interval{kNumber, kNow, kNow + kLease}));
  EXPECT_EQ(a.Adopt({kNumber + 1, kNow + kLease, kNow + 2 * kLease}), Adopted::kYes);
}

// Of another number they are its own: a node that was leased is given one for good.
TEST(Adopt, AnotherNumberMayBeginEarlier) {
  Adopting a;
  a.Adopt({kNumber, kNow, kNow + kLease});
  EXPECT_EQ(a.Adopt({kNumber + 1, 0, kForEver}), Adopted::kYes);
  EXPECT_EQ(a.granted.Read(), (Interval{kNumber + 1, 0, kForEver}));
}

// A node that had no registry, or all of time, is granted an interval.
TEST(Adopt, WhatHadNoEndMayBeginAnew) {
  Adopting a;
  a.granted.Publish(kAlways);
  EXPECT_EQ(a.Adopt({kNumber, kNow, kForEver}), Adopted::kYes);
  EXPECT_EQ(a.Adopt({kNumber, kNow + 5, kForEver}), Adopted::kYes);
  EXPECT_EQ(a.Now(), kNow + 5);
}

TEST(Adopt, WhatWasRevokedIsPublishedAgain) {
  Adopting a;
  const Interval i = {kNumber, kNow, kNow + kLease};
  a.Adopt(i);
  a.granted.Revoke();
  EXPECT_EQ(a.Adopt(i), Adopted::kYes);
  EXPECT_EQ(a.granted.Read(), i);
}

}  // namespace
}  // namespace detid
