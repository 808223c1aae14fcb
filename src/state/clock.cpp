// SPDX-License-Identifier: PostgreSQL

#include "state/clock.h"

#include <cstdlib>

#include "core/instant.h"
#include "pg/pg.h"
#include "state/settings.h"

namespace detid {
namespace {

// Differences from here on are steps worth a line in the log, rather than drift.
constexpr int64_t kStepUs = 100000;
constexpr int kReadings = 10;

int64_t Bracket(const ClockReading& r) {
  return r.boot_after - r.boot_before;
}

// Says once what happened, not once a calibration. `before` is Counters::disbelieved from before
// the reading: what was found does not count if an operator accepted the clock meanwhile.
void Report(Calibration what, int64_t difference_us, uint32_t before) {
  Counters& c = shared->counters;
  const bool disbelieved = what == Calibration::kDisbelieved;
  const bool was = before & 1;
  const bool step = what == Calibration::kFollowed && difference_us >= kStepUs;
  if (!step && disbelieved == was) return;
  const uint32_t now = (before & ~1u) | disbelieved;
  if (!c.disbelieved.compare_exchange_strong(before, now)) return;
  c.last_step_us.store(difference_us, std::memory_order_relaxed);
  c.last_step_at_us.store(shared->clock.At(BootUs()), std::memory_order_relaxed);
  const long long ms = difference_us / 1000;
  if (disbelieved)
    ereport(LOG,
            (errmsg("the system clock is %lld ms away from node time and is not believed", ms),
             errdetail("detid.max_clock_step is %d s. Ids are minted at node time's own rate.",
                       settings::max_clock_step_s),
             errhint("Set the system clock right. If it is right: SELECT detid.accept_clock();")));
  else if (step)
    ereport(LOG, (errmsg("the system clock stepped forward by %lld ms; node time follows", ms)));
  else
    ereport(LOG, (errmsg("the system clock is believed again, %lld ms away from node time", ms)));
}

// A step back is seen as node time being ahead when slewing begins.
void ReportSlewing(int64_t difference_us) {
  if (difference_us > -kStepUs) return;
  Counters& c = shared->counters;
  c.last_step_us.store(difference_us, std::memory_order_relaxed);
  c.last_step_at_us.store(shared->clock.At(BootUs()), std::memory_order_relaxed);
  ereport(LOG,
          (errmsg("node time is %lld ms ahead of the system clock and slews back to it",
                  static_cast<long long>(-difference_us / 1000)),
           errdetail("The system clock stepped back, or was behind the ids of an earlier run.")));
}

}  // namespace

int64_t SystemNs() {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

int64_t SystemUs() {
  return SystemNs() / 1000;
}

ClockReading ReadClocks() {
  ClockReading best;
  for (int i = 0; i < kReadings; i++) {
    const ClockReading r = {BootUs(), SystemUs(), BootUs()};
    if (i == 0 || Bracket(r) < Bracket(best)) best = r;
    if (Bracket(best) <= NodeClock::kMaxBracketUs) break;
  }
  return best;
}

int64_t LeadUs() {
  NodeTimeUs();  // calibrates
  const ClockReading r = ReadClocks();
  return shared->clock.At(r.boot_before + Bracket(r) / 2) - r.real;
}

void StartNodeClock() {
  shared->clock.Start(ReadClocks());
}

void AcceptSystemClock() {
  const ClockReading r = ReadClocks();
  const int64_t difference = r.real - shared->clock.At(r.boot_after);
  shared->clock.Accept(r);
  std::atomic<uint32_t>& disbelieved = shared->counters.disbelieved;
  uint32_t old = disbelieved.load();
  while (!disbelieved.compare_exchange_weak(old, (old | 1) + 1)) continue;
  ereport(LOG, (errmsg("the system clock was accepted, %lld ms away from node time",
                       static_cast<long long>(difference / 1000))));
  CalibrateNodeClock();  // a clock that is behind is slewed to from here on
}

void CalibrateNodeClock() {
  const uint32_t disbelieved = shared->counters.disbelieved.load();
  const uint64_t before = shared->clock.word();
  const bool slewing = shared->clock.slewing();
  const ClockReading r = ReadClocks();
  const int64_t difference = r.real - shared->clock.At(r.boot_after);
  const Calibration what = shared->clock.Calibrate(before, r, settings::max_clock_step_us());
  if (what == Calibration::kUncertain || what == Calibration::kLost) return;
  if (what == Calibration::kSlewing && !slewing) ReportSlewing(difference);
  Report(what, difference, disbelieved);
}

}  // namespace detid
