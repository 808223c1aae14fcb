// SPDX-License-Identifier: PostgreSQL
//
// A registry's coordinator and its nodes, simulated. What the coordinator decides, and what a node
// makes of it and mints, is core's own code (registry.h, granted.h, sequencer.h); what the server
// adds to it, storing things and sending them, is simulated here. Nobody is a fiber: there are
// thousands, and each acts when an event says so.

#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "core/registry.h"
#include "core/sequencer.h"
#include "world.h"

namespace sim {

// Ways to break the product, to show that the simulation would notice.
enum class RegistryBreak {
  kNothing,
  kStartBelowEnd,   // an interval begins at node time, whatever was granted of the number before
  kAnswerEarly,     // before the registration is stored: a crash forgets it
  kIgnoreLimit,     // a mint goes on after its interval
  kKeepGrant,       // a start goes on with the interval that is on the disk
  kIgnoreNonce,     // a used one is as good as the current
  kIgnoreFloor,     // after a lost tail intervals begin as ever
  kIgnoreStart,     // after a coordinator was set back, too
  kTrustSilent,     // a node that was silent for long may go on after a lost tail
  kIgnoreFence,     // a fenced node mints on
  kLateFences,      // a message is as good as who answers a challenge
  kDisplaceLiving,  // a promoted standby does not wait
};

struct RegistrySetting {
  detid::Definition definition;
  RegistryBreak broken = RegistryBreak::kNothing;
  detid::RegistryRules rules{30 * kSecond, 5 * kMinute};
};

inline constexpr int64_t kHorizonWindow = 3 * kSecond;
inline constexpr int64_t kFailoverGuard = 10 * kSecond;
inline constexpr int64_t kMaxClockStep = 10 * kMinute;

// --- The coordinator --------------------------------------------------------------------------

// What it stores, and what it was before: a standby that is promoted may lack the last of it.
class Coordinator {
 public:
  Coordinator(const RegistrySetting& setting, int numbers)
      : rules(setting.rules), broken_(setting.broken), numbers_(static_cast<size_t>(numbers)) {}

  int Enrol(detid::Mode mode, int32_t number) {
    detid::Registration r;
    r.mode = mode;
    r.interval.node = number;
    registrations_.push_back(r);
    return static_cast<int>(registrations_.size()) - 1;
  }
  const detid::Registration& registration(int i) const { return registrations_[At(i)]; }

  struct Served {
    detid::Decision decision;
    int taken_from = -1;  // the registration that had the number before
    bool repeated = false;
  };
  Served Serve(int who, detid::Heartbeat heartbeat, int64_t true_us, int64_t now_us);

  // An operator's command: the next that asks is the node.
  void Expect(int who, int64_t true_us) {
    Remember(who, true_us);
    registrations_[At(who)].state = detid::NodeState::kExpected;
  }

  // Undoes what was stored after `true_us`. `succession`: another data directory was the node then;
  // or one was that is assigned, and there is no trace of any.
  struct Lost {
    int registration;
    bool succession;
  };
  std::vector<Lost> Lose(int64_t true_us);
  void Forget(int64_t true_us) {
    while (!history_.empty() && history_.front().at < true_us) history_.pop_front();
  }

  detid::RegistryRules rules;

 private:
  struct Number {
    int holder = -1;
    int64_t end_us = 0;
  };
  struct Change {
    int64_t at;
    int who;
    detid::Registration before;
    int32_t number;  // or kAnyNode
    Number number_before;
  };
  static size_t At(int i) { return static_cast<size_t>(i); }
  void Remember(int who, int64_t true_us, int32_t number = detid::kAnyNode) {
    const Number n = number == detid::kAnyNode ? Number{} : numbers_[At(number)];
    history_.push_back({true_us, who, registrations_[At(who)], number, n});
  }
  // The first number that nobody has, or that is out of quarantine.
  int32_t Free(int64_t now_us) const;

