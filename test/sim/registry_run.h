// SPDX-License-Identifier: PostgreSQL
//
// One run of the simulation of a registry: a coordinator, its nodes, and what happens to them, one
// event after the other. It is a function of its seed: all that is random comes from one source, in
// the order of the events.

#pragma once

#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "registry_world.h"

namespace sim {

struct RegistryOptions {
  uint64_t first_seed = 1, last_seed = 2;
  int nodes = 10000;
  int64_t minutes = 20;
  RegistryBreak broken = RegistryBreak::kNothing;
};

struct RegistryCounts {
  uint64_t heartbeats, ids, granted, repeated, refused, fenced, superseded, challenged, waited,
      lost_requests, lost_answers, late, stops, backend_stops, crashes, steps, coordinator_steps,
      outages, coordinator_crashes, promotions, lost_tails, set_backs, taken, cold_clones,
      vm_clones, standbys, recovered, clean_stops, claims, retired, too_far, lapses;
  uint64_t shared_vm, shared_assigned, shared_lost;  // spans of two servers that overlap
};

class RegistryRun {
 public:
  RegistryRun(uint64_t seed, const RegistryOptions& options);

  // Returns what is wrong, or nothing.
  std::string Run();
  const RegistryCounts& counts() const { return counts_; }

 private:
  static constexpr int64_t kLongestTail = 2 * kSecond;
  static constexpr int64_t kLongestSetBack = 5 * kMinute;
  static constexpr int64_t kLead = kSecond;  // of ids over node time

  enum class What : uint8_t {
    kStart,
    kHeartbeat,
    kTimeout,
    kArrive,
    kAnswer,
    kMint,
    kGive,
    kOperator,
    kFault,
    kFailOver,
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
  struct Message {
    int server;
    uint64_t sending;
    detid::Heartbeat heartbeat;
    detid::Decision decision;
    int64_t sent_at;
  };
  struct Turns {
    int last = -1;
    int changes = 0;
    int unheard = 0;  // answers that were lost
  };

  // Of a registration, as the simulation knows it.
  struct Heard {
    int64_t instance = 0;
    int64_t at_us = 0;     // by the coordinator's clock
    int64_t moved_at = 0;  // when the nonce was swapped last
    bool stopped = false;
  };

  int64_t Last() const { return options_.minutes * kMinute; }
  int64_t CoordinatorNow() const { return kBase + now_ + coordinator_offset_; }
  NodeServer& Server(int i) { return *servers_[static_cast<size_t>(i)]; }
  void Fail(const std::string& text) {
    if (error_.empty()) error_ = text;
  }

  // registry_run.cpp: servers, and events.
  int NewServer(int registration, detid::Mode mode, int32_t number);
  void StartServer(NodeServer& s);
  bool HasMachineCopy(int registration);
  void Push(int64_t at, What what, int server, uint64_t number = 0);
  void In(int64_t us, What what, int server, uint64_t number = 0) {
    Push(now_ + us, what, server, number);
  }
  void Handle(const Event& e);

  // registry_heartbeat.cpp: a node asks, and is answered.
  size_t Keep(Message m);
  void Free(uint64_t message) { unused_.push_back(message); }
  void Send(NodeServer& s);
  void Arrive(const Event& e);
  void CheckGrant(NodeServer& s, const Message& m, bool repeated);
  void CheckDisplaced(const NodeServer& s, const Message& m, const detid::Registration& before);
  void LoseAnswer(const Message& m);
  void Answer(NodeServer& s, uint64_t message);
  void Adopt(NodeServer& s, const detid::Decision& r);

  // registry_mint.cpp: a backend mints.
  void Mint(NodeServer& s);
  bool MustNotMint(const NodeServer& s) const;
  void Look(NodeServer& s);
  bool Reread(NodeServer& s);
  void Give(NodeServer& s);
  void Record(NodeServer& s, uint64_t first, uint32_t count);

  // registry_faults.cpp: of nodes, of the coordinator; operators.
  int Any();
  void Fault();
  void Crash(NodeServer& s, int64_t down_us);
  void Stop(NodeServer& s, int64_t down_us);
  void End(NodeServer& s);
  void StepClock(NodeServer& s);
  NodeServer& Copy(NodeServer& s);
  void CopyCold(NodeServer& s);
  void CopyMachine(NodeServer& s);
  void Promote(NodeServer& s);
  void Recover(NodeServer& s);
  void CoordinatorFault();
  void NoteSkew();
  void CrashCoordinator();
  void FailOver(int64_t lost_us);
  void SetBack(int64_t lost_us);
  void NoteStart();
  void NoteHere();
  void LoseTail(int64_t lost_us);
  void Taken(int registration);
  void Wake();
  void Unfence(NodeServer& s);
  void Claim(NodeServer& s);

  // registry_judge.cpp: the verdict.
  void Judge();
  void JudgeOverlap(const Span& a, const Span& b);

  Random random_;
  RegistryOptions options_;
  RegistrySetting setting_;
  Coordinator coordinator_;
  int64_t now_ = 0;
  int64_t coordinator_offset_ = 0, coordinator_away_until_ = 0;
  int64_t set_back_at_ = 0;
  const bool sets_back_;     // rather than fail over
  int64_t ahead_until_ = 0;  // what it may have granted with a clock that is ahead may be lost
  std::vector<std::unique_ptr<NodeServer>> servers_;
  std::map<int, std::vector<int>> members_;  // of a registration
  std::map<int, Turns> turns_;
  std::map<int, Heard> heard_;
  std::priority_queue<Event> events_;
  std::vector<Message> messages_;
  std::vector<size_t> unused_;
  uint64_t sendings_ = 0;
  std::vector<Span> spans_;
  std::set<int> lost_successions_;
  int aimed_at_ = -1;
  RegistryCounts counts_{};
  std::string error_;
};

}  // namespace sim
