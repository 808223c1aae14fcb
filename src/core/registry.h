// SPDX-License-Identifier: PostgreSQL
//
// The registry's protocol: what a node asks (Heartbeat), what the coordinator knows of it
// (Registration) and how it answers (Decide), and what the node makes of the answer (Adopt). Where
// these are stored, and how they travel, is the callers' affair: the server's are fn/heartbeat.cpp
// and state/registry/heartbeat.cpp, the simulation has its own.
//
// Two modes. Assigned: the node number is the node's for good, and it mints whether the coordinator
// is there or not. Leased: number and interval of node time are granted, and it mints only within.
//
// Every heartbeat that is accepted swaps a nonce, the old one for the next, by compare-and-set. The
// node stores the pair before it sends it, and sends the same pair until it is answered; the same
// pair again gets the same answer, so a lost answer harms nobody. A nonce that was used already is
// known to two nodes: they are one, copied. Or the request has been under way for long, and the
// node has gone on since. Any request may be late, doubled or replayed; so one that is not plainly
// the node's next is refused, and told a challenge: who lives asks again with it, and a message
// cannot.
//
// Possession comes first: a standby that was promoted takes the place of its predecessor when that
// was stopped, or has been silent for some heartbeats; a backup that was recovered only if an
// operator says so (`claims`).
//
// Invariants:
//   R1  an interval of a number begins at or above everything that was granted of that number
//       before, to whomever, and at or above the node time of who gets it. So no two nodes ever
//       have a node time in common under one number, whatever their clocks do. An assigned node has
//       all of node time: its number is nobody else's until it is retired.
//   R2  the coordinator stores the registration and the number's end durably before it answers.
//   R3  a grant is good in the incarnation of the server that asked for it: a copied data
//   directory, and a
//       node that starts again, ask anew.
//   R4  a counter of a nonce never falls. One that is higher than the coordinator's shows that the
//       coordinator has lost some of its history; the node brings along how far it was granted.
//   R5  what is refused changes nothing, but for when the node was heard of last.
//   R6  nobody is fenced, displaced, retired or taken for a node that has come back, but by a
//   request
//       that carries the challenge of the registration as it is. A challenge is told to one asker,
//       for one request, and is void once the nonce has moved.
//   R7  who was heard of within kSilentHeartbeats is displaced by nobody but an operator's command.
//   R8  a request of a standby changes nothing, and nothing is granted by it. It is told what would
//       keep it from minting if it were promoted, whatever becomes of the node meanwhile.

#pragma once

#include <algorithm>
#include <cstdint>

#include "core/granted.h"
#include "core/node_clock.h"

namespace detid {

enum class Mode : uint8_t { kAssigned, kLeased };

// How the server began to write where it is.
enum class Began : uint8_t {
  kPlainly,    // or nothing is known of it
  kPromoted,   // a standby that streamed from another server
  kRecovered,  // from a backup, as far as can be told
  kNotYet,     // it is a standby, and asks what it would be told
};

struct Nonce {
  int64_t counter = 0;  // 0: none yet
  int64_t bits = 0;     // random

  friend bool operator==(const Nonce&, const Nonce&) = default;
};

// What a node asks.
struct Heartbeat {
  Nonce old, next;
  Mode mode = Mode::kAssigned;
  int32_t node = kAnyNode;  // of the settings, if assigned
  int64_t instance = 0;     // of the data directory and the database
  int64_t incarnation = 0;  // of the server: each start has its own
  int64_t timeline = 0;     // which rises with each promotion
  int64_t node_us = 0;      // node time as it asks
  int64_t granted_us = 0;   // up to where it was ever granted; 0: never
  int64_t horizon_us = 0;   // above all that it has minted
  int64_t since_us = 0;     // what it has minted since it was answered last is not below
  bool claims = false;      // an operator says that it takes the place of the one before
  bool retires = false;     // it has stopped minting, for good
  bool stops = false;       // its server is shut down, and mints no more in this incarnation
  Began began = Began::kPlainly;
  int64_t challenge = 0;  // that the same request was refused with; 0: none
};

enum class NodeState : uint8_t {
  kExpected,  // enrolled, never seen; or allowed again: the next that asks is the node
  kActive,
  kFenced,
  kRetired,
};

// Why a node is fenced, or refused.
enum class Reason : uint8_t {
  kNone,
  kUsedNonce,      // somebody with the same past was here before
  kOtherInstance,  // the same node in two data directories
  kSameSeed,       // another node has the same seed
  kSuperseded,     // a promoted standby, or a successor, has taken its place
  kOldCopy,        // recovered from a backup, or it cannot be told from one that was
  kRetired,
  kWrongMode,    // from here on: refused, which may pass
  kWrongNode,    // detid.node_id is not the number that was enrolled
  kClockAhead,   // its node time is too far ahead of the coordinator's clock
  kTooFarAhead,  // so is the end of what was granted before
  kNoNumber,     // all numbers of the prefix are in use, or in quarantine
  kNodeLives,    // the node whose place it is to take was heard of a moment ago
  kChallenged,   // it is to ask again, with the challenge
};

// Whether who is refused for it is fenced if it asks again with the challenge.
constexpr bool IsGraveReason(Reason reason) {
  return reason > Reason::kNone && reason < Reason::kWrongMode;
}

// What the coordinator knows of a node.
struct Registration {
  Mode mode = Mode::kAssigned;
  NodeState state = NodeState::kExpected;
  Reason reason = Reason::kNone;  // if fenced
  Nonce current, asked_old, asked_next;
  int64_t instance = 0, incarnation = 0, timeline = 0;
  Interval interval;         // the last that was granted; its number, if there is one
  int64_t end_us = 0;        // above all that was granted of that number, to whomever
  int64_t heartbeat_us = 0;  // how often it was told to ask
  int64_t heard_us = 0;      // the coordinator's time when it asked last
  bool stopped = false;      // it has said that its server is shut down
};

struct RegistryRules {
  static constexpr int64_t kGuardUs = 20000000;
  // A node that lives is heard of within two heartbeats, should a request and its repetitions be
  // lost.
  static constexpr int64_t kSilentHeartbeats = 3;

