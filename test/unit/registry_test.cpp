// SPDX-License-Identifier: PostgreSQL

#include "core/registry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace detid {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kLease = 30 * kSecond;
constexpr int64_t kHeartbeat = kLease / 3;
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
  Heartbeat heartbeat;
  explicit Node(Mode mode, int64_t instance = 1, int64_t incarnation = 11) {
    heartbeat.mode = mode;
    heartbeat.node = mode == Mode::kAssigned ? kNumber : kAnyNode;
    heartbeat.instance = instance;
    heartbeat.incarnation = incarnation;
    heartbeat.timeline = 1;
    heartbeat.node_us = kNow;
    Next({});
  }
  void Next(const Nonce& current) {
    heartbeat.old = current;
    heartbeat.next = {current.counter + 1,
                      heartbeat.instance * 1000 + heartbeat.incarnation + current.counter};
  }
  void Restart(int64_t incarnation) { heartbeat.incarnation = incarnation; }
  void Take(const Decision& decision) {
    Next(decision.current);
    heartbeat.granted_us = decision.interval.limit_us;
  }
};

struct Coordinator {
  Registration r;
  RegistryRules rules{kLease, kQuarantine, 0, 0, 0, 4711};
  int64_t now_us = kNow;
  bool same_seed = false;

  explicit Coordinator(Mode mode) : r(Enrolled(mode)) {}
  Decision Ask(const Node& node) { return Decide(&r, node.heartbeat, same_seed, rules, now_us); }
  // As a server that lives asks: again, with the challenge, if it is told one.
  Decision Insist(Node node) {
    node.heartbeat.challenge = Ask(node).challenge;
    return Ask(node);
  }
  // A heartbeat that is answered.
  Decision Serve(Node* node) {
    Decision decision = Ask(*node);
    if (decision.challenge != 0) decision = Insist(*node);
    if (decision.outcome == Outcome::kGranted) node->Take(decision);
    return decision;
  }
  Decision ServeAt(Node* node, int64_t us) {
    now_us = node->heartbeat.node_us = us;
    return Serve(node);
  }
};

void ExpectRefused(const Decision& decision, Reason reason) {
  EXPECT_EQ(decision.outcome, Outcome::kRefused);
  EXPECT_EQ(decision.reason, reason);
}

void ExpectFenced(const Decision& decision, Reason reason, bool both) {
  EXPECT_EQ(decision.outcome, Outcome::kFenced);
  EXPECT_EQ(decision.reason, reason);
  EXPECT_EQ(decision.fences_both, both);
}

#define EXPECT_GRANTED(decision) ASSERT_EQ((decision).outcome, Outcome::kGranted)

bool Same(const Registration& a, const Registration& b) {
  return a.mode == b.mode && a.state == b.state && a.reason == b.reason && a.current == b.current &&
         a.asked_old == b.asked_old && a.asked_next == b.asked_next && a.instance == b.instance &&
         a.incarnation == b.incarnation && a.timeline == b.timeline && a.interval == b.interval &&
         a.end_us == b.end_us && a.stopped == b.stopped;
}

// --- Grants -----------------------------------------------------------------------------------

TEST(Registry, TheFirstIntervalBeginsAtNodeTime) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kLease}));
  EXPECT_EQ(g.incarnation, 11);
  EXPECT_EQ(c.r.end_us, kNow + kLease);
  EXPECT_EQ(c.r.state, NodeState::kActive);
}

TEST(Registry, TheNextHeartbeatProlongsIt) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Decision g = c.ServeAt(&n, kNow + kHeartbeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kHeartbeat + kLease}));
  EXPECT_EQ(c.r.end_us, g.interval.limit_us);
}

TEST(Registry, AnIntervalIsNeverShortened) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Decision first = c.Serve(&n);
  n.heartbeat.node_us -= kHeartbeat;
  EXPECT_EQ(c.Serve(&n).interval, first.interval);
}

TEST(Registry, TheSameHeartbeatGetsTheSameAnswer) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Decision first = c.Insist(n);  // whose answer is lost
  const Registration stored = c.r;
  n.heartbeat.node_us += kHeartbeat;
  const Decision again = c.Ask(n);
  EXPECT_GRANTED(again);
  EXPECT_EQ(again.interval, first.interval);
  EXPECT_EQ(again.current, first.current);
  EXPECT_EQ(again.incarnation, first.incarnation);
  EXPECT_TRUE(Same(c.r, stored));
}

