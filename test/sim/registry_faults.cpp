// SPDX-License-Identifier: PostgreSQL
//
// What goes wrong with nodes and with their coordinator, and operators, who look at who was fenced.

#include "registry_run.h"

#include <algorithm>

namespace sim {
namespace {

using detid::Mode;
using detid::NodeState;

constexpr int64_t kSkew = 20 * kSecond;  // of a coordinator whose tail is lost, at most

}  // namespace

// --- Of nodes ---------------------------------------------------------------------------------

// A server that runs, or -1.
int RegistryRun::Any() {
  for (int i = 0; i < 10; i++) {
    NodeServer& s = Server(static_cast<int>(random_.Below(static_cast<int64_t>(servers_.size()))));
    if (s.up && !s.dead && !s.disk.fenced) return s.index;
  }
  return -1;
}

void RegistryRun::Fault() {
  const double scale = options_.nodes < 10000 ? 10000.0 / options_.nodes : 1.0;
  if (random_.Chance(0.003 * scale)) return CoordinatorFault();
  const int i = Any();
  if (i < 0) return;
  NodeServer& s = Server(i);
  const int64_t long_us = 2 * setting_.rules.quarantine_us;
  switch (random_.Below(18)) {
    case 16:
      Recover(s);
      break;
    case 17:
    case 0:
      Stop(s, random_.LogBetween(10 * kMs, random_.Chance(0.2) ? long_us : 20 * kSecond));
      break;
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

void RegistryRun::Crash(NodeServer& s, int64_t down_us) {
  counts_.crashes++;
  s.up = false;
  s.epoch++;
  // The machine starts anew, perhaps.
  if (random_.Chance(0.3)) s.boot_offset -= s.Boot(now_);
  In(down_us, What::kStart, s.index);
}

// It is shut down, and says so once.
void RegistryRun::Stop(NodeServer& s, int64_t down_us) {
  counts_.clean_stops++;
  if (!s.disk.fenced && s.stopped_until <= now_ && s.cut_off_until <= now_) {
    Message m = {s.index, ++sendings_, s.MakeHeartbeat(now_), {}, now_};
    m.heartbeat.stops = true;
    m.heartbeat.challenge = 0;
    In(random_.LogBetween(100, 200 * kMs), What::kArrive, -1, Keep(m));
    if (random_.Chance(0.2)) {
      counts_.late++;
      In(random_.LogBetween(kSecond, 5 * kMinute), What::kArrive, -1, Keep(m));
    }
  }
  s.up = false;
  s.epoch++;
  In(down_us, What::kStart, s.index);
}

// It does not come again, after a crash or a stop.
void RegistryRun::End(NodeServer& s) {
  if (random_.Chance(0.5)) Stop(s, 0);
  s.dead = true;
}

void RegistryRun::StepClock(NodeServer& s) {
  counts_.steps++;
  const int64_t size = random_.LogBetween(2 * kSecond, random_.Chance(0.1) ? kDay : 2 * kMinute);
  // An operator sets it right some other time.
  s.real_offset =
      random_.Chance(0.5) ? kBase : s.real_offset + (random_.Chance(0.5) ? size : -size);
}

NodeServer& RegistryRun::Copy(NodeServer& s) {
  NodeServer& c = Server(NewServer(s.registration, s.mode, s.assigned));
  c.copied_from = s.index;
  // All that was minted by then lies below both.
  c.copied_us = std::min(s.NodeTime(now_), s.disk.horizon_us);
  c.common_us = c.heard_us = std::min(s.heard_us, c.copied_us);
  c.timeline = s.timeline;
  turns_[s.registration] = {};
  return c;
}

// Of the data directory, perhaps of one whose server does not come again or is away.
void RegistryRun::CopyCold(NodeServer& s) {
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

// In the middle of an incarnation, which goes on in both.
void RegistryRun::CopyMachine(NodeServer& s) {
  counts_.vm_clones++;
  NodeServer& c = Copy(s);
  c.instance = s.instance;
  c.disk = s.disk;
  c.boot_rate = s.boot_rate;
  c.real_offset = s.real_offset;
  c.CopyMemory(s);
  c.same_incarnation = true;
  c.shared_next = s.disk.next;
  c.shared_until_us = std::max(s.granted.Read().limit_us,
                               coordinator_.registration(s.registration).interval.limit_us);
  // It goes on later. The system clock is right then, or is where it was.
  const int64_t later = random_.LogBetween(kMs, 2 * kMinute);
  c.boot_offset += s.Boot(now_) - c.Boot(now_ + later);
  if (random_.Chance(0.5)) c.real_offset -= later;
  c.up = true;
  c.stopped_until = now_ + later;
  In(0, What::kHeartbeat, c.index);
  In(0, What::kMint, c.index);
  if (random_.Chance(0.2)) Crash(c, later + random_.LogBetween(10 * kMs, kMinute));
}

// A standby that lags, while its primary lives or not.
void RegistryRun::Promote(NodeServer& s) {
  counts_.standbys++;
  NodeServer& c = Copy(s);
  c.timeline = s.timeline + 1;
  c.began = detid::Began::kPromoted;
  c.disk = random_.Chance(0.5) ? s.disk : s.standby[random_.Below(4)];
  if (random_.Chance(0.5)) {
    End(s);
  } else if (random_.Chance(0.5)) {
    s.cut_off_until = now_ + random_.LogBetween(kSecond, kMinute);
  }
  In(random_.LogBetween(kMs, 10 * kSecond), What::kStart, c.index);
}

// A backup, perhaps of long ago, and its archive to some point: its timeline is another one, or is
// the node's by chance.
void RegistryRun::Recover(NodeServer& s) {
  counts_.recovered++;
  NodeServer& c = Copy(s);
  c.timeline = s.timeline + static_cast<uint32_t>(random_.Below(2));
  c.began = detid::Began::kRecovered;
  c.disk = random_.Chance(0.5) ? s.disk : s.standby[random_.Below(4)];
  if (random_.Chance(0.3)) End(s);
  In(random_.LogBetween(kMs, kMinute), What::kStart, c.index);
}

// --- Of the coordinator -----------------------------------------------------------------------

void RegistryRun::CoordinatorFault() {
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

void RegistryRun::NoteSkew() {
  if (coordinator_offset_ > kSkew)
    ahead_until_ = now_ + (sets_back_ ? kLongestSetBack : kLongestTail);
}

// What it has stored is there; in the broken one, the last is not.
void RegistryRun::CrashCoordinator() {
  counts_.coordinator_crashes++;
  if (options_.broken == RegistryBreak::kAnswerEarly) coordinator_.Lose(now_ - kLongestTail);
  NoteStart();
  coordinator_away_until_ = now_ + random_.LogBetween(100 * kMs, 5 * kSecond);
  Wake();
}

// Another takes over, without the last `lost_us` of the history.
void RegistryRun::FailOver(int64_t lost_us) {
  if (sets_back_) return SetBack(random_.LogBetween(kSecond, kLongestSetBack));
  // The floor's condition: what was lost was not granted by a clock that was far ahead.
  NoteSkew();
  if (now_ < ahead_until_) lost_us = 0;
  if (lost_us > 0) {
    counts_.lost_tails++;
    LoseTail(lost_us);
  }
  coordinator_.Forget(now_ - kMinute);
  coordinator_offset_ = random_.Between(-2 * kSecond, 2 * kSecond);
  coordinator_.rules.floor_us = coordinator_.rules.FloorAt(CoordinatorNow());
  NoteHere();
  coordinator_away_until_ = now_ + random_.LogBetween(10 * kMs, 3 * kSecond);
  turns_.clear();
  Wake();
}

// Its disk is what it was, and it notices that it was started. Its clock is right, and was not far
// ahead in what is lost.
void RegistryRun::SetBack(int64_t lost_us) {
  NoteSkew();
  if (now_ < ahead_until_) return CrashCoordinator();
  counts_.set_backs++;
  set_back_at_ = now_;
  LoseTail(lost_us);
  coordinator_.Forget(now_ - kLongestSetBack);
  coordinator_offset_ = random_.Between(-2 * kSecond, 2 * kSecond);
  NoteStart();
  coordinator_away_until_ = now_ + random_.LogBetween(10 * kMs, 3 * kSecond);
  turns_.clear();
  Wake();
}

void RegistryRun::NoteStart() {
  detid::RegistryRules& rules = coordinator_.rules;
  rules.silent_floor_us = std::max(rules.silent_floor_us, rules.FloorAt(CoordinatorNow()));
  NoteHere();
}

// What was heard before is not known to this one, perhaps.
void RegistryRun::NoteHere() {
  coordinator_.rules.noted_us = CoordinatorNow();
  coordinator_.rules.secret = random_.Below(int64_t{1} << 62);
  for (auto& [registration, heard] : heard_) heard.instance = 0;
}

void RegistryRun::LoseTail(int64_t lost_us) {
  for (const Coordinator::Lost& l : coordinator_.Lose(now_ - lost_us))
    if (l.succession || HasMachineCopy(l.registration)) lost_successions_.insert(l.registration);
}

// Somebody's number went to another. That is a moment for the coordinator to forget it, and for
// who had it to come back.
void RegistryRun::Taken(int registration) {
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

void RegistryRun::Wake() {
  if (aimed_at_ < 0) return;
  NodeServer& s = Server(aimed_at_);
  aimed_at_ = -1;
  if (s.up && s.stopped_until > now_) s.stopped_until = now_ + random_.LogBetween(kMs, 5 * kSecond);
  if (s.up)
    In(6 * kSecond, What::kHeartbeat, s.index);
  else
    In(random_.LogBetween(kMs, 5 * kSecond), What::kStart, s.index);
}

// --- Operators --------------------------------------------------------------------------------

// An operator looks at who was fenced: the one that is to live is told so, others are ended.
void RegistryRun::Unfence(NodeServer& s) {
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
  if (!both && s.began == detid::Began::kRecovered) return Claim(s);
  s.disk.fenced = false;
  s.granted.Revoke();
  s.challenge = s.challenges = 0;
  turns_[s.registration] = {};
  coordinator_.Expect(s.registration, now_);
  if (s.up) In(random_.Below(kSecond), What::kHeartbeat, s.index);
}

// An operator says on a server that it takes the place of the node.
void RegistryRun::Claim(NodeServer& s) {
  counts_.claims++;
  s.claims = true;
  s.disk.fenced = false;
  s.granted.Revoke();
  turns_[s.registration] = {};
  if (s.up) In(random_.Below(kSecond), What::kHeartbeat, s.index);
}

}  // namespace sim
