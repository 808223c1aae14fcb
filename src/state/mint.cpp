// SPDX-License-Identifier: PostgreSQL

#include "state/mint.h"

#include <algorithm>

#include "core/instant.h"
#include "pg/errors.h"
#include "state/horizon.h"

namespace detid {
namespace {

// Node time at the end of the tick that holds `position`.
int64_t EndOfTickUs(const Minter* m, uint64_t position) {
  const int64_t tick = static_cast<int64_t>(position >> m->sequence_bits) + 1;
  return m->definition.epoch_us + (tick * int64_t{m->definition.layout.unit} + 9) / 10;
}

uint64_t PositionAt(const Minter* m, int64_t us) {
  const Definition& d = m->definition;
  if (us <= d.epoch_us) return 0;
  return static_cast<uint64_t>(TickAt(d.layout, d.epoch_us, us)) << m->sequence_bits;
}

// Outside all locks: until the clock has come within max_ahead of the position, or a while.
void WaitForClock(const Minter* m, uint64_t position) {
  if (m->pinned)
    Raise(Error::kManualClockSpent, "Its ids are more than detid.max_ahead (%d ms) ahead of it.",
          settings::max_ahead_ms);
  shared->counters.waits.fetch_add(1, std::memory_order_relaxed);
  const uint64_t until = (position >> m->sequence_bits) - (m->limits.ahead >> m->sequence_bits);
  const Definition& d = m->definition;
  int64_t us = 0;
  TimeOfTick(d.layout, d.epoch_us, static_cast<int64_t>(until), &us);
  const int64_t ms = std::clamp<int64_t>((us - NodeTimeUs() + 999) / 1000, 1, 1000);
  WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, static_cast<long>(ms),
            compat::OverloadWaitEvent());
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
}

[[noreturn]] void RaiseEnd(const Minter* m) {
  char end[kMaxInstantText];
  FormatInstant(EndOfEpochUs(m->definition), end, sizeof end);
  Raise(Status::Error(Code::kEpochEnd, "The layout of %s ends at %s.", m->name, end));
}

// After a grant: look after the horizon well before it is reached.
void Renew(Minter* m, uint64_t position) {
  if (m->pinned) {
    m->renew = m->limits.end;
    return;
  }
  const int64_t again_us = RenewHorizon(m->database, EndOfTickUs(m, position));
  SetHorizonLimits(m);
  m->renew = std::min({PositionAt(m, again_us), m->limits.horizon, m->limits.end});
}

}  // namespace

uint64_t MoveTick(Minter* m, int64_t now_us) {
  const Definition& d = m->definition;
  if (now_us < d.epoch_us) {
    char now[kMaxInstantText], epoch[kMaxInstantText];
    FormatInstant(now_us, now, sizeof now);
    FormatInstant(d.epoch_us, epoch, sizeof epoch);
    Raise(Status::Error(Code::kBeforeEpoch, "Node time is %s; the epoch of %s is %s.", now, m->name,
                        epoch));
  }
  const int64_t tick = TickAt(d.layout, d.epoch_us, now_us);
  if (static_cast<uint64_t>(tick) > LowMask(d.layout.time_bits())) RaiseEnd(m);
  m->tick_position = static_cast<uint64_t>(tick) << m->sequence_bits;
  m->tick_us = d.epoch_us + tick * static_cast<int64_t>(m->unit_us);
  return m->tick_position;
}

Grant TakeSlowly(Minter* m, uint32_t wanted, Grant grant) {
  for (;;) {
    if (m->database->fenced.load(std::memory_order_relaxed) != 0) Raise(Error::kFenced);
    switch (grant.verdict) {
      case Verdict::kGiven:
        if (grant.first >= m->renew) Renew(m, grant.first);
        return grant;
      case Verdict::kWait:
        WaitForClock(m, grant.first);
        break;
      case Verdict::kRaise:
        SetHorizonLimits(m);
        if (grant.first >= m->limits.horizon)
          RaiseHorizon(m->database, EndOfTickUs(m, grant.first));
        if (m->ready) SetHorizonLimits(m);
        break;
      case Verdict::kEnd:
        RaiseEnd(m);
    }
    // Waiting and raising let invalidations in.
    while (!m->ready) Fill(m);
    grant = TryTake(m, wanted);
  }
}

}  // namespace detid
