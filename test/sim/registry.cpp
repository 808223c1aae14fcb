// SPDX-License-Identifier: PostgreSQL
//
// Simulates a coordinator and ten thousand nodes, and looks for positions that two of them gave out
// under one number.
//
//   sim --registry [--seeds FIRST-LAST] [--nodes N] [--minutes N] [--break NAME]
//
// Requests and answers are lost, sent again, and arrive late; servers and backends are stopped and
// go on long after; servers crash; clocks step; the coordinator is away, crashes, and is promoted
// with all of its history or without the last of it; numbers go to others; data directories and
// virtual machines are copied, standbys promoted beside their primaries, nodes retired.
//
// What is allowed, and counted:
//   a copy of a virtual machine mints what its original does until the interval ends that both were
//   granted last (shared_until_us);
//   an assigned node and its copy, from the last beat that was granted before it was copied until
//   each has been told;
//   a leased node and a copy, of which a coordinator has lost that it was there.

#include "registry.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "registry_world.h"

namespace sim {
namespace {

using detid::Mode;
using detid::NodeState;
using detid::Outcome;
using detid::Reason;

struct Options {
  uint64_t first_seed = 1, last_seed = 2;
  int nodes = 10000;
  int64_t minutes = 20;
  RegistryBreak broken = RegistryBreak::kNothing;
};

constexpr const char* kLayouts[] = {
    "time:41@1ms node:14 sequence:8",
    "time:32@1s node:14 sequence:17",
    "time:39@10ms node:14 sequence:10",
    "time:55@100ns node:4 sequence:4",
};

enum class What : uint8_t {
  kStart,
  kBeat,
  kTimeout,
  kArrive,
  kAnswer,
  kMint,
  kGive,
  kOperator,
  kFault,
  kFailOver,
};

struct Message {
  int server;
  uint64_t sending;
  detid::Beat beat;
  detid::Ruling ruling;
};

struct Event {
  int64_t at;
  uint64_t order;
  What what;
  int server;
  uint32_t epoch;
  uint64_t number;  // of the sending, or of the message
  bool operator<(const Event& e) const { return at != e.at ? at > e.at : order > e.order; }
};

struct Counts {
  uint64_t beats, ids, granted, repeated, refused, fenced, superseded, tentative, lost_requests,
      lost_answers, late, stops, backend_stops, crashes, steps, coordinator_steps, outages,
      coordinator_crashes, promotions, lost_tails, taken, cold_clones, vm_clones, standbys, retired,
      too_far, lapses;
  uint64_t shared_vm, shared_assigned, shared_lost;  // spans of two servers that overlap
};

class RegistryRun {
 public:
  RegistryRun(uint64_t seed, const Options& options)
      : random_(seed), options_(options), coordinator_(Setting(seed, options), Numbers(options)) {
    const int newcomers = options.nodes / 10, assigned = options.nodes / 10;
    for (int i = 0; i < options.nodes; i++) {
      const Mode mode = i < assigned ? Mode::kAssigned : Mode::kLeased;
      const int32_t number = mode == Mode::kAssigned ? kFirstAssigned + i : detid::kAnyNode;
      const int s = NewServer(coordinator_.Enrol(mode, number), mode, number);
      // Newcomers come some at a time.
      const bool late = i >= options.nodes - newcomers;
      const int64_t at = late ? int64_t{i / 8} * 7919 * kSecond % End() : 0;
      Push(at + random_.Below(late ? 2 * kSecond : 10 * kSecond), What::kStart, s);
    }
    Push(kMinute, What::kFault, -1);
  }

  // Returns what is wrong, or nothing.
  std::string Run() {
    while (!events_.empty() && error_.empty()) {
      const Event e = events_.top();
      events_.pop();
      now_ = e.at;
      if (now_ > End()) break;
      Handle(e);
    }
    if (error_.empty()) Judge();
    return error_;
  }
  const Counts& counts() const { return counts_; }
  size_t servers() const { return servers_.size(); }

