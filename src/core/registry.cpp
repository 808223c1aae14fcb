// SPDX-License-Identifier: PostgreSQL

#include "core/registry.h"

#include <algorithm>

#include "core/prf.h"

#include "core/no_postgres.h"

namespace detid {
namespace {

enum class Who : uint8_t {
  kRepeat,     // the heartbeat that was answered last
  kHolder,     // the node
  kRestarted,  // in a new incarnation, or needs a new interval
  kReturned,   // it knows more than the coordinator, which has lost history
  kSuccessor,  // in the place of the node, which may live on
  kStale,      // somebody who was the node, or a copy of it: the node goes on
  kTwin,       // which of two is the node cannot be told
  kWaiting,    // it takes the place of the node once that is gone
};

struct Judgement {
  Who who;
  Reason reason = Reason::kNone;
};

bool Repeats(const Registration& r, const Heartbeat& b) {
  return b.old == r.asked_old && b.next == r.asked_next;
}

Judgement JudgeInstance(const Registration& r, const Heartbeat& b) {
  if (Repeats(r, b)) {
    // The answer was given, unless the number went to another since, or there is more to say now.
    const bool answered = b.incarnation == r.incarnation && r.interval.limit_us != 0 && !b.retires;
    return {answered ? Who::kRepeat : Who::kRestarted};
  }
  if (b.old == r.current) return {b.incarnation == r.incarnation ? Who::kHolder : Who::kRestarted};
  if (b.old.counter > r.current.counter) return {Who::kReturned};
  return {r.mode == Mode::kLeased ? Who::kStale : Who::kTwin, Reason::kUsedNonce};
}

Judgement Judge(const Registration& r, const Heartbeat& b, const RegistryRules& rules,
                int64_t now_us) {
  if (r.state == NodeState::kExpected) return {Who::kSuccessor};
  if (b.instance == r.instance) return JudgeInstance(r, b);
  if (b.claims) return {Who::kSuccessor};
  if (b.timeline < r.timeline) return {Who::kStale, Reason::kSuperseded};
  // A recovered copy may have the timeline of the node by chance.
  if (b.began == Began::kRecovered) return {Who::kStale, Reason::kOldCopy};
  const bool silent = rules.silent_at_us(r) <= now_us;
  if (b.began == Began::kPromoted)
    return r.stopped || silent ? Judgement{Who::kSuccessor}
                               : Judgement{Who::kWaiting, Reason::kNodeLives};
  if (b.timeline > r.timeline) return {Who::kStale, Reason::kOldCopy};
  if (r.mode == Mode::kAssigned) return {Who::kTwin, Reason::kOtherInstance};
  // The intervals of both are disjoint, so the node goes on, unless it has gone silent. By its
  // limit alone a node with a slow clock is not.
  if (!silent || r.interval.limit_us > now_us) return {Who::kStale, Reason::kOtherInstance};
  const bool knows = b.old == r.current || Repeats(r, b) || b.old.counter > r.current.counter;
  return knows ? Judgement{Who::kSuccessor} : Judgement{Who::kStale, Reason::kUsedNonce};
}

// Whether the request is the one that the node would make next, or has made last: a message from
// the past changes nothing by it that the node does not go on from.
bool IsPlain(const Registration& r, const Heartbeat& b, Who who) {
  if (who == Who::kHolder || who == Who::kRepeat) return true;
  return who == Who::kRestarted && (b.old == r.current || b.incarnation == r.incarnation);
}

// R6. Of the registration as it is and of who asks what: nothing has to be stored.
int64_t Challenge(const Registration& r, const Heartbeat& b, const RegistryRules& rules) {
  const int64_t of[] = {rules.secret,      r.current.counter,
                        r.current.bits,    r.asked_next.counter,
                        r.asked_next.bits, static_cast<int64_t>(r.state),
                        r.instance,        r.incarnation,
                        b.old.counter,     b.old.bits,
                        b.next.counter,    b.next.bits,
                        b.instance,        b.incarnation,
                        b.timeline,        static_cast<int64_t>(b.began),
                        b.claims,          b.retires};
  const uint64_t bits = HashBits({reinterpret_cast<const char*>(of), sizeof of}, 63).word[0];
  return static_cast<int64_t>(bits) | 1;  // never none
}

Decision Refuse(Reason reason, int64_t challenge = 0) {
  return {Outcome::kRefused, reason, {}, {}, 0, false, challenge};
}

Decision Fence(Registration* r, Reason reason, bool both) {
  if (both) {
    r->state = NodeState::kFenced;
    r->reason = reason;
  }
  return {Outcome::kFenced, reason, {}, {}, 0, both};
}

// R1. Of a leased node, the last interval is prolonged if this is the incarnation that it is good
// in.
Interval IntervalFor(const Registration& r, const Heartbeat& b, Who who, const RegistryRules& rules,
                     int64_t now_us) {
  Interval i = r.interval;
  if (r.mode == Mode::kAssigned) {
    i.limit_us = kForEver;
    // Who was here before may mint until it hears of it, with its next heartbeat.
    if (who == Who::kSuccessor && (r.end_us != 0 || r.current.counter != 0))
      i.start_us = std::max({r.end_us, b.node_us, now_us}) + rules.until_heard_us(r);
    return i;
  }
  // Whether nobody else can have had the number in what a promoted coordinator may have lost. That
  // the node says so is not enough: the one before did not know it either, perhaps.
  const bool kept = i.limit_us + rules.quarantine_us / 2 > now_us;
  int64_t floor_us = rules.floor_us;
  if (!kept || who == Who::kSuccessor) floor_us = std::max(floor_us, rules.silent_floor_us);
  if (who == Who::kHolder && i.limit_us != 0 && i.limit_us == r.end_us &&
      b.incarnation == r.incarnation && b.granted_us <= i.limit_us &&
      (kept || i.limit_us >= floor_us)) {
    i.limit_us = std::max(i.limit_us, b.node_us + rules.lease_us);
    return i;
  }
  i.start_us = std::max({r.end_us, b.granted_us, b.node_us});
  if (!kept || (who != Who::kHolder && who != Who::kReturned))
    i.start_us = std::max(i.start_us, floor_us);
  i.limit_us = i.start_us + rules.lease_us;
  return i;
}

// Nothing is granted to who stops: what it was granted before is its own. Only the incarnation that
// was heard of last says so: the next one may have begun when the message of another arrives.
Decision Stop(Registration* r, const Heartbeat& b) {
  if (b.old == r->current) {
    r->current = b.next;
    r->asked_old = b.old;
    r->asked_next = b.next;
  }
  r->stopped = true;
  if (r->mode == Mode::kAssigned) r->end_us = std::max(r->end_us, b.horizon_us);
  return {Outcome::kGranted, Reason::kNone, r->interval, r->current, r->incarnation};
}

}  // namespace

Decision Decide(Registration* r, const Heartbeat& b, bool same_seed, const RegistryRules& rules,
                int64_t now_us) {
  if (r->state == NodeState::kRetired) return Fence(r, Reason::kRetired, false);
  if (r->state == NodeState::kFenced) return Fence(r, r->reason, false);
  if (b.mode != r->mode) return Refuse(Reason::kWrongMode);
  if (r->mode == Mode::kAssigned && b.node != r->interval.node) return Refuse(Reason::kWrongNode);
  if (b.began == Began::kNotYet) {
    const bool ahead = b.node_us > now_us + rules.max_ahead_us();
    if (ahead) return Refuse(Reason::kClockAhead);
    return {Outcome::kGranted, Reason::kNone, {}, {}};
  }
  if (r->mode == Mode::kLeased && r->interval.node == kAnyNode) return Refuse(Reason::kNoNumber);
  const Judgement j = Judge(*r, b, rules, now_us);
  if (j.who == Who::kWaiting) return Refuse(j.reason);
  const bool plain = IsPlain(*r, b, j.who);
  if (b.stops && (!plain || b.incarnation != r->incarnation)) return Refuse(Reason::kUsedNonce);
  if (plain) r->heard_us = now_us;
  if (b.stops) return Stop(r, b);
  const bool stale = j.who == Who::kStale || j.who == Who::kTwin;
  if (!plain || same_seed || b.retires) {
    const Reason reason = stale ? j.reason : same_seed ? Reason::kSameSeed : Reason::kChallenged;
    const int64_t challenge = Challenge(*r, b, rules);
    if (b.challenge != challenge) return Refuse(reason, challenge);
  }
  if (stale) return Fence(r, j.reason, j.who == Who::kTwin);
  if (same_seed) return Fence(r, Reason::kSameSeed, true);
  if (j.who == Who::kRepeat) {
    r->heartbeat_us = rules.heartbeat_us();
    return {Outcome::kGranted, Reason::kNone, r->interval, r->current, r->incarnation};
  }
  if (b.node_us > now_us + rules.max_ahead_us()) return Refuse(Reason::kClockAhead);
  const Interval interval = IntervalFor(*r, b, j.who, rules, now_us);
  // Of an assigned node, a new start is measured by its own clock: should the coordinator's be
  // wrong, what it said would be the node's for ever.
  const bool raised = interval.start_us > std::max({r->end_us, b.granted_us, b.node_us});
  const bool too_far =
      r->mode == Mode::kLeased
          ? interval.start_us > now_us + (raised ? rules.max_raised_us() : rules.max_start_us())
          : interval.start_us != r->interval.start_us &&
                interval.start_us > b.node_us + rules.max_start_us() + rules.until_heard_us(*r);
  if (too_far) return Refuse(Reason::kTooFarAhead);

  // A server that has started again repeats a pair, or a copy of it that looks alike: whoever comes
  // next of the two shows a nonce that was used. One that is repeated for another reason has
  // swapped the nonce already.
  const bool repeats = j.who == Who::kRestarted && Repeats(*r, b);
  const bool alike = repeats && b.incarnation != r->incarnation;
  const bool swapped = repeats && !alike;
  if (!alike && (b.old == r->current || b.next.counter > r->current.counter))
    r->current = b.next;
  else if (!swapped)
    r->current = {r->current.counter + 1, b.next.bits};
  r->asked_old = b.old;
  r->asked_next = b.next;
  r->heard_us = now_us;
  r->stopped = false;
  r->state = b.retires ? NodeState::kRetired : NodeState::kActive;
  r->instance = b.instance;
  r->incarnation = b.incarnation;
  r->timeline = b.timeline;
  r->interval = interval;
  r->heartbeat_us = rules.heartbeat_us();
  if (r->mode == Mode::kLeased)
    r->end_us = std::max(r->end_us, interval.limit_us);
  else
    r->end_us = std::max({r->end_us, b.horizon_us, interval.start_us});
  return {Outcome::kGranted, Reason::kNone, interval, r->current, r->incarnation};
}

Adopted Adopt(Granted* granted, NodeClock* clock, const ClockReading& now, const Decision& decision,
              int64_t incarnation, int64_t max_ahead_us) {
  if (decision.incarnation != incarnation) return Adopted::kOtherIncarnation;
  const Interval& i = decision.interval;
  const Interval old = granted->Read();
  if (i.node == old.node && i.start_us == old.start_us && old.limit_us != 0) {
    if (i.limit_us > old.limit_us) granted->Publish(i);
    return Adopted::kYes;
  }
  if (i.node == old.node && old.limit_us != kForEver && i.start_us < old.limit_us)
    return Adopted::kBackwards;
  if (i.start_us > clock->At(now.boot_before) + max_ahead_us) return Adopted::kTooFar;
  clock->AdvanceTo(i.start_us, now);
  granted->Publish(i);
  return Adopted::kYes;
}

}  // namespace detid
