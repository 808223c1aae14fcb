// SPDX-License-Identifier: PostgreSQL

#include "server.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace sim {

using detid::kNoPosition;
using detid::Verdict;

// --- The journal ------------------------------------------------------------------------------

void Journal::Fail(const char* format, ...) {
  if (!error_.empty()) return;
  char text[400];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  error_ = text;
}

void Journal::FailClock(int64_t before_us, int64_t now_us) {
  Fail("C2: node time goes back by %lld us", static_cast<long long>(before_us - now_us));
}

void Journal::Add(const Incarnation& incarnation, int worker, uint64_t position, int64_t clock_us,
                  int64_t began, int64_t ended, int backend) {
  const Definition& d = *definition_;
  const int bits = d.layout.sequence_bits();
  const auto p = static_cast<unsigned long long>(position);
  ids_.push_back({position, worker});

  // G5: no wrap.
  if (position >> (d.layout.time_bits() + bits) != 0) Fail("G5: position %llu wraps", p);

  // G1, before a crash shows it: what is given out lies below what is on the disk.
  if (oracle_ && detid::EndOfTickUs(d, position) > incarnation.disk->record.horizon_us)
    Fail("H1: position %llu is above the horizon on the disk", p);

  // G3: near node time.
  const int64_t tick_us = detid::EndOfTickUs(d, position) - d.layout.unit / 10;
  const int64_t off = tick_us - clock_us;
  const int64_t tick = d.layout.unit / 10 + 1;
  if (off > ahead_us_ + tick || off < -tick)
    Fail("G3: position %llu is %lld us from node time", p, static_cast<long long>(off));

  // G2: strictly within a backend.
  if (last_of_backend_.size() <= static_cast<size_t>(backend))
    last_of_backend_.resize(static_cast<size_t>(backend) + 1);
  uint64_t& last = last_of_backend_[static_cast<size_t>(backend)];
  if (position <= last && last != 0) Fail("G2: backend %d goes back to %llu", backend, p);
  last = position;
  // And across backends, of mints that do not overlap: strictly with ordering 'node'; else further
  // apart than a tick, or max_ahead under overload. Node time may run at 90 %.
  while (!unsettled_.empty() && unsettled_.top().at < ended) {
    Settled next = unsettled_.top();
    if (!settled_.empty()) next.position = std::max(next.position, settled_.back().position);
    settled_.push_back(next);
    unsettled_.pop();
  }
  const auto after = std::lower_bound(settled_.begin(), settled_.end(), began,
                                      [](const Settled& s, int64_t at) { return s.at < at; });
  const uint64_t settled = after == settled_.begin() ? 0 : (after - 1)->position;
  if (position <= settled && settled != 0)
    Fail("G2: position %llu, minted from %lld to %lld us, comes after the higher %llu", p,
         static_cast<long long>(began), static_cast<long long>(ended),
         static_cast<unsigned long long>(settled));
  const int64_t apart = tick + std::max<int64_t>(off, 0);
  const bool strictly = d.ordering == detid::Ordering::kNode;
  unsettled_.push({strictly ? ended : ended + apart + apart / 8, position});
}

void Journal::Finish() {
  const auto key = [](const Minted& m) { return std::pair(m.position, m.worker); };
  std::sort(ids_.begin(), ids_.end(),
            [&](const Minted& a, const Minted& b) { return key(a) < key(b); });
  for (size_t i = 1; i < ids_.size(); i++)
    if (key(ids_[i - 1]) == key(ids_[i]))
      Fail("G1: position %llu of worker %d was minted twice",
           static_cast<unsigned long long>(ids_[i].position), ids_[i].worker);
}

// --- The store --------------------------------------------------------------------------------

// Any process may be descheduled anywhere, now and then for long.
int64_t Descheduled(World* world) {
  if (world->random.Chance(0.98)) return world->random.Below(3);
  if (world->random.Chance(0.98)) return world->random.LogBetween(10, 20 * kMs);
  return world->random.LogBetween(20 * kMs, 10 * kSecond);
}

void Store::Pause() {
  world_->Sleep(Descheduled(world_));
  if (!incarnation_->alive) throw Crashed{};
}