  RegistryBreak broken_;
  std::vector<detid::Registration> registrations_;
  std::vector<Number> numbers_;  // of leased nodes
  std::deque<Change> history_;
};

inline int32_t Coordinator::Free(int64_t now_us) const {
  for (size_t n = 0; n < numbers_.size(); n++) {
    const int holder = numbers_[n].holder;
    if (holder < 0 || numbers_[n].end_us + rules.quarantine_us < now_us)
      return static_cast<int32_t>(n);
  }
  return detid::kAnyNode;
}

inline Coordinator::Served Coordinator::Serve(int who, detid::Heartbeat heartbeat, int64_t true_us,
                                              int64_t now_us) {
  using namespace detid;
  Served served;
  Registration r = registrations_[At(who)];
  if (r.mode == Mode::kLeased && r.interval.node == kAnyNode) {
    r.interval = {Free(now_us), 0, 0};
    if (r.interval.node != kAnyNode) {
      const Number& n = numbers_[At(r.interval.node)];
      r.end_us = n.end_us;
      served.taken_from = n.holder;
    }
  }
  RegistryRules applied = rules;
  if (broken_ == RegistryBreak::kStartBelowEnd && r.mode == Mode::kLeased) {
    r.end_us = 0;
    heartbeat.granted_us = 0;
  }
  if (broken_ == RegistryBreak::kIgnoreNonce && heartbeat.instance == r.instance)
    heartbeat.old = r.current;
  if (broken_ == RegistryBreak::kIgnoreFloor) applied.floor_us = 0;
  if (broken_ == RegistryBreak::kIgnoreStart) applied.silent_floor_us = 0;
  if (broken_ == RegistryBreak::kDisplaceLiving) r.heard_us = applied.noted_us = 0;
  if (broken_ == RegistryBreak::kTrustSilent) applied.quarantine_us = 1000 * kDay;
  const Nonce before = r.current;
  served.decision = Decide(&r, heartbeat, false, applied, now_us);
  if (broken_ == RegistryBreak::kLateFences && served.decision.challenge != 0) {
    heartbeat.challenge = served.decision.challenge;
    served.decision = Decide(&r, heartbeat, false, applied, now_us);
  }
  const Outcome outcome = served.decision.outcome;
  served.repeated = outcome == Outcome::kGranted && r.current == before;
  if (outcome == Outcome::kRefused) registrations_[At(who)].heard_us = r.heard_us;
  if (outcome == Outcome::kRefused || (outcome == Outcome::kFenced && !served.decision.fences_both))
    return served;
  const int32_t number = r.mode == Mode::kLeased ? r.interval.node : kAnyNode;
  if (outcome == Outcome::kGranted && served.taken_from >= 0 && served.taken_from != who) {
    Remember(served.taken_from, true_us);
    registrations_[At(served.taken_from)].interval = {kAnyNode, 0, 0};
  }
  Remember(who, true_us, number);
  registrations_[At(who)] = r;
  if (number != kAnyNode)
    numbers_[At(number)] = {who, std::max(numbers_[At(number)].end_us, r.end_us)};
  return served;
}

inline std::vector<Coordinator::Lost> Coordinator::Lose(int64_t true_us) {
  std::vector<Lost> lost;
  while (!history_.empty() && history_.back().at > true_us) {
    const Change& c = history_.back();
    const detid::Registration& r = registrations_[At(c.who)];
    const bool was = c.before.instance != 0 || r.mode == detid::Mode::kAssigned;
    lost.push_back({c.who, was && r.instance != c.before.instance});
    registrations_[At(c.who)] = c.before;
    if (c.number != detid::kAnyNode) numbers_[At(c.number)] = c.number_before;
    history_.pop_back();
  }
  return lost;
}

// --- A node's server --------------------------------------------------------------------------

// What survives a crash, and what a copy of the data directory has, too.
struct NodeDisk {
  detid::Nonce old, next{1, 0};
  int64_t granted_us = 0;
  detid::Interval interval;        // the last that was adopted
  int64_t confirmed_instance = 0;  // that this was granted to
  uint32_t confirmed_timeline = 0;
  int64_t horizon_us = 0;
  int64_t horizon_instance = 0;  // who raised it
  uint32_t horizon_timeline = 0;
  bool fenced = false;
};

// What was given out in one incarnation under one interval. As time is dense, two of these that
// overlap are ids that would have been minted twice.
struct Span {
  int32_t number;
  int server;
  int64_t incarnation, start_us;
  uint64_t first, last;
  uint64_t told;  // nothing from here on, as the registry has said that it is fenced
  bool operator<(const Span& s) const {
    return number != s.number ? number < s.number : first < s.first;
  }
};

struct NodeServer {
  // Of the machine, and the data directory.
  int index, registration;
  detid::Mode mode;
  int32_t assigned;
  int64_t instance;
  uint32_t timeline = 1;
  detid::Began began = detid::Began::kPlainly;
  NodeDisk disk;
  std::array<NodeDisk, 4> standby;  // what one that lags has: the disk at the last heartbeats
  int64_t boot_offset = 0, real_offset = 0;
  double boot_rate = 1;

