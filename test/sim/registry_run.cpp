// SPDX-License-Identifier: PostgreSQL
//
// Events of a run: who acts next, and what becomes of an event whose server is stopped or gone.

#include "registry_run.h"

#include <iterator>

namespace sim {
namespace {

using detid::Mode;

constexpr int32_t kFirstAssigned = 1 << 20;
constexpr const char* kLayouts[] = {
    "time:41@1ms node:14 sequence:8",
    "time:32@1s node:14 sequence:17",
    "time:39@10ms node:14 sequence:10",
    "time:55@100ns node:4 sequence:4",
};

RegistrySetting SettingOf(uint64_t seed, const RegistryOptions& options) {
  RegistrySetting s;
  s.definition = detid::DefinitionOf(kLayouts[seed % std::size(kLayouts)]).value;
  s.definition.epoch_us = kBase - 100 * kDay;
  s.definition.scatter = seed % 2 == 0;
  s.broken = options.broken;
  return s;
}

// Newcomers need numbers that others had.
int NumbersOf(const RegistryOptions& o) {
  return o.nodes - o.nodes / 10 - o.nodes / 10;
}

}  // namespace

RegistryRun::RegistryRun(uint64_t seed, const RegistryOptions& options)
    : random_(seed),
      options_(options),
      setting_(SettingOf(seed, options)),
      coordinator_(setting_, NumbersOf(options)),
      sets_back_(seed % 2 == 0) {
  const int newcomers = options.nodes / 10, assigned = options.nodes / 10;
  for (int i = 0; i < options.nodes; i++) {
    const Mode mode = i < assigned ? Mode::kAssigned : Mode::kLeased;
    const int32_t number = mode == Mode::kAssigned ? kFirstAssigned + i : detid::kAnyNode;
    const int s = NewServer(coordinator_.Enrol(mode, number), mode, number);
    // Newcomers come some at a time.
    const bool late = i >= options.nodes - newcomers;
    const int64_t at = late ? int64_t{i / 8} * 7919 * kSecond % Last() : 0;
    Push(at + random_.Below(late ? 2 * kSecond : 10 * kSecond), What::kStart, s);
  }
  Push(kMinute, What::kFault, -1);
}

std::string RegistryRun::Run() {
  while (!events_.empty() && error_.empty()) {
    const Event e = events_.top();
    events_.pop();
    now_ = e.at;
    if (now_ > Last()) break;
    Handle(e);
  }
  if (error_.empty()) Judge();
  return error_;
}

int RegistryRun::NewServer(int registration, Mode mode, int32_t number) {
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

void RegistryRun::StartServer(NodeServer& s) {
  s.Start(setting_, now_, random_.Below(int64_t{1} << 62) + 1);
  s.sequencer.Prepare(setting_.definition, kLead);
  s.sequencer.PrepareScatter(setting_.definition, detid::GeneratorKey{}, 7, 0);
  s.sequencer.shard = &s.shard;
  s.sequencer.slot = &s.slot;
  In(0, What::kHeartbeat, s.index);
  In(random_.Below(kSecond), What::kMint, s.index);
}

bool RegistryRun::HasMachineCopy(int registration) {
  for (const int i : members_[registration])
    if (Server(i).same_incarnation) return true;
  return false;
}

void RegistryRun::Push(int64_t at, What what, int server, uint64_t number) {
  events_.push({at, static_cast<uint64_t>(random_.Below(int64_t{1} << 62)), what, server,
                server < 0 ? 0 : Server(server).epoch, number});
}

void RegistryRun::Handle(const Event& e) {
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
    if (e.what == What::kAnswer) {
      LoseAnswer(messages_[e.number]);
      Free(e.number);
    }
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
    case What::kHeartbeat:
      if (s.sending == 0) Send(s);
      break;
    case What::kTimeout:
      if (s.sending != e.number) break;
      s.challenge = 0;
      Send(s);
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

}  // namespace sim
