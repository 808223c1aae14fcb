// SPDX-License-Identifier: PostgreSQL
//
// Clock readings: the one place that reads clocks, and node time made of them.

#pragma once

#include <time.h>

#include <cstdint>

#include "core/node_clock.h"
#include "state/shared.h"

namespace detid {

// Microseconds of CLOCK_BOOTTIME, which counts while the machine sleeps and which no one sets.
inline int64_t BootUs() {
  timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return int64_t{t.tv_sec} * 1000000 + t.tv_nsec / 1000;
}

// Microseconds of the system clock since 1970.
int64_t SystemUs();

// Nanoseconds of it.
int64_t SystemNs();

// The system clock between two boot readings: the best of some, as a process may be stopped between
// them.
ClockReading ReadClocks();

// How far node time is ahead of the system clock.
int64_t LeadUs();

// Compares node time with the system clock and says in the log what it found.
void CalibrateNodeClock();

// Sets node time to the system clock. REQUIRES: nothing was minted in this incarnation of the
// server.
void StartNodeClock();

// Takes the system clock for right, by however much it differs.
void AcceptSystemClock();

// Node time, microseconds since 1970. REQUIRES: shared memory.
inline int64_t NodeTimeUs() {
  struct Source {
    int64_t Boot() { return BootUs(); }
    void Calibrate() { CalibrateNodeClock(); }
  };
  return shared->clock.Now(Source{});
}

}  // namespace detid