  int64_t lease_us;       // length of an interval
  int64_t quarantine_us;  // a number is given to another so long after its last interval
  // A coordinator that was promoted may have lost the last that it granted: what that may have been
  // ends below. Intervals begin above it, unless the number was its node's all the while: its last
  // interval is too recent for the number to have been given to another since. That is if the
  // clocks of the two coordinators differ by less than half the quarantine.
  //
  // One thing may be lost that this does not tell: that a copy of a leased node took its place. The
  // one before may then go on for a heartbeat beside it.
  int64_t floor_us = 0;
  // A coordinator that was started may have been set back, with its disk, by more than that, and
  // only its start shows. All that may be lost was granted before, so it ends below; and a number
  // may have gone to another only if its node has been silent for long by what is left. So this one
  // is for those, and for who takes the place of a node that may live on: whoever is known to have
  // its number still goes on, as after any start.
  int64_t silent_floor_us = 0;
  int64_t noted_us = 0;  // this coordinator has been there to be asked since then
  int64_t secret = 0;    // of the coordinator since then: challenges follow from it

  // Of node time over the coordinator's clock: for a few restarts in a row, and what is usual after
  // a failover.
  int64_t max_ahead_us() const { return 4 * lease_us + kGuardUs; }
  // How far ahead of the coordinator's clock an interval begins at the most; it ends a lease later.
  int64_t max_start_us() const { return max_ahead_us() + lease_us; }
  // That of one which only a floor has raised: its node's next heartbeats are not too far ahead,
  // either.
  int64_t max_raised_us() const { return max_ahead_us() - lease_us; }
  // A coordinator that was promoted at `now_us`: above all that the one before it may have granted,
  // if its clock was less than a lease ahead.
  int64_t FloorAt(int64_t now_us) const { return now_us + max_start_us() + 2 * lease_us; }

  // How often nodes ask.
  int64_t heartbeat_us() const { return lease_us / 3; }
  // How long an assigned node may mint until it hears that another has its number: it asks as often
  // as it was told, and is not heard once, perhaps.
  int64_t until_heard_us(const Registration& r) const {
    return 2 * std::max(r.heartbeat_us, heartbeat_us());
  }
  // From when on a node that was not heard of again may be followed.
  int64_t silent_at_us(const Registration& r) const {
    return std::max(r.heard_us, noted_us) +
           kSilentHeartbeats * std::max(r.heartbeat_us, heartbeat_us());
  }
};

enum class Outcome : uint8_t { kGranted, kRefused, kFenced };

struct Decision {
  Outcome outcome;
  Reason reason = Reason::kNone;
  Interval interval;
  Nonce current;             // what to present next
  int64_t incarnation = 0;   // in which the interval is good
  bool fences_both = false;  // the registration is fenced, not only who asked
  int64_t challenge = 0;     // if refused: to ask again with, at once
};

// Answers a heartbeat at the coordinator's time `now_us`, and changes the registration accordingly.
// REQUIRES: next.counter > old.counter. If leased, interval.node is a number that nobody else has
// and end_us is that number's, with the rest of the interval 0 if it is new; or interval.node is
// kAnyNode as there is none. `same_seed`: another node that is not retired has
// shown the same seed.
Decision Decide(Registration* registration, const Heartbeat& heartbeat, bool same_seed,
                const RegistryRules& rules, int64_t now_us);

enum class Adopted : uint8_t {
  kYes,
  kOtherIncarnation,  // an answer to what an earlier incarnation asked: ask again
  kTooFar,            // it begins too far ahead of node time
  kBackwards,         // it begins before the last one ended: the coordinator errs
};

// What a node makes of a grant: node time to its start, then it is published.
Adopted Adopt(Granted* granted, NodeClock* clock, const ClockReading& now, const Decision& decision,
              int64_t incarnation, int64_t max_ahead_us);

}  // namespace detid