// R3
TEST(Registry, AStartBeginsAboveTheIntervalBefore) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Decision first = c.Serve(&n);
  n.Restart(12);
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, first.interval.limit_us);
  EXPECT_EQ(g.incarnation, 12);
}

TEST(Registry, AStartThatRepeatsAnAnsweredHeartbeatGetsAnIntervalOfItsOwn) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  const Decision first = c.Insist(n);
  n.Restart(12);
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, first.interval.limit_us);
  EXPECT_EQ(g.current.counter, first.current.counter + 1);
  EXPECT_GRANTED(c.Serve(&n));
}

// Two servers with the same past and place send the same pair: whoever comes next is found.
TEST(Registry, ACopyThatLooksAlikeIsFoundWithTheNextHeartbeat) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  EXPECT_GRANTED(c.Insist(n));  // the pair is stored, and copied
  Node copy = n;
  copy.heartbeat.incarnation = 12;
  const Registration before = c.r;
  EXPECT_EQ(c.Ask(copy).outcome, Outcome::kRefused);  // or an earlier incarnation's request, late
  EXPECT_TRUE(Same(c.r, before));
  EXPECT_GRANTED(c.Serve(&copy));
  n.heartbeat.old = before.current;
  n.heartbeat.next = {before.current.counter + 1, 4711};
  ExpectFenced(c.Insist(n), Reason::kUsedNonce, true);
}

// An earlier incarnation's request arrives late, and then the incarnation before it once more.
TEST(Registry, WhateverIncarnationAsksNoIntervalIsGrantedTwice) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  int64_t end = 0;
  for (const int64_t incarnation : {11, 12, 11, 13, 12}) {
    n.heartbeat.incarnation = incarnation;
    const Decision g = c.Insist(n);
    EXPECT_GRANTED(g);
    EXPECT_GE(g.interval.start_us, end);
    end = g.interval.limit_us;
    EXPECT_EQ(g.incarnation, incarnation);
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
  n.heartbeat.granted_us = kNow + 2 * kLease;
  EXPECT_EQ(Coordinator(c).Serve(&n).interval.start_us, kNow + 2 * kLease);
}

// The number went to another, and the node gets a new one: not the rest of the interval before.
TEST(Registry, ANumberThatIsNewBeginsAboveItsOwnEnd) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  c.r.interval = {9, 0, 0};
  c.r.end_us = kNow + kQuarantine + 5;
  const Decision g = c.ServeAt(&n, kNow + kQuarantine);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.node, 9);
  EXPECT_EQ(g.interval.start_us, kNow + kQuarantine + 5);
}

// So is a heartbeat whose answer was lost with the number.
TEST(Registry, ARepeatedHeartbeatUnderANewNumberGetsAnInterval) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Insist(n);
  c.r.interval = {9, 0, 0};
  c.r.end_us = 0;
  const Decision g = c.ServeAt(&n, kNow + kQuarantine);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{9, kNow + kQuarantine, kNow + kQuarantine + kLease}));
  EXPECT_GRANTED(c.Serve(&n));
}

TEST(Registry, AnAssignedNodeHasAllOfTime) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.heartbeat.horizon_us = kNow + 3 * kSecond;
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, 0, kForEver}));
  EXPECT_EQ(c.r.end_us, kNow + 3 * kSecond);
  n.Restart(12);
  EXPECT_EQ(c.Serve(&n).interval, g.interval);
}

TEST(Registry, WhoFollowsAnAssignedNodeBeginsAboveWhatItMints) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.heartbeat.horizon_us = kNow + 3 * kSecond;
  c.Serve(&n);
  Node promoted(Mode::kAssigned, 2);
  promoted.heartbeat.timeline = 2;
  promoted.heartbeat.claims = true;
  const Decision g = c.Serve(&promoted);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow + 3 * kSecond + 2 * kHeartbeat, kForEver}));
  // It is its own from then on, in each incarnation.
  promoted.Restart(12);
  EXPECT_EQ(c.Serve(&promoted).interval, g.interval);
}

TEST(Registry, AnAssignedNumberThatWasRetiredBeginsAboveItsEnd) {
  Coordinator c(Mode::kAssigned);
  c.r.end_us = kNow + 5;
  Node n(Mode::kAssigned);
  EXPECT_EQ(c.Serve(&n).interval.start_us, kNow + 5 + 2 * kHeartbeat);
}

