// SPDX-License-Identifier: PostgreSQL

#include "state/mint.h"

#include <algorithm>

#include "core/instant.h"
#include "pg/errors.h"
#include "state/horizon.h"
#include "state/registry/registration.h"

namespace detid {
namespace {

// Outside all locks: until the clock has come within max_ahead of the position, or a while.
void WaitForClock(const Minter* m, uint64_t position) {
  if (m->pinned)
    Raise(Error::kManualClockSpent, "Its ids are more than detid.max_ahead (%d ms) ahead of it.",
          settings::max_ahead_ms);
  shared->counters.waits.fetch_add(1, std::memory_order_relaxed);
  const int64_t us = m->GivenAtUs(m->definition, position);
  const int64_t ms = std::clamp<int64_t>((us - NodeTimeUs() + 999) / 1000, 1, 1000);
  WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, static_cast<long>(ms),
            compat::OverloadWaitEvent());
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

// An epoch that ends within the year is worth a line in the log, once a day.
constexpr int64_t kDayUs = int64_t{86400} * 1000000;

void WarnOfEnd(const Minter* m) {
  const int64_t end_us = EndOfEpochUs(m->definition);
  const int64_t now_us = NodeTimeUs();
  if (end_us - 365 * kDayUs > now_us) return;
  if (m->record == nullptr) return;  // it has nowhere to say when it was said last
  int64_t warned_us = m->record->end_warned_us.load(std::memory_order_relaxed);
  if (now_us - warned_us < kDayUs ||
      !m->record->end_warned_us.compare_exchange_strong(warned_us, now_us))
    return;
  char end[kMaxInstantText];
  FormatInstant(end_us, end, sizeof end);
  ereport(LOG,
          (errmsg("the ids of generator %s last until %s", m->name, end),
           errhint("Create a generator with a later epoch or a wider time field, and change the "
                   "column's default to it.")));
}

// After a grant: look after the horizon well before it is reached.
void Renew(Minter* m, uint64_t position) {
  if (m->pinned) {
    m->renew = m->limits.end;
    return;
  }
  WarnOfEnd(m);
  const int64_t again_us = RenewHorizon(m->database, EndOfTickUs(m->definition, position));
  SetHorizonLimits(m);
  m->SetRenewal(m->definition, again_us);
}

}  // namespace

namespace {

struct Host {
  Minter* m;

  void CheckFence() {
    if (m->database->fence.is_set()) RaiseFenced();
  }
  uint64_t Now() { return NowPosition(m); }
  // Of a minter that is not ready, Ready does it.
  void ReadHorizon() {
    if (m->ready) SetHorizonLimits(m);
  }
  void Raise(uint64_t position) { RaiseHorizon(m->database, EndOfTickUs(m->definition, position)); }
  // A position that lies beyond the interval stays there, so that the clock moves on is no help.
  void AwaitGrant(uint64_t position) {
    if (m->ready) AwaitInterval(m->database, EndOfTickUs(m->definition, position) - 1);
  }
  void Renew(uint64_t position) { detid::Renew(m, position); }
  Grant TakeWithoutShard(uint32_t wanted) { return detid::TakeWithoutShard(m, Now(), wanted); }
  void Wait(uint64_t position) { WaitForClock(m, position); }
  // Waiting and raising let invalidations in.
  void Ready() {
    while (!m->ready) Fill(m);
  }
  void End() { RaiseEnd(m); }
};

}  // namespace

Grant TakeSlowly(Minter* m, uint32_t wanted, Grant refused) {
  Host host{m};
  return TakeSlowly(m, host, wanted, refused);
}

namespace {

// Counts a repetition that was found in time, and says so, at most once a second and shard.
void NoteHit(const Minter* m) {
  Window* window = m->window;
  shared->counters.history_hits.fetch_add(1, std::memory_order_relaxed);
  const uint64_t hits = 1 + window->hits.fetch_add(1, std::memory_order_relaxed);
  const int64_t now_us = BootUs();
  int64_t logged_us = window->logged_us.load(std::memory_order_relaxed);
  if ((logged_us != 0 && now_us - logged_us < 1000000) ||
      !window->logged_us.compare_exchange_strong(logged_us, now_us))
    return;
  ereport(LOG,
          (errmsg("an id of generator %s was among its last %u", m->name, m->definition.history),
           errdetail("It was not handed out. That has happened %llu times.",
                     static_cast<unsigned long long>(hits))));
}

// Candidates in a row. CheckHistory leaves at least two of three free, so that it does not happen.
constexpr uint32_t kMaxRefused = 1000;

}  // namespace

bool Remember(Minter* m, const Bits& id) {
  const Recall recall = m->window->history.Remember(HistoryFingerprint(id), m->chunk);
  if (recall == Recall::kNew) [[likely]] {
    m->refused = 0;
    return true;
  }
  if (++m->refused > kMaxRefused) {
    m->refused = 0;
    Raise(Error::kNoNewId, "%u ids of %s in a row were among its last %u.", kMaxRefused, m->name,
          m->definition.history);
  }
  if (recall == Recall::kRecent) NoteHit(m);
  return false;
}

}  // namespace detid