  // Of the process.
  bool up = false, dead = false;  // dead: it does not come again
  bool retiring = false;
  int64_t heard_us = 0;  // node time in the last heartbeat that was granted
  uint32_t epoch = 0;    // events of an earlier one are not its
  int64_t stopped_until = 0, cut_off_until = 0;
  int64_t incarnation = 0;
  uint64_t sending = 0;   // the request that an answer is awaited for; 0: none
  int64_t challenge = 0;  // that the next request answers
  int challenges = 0;     // in a row
  bool claims = false;    // an operator's command

  // Shared memory, and a backend.
  detid::NodeClock clock;
  detid::Granted granted;
  int64_t horizon_us = 0;
  int32_t shard_number = -2;
  detid::Shard shard;
  detid::Slot slot;
  detid::Sequencer sequencer;
  detid::Interval read;  // that the mint under way goes by
  uint64_t now_position = 0;
  bool minting = false;  // it was stopped in the middle
  int span = -1;

  // Of a copy.
  int copied_from = -1;
  bool same_incarnation = false;  // with its memory
  int64_t copied_us = 0;          // node time of the original then
  int64_t common_us = 0;          // heard_us of the original then
  detid::Nonce shared_next;       // the heartbeat that both may send, and
  int64_t shared_until_us = 0;    // the end of what both were granted then

  int64_t Boot(int64_t true_us) const {
    return boot_offset + static_cast<int64_t>(static_cast<double>(true_us) * boot_rate);
  }
  detid::ClockReading Reading(int64_t true_us) const {
    const int64_t boot = Boot(true_us);
    return {boot, real_offset + true_us, boot};
  }
  int64_t NodeTime(int64_t true_us) {
    const uint64_t word = clock.word();
    const detid::ClockReading now = Reading(true_us);
    if (clock.Stale(now.boot_before)) clock.Calibrate(word, now, kMaxClockStep);
    return clock.At(now.boot_before);
  }

  detid::Heartbeat MakeHeartbeat(int64_t true_us) {
    detid::Heartbeat b;
    b.old = disk.old;
    b.next = disk.next;
    b.mode = mode;
    b.node = assigned;
    b.instance = instance;
    b.incarnation = incarnation;
    b.timeline = timeline;
    b.node_us = NodeTime(true_us);
    b.granted_us = disk.granted_us;
    b.horizon_us = disk.horizon_us;
    b.retires = retiring;
    b.claims = claims;
    b.began = began;
    b.challenge = challenge;
    return b;
  }

  // A new incarnation, above the horizon.
  void Start(const RegistrySetting& setting, int64_t true_us, int64_t new_incarnation) {
    epoch++;
    up = true;
    incarnation = new_incarnation;
    sending = 0;
    challenge = challenges = 0;
    minting = false;
    stopped_until = 0;
    const detid::ClockReading now = Reading(true_us);
    clock.Start(now);
    const bool foreign = disk.horizon_us != 0 &&
                         (disk.horizon_instance != instance || disk.horizon_timeline != timeline);
    clock.AdvanceTo(
        foreign ? std::max(disk.horizon_us, now.real) + kFailoverGuard : disk.horizon_us, now);
    granted.Revoke();
    const bool confirmed = disk.confirmed_instance == instance &&
                           disk.confirmed_timeline == timeline && mode == detid::Mode::kAssigned;
    if ((confirmed || setting.broken == RegistryBreak::kKeepGrant) && !disk.fenced &&
        disk.interval.limit_us != 0) {
      clock.AdvanceTo(disk.interval.start_us, now);
      granted.Publish(disk.interval);
    }
    RaiseHorizon(clock.At(now.boot_before) + kHorizonWindow);
    shard_number = -2;
    span = -1;
  }
  void RaiseHorizon(int64_t us) {
    disk.horizon_us = std::max(disk.horizon_us, us);
    disk.horizon_instance = instance;
    disk.horizon_timeline = timeline;
    horizon_us = disk.horizon_us;
  }

  // Memory and all. The shard's atomics are copied as bytes: nobody runs meanwhile.
  void CopyMemory(const NodeServer& from) {
    std::memcpy(static_cast<void*>(&clock), &from.clock, sizeof clock);
    std::memcpy(static_cast<void*>(&granted), &from.granted, sizeof granted);
    std::memcpy(static_cast<void*>(&shard), &from.shard, sizeof shard);
    slot = from.slot;
    sequencer = from.sequencer;
    sequencer.shard = &shard;
    sequencer.slot = &slot;
    horizon_us = from.horizon_us;
    shard_number = from.shard_number;
    incarnation = from.incarnation;
    challenge = from.challenge;
    began = from.began;
    retiring = from.retiring;
  }
};

}  // namespace sim