// Who was here before sleeps for as long as it was told, though nodes ask more often now.
TEST(Registry, WhoFollowsAnAssignedNodeWaitsForItsOldHeartbeat) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.rules.lease_us = 10 * kLease;
  c.Serve(&n);
  c.rules.lease_us = kLease;
  Node promoted(Mode::kAssigned, 2);
  promoted.heartbeat.timeline = 2;
  promoted.heartbeat.claims = true;
  const Decision g = c.Serve(&promoted);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, kNow + 20 * kHeartbeat);
  // It goes on under that start, and is told the new heartbeat.
  EXPECT_EQ(c.ServeAt(&promoted, kNow + 1).interval.start_us, g.interval.start_us);
  EXPECT_EQ(c.r.heartbeat_us, kHeartbeat);
}

// An answer that is given again says how often to ask now.
TEST(Registry, ARepeatedAnswerIsTheHeartbeatThatWasToldLast) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Insist(n);
  c.rules.lease_us = 10 * kLease;
  c.Ask(n);
  EXPECT_EQ(c.r.heartbeat_us, 10 * kHeartbeat);
}

// --- Refusals ---------------------------------------------------------------------------------

TEST(Registry, WhatIsRefusedChangesNothing) {  // R5
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Registration before = c.r;
  const auto refused = [&](const Heartbeat& heartbeat, Reason reason) {
    Node asks = n;
    asks.heartbeat = heartbeat;
    ExpectRefused(reason == Reason::kUsedNonce ? c.Ask(asks) : c.Insist(asks), reason);
    EXPECT_TRUE(Same(c.r, before));
  };
  Heartbeat b = n.heartbeat;
  b.mode = Mode::kAssigned;
  refused(b, Reason::kWrongMode);
  b = n.heartbeat;
  b.node_us = kNow + c.rules.max_ahead_us() + 1;
  refused(b, Reason::kClockAhead);
  b = n.heartbeat;
  b.incarnation = 12;
  b.granted_us = kNow + c.rules.max_start_us() + 1;
  refused(b, Reason::kTooFarAhead);
  b = n.heartbeat;
  b.old = {0, 5};
  refused(b, Reason::kUsedNonce);
}

// The coordinator's clock is a day ahead. What it said would be the node's for ever.
TEST(Registry, AWrongClockOfTheCoordinatorDoesNotBecomeTheNodes) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  c.r.state = NodeState::kExpected;  // unfenced
  n.heartbeat.claims = true;
  const Registration before = c.r;
  c.now_us += 86400 * kSecond;
  ExpectRefused(c.Insist(n), Reason::kTooFarAhead);
  EXPECT_TRUE(Same(c.r, before));  // R5
  c.now_us = kNow;
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  // Who has its number is not refused, whatever that clock is.
  c.now_us += 86400 * kSecond;
  EXPECT_EQ(c.Serve(&n).interval, g.interval);
}

TEST(Registry, ANumberThatWasNotEnrolledIsRefused) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  n.heartbeat.node = kNumber + 1;
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
  const Node clone = n;  // of a virtual machine: in the same incarnation
  c.Serve(&n);
  c.Serve(&n);
  ExpectFenced(c.Insist(clone), Reason::kUsedNonce, false);
  EXPECT_GRANTED(c.Serve(&n));
}

// A clone may have the same heartbeat to send, but not the one after.
TEST(Registry, AUsedNonceFencesBothAssignedNodes) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node clone = n;
  EXPECT_GRANTED(c.Serve(&n));
  EXPECT_GRANTED(c.Serve(&clone));
  EXPECT_GRANTED(c.Serve(&n));
  clone.heartbeat.next.bits++;
  ExpectFenced(c.Insist(clone), Reason::kUsedNonce, true);
  ExpectFenced(c.Insist(n), Reason::kUsedNonce, false);
}

TEST(Registry, AnAssignedNodeInTwoDataDirectoriesFencesBoth) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.heartbeat.instance = 2;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, true);
  ExpectFenced(c.Insist(n), Reason::kOtherInstance, false);
}

TEST(Registry, ACopyOfALeasedNodeIsFencedWhileTheNodeLives) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  Node copy = n;
  copy.heartbeat.instance = 2;
  c.now_us = kNow + kLease - 1;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, false);
  EXPECT_GRANTED(c.Serve(&n));
}