void Store::Flush(uint64_t lsn) {
  incarnation_->RunWalWriter();
  if (incarnation_->rules.broken == Break::kNoFlush || incarnation_->flushed >= lsn) return;
  const uint64_t to = incarnation_->inserted;
  int64_t took = world_->random.LogBetween(50, 5 * kMs);
  if (world_->now() < incarnation_->slow_until)
    took = world_->random.LogBetween(5 * kMs, 3 * kSecond);
  world_->Sleep(took);
  if (!incarnation_->alive) throw Crashed{};
  if (world_->random.Chance(0.003)) throw Failed{};
  incarnation_->FlushTo(to);
}

// --- The backend ------------------------------------------------------------------------------

void Backend::Pause() {
  world_->Sleep(Descheduled(world_));
  if (!incarnation_->alive) throw Crashed{};
}

void Backend::Connect(std::shared_ptr<Incarnation> incarnation) {
  incarnation_ = std::move(incarnation);
  pending_ = {};
  Load();
  sequencer_.Prepare(*definition_, incarnation_->rules.horizon.ahead_us);
  sequencer_.PrepareScatter(*definition_, detid::GeneratorKey{}, kNodeId, number_);
  sequencer_.GoWithoutShard(&own_slot_);
  if (!incarnation_->shard_known && world_->random.Chance(0.7)) MakeShard();
  if (incarnation_->shard_known) UseShard();
  ReadHorizon();
  connected_ = true;
}

// As AttachShard, which nobody interrupts.
void Backend::MakeShard() {
  const uint64_t first = detid::FirstPosition(*definition_, incarnation_->begun_us.load(),
                                              incarnation_->evicted_us.load());
  incarnation_->shard.next.store(first);
  for (detid::Slot& s : incarnation_->slots) {
    s = detid::Slot{};
    s.next = first;
  }
  incarnation_->shard_known = true;
}

void Backend::UseShard() {
  incarnation_->users++;
  sequencer_.shard = &incarnation_->shard;
  sequencer_.slot = &incarnation_->slots[static_cast<size_t>(number_)];
  sequencer_.worker = definition_->layout.shows(detid::Kind::kWorker);
}

detid::Grant Backend::TakeWithoutShard(uint32_t wanted) {
  const uint64_t now = Now();
  if (world_->random.Chance(0.1)) Pause();
  Incarnation* l = incarnation_.get();
  if (l->rules.broken != Break::kTickBesideShard || !l->shard_known) {
    if (!l->shard_known && world_->random.Chance(0.05)) MakeShard();
    if (l->shard_known) {
      UseShard();
      return sequencer_.Take(now, wanted);
    }
  }
  return sequencer_.TakeTick(*definition_, l->begun_us.load(), &l->evicted_us, now, wanted);
}

void Backend::Disconnect() {
  const bool attached = connected_ && sequencer_.shard != nullptr;
  connected_ = false;
  if (incarnation_ == nullptr) return;
  // The last one out: the shard is evicted, perhaps.
  if (attached && --incarnation_->users == 0 && incarnation_->alive && world_->random.Chance(0.3)) {
    uint64_t last = incarnation_->shard.next.load();
    for (const detid::Slot& s : incarnation_->slots) last = std::max(last, s.next);
    if (last != 0)
      incarnation_->evicted_us =
          std::max(incarnation_->evicted_us.load(), detid::EndOfTickUs(*definition_, last - 1));
    incarnation_->shard_known = false;
  }
  incarnation_ = nullptr;
}

// As LoadHorizon.
void Backend::Load() {
  Incarnation* l = incarnation_.get();
  while (l->loading) {
    world_->Sleep(100);
    if (!l->alive) throw Crashed{};
  }
  if (l->horizon.published() != 0) return;
  l->loading = true;
  try {
    Pause();
    if (!l->clock_begun) l->Restart();
    HorizonRecord stored = l->buffer;
    if (l->rules.broken == Break::kIgnoreHorizon) stored.horizon_us = 0;
    detid::HorizonRules rules = l->rules.horizon;
    if (l->rules.broken == Break::kNoGuard) rules.guard_us = 0;
    const detid::ClockReading now = l->Read();
    const detid::Beginning beginning =
        detid::BeginningOf(stored, l->origin, l->clock.At(now.boot_before), now.real, rules);
    if (!beginning.believed) {
      // The operator sets the clock right, or takes it for right.
      if (world_->random.Chance(0.5)) {
        l->machine->real_offset = kBase;
        l->machine->real_rate = 1;
        throw Refused{};
      }
      l->clock.Accept(now);
    }
    l->clock_begun = true;
    Store store(world_, l, beginning.move);
    Pause();
    detid::BeginHorizon(&l->horizon, &l->clock, store, beginning, now, rules.window_us,
                        &l->begun_us);
  } catch (...) {
    l->loading = false;
    throw;
  }
  l->loading = false;
}

