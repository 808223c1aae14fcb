// SPDX-License-Identifier: PostgreSQL
//
// A node asks, the coordinator answers, and the node goes by what it said. Requests and answers are
// lost, sent again, and arrive late.

#include "registry_run.h"

#include <algorithm>

namespace sim {
namespace {

using detid::Mode;
using detid::Outcome;
using detid::Reason;

constexpr int64_t kTimeout = 3 * kSecond;
constexpr int kMostChallenges = 5;
constexpr uint64_t kTick = uint64_t{1} << 17;  // the most positions that one has

}  // namespace

size_t RegistryRun::Keep(Message m) {
  if (unused_.empty()) {
    messages_.push_back(m);
    return messages_.size() - 1;
  }
  const size_t i = unused_.back();
  unused_.pop_back();
  messages_[i] = m;
  return i;
}

void RegistryRun::Send(NodeServer& s) {
  if (s.disk.fenced) return;
  s.sending = ++sendings_;
  In(kTimeout + random_.Below(kSecond), What::kTimeout, s.index, s.sending);
  counts_.heartbeats++;
  s.standby[random_.Below(4)] = s.disk;
  if (s.cut_off_until > now_ || random_.Chance(0.01)) {
    counts_.lost_requests++;
    return;
  }
  const Message m = {s.index, s.sending, s.MakeHeartbeat(now_), {}, now_};
  In(random_.LogBetween(100, 200 * kMs), What::kArrive, -1, Keep(m));
  if (!random_.Chance(0.01)) return;
  counts_.late++;
  In(random_.LogBetween(kSecond, 5 * kMinute), What::kArrive, -1, Keep(m));
}

void RegistryRun::Arrive(const Event& e) {
  Message m = messages_[e.number];
  Free(e.number);
  // Of a server that was set back, the connections are gone.
  if (coordinator_away_until_ > now_ || m.sent_at < set_back_at_) return;
  NodeServer& s = Server(m.server);
  const detid::Registration before = coordinator_.registration(s.registration);
  const auto served = coordinator_.Serve(s.registration, m.heartbeat, now_, CoordinatorNow());
  m.decision = served.decision;
  CheckDisplaced(s, m, before);
  if (m.decision.outcome == Outcome::kGranted) {
    counts_.granted++;
    counts_.repeated += served.repeated;
    CheckGrant(s, m, served.repeated);
    if (served.taken_from >= 0 && served.taken_from != s.registration) Taken(served.taken_from);
  }
  // A crash after what was stored, and before it is answered.
  if (random_.Chance(0.00002)) {
    LoseAnswer(m);
    return CrashCoordinator();
  }
  if (s.cut_off_until > now_ || random_.Chance(0.01)) {
    counts_.lost_answers++;
    return LoseAnswer(m);
  }
  // That of a request that was sent again comes over a connection that is closed.
  events_.push(
      {now_ + random_.LogBetween(100, 200 * kMs), 0, What::kAnswer, s.index, s.epoch, Keep(m)});
}

// R6 and R7: what was sent before the registration moved on fences, displaces and retires nobody;
// and who was heard of is displaced by an operator's command alone.
void RegistryRun::CheckDisplaced(const NodeServer& s, const Message& m,
                                 const detid::Registration& before) {
  const detid::Registration& after = coordinator_.registration(s.registration);
  Heard& h = heard_[s.registration];
  const bool ended = after.state != before.state && (after.state == detid::NodeState::kFenced ||
                                                     after.state == detid::NodeState::kRetired);
  const bool displaced = after.instance != before.instance;
  if ((ended || displaced) && m.sent_at < h.moved_at)
    Fail("registration " + std::to_string(s.registration) +
         (ended ? " is ended" : " is displaced") + " by a request that is late");
  if (displaced && before.state == detid::NodeState::kActive && !m.heartbeat.claims && !h.stopped &&
      h.instance == before.instance &&
      CoordinatorNow() - h.at_us < 2 * setting_.rules.heartbeat_us())
    Fail("a node that lives, registration " + std::to_string(s.registration) + ", is displaced");
  if (m.decision.outcome != Outcome::kGranted) return;
  if (after.current != before.current) h.moved_at = now_;
  h.instance = after.instance;
  h.at_us = CoordinatorNow();
  h.stopped = after.stopped;
}

// Once one of two assigned nodes has gone on after the other, the other is fenced with its next
// heartbeat. But who was not answered may ask the same again.
void RegistryRun::CheckGrant(NodeServer& s, const Message& m, bool repeated) {
  s.heard_us = std::max(s.heard_us, m.heartbeat.node_us);
  for (const int i : members_[s.registration]) {
    NodeServer& c = Server(i);
    if (c.same_incarnation && (c.index == s.index || c.copied_from == s.index) &&
        m.heartbeat.next == c.shared_next)
      c.shared_until_us = std::max(c.shared_until_us, m.decision.interval.limit_us);
  }
  if (s.mode != Mode::kAssigned || repeated) return;
  auto& turns = turns_[s.registration];
  if (turns.last != s.index) {
    turns.last = s.index;
    if (++turns.changes > 2 + turns.unheard)
      Fail("assigned registration " + std::to_string(s.registration) +
           " is granted to two servers in turn");
  }
}

void RegistryRun::LoseAnswer(const Message& m) {
  const NodeServer& s = Server(m.server);
  if (s.mode == Mode::kAssigned && m.decision.outcome == Outcome::kGranted)
    turns_[s.registration].unheard++;
}

void RegistryRun::Answer(NodeServer& s, uint64_t message) {
  const Message m = messages_[message];
  Free(message);
  if (s.sending != m.sending) return LoseAnswer(m);
  s.sending = 0;
  const detid::Decision& r = m.decision;
  switch (r.outcome) {
    case Outcome::kFenced:
      counts_.fenced++;
      if (r.reason == Reason::kSuperseded) counts_.superseded++;
      if (r.reason == Reason::kRetired) {
        s.dead = true;
        return;
      }
      s.disk.fenced = true;
      if (s.span >= 0) {
        const int64_t told_us = s.NodeTime(now_) + kLead;
        spans_[static_cast<size_t>(s.span)].told =
            detid::PositionAt(setting_.definition, told_us) + kTick;
      }
      Push(now_ + random_.LogBetween(20 * kSecond, 3 * kMinute), What::kOperator, s.index);
      return;
    case Outcome::kRefused:
      counts_.refused++;
      s.challenge = r.challenge;
      if (r.challenge != 0 && ++s.challenges <= kMostChallenges) {
        counts_.challenged++;
        return Send(s);
      }
      s.challenge = s.challenges = 0;
      if (r.reason == Reason::kNodeLives) {
        counts_.waited++;
        if (random_.Chance(0.02)) Claim(s);
        In(random_.Between(kSecond, 2 * kSecond), What::kHeartbeat, s.index);
        return;
      }
      break;
    case Outcome::kGranted:
      if (s.retiring) {
        s.dead = true;
        return;
      }
      s.claims = false;
      s.challenge = s.challenges = 0;
      Adopt(s, r);
  }
  In(setting_.rules.heartbeat_us() - random_.Below(kSecond), What::kHeartbeat, s.index);
}

void RegistryRun::Adopt(NodeServer& s, const detid::Decision& r) {
  s.disk.old = r.current;
  s.disk.next = {r.current.counter + 1, random_.Below(int64_t{1} << 62)};
  if (s.mode == Mode::kLeased) s.disk.granted_us = std::max(s.disk.granted_us, r.interval.limit_us);
  // Node time is calibrated, so that it is not taken for the one before a step.
  s.NodeTime(now_);
  const detid::Adopted adopted = detid::Adopt(&s.granted, &s.clock, s.Reading(now_), r,
                                              s.incarnation, setting_.rules.max_ahead_us());
  if (adopted == detid::Adopted::kTooFar) counts_.too_far++;
  // Of two with one past, a coordinator that has lost some of it may take one for the other.
  if (adopted == detid::Adopted::kBackwards && options_.broken == RegistryBreak::kNothing &&
      !HasMachineCopy(s.registration))
    Fail("an interval goes back on server " + std::to_string(s.index));
  if (adopted != detid::Adopted::kYes) return;
  s.disk.interval = r.interval;
  s.disk.confirmed_instance = s.instance;
  s.disk.confirmed_timeline = s.timeline;
}

}  // namespace sim