TEST(Registry, ACopyOfALeasedNodeTakesThePlaceOfOneThatIsSilent) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  const Node behind = n;
  const Decision last = c.Serve(&n);
  Node copy = n;
  copy.heartbeat.instance = 2;
  copy.heartbeat.incarnation = 12;
  c.now_us = kNow + kLease;
  const Decision g = c.Insist(copy);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, last.interval.limit_us);
  // The node comes back.
  ExpectFenced(c.Insist(n), Reason::kOtherInstance, false);
  // And when the copy is silent, too, what is older than it.
  Node old = behind;
  old.heartbeat.instance = 3;
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
  copy.heartbeat.instance = 2;
  c.Insist(copy);
  copy.heartbeat.claims = true;
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, false);
  c.r.state = NodeState::kExpected;
  const Decision g = c.Serve(&n);
  EXPECT_GRANTED(g);
  EXPECT_GE(g.interval.start_us, kNow + 2 * kHeartbeat);
  EXPECT_EQ(g.current.counter, 2);
}

TEST(Registry, WhoHasRetiredIsDone) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Serve(&n);
  n.heartbeat.retires = true;
  EXPECT_GRANTED(c.Insist(n));
  EXPECT_EQ(c.r.state, NodeState::kRetired);
  ExpectFenced(c.Insist(n), Reason::kRetired, false);
}

// The pair was sent before, and its answer was lost.
TEST(Registry, ARepeatedPairCanRetire) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  c.Insist(n);
  n.heartbeat.retires = true;
  c.Insist(n);
  EXPECT_EQ(c.r.state, NodeState::kRetired);
}

// R4
TEST(Registry, TheCounterNeverFalls) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  for (int i = 0; i < 5; i++) c.Serve(&n);
  Node standby = n;
  standby.heartbeat.instance = 2;
  standby.heartbeat.timeline = 2;
  standby.heartbeat.began = Began::kPromoted;
  standby.heartbeat.old = {3, 1};
  standby.heartbeat.next = {4, 2};
  c.now_us += kLease;
  const Decision g = c.Insist(standby);
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
    standby.heartbeat.began = Began::kNotYet;
    const auto told = [&](auto change) {
      Node asks = standby;
      change(&asks.heartbeat);
      const Registration before = c.r;
      const Decision decision = c.Ask(asks);
      EXPECT_EQ(memcmp(&before, &c.r, sizeof before), 0);
      EXPECT_EQ(decision.challenge, 0);
      EXPECT_EQ(decision.interval.limit_us, 0);
      return decision;
    };
    const auto as_it_is = [](Heartbeat*) {};
    EXPECT_GRANTED(told(as_it_is));  // its primary has not registered yet
    c.Serve(&n);
    c.now_us += kSecond;
    EXPECT_GRANTED(told(as_it_is));  // nor when its primary lives
    ExpectRefused(told([&](Heartbeat* b) {
                    b->mode = mode == Mode::kLeased ? Mode::kAssigned : Mode::kLeased;
                  }),
                  Reason::kWrongMode);
    if (mode == Mode::kAssigned)
      ExpectRefused(told([](Heartbeat* b) { b->node = kNumber + 1; }), Reason::kWrongNode);
    ExpectRefused(told([](Heartbeat* b) { b->node_us = kNow + 100 * kLease; }),
                  Reason::kClockAhead);
    // Whatever else it says.
    EXPECT_GRANTED(told([](Heartbeat* b) { b->claims = b->retires = b->stops = true; }));
    c.same_seed = true;
    EXPECT_GRANTED(told(as_it_is));
    c.same_seed = false;
    c.ServeAt(&n, c.now_us + kHeartbeat);
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
    next.heartbeat.instance = 2;
    next.heartbeat.timeline = 2;
    next.heartbeat.incarnation = 12;
    next.heartbeat.began = began;
  }
  Decision AskAt(int64_t us) {
    c.now_us = next.heartbeat.node_us = us;
    return c.Insist(next);
  }
};