 private:
  static constexpr int32_t kFirstAssigned = 1 << 20;
  static constexpr int64_t kTimeout = 3 * kSecond;
  static constexpr int64_t kLongestTail = 2 * kSecond;
  static constexpr int64_t kSkew = 20 * kSecond;  // of a coordinator whose tail is lost, at most
  static constexpr int64_t kLead = kSecond;       // of ids over node time
  static constexpr uint64_t kTick = uint64_t{1} << 17;  // the most positions that one has

  // Newcomers need numbers that others had.
  static int Numbers(const Options& o) { return o.nodes - o.nodes / 10 - o.nodes / 10; }

  const RegistrySetting& Setting(uint64_t seed, const Options& options) {
    setting_.definition = detid::DefinitionOf(kLayouts[seed % std::size(kLayouts)]).value;
    setting_.definition.epoch_us = kBase - 100 * kDay;
    setting_.definition.scatter = seed % 2 == 0;
    setting_.broken = options.broken;
    return setting_;
  }

  int64_t End() const { return options_.minutes * kMinute; }
  int64_t BeatUs() const { return setting_.rules.beat_us(); }
  NodeServer& Server(int i) { return *servers_[static_cast<size_t>(i)]; }
  int64_t CoordinatorNow() const { return kBase + now_ + coordinator_offset_; }
  void Fail(const std::string& text) {
    if (error_.empty()) error_ = text;
  }

  void Push(int64_t at, What what, int server, uint64_t number = 0) {
    events_.push({at, static_cast<uint64_t>(random_.Below(int64_t{1} << 62)), what, server,
                  server < 0 ? 0 : Server(server).epoch, number});
  }
  void In(int64_t us, What what, int server, uint64_t number = 0) {
    Push(now_ + us, what, server, number);
  }

  int NewServer(int registration, Mode mode, int32_t number) {
    auto s = std::make_unique<NodeServer>();
    s->index = static_cast<int>(servers_.size());
    s->registration = registration;
    s->mode = mode;
    s->assigned = number;
    s->instance = 1 + random_.Below(int64_t{1} << 62);
    s->disk.next.bits = random_.Below(int64_t{1} << 62);
    s->boot_rate = 1 + static_cast<double>(random_.Between(-100, 100)) * 1e-6;
    s->boot_offset = random_.Below(100 * kDay);
    s->real_offset = kBase + random_.Between(-2 * kSecond, 2 * kSecond);
    servers_.push_back(std::move(s));
    members_[registration].push_back(servers_.back()->index);
    return servers_.back()->index;
  }

  // --- Events ---------------------------------------------------------------------------------

  void Handle(const Event& e) {
    if (e.what == What::kFault) {
      Fault();
      In(random_.LogBetween(5 * kMs, 200 * kMs) * 10000 / options_.nodes, What::kFault, -1);
      return;
    }
    if (e.what == What::kFailOver)
      return random_.Chance(0.3) ? CrashCoordinator() : FailOver(kLongestTail);
    if (e.what == What::kArrive) return Arrive(e);
    NodeServer& s = Server(e.server);
    if (s.dead || s.epoch != e.epoch) {
      if (e.what == What::kAnswer) Free(e.number);
      return;
    }
    // A stopped process finds everything when it goes on.
    if (s.up && s.stopped_until > now_ && e.what != What::kOperator) {
      Event later = e;
      later.at = s.stopped_until + random_.Below(100);
      events_.push(later);
      return;
    }
    switch (e.what) {
      case What::kStart:
        if (!s.up) StartServer(s);
        break;
      case What::kBeat:
        if (s.sending == 0) Send(s);
        break;
      case What::kTimeout:
        if (s.sending == e.number) Send(s);
        break;
      case What::kAnswer:
        Answer(s, e.number);
        break;
      case What::kMint:
        Mint(s);
        break;
      case What::kGive:
        Give(s);
        break;
      case What::kOperator:
        Unfence(s);
        break;
      default:
        break;
    }
  }

  void StartServer(NodeServer& s) {
    s.Start(setting_, now_, random_.Below(int64_t{1} << 62) + 1);
    s.sequencer.Prepare(setting_.definition, kLead);
    s.sequencer.PrepareScatter(setting_.definition, detid::GeneratorKey{}, 7, 0);
    s.sequencer.shard = &s.shard;
    s.sequencer.slot = &s.slot;
    In(0, What::kBeat, s.index);
    In(random_.Below(kSecond), What::kMint, s.index);
  }