// A backend's readings, for NodeClock::Now.
struct Backend::Source {
  Backend* b;
  int64_t Boot() {
    const int64_t boot = b->incarnation_->machine->Boot();
    b->Pause();
    return boot;
  }
  void Calibrate() {
    Incarnation* l = b->incarnation_.get();
    Random& r = b->world_->random;
    const uint64_t before = l->clock.word();
    detid::ClockReading reading;
    reading.boot_before = l->machine->Boot();
    if (r.Chance(0.05)) b->Pause();
    reading.real = l->machine->Real();
    if (r.Chance(0.05)) b->Pause();
    reading.boot_after = l->machine->Boot();
    if (r.Chance(0.2)) b->Pause();
    l->clock.Calibrate(before, reading, l->rules.horizon.max_step_us);
  }
};

// As NodeTimeUs.
uint64_t Backend::Now() {
  Incarnation* l = incarnation_.get();
  const int64_t returned_us = l->returned_us;
  Source source{this};
  if (l->rules.broken == Break::kLateWord) {
    const int64_t boot = source.Boot();
    if (l->clock.Stale(boot)) source.Calibrate();
    clock_us_ = l->clock.At(boot);
  } else {
    clock_us_ = l->clock.Now(source);
  }
  if (l->rules.broken == Break::kIgnoreAccepted) {
    l->clock.Start(l->Read());
    clock_us_ = l->clock.At(l->machine->Boot());
  } else if (clock_us_ < returned_us) {
    journal_->FailClock(returned_us, clock_us_);
  }
  l->returned_us = std::max(l->returned_us, clock_us_);
  const uint64_t now = sequencer_.Now(*definition_, clock_us_);
  if (now == kNoPosition) throw Ended{};
  return now;
}

void Backend::Raise(uint64_t position) {
  Store store(world_, incarnation_.get());
  detid::RaiseHorizon(&incarnation_->horizon, store, detid::EndOfTickUs(*definition_, position),
                      incarnation_->rules.horizon.window_us);
}

void Backend::Renew(uint64_t position) {
  Store store(world_, incarnation_.get());
  const int64_t again_us = detid::RenewHorizon(&incarnation_->horizon, &pending_, store,
                                               detid::EndOfTickUs(*definition_, position),
                                               incarnation_->rules.horizon.window_us);
  ReadHorizon();
  sequencer_.SetRenewal(*definition_, again_us);
}

void Backend::Wait(uint64_t position) {
  waits++;
  const int64_t us = sequencer_.GivenAtUs(*definition_, position) - clock_us_;
  world_->Sleep(std::clamp<int64_t>(us, kMs, kSecond));
  if (!incarnation_->alive) throw Crashed{};
  if (world_->random.Chance(0.01)) throw Failed{};
}

void Backend::Mint(uint32_t wanted) {
  const int64_t began = world_->now();
  const uint64_t now = Now();
  if (world_->random.Chance(0.1)) Pause();
  detid::Grant grant{Verdict::kGiven, kNoPosition, 1};
  if (wanted == 1 && !sequencer_.ordered) grant.first = sequencer_.TakeOne(now);
  if (grant.first == kNoPosition) {
    grant = sequencer_.Take(now, wanted);
    if (grant.verdict != Verdict::kGiven || grant.first >= sequencer_.renew)
      grant = detid::TakeSlowly(&sequencer_, *this, wanted, grant);
  }
  const int worker = definition_->layout.shows(detid::Kind::kWorker) ? number_ : 0;
  for (uint32_t i = 0; i < grant.count; i++)
    journal_->Add(*incarnation_, worker, grant.first + i, clock_us_, began, world_->now(), number_);
}

}  // namespace sim