// R7
TEST(Registry, APromotedStandbyWaitsWhileTheNodeAsks) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Follow f(mode, Began::kPromoted);
    for (int i = 1; i <= 20; i++) {
      EXPECT_GRANTED(f.c.ServeAt(&f.n, kNow + i * kHeartbeat));
      const Registration before = f.c.r;
      ExpectRefused(f.AskAt(kNow + (i + 1) * kHeartbeat - 1), Reason::kNodeLives);
      EXPECT_TRUE(Same(f.c.r, before));
    }
    const int64_t last_us = f.c.r.heard_us;
    ExpectRefused(f.AskAt(last_us + 3 * kHeartbeat - 1), Reason::kNodeLives);
    const Interval before = f.c.r.interval;
    const Decision g = f.AskAt(last_us + 3 * kHeartbeat);
    EXPECT_GRANTED(g);
    if (mode == Mode::kLeased)
      EXPECT_GE(g.interval.start_us, before.limit_us);
    else
      EXPECT_GE(g.interval.start_us, f.c.now_us + 2 * kHeartbeat);
    f.next.Take(g);
    ExpectFenced(f.c.Insist(f.n), Reason::kSuperseded, false);
    EXPECT_GRANTED(f.c.Serve(&f.next));
  }
}

TEST(Registry, ANodeThatIsStoppedIsFollowedAtOnce) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Follow f(mode, Began::kPromoted);
    f.n.heartbeat.stops = true;
    EXPECT_GRANTED(f.c.Ask(f.n));
    EXPECT_TRUE(f.c.r.stopped);
    EXPECT_GRANTED(f.AskAt(kNow + 1));
    EXPECT_FALSE(f.c.r.stopped);
  }
}

TEST(Registry, ANodeThatIsStoppedComesBack) {
  Follow f(Mode::kAssigned, Began::kPromoted);
  f.n.heartbeat.stops = true;
  f.c.Ask(f.n);
  f.n.heartbeat.stops = false;
  f.n.Restart(13);
  EXPECT_GRANTED(f.c.Serve(&f.n));
  ExpectRefused(f.AskAt(kNow + 1), Reason::kNodeLives);
}

// Who is refused for his clock lives, too.
TEST(Registry, ANodeThatIsRefusedIsNotSilent) {
  Follow f(Mode::kLeased, Began::kPromoted);
  f.c.now_us = kNow + 4 * kHeartbeat;
  f.n.heartbeat.node_us = f.c.now_us + f.c.rules.max_ahead_us() + 1;
  ExpectRefused(f.c.Ask(f.n), Reason::kClockAhead);
  ExpectRefused(f.AskAt(kNow + 6 * kHeartbeat), Reason::kNodeLives);
}

// Nobody could ask before.
TEST(Registry, ANodeIsNotSilentForAsLongAsTheCoordinatorWasAway) {
  Follow f(Mode::kAssigned, Began::kPromoted);
  f.c.rules.noted_us = kNow + 100 * kHeartbeat;
  ExpectRefused(f.AskAt(kNow + 103 * kHeartbeat - 1), Reason::kNodeLives);
  EXPECT_GRANTED(f.AskAt(kNow + 103 * kHeartbeat));
}

// R7: whatever its timeline is, and however long the node has been silent.
TEST(Registry, ARecoveredBackupFollowsOnlyAnOperatorsWord) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    for (const int64_t timeline : {1, 2}) {
      Follow f(mode, Began::kRecovered);
      f.next.heartbeat.timeline = timeline;
      ExpectFenced(f.AskAt(kNow + 1), Reason::kOldCopy, false);
      EXPECT_GRANTED(f.c.ServeAt(&f.n, kNow + 2));
      ExpectFenced(f.AskAt(kNow + 100 * kHeartbeat), Reason::kOldCopy, false);
      f.n.heartbeat.stops = true;
      f.c.Ask(f.n);
      ExpectFenced(f.AskAt(kNow + 100 * kHeartbeat), Reason::kOldCopy, false);
      f.next.heartbeat.claims = true;
      EXPECT_GRANTED(f.AskAt(kNow + 100 * kHeartbeat));
    }
  }
}

// What nothing is known of is no standby.
TEST(Registry, ALaterTimelineAloneFollowsNobody) {
  Follow f(Mode::kLeased, Began::kPlainly);
  ExpectFenced(f.AskAt(kNow + 100 * kHeartbeat), Reason::kOldCopy, false);
}

// --- Messages from the past -------------------------------------------------------------------