  // --- A node asks ----------------------------------------------------------------------------

  size_t Keep(Message m) {
    if (unused_.empty()) {
      messages_.push_back(m);
      return messages_.size() - 1;
    }
    const size_t i = unused_.back();
    unused_.pop_back();
    messages_[i] = m;
    return i;
  }
  void Free(uint64_t message) { unused_.push_back(message); }

  void Send(NodeServer& s) {
    if (s.disk.fenced) return;
    s.sending = ++sendings_;
    In(kTimeout + random_.Below(kSecond), What::kTimeout, s.index, s.sending);
    counts_.beats++;
    s.standby[random_.Below(4)] = s.disk;
    if (s.cut_off_until > now_ || random_.Chance(0.01)) {
      counts_.lost_requests++;
      return;
    }
    const Message m = {s.index, s.sending, s.MakeBeat(now_), {}};
    In(random_.LogBetween(100, 200 * kMs), What::kArrive, -1, Keep(m));
    if (!random_.Chance(0.01)) return;
    counts_.late++;
    In(random_.LogBetween(kSecond, 5 * kMinute), What::kArrive, -1, Keep(m));
  }

  void Arrive(const Event& e) {
    Message m = messages_[e.number];
    Free(e.number);
    if (coordinator_away_until_ > now_) return;
    NodeServer& s = Server(m.server);
    const auto served = coordinator_.Serve(s.registration, m.beat, now_, CoordinatorNow());
    m.ruling = served.ruling;
    if (m.ruling.outcome == Outcome::kGranted) {
      counts_.granted++;
      counts_.repeated += served.repeated;
      CheckGrant(s, m, served.repeated);
      if (served.taken_from >= 0 && served.taken_from != s.registration) Taken(served.taken_from);
    }
    // A crash after what was stored, and before it is answered.
    if (random_.Chance(0.00002)) return CrashCoordinator();
    if (s.cut_off_until > now_ || random_.Chance(0.01)) {
      counts_.lost_answers++;
      return;
    }
    // That of a request that was sent again comes over a connection that is closed.
    events_.push(
        {now_ + random_.LogBetween(100, 200 * kMs), 0, What::kAnswer, s.index, s.epoch, Keep(m)});
  }

  // Once one of two assigned nodes has gone on after the other, the other is fenced with its next
  // beat.
  void CheckGrant(NodeServer& s, const Message& m, bool repeated) {
    s.heard_us = std::max(s.heard_us, m.beat.node_us);
    for (const int i : members_[s.registration]) {
      NodeServer& c = Server(i);
      if (c.same_life && (c.index == s.index || c.copied_from == s.index) &&
          m.beat.next == c.shared_next)
        c.shared_until_us = std::max(c.shared_until_us, m.ruling.interval.limit_us);
    }
    if (s.mode != Mode::kAssigned || repeated) return;
    auto& turns = turns_[s.registration];
    if (turns.last != s.index) {
      turns.last = s.index;
      if (++turns.changes > 2)
        Fail("assigned registration " + std::to_string(s.registration) +
             " is granted to two servers in turn");
    }
  }
  void Answer(NodeServer& s, uint64_t message) {
    const Message m = messages_[message];
    Free(message);
    if (s.sending != m.sending) return;
    s.sending = 0;
    const detid::Ruling& r = m.ruling;
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
        if (s.tentative && (r.reason == Reason::kUsedNonce || r.reason == Reason::kOtherInstance ||
                            r.reason == Reason::kSuperseded || r.reason == Reason::kOldCopy)) {
          counts_.tentative++;
          s.tentative = false;
          return Send(s);
        }
        break;
      case Outcome::kGranted:
        if (s.retiring) {
          s.dead = true;
          return;
        }
        Adopt(s, r);
    }
    s.tentative = true;
    In(BeatUs() - random_.Below(kSecond), What::kBeat, s.index);
  }