// R6. Every request that was ever sent arrives again, after each step of a node's way: whatever it
// is, the node is not fenced, displaced or retired by it, and goes on.
TEST(Registry, NoLateRequestHarmsANode) {
  for (const Mode mode : {Mode::kAssigned, Mode::kLeased}) {
    Coordinator c(mode);
    Node n(mode);
    std::vector<Heartbeat> sent;
    const auto arrive_again = [&] {
      for (const Heartbeat& late : sent) {
        const Registration before = c.r;
        const Decision decision = Decide(&c.r, late, false, c.rules, c.now_us);
        EXPECT_FALSE(decision.fences_both);
        EXPECT_EQ(c.r.state, before.state);
        EXPECT_EQ(c.r.instance, before.instance);
        EXPECT_EQ(c.r.stopped, before.stopped);
      }
    };
    // One answer of two is lost, each request is sent twice.
    const auto ask = [&](bool heard) {
      Decision decision = c.Ask(n);
      sent.push_back(n.heartbeat);
      if (decision.challenge != 0) {
        n.heartbeat.challenge = decision.challenge;
        sent.push_back(n.heartbeat);
        decision = c.Ask(n);
        n.heartbeat.challenge = 0;
      }
      EXPECT_GRANTED(decision);
      if (heard) n.Take(decision);
      arrive_again();
    };
    const auto restart = [&](int64_t incarnation) {
      n.heartbeat.incarnation = incarnation;
      ask(false);
      ask(true);
      ask(true);
    };
    ask(false);
    ask(true);
    restart(12);
    // It stops, and starts again: the stop arrives late, too.
    n.heartbeat.stops = true;
    sent.push_back(n.heartbeat);
    n.heartbeat.stops = false;
    restart(13);
    n.heartbeat.stops = true;
    ask(false);
    n.heartbeat.stops = false;
    restart(14);
    // A promoted standby follows, then an operator takes the number back to where it was.
    Node old = n;
    n.heartbeat.instance = 2;
    n.heartbeat.timeline = 2;
    n.heartbeat.began = Began::kPromoted;
    c.now_us = n.heartbeat.node_us = kNow + 3 * kHeartbeat;
    restart(15);
    old.heartbeat.claims = true;
    n.heartbeat = old.heartbeat;
    restart(16);
    // It is to retire, which is taken back before it was heard.
    n.heartbeat.claims = false;
    n.heartbeat.retires = true;
    const Decision told = c.Ask(n);
    sent.push_back(n.heartbeat);
    n.heartbeat.challenge = told.challenge;
    sent.push_back(n.heartbeat);
    n.heartbeat.retires = false;
    n.heartbeat.challenge = 0;
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
  copy.heartbeat.instance = 2;
  const int64_t challenge = c.Ask(copy).challenge;
  EXPECT_NE(challenge, 0);
  c.Serve(&n);
  copy.heartbeat.challenge = challenge;
  const Decision again = c.Ask(copy);
  ExpectRefused(again, Reason::kOtherInstance);
  EXPECT_NE(again.challenge, challenge);
  Node other = copy;
  other.heartbeat.incarnation = 77;
  other.heartbeat.challenge = again.challenge;
  EXPECT_EQ(c.Ask(other).outcome, Outcome::kRefused);
  c.rules.secret++;  // the coordinator was started
  copy.heartbeat.challenge = again.challenge;
  EXPECT_EQ(c.Ask(copy).outcome, Outcome::kRefused);
  ExpectFenced(c.Insist(copy), Reason::kOtherInstance, true);
}

// Unfenced, the next that asks is the node; and a message does not ask.
TEST(Registry, ALateRequestIsNotTakenForTheNodeThatIsExpected) {
  Coordinator c(Mode::kAssigned);
  Node n(Mode::kAssigned);
  c.Serve(&n);
  Node copy = n;
  copy.heartbeat.instance = 2;
  copy.heartbeat.challenge = c.Ask(copy).challenge;
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
  const Decision g = f.c.ServeAt(&n, kNow + kHeartbeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval, (Interval{kNumber, kNow, kNow + kHeartbeat + kLease}));
}

TEST(RegistryFailover, ANodeThatKnowsMoreGoesOnAboveWhatItKnows) {
  Failover f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.ServeAt(&n, kNow + kHeartbeat);
  const Decision lost = f.c.ServeAt(&n, kNow + 2 * kHeartbeat);
  f.Promote();
  const Decision g = f.c.ServeAt(&n, kNow + 3 * kHeartbeat);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, lost.interval.limit_us);
  EXPECT_EQ(g.current, n.heartbeat.old);
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
  const Decision g = f.c.ServeAt(&n, later);
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
  const Decision g = f.c.ServeAt(&n, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.floor_us);
  // The floor lies behind it now.
  const Decision next = f.c.ServeAt(&n, f.c.now_us + kHeartbeat);
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
  const Decision g = f.c.ServeAt(&n, later + 4 * kLease);
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
  n.heartbeat.node_us = f.c.now_us += 4 * kLease;
  const Decision g = f.c.Serve(&n);
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
  const Decision lost = f.c.ServeAt(&n, kNow + kHeartbeat);
  f.Promote();
  EXPECT_GRANTED(f.c.Ask(late));
  n.heartbeat.incarnation = late.heartbeat.incarnation;
  const Decision g = f.c.ServeAt(&n, kNow + 2 * kHeartbeat);
  EXPECT_GRANTED(g);
  EXPECT_GE(g.interval.start_us, lost.interval.limit_us);
}

// The highest that can be granted, after starts in a row whose answers were lost.
TEST(RegistryFailover, TheFloorIsAboveAllThatMayHaveBeenGranted) {
  Coordinator c(Mode::kLeased);
  Node n(Mode::kLeased);
  n.heartbeat.node_us = kNow + c.rules.max_ahead_us();
  int64_t incarnation = 12;
  while (c.Insist(n).outcome == Outcome::kGranted) n.Restart(incarnation++);
  EXPECT_GT(incarnation, 12);
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
  const Decision next = f.c.ServeAt(&n, kNow + kHeartbeat);
  EXPECT_EQ(next.interval, (Interval{kNumber, kNow, kNow + kHeartbeat + kLease}));
  n.Restart(12);
  EXPECT_EQ(f.c.ServeAt(&n, kNow + 2 * kHeartbeat).interval.start_us, next.interval.limit_us);
}

// Its number may have gone to another in what was lost.
TEST(RegistryRollback, ANodeThatWasSilentForLongBeginsAboveTheFloor) {
  Rollback f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  f.c.now_us = kNow + 2 * kQuarantine;
  f.Start();
  n.heartbeat.node_us = f.c.now_us;
  ExpectRefused(f.c.Serve(&n), Reason::kTooFarAhead);
  const Decision g = f.c.ServeAt(&n, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.silent_floor_us);
  n.heartbeat.node_us = g.interval.start_us + kHeartbeat;  // which is not too far ahead
  const Decision next = f.c.ServeAt(&n, f.c.now_us + kHeartbeat);
  EXPECT_GRANTED(next);
  EXPECT_EQ(next.interval.start_us, g.interval.start_us);
}

TEST(RegistryRollback, ANumberThatIsNewBeginsAboveTheFloor) {
  Rollback f;
  f.Fail();
  f.Start();
  Node n(Mode::kLeased);
  const Decision g = f.c.ServeAt(&n, kNow + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_EQ(g.interval.start_us, f.c.rules.silent_floor_us);
}

// The node was prolonged in what was lost, and lives on.
TEST(RegistryRollback, WhoTakesThePlaceOfANodeBeginsAboveTheFloor) {
  Rollback f;
  Node n(Mode::kLeased);
  f.c.Serve(&n);
  f.Fail();
  const Decision lost = f.c.ServeAt(&n, kNow + 3 * kLease);
  f.Start();
  Node standby = n;
  standby.heartbeat.instance = 2;
  standby.heartbeat.timeline = 2;
  standby.heartbeat.began = Began::kPromoted;
  standby.heartbeat.granted_us = kNow + kLease;  // it lags
  standby.heartbeat.node_us = f.c.now_us;
  ExpectRefused(f.c.Insist(standby), Reason::kTooFarAhead);
  const Decision g = f.c.ServeAt(&standby, f.c.now_us + 4 * kLease);
  EXPECT_GRANTED(g);
  EXPECT_GT(g.interval.start_us, lost.interval.limit_us);
}

// --- What a node makes of it ------------------------------------------------------------------

struct Adopting {
  Granted granted;
  NodeClock clock;
  ClockReading now{500, kNow, 500};
  Adopting() { clock.Start(now); }
  Adopted Adopt(const Interval& interval, int64_t incarnation = 11) {
    Decision decision{Outcome::kGranted, Reason::kNone, interval, {}, 11};
    return detid::Adopt(&granted, &clock, now, decision, incarnation, 4 * kLease);
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

TEST(Adopt, WhatAnotherIncarnationAskedForIsNotTaken) {  // R3
  Adopting a;
  EXPECT_EQ(a.Adopt({kNumber, kNow, kNow + kLease}, 12), Adopted::kOtherIncarnation);
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