  void Adopt(NodeServer& s, const detid::Ruling& r) {
    s.disk.old = r.current;
    s.disk.next = {r.current.counter + 1, random_.Below(int64_t{1} << 62)};
    if (s.mode == Mode::kLeased)
      s.disk.granted_us = std::max(s.disk.granted_us, r.interval.limit_us);
    // Node time is calibrated, so that it is not taken for the one before a step.
    s.NodeTime(now_);
    const detid::Adopted adopted = detid::Adopt(&s.granted, &s.clock, s.Reading(now_), r, s.life,
                                                setting_.rules.max_ahead_us());
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

  bool HasMachineCopy(int registration) {
    for (const int i : members_[registration])
      if (Server(i).same_life) return true;
    return false;
  }

  // --- A backend mints ------------------------------------------------------------------------

  void Mint(NodeServer& s) {
    if (!s.minting) Look(s);
    // Often, around where the interval ends or has begun.
    In(random_.LogBetween(kSecond, 20 * kSecond), What::kMint, s.index);
  }

  bool MustNotMint(const NodeServer& s) const {
    return s.retiring || (s.disk.fenced && options_.broken != RegistryBreak::kIgnoreFence);
  }

  // Reads what is granted, and the clock. It may be stopped then.
  void Look(NodeServer& s) {
    if (MustNotMint(s)) return;
    const detid::Definition& d = setting_.definition;
    s.read = s.granted.Read();
    if (s.read.limit_us == 0) return;
    if (options_.broken == RegistryBreak::kIgnoreLimit) s.read.limit_us = detid::kForEver;
    const int64_t now_us = s.NodeTime(now_);
    if (s.read.limit_us <= now_us) counts_.lapses++;
    if (s.read.node != s.shard_number) {
      s.shard.next.store(detid::FirstPosition(d, now_us, 0));
      s.slot = detid::Slot{};
      s.slot.next = s.shard.next.load();
      s.shard_number = s.read.node;
      s.span = -1;
    }
    s.sequencer.SetHorizon(d, s.horizon_us, s.read);
    s.now_position = s.sequencer.Now(d, now_us);
    s.minting = true;
    if (!random_.Chance(0.01)) return Give(s);
    counts_.backend_stops++;
    In(random_.LogBetween(10 * kMs, 3 * kMinute), What::kGive, s.index);
  }

  // False if it is another interval.
  bool Reread(NodeServer& s) {
    detid::Interval i = s.granted.Read();
    if (options_.broken == RegistryBreak::kIgnoreLimit) i.limit_us = detid::kForEver;
    if (i.limit_us == 0 || i.node != s.read.node || i.start_us != s.read.start_us) return false;
    s.read = i;
    return true;
  }

  void Give(NodeServer& s) {
    const detid::Definition& d = setting_.definition;
    s.minting = false;
    for (int64_t left = random_.LogBetween(1, 30); left > 0;) {
      const detid::Grant g = s.sequencer.Take(s.now_position, static_cast<uint32_t>(left));
      if (g.verdict == detid::Verdict::kRaise && g.first < s.sequencer.granted) {
        // As TakeSlowly: the fence, and what is granted, are looked at again.
        if (MustNotMint(s) || !Reread(s)) return;
        s.RaiseHorizon(detid::EndOfTickUs(d, g.first) + kHorizonWindow);
        s.sequencer.SetHorizon(d, s.horizon_us, s.read);
        s.now_position = std::max(s.now_position, s.sequencer.Now(d, s.NodeTime(now_)));
        continue;
      }
      if (g.verdict != detid::Verdict::kGiven) return;
      left -= g.count;
      Record(s, g.first, g.count);
    }
  }

  void Record(NodeServer& s, uint64_t first, uint32_t count) {
    counts_.ids += count;
    Span* span = s.span < 0 ? nullptr : &spans_[static_cast<size_t>(s.span)];
    if (span == nullptr || span->start_us != s.read.start_us || span->number != s.read.node) {
      s.span = static_cast<int>(spans_.size());
      spans_.push_back({s.read.node, s.index, s.life, s.read.start_us, first, first, detid::kNone});
      span = &spans_.back();
    }
    if (first < span->last) Fail("server " + std::to_string(s.index) + " goes back");
    span->last = first + count - 1;
  }

  // --- Faults ---------------------------------------------------------------------------------

  // A server that runs, or -1.
  int Any() {
    for (int i = 0; i < 10; i++) {
      NodeServer& s =
          Server(static_cast<int>(random_.Below(static_cast<int64_t>(servers_.size()))));
      if (s.up && !s.dead && !s.disk.fenced) return s.index;
    }
    return -1;
  }

  void Fault() {
    if (random_.Chance(0.003 * kFaultsScale())) return CoordinatorFault();
    const int i = Any();
    if (i < 0) return;
    NodeServer& s = Server(i);
    const int64_t long_us = 2 * setting_.rules.quarantine_us;
    switch (random_.Below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        Crash(s, random_.LogBetween(10 * kMs, random_.Chance(0.2) ? long_us : 20 * kSecond));
        break;
      case 4:
      case 5:
      case 6:
        counts_.stops++;
        s.stopped_until = now_ + (random_.Chance(0.3) ? random_.LogBetween(kMinute, long_us)
                                                      : random_.LogBetween(kSecond, 2 * kMinute));
        break;
      case 7:
      case 8:
        s.cut_off_until = now_ + random_.LogBetween(kSecond, 3 * kMinute);
        break;
      case 9:
      case 10:
      case 11:
        StepClock(s);
        break;
      case 12:
        CopyCold(s);
        break;
      case 13:
        CopyMachine(s);
        break;
      case 14:
        Promote(s);
        break;
      default:
        if (!random_.Chance(0.3)) break;
        counts_.retired++;
        s.retiring = true;
    }
  }
  double kFaultsScale() const { return options_.nodes < 10000 ? 10000.0 / options_.nodes : 1.0; }

  void Crash(NodeServer& s, int64_t down_us) {
    counts_.crashes++;
    s.up = false;
    s.epoch++;
    // The machine starts anew, perhaps.
    if (random_.Chance(0.3)) s.boot_offset -= s.Boot(now_);
    In(down_us, What::kStart, s.index);
  }

  void StepClock(NodeServer& s) {
    counts_.steps++;
    const int64_t size = random_.LogBetween(2 * kSecond, random_.Chance(0.1) ? kDay : 2 * kMinute);
    // An operator sets it right some other time.
    s.real_offset =
        random_.Chance(0.5) ? kBase : s.real_offset + (random_.Chance(0.5) ? size : -size);
  }

  NodeServer& Copy(NodeServer& s) {
    NodeServer& c = Server(NewServer(s.registration, s.mode, s.assigned));
    c.copied_from = s.index;
    c.copied_at = now_;
    // All that was minted by then lies below both.
    c.copied_us = std::min(s.NodeTime(now_), s.disk.horizon_us);
    c.common_us = c.heard_us = std::min(s.heard_us, c.copied_us);
    c.timeline = s.timeline;
    turns_[s.registration] = {};
    return c;
  }

  // Of the data directory, perhaps of one whose server does not come again or is away.
  void CopyCold(NodeServer& s) {
    counts_.cold_clones++;
    NodeServer& c = Copy(s);
    c.disk = s.disk;
    if (random_.Chance(0.3)) {
      s.stopped_until = now_ + random_.LogBetween(kSecond, 2 * kMinute);
    } else if (random_.Chance(0.3)) {
      s.dead = true;
    }
    In(random_.LogBetween(100 * kMs, kMinute), What::kStart, c.index);
  }

  // In the middle of a life, which goes on in both.
  void CopyMachine(NodeServer& s) {
    counts_.vm_clones++;
    NodeServer& c = Copy(s);
    c.instance = s.instance;
    c.disk = s.disk;
    c.boot_rate = s.boot_rate;
    c.real_offset = s.real_offset;
    c.CopyMemory(s);
    c.same_life = true;
    c.shared_next = s.disk.next;
    c.shared_until_us = std::max(s.granted.Read().limit_us,
                                 coordinator_.registration(s.registration).interval.limit_us);
    // It goes on later. The system clock is right then, or is where it was.
    const int64_t later = random_.LogBetween(kMs, 2 * kMinute);
    c.boot_offset += s.Boot(now_) - c.Boot(now_ + later);
    if (random_.Chance(0.5)) c.real_offset -= later;
    c.up = true;
    c.stopped_until = now_ + later;
    In(0, What::kBeat, c.index);
    In(0, What::kMint, c.index);
    if (random_.Chance(0.2)) Crash(c, later + random_.LogBetween(10 * kMs, kMinute));
  }

  // A standby that lags, while its primary lives or not.
  void Promote(NodeServer& s) {
    counts_.standbys++;
    NodeServer& c = Copy(s);
    c.timeline = s.timeline + 1;
    c.disk = random_.Chance(0.5) ? s.disk : s.standby[random_.Below(4)];
    if (random_.Chance(0.5)) {
      s.dead = true;
    } else if (random_.Chance(0.5)) {
      s.cut_off_until = now_ + random_.LogBetween(kSecond, kMinute);
    }
    In(random_.LogBetween(kMs, 10 * kSecond), What::kStart, c.index);
  }

  void CoordinatorFault() {
    switch (random_.Below(6)) {
      case 0:
        counts_.outages++;
        coordinator_away_until_ = now_ + random_.LogBetween(100 * kMs, kMinute);
        break;
      case 1:
        CrashCoordinator();
        break;
      case 2:
      case 3: {
        counts_.coordinator_steps++;
        const int64_t size = random_.LogBetween(2 * kSecond, 100 * kSecond);
        NoteSkew();
        coordinator_offset_ =
            random_.Chance(0.5) ? 0 : coordinator_offset_ + (random_.Chance(0.5) ? size : -size);
        coordinator_offset_ = std::clamp(coordinator_offset_, -100 * kSecond, 100 * kSecond);
        break;
      }
      case 4:
        counts_.promotions++;
        FailOver(0);
        break;
      default:
        FailOver(random_.LogBetween(10 * kMs, kLongestTail));
    }
  }

  void NoteSkew() {
    if (coordinator_offset_ > kSkew) ahead_until_ = now_ + kLongestTail;
  }

  // What it has stored is there; in the broken one, the last is not.
  void CrashCoordinator() {
    counts_.coordinator_crashes++;
    if (options_.broken == RegistryBreak::kAnswerEarly) coordinator_.Lose(now_ - kLongestTail);
    coordinator_away_until_ = now_ + random_.LogBetween(100 * kMs, 5 * kSecond);
    Wake();
  }

  // Another takes over, without the last `lost_us` of the history.
  void FailOver(int64_t lost_us) {
    // The floor's condition: what was lost was not granted by a clock that was far ahead.
    NoteSkew();
    if (now_ < ahead_until_) lost_us = 0;
    if (lost_us > 0) {
      counts_.lost_tails++;
      for (const Coordinator::Lost& l : coordinator_.Lose(now_ - lost_us))
        if (l.succession || HasMachineCopy(l.registration))
          lost_successions_.insert(l.registration);
    }
    coordinator_.Forget(now_ - kMinute);
    coordinator_offset_ = random_.Between(-2 * kSecond, 2 * kSecond);
    coordinator_.rules.floor_us = coordinator_.rules.FloorAt(CoordinatorNow());
    coordinator_away_until_ = now_ + random_.LogBetween(10 * kMs, 3 * kSecond);
    turns_.clear();
    Wake();
  }

  // Somebody's number went to another. That is a moment for the coordinator to forget it, and for
  // who had it to come back.
  void Taken(int registration) {
    counts_.taken++;
    if (aimed_at_ >= 0) return;
    for (const int i : members_[registration]) {
      NodeServer& s = Server(i);
      if (s.dead || s.disk.fenced || !random_.Chance(s.up ? 0.5 : 0.05)) continue;
      aimed_at_ = i;
      In(random_.LogBetween(100 * kMs, kLongestTail), What::kFailOver, -1);
      return;
    }
  }
  void Wake() {
    if (aimed_at_ < 0) return;
    NodeServer& s = Server(aimed_at_);
    aimed_at_ = -1;
    if (s.up && s.stopped_until > now_)
      s.stopped_until = now_ + random_.LogBetween(kMs, 5 * kSecond);
    if (s.up)
      In(6 * kSecond, What::kBeat, s.index);
    else
      In(random_.LogBetween(kMs, 5 * kSecond), What::kStart, s.index);
  }

  // An operator looks at who was fenced: the one that is to live is told so, others are ended.
  void Unfence(NodeServer& s) {
    const bool both = coordinator_.registration(s.registration).state == NodeState::kFenced;
    bool others = false;
    for (const int i : members_[s.registration])
      if (i != s.index && !Server(i).dead) others = true;
    // Or is mistaken, which must do no harm to leased nodes.
    const bool mistaken = s.mode == Mode::kLeased && random_.Chance(0.2);
    if (!both && others && !mistaken) {
      s.dead = true;
      return;
    }
    if (!mistaken)
      for (const int i : members_[s.registration])
        if (i != s.index) Server(i).dead = true;
    s.disk.fenced = false;
    s.granted.Revoke();
    s.tentative = true;
    turns_[s.registration] = {};
    coordinator_.Expect(s.registration, now_);

    if (s.up) In(random_.Below(kSecond), What::kBeat, s.index);
  }

  // --- The verdict ----------------------------------------------------------------------------

  void Judge() {
    std::sort(spans_.begin(), spans_.end());
    for (size_t i = 0; i < spans_.size(); i++)
      for (size_t j = i + 1; j < spans_.size() && spans_[j].number == spans_[i].number &&
                             spans_[j].first <= spans_[i].last;
           j++)
        JudgeOverlap(spans_[i], spans_[j]);
  }

  void JudgeOverlap(const Span& a, const Span& b) {
    NodeServer& one = Server(std::min(a.server, b.server));
    NodeServer& other = Server(std::max(a.server, b.server));  // the copy, if one is
    const uint64_t from = b.first, to = std::min(a.last, b.last);
    const bool copies = one.registration == other.registration && one.index != other.index;
    const bool since_copied = from >= detid::PositionAt(setting_.definition, other.copied_us);
    // Each is told with its next beat, and has done so then.
    const bool since_common = from >= detid::PositionAt(setting_.definition, other.common_us);
    if (copies && one.mode == Mode::kAssigned && since_common && to <= std::min(a.told, b.told)) {
      counts_.shared_assigned++;
      return;
    }
    if (copies && other.same_life && a.life == b.life && a.start_us == b.start_us && since_copied &&
        to <= detid::PositionAt(setting_.definition, other.shared_until_us)) {
      counts_.shared_vm++;
      return;
    }
    if (copies && lost_successions_.count(one.registration) != 0) {
      counts_.shared_lost++;
      return;
    }
    char text[400];
    std::snprintf(text, sizeof text,
                  "positions %" PRIu64 " to %" PRIu64
                  " of number %d are minted by servers %d and %d, of registrations %d and %d "
                  "(intervals from %" PRId64 " and %" PRId64 ", %s, copied from %d)",
                  from, to, a.number, a.server, b.server, Server(a.server).registration,
                  Server(b.server).registration, a.start_us, b.start_us,
                  a.life == b.life ? "one life" : "two lives", other.copied_from);
    Fail(text);
  }

  struct Turns {
    int last = -1;
    int changes = 0;
  };

  Random random_;
  Options options_;
  RegistrySetting setting_;
  Coordinator coordinator_;
  int64_t now_ = 0;
  int64_t coordinator_offset_ = 0, coordinator_away_until_ = 0;
  int64_t ahead_until_ = 0;  // what it may have granted with a clock that is ahead may be lost
  std::vector<std::unique_ptr<NodeServer>> servers_;
  std::map<int, std::vector<int>> members_;  // of a registration
  std::map<int, Turns> turns_;
  std::priority_queue<Event> events_;
  std::vector<Message> messages_;
  std::vector<size_t> unused_;
  uint64_t sendings_ = 0;
  std::vector<Span> spans_;
  std::set<int> lost_successions_;
  int aimed_at_ = -1;
  Counts counts_{};
  std::string error_;
};

bool RunSeed(uint64_t seed, const Options& options) {
  RegistryRun run(seed, options);
  const std::string error = run.Run();
  if (!error.empty()) {
    std::printf("not ok - registry, seed %" PRIu64 ": %s\n", seed, error.c_str());
    std::printf("#   repeat: sim --registry --seeds %" PRIu64 "-%" PRIu64
                " --nodes %d --minutes %" PRId64 "\n",
                seed, seed, options.nodes, options.minutes);
    return false;
  }
  const Counts& c = run.counts();
  std::printf("ok - registry, seed %" PRIu64 ": %d nodes, %" PRId64 " minutes, %" PRIu64
              " beats, %" PRIu64 " ids\n",
              seed, options.nodes, options.minutes, c.beats, c.ids);
  const struct {
    const char* name;
    uint64_t count;
  } kLines[] = {
      {"granted", c.granted},
      {"answered again", c.repeated},
      {"refused", c.refused},
      {"asked to insist", c.tentative},
      {"fenced", c.fenced},
      {"superseded", c.superseded},
      {"requests lost", c.lost_requests},
      {"answers lost", c.lost_answers},
      {"requests late", c.late},
      {"servers stopped", c.stops},
      {"backends stopped", c.backend_stops},
      {"crashes", c.crashes},
      {"clock steps", c.steps},
      {"mints after the interval", c.lapses},
      {"intervals too far ahead", c.too_far},
      {"numbers given to another", c.taken},
      {"data directories copied", c.cold_clones},
      {"machines copied", c.vm_clones},
      {"standbys promoted", c.standbys},
      {"retired", c.retired},
      {"coordinator: clock steps", c.coordinator_steps},
      {"outages", c.outages},
      {"crashes", c.coordinator_crashes},
      {"promotions", c.promotions},
      {"promotions with a lost tail", c.lost_tails},
      {"minted twice, as said: by copied machines", c.shared_vm},
      {"by copied assigned nodes", c.shared_assigned},
      {"after a succession that was lost", c.shared_lost},
  };
  std::printf("#  ");
  for (const auto& line : kLines)
    std::printf(" %s %" PRIu64 "%s", line.name, line.count,
                &line == std::end(kLines) - 1 ? "\n" : ",");
  std::fflush(stdout);
  return true;
}

}  // namespace

int RegistryMain(int argc, char** argv) {
  constexpr struct {
    const char* name;
    RegistryBreak broken;
  } kBreaks[] = {{"start-below-end", RegistryBreak::kStartBelowEnd},
                 {"answer-early", RegistryBreak::kAnswerEarly},
                 {"ignore-limit", RegistryBreak::kIgnoreLimit},
                 {"keep-grant", RegistryBreak::kKeepGrant},
                 {"ignore-nonce", RegistryBreak::kIgnoreNonce},
                 {"ignore-floor", RegistryBreak::kIgnoreFloor},
                 {"trust-silent", RegistryBreak::kTrustSilent},
                 {"ignore-fence", RegistryBreak::kIgnoreFence}};
  Options o;
  for (int i = 2; i < argc; i++) {
    const std::string a = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--seeds" &&
        std::sscanf(value, "%" SCNu64 "-%" SCNu64, &o.first_seed, &o.last_seed) == 2) {
      i++;
    } else if (a == "--nodes" && (o.nodes = std::atoi(value)) >= 10) {
      i++;
    } else if (a == "--minutes" && (o.minutes = std::atoi(value)) > 0) {
      i++;
    } else if (a == "--break") {
      for (const auto& b : kBreaks)
        if (std::strcmp(b.name, value) == 0) o.broken = b.broken;
      if (o.broken == RegistryBreak::kNothing) return std::fprintf(stderr, "no such break\n"), 2;
      i++;
    } else {
      return std::fprintf(stderr,
                          "usage: sim --registry [--seeds FIRST-LAST] [--nodes N] "
                          "[--minutes N] [--break NAME]\n"),
             2;
    }
  }
  bool ok = true;
  for (uint64_t seed = o.first_seed; seed <= o.last_seed; seed++) ok &= RunSeed(seed, o);
  return ok ? 0 : 1;
}

}  // namespace sim
