// SPDX-License-Identifier: PostgreSQL
//
// Node time: the instance's own time. It never runs backwards, follows the system clock when that
// steps forward, and slews back to it when that steps back.
//
//   node time = boot time + offset              (steady)
//   node time = 0.9 * boot time + offset'       (slewing: behind node time is a slower clock)
//
// Boot time is CLOCK_BOOTTIME, which no one sets. Slope, generation and offset are one atomic
// word, switched by compare-and-swap; the class is given its readings, so every case is a unit
// test.
//
// Invariants:
//   C1  a reader takes a boot reading between two loads of the word that find the same (Now). So
//       its node time is what the clock showed at one moment of the call, however long the reader
//       was stopped in it. No reading counts that is more than kCalibrationUs after the last
//       calibration, or after an attempt of the reader's own.
//   C2  no switch takes a reader back: of two calls one after the other, the later is not below
//       the earlier. All lines but the slewing one lie above the line before from where they were
//       made on. A slewing line lies above it up to kSwitchMarginUs after the reading that it was
//       made from, which is as long as a calibration is good: a reader later than that would have
//       attempted one of its own (C1). Every attempt changes the word, be it only its generation,
//       and a switch is a compare-and-swap from the word as it was before the reading; so a
//       calibrator that was stopped meanwhile switches nothing.
//   C3  a difference beyond max_step is not believed, unless it is within max_step of a lead that
//       was accepted: the start from a horizon, or an operator's command. Acceptance decides only
//       what is believed, never what time it is, so it is a word of its own.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace detid {

// The system clock, read between two boot readings. Microseconds.
struct ClockReading {
  int64_t boot_before;
  int64_t real;
  int64_t boot_after;
};

enum class Calibration : uint8_t {
  kSteady,       // within the reading's uncertainty
  kFollowed,     // the system clock was ahead
  kSlewing,      // it is behind: node time runs slower until it has caught up
  kDisbelieved,  // it differs by more than max_step: node time goes on at its own rate
  kUncertain,    // the reading took too long to say
  kLost,         // another calibrator was faster
};

class NodeClock {
 public:
  // A reading that took longer than this is thrown away.
  static constexpr int64_t kMaxBracketUs = 100;
  // A calibration is good for this long.
  static constexpr int64_t kCalibrationUs = 10000;
  static constexpr int64_t kSwitchMarginUs = 10000;

  // Steady at the system clock. REQUIRES: nothing was minted by this clock yet.
  void Start(const ClockReading& r) {
    accepted_lead_.store(0, std::memory_order_relaxed);
    uint64_t old = word();
    while (!Switch(&old, Steady(r.real - Middle(r)))) continue;
    calibrated_.store(r.boot_after, std::memory_order_release);
  }

  // Node time. `source` has
  //   int64_t Boot()    a boot reading
  //   void Calibrate()  attempts a calibration, by word() before its reading
  template <typename Source>
  int64_t Now(Source&& source) const {
    int64_t attempted_us = std::numeric_limits<int64_t>::min() / 2;
    for (;;) {
      const uint64_t before = word();
      const int64_t boot = source.Boot();
      if (Stale(boot) && boot - attempted_us > kCalibrationUs) [[unlikely]] {
        attempted_us = boot;
        source.Calibrate();
      } else if (word() == before) [[likely]] {
        return Time(before, boot);
      }
    }
  }

  // What the present line says of a boot reading. For those who only look: it may lie below what
  // Now has returned.
  int64_t At(int64_t boot_us) const { return Time(word(), boot_us); }

  bool Stale(int64_t boot_us) const {
    return boot_us - calibrated_.load(std::memory_order_acquire) > kCalibrationUs;
  }

  bool slewing() const { return word() & kSlewing; }

  // The word, for Calibrate.
  uint64_t word() const { return word_.load(std::memory_order_acquire); }

  // `before` is word() before the reading was taken.
  Calibration Calibrate(uint64_t before, const ClockReading& r, int64_t max_step_us) {
    const int64_t boot = Middle(r);
    const int64_t behind = r.real - Time(before, boot);  // node time behind the system clock
    int64_t lead = accepted_lead_.load(std::memory_order_relaxed);
    uint64_t next = before;
    Calibration what = Calibration::kSteady;
    if (r.boot_after - r.boot_before > kMaxBracketUs) {
      what = Calibration::kUncertain;
    } else if (behind > max_step_us || behind < -max_step_us - lead) {
      what = Calibration::kDisbelieved;
      if (before & kSlewing) next = SteadyFrom(before, boot - kSwitchMarginUs);
    } else if (behind > (before & kSlewing ? kSwitchMarginUs / 10 : kMaxBracketUs)) {
      what = Calibration::kFollowed;
      next = Steady(r.real - boot);
    } else if (behind < -kMaxBracketUs) {
      what = Calibration::kSlewing;
      if (!(before & kSlewing)) next = SlewingFrom(Time(before, boot), boot);
    }
    if (!Switch(&before, next)) return Calibration::kLost;
    if (what == Calibration::kUncertain) return what;
    if (lead > 0 && lead > -behind && what != Calibration::kDisbelieved)
      accepted_lead_.compare_exchange_strong(lead, std::max<int64_t>(-behind, 0),
                                             std::memory_order_relaxed);
    calibrated_.store(r.boot_after, std::memory_order_release);
    return what;
  }

  // Raises node time to at least `node_us` from the reading on. Returns false if it was there
  // already.
  bool AdvanceTo(int64_t node_us, const ClockReading& r) {
    const int64_t boot = r.boot_before;
    uint64_t old = word();
    do {
      if (Time(old, boot) >= node_us) return false;
      AcceptLead(node_us - r.real);
    } while (!Switch(&old, Steady(node_us - boot)));
    return true;
  }

  // The system clock is right, by however much it differs: one that is ahead is followed at once,
  // one that is behind is slewed to from the next calibration on.
  void Accept(const ClockReading& r) {
    const int64_t boot = Middle(r);
    uint64_t old = word();
    do {
      const int64_t behind = r.real - Time(old, boot);
      if (behind < 0) return AcceptLead(-behind);
      if (behind <= kSwitchMarginUs / 10) return;
    } while (!Switch(&old, Steady(r.real - boot)));
  }

 private:
  // The steady line that meets the slewing one at `boot_us`, and is above it from there on.
  static uint64_t SteadyFrom(uint64_t slewing, int64_t boot_us) {
    return Steady(Time(slewing, boot_us) - boot_us);
  }
  // Bit 0: slewing. Bits 1 to 8: the generation. The rest: the offset in microseconds, signed, 570
  // years either way.
  static constexpr int kOffsetShift = 9;
  static constexpr uint64_t kSlewing = 1, kGeneration = 0x1fe, kNextGeneration = 2;
  static uint64_t Steady(int64_t offset) { return static_cast<uint64_t>(offset) << kOffsetShift; }
  static int64_t Time(uint64_t word, int64_t boot_us) {
    const int64_t offset = static_cast<int64_t>(word) >> kOffsetShift;
    return boot_us + offset - (word & kSlewing ? boot_us / 10 : 0);
  }
  // From `*old` to a line, in the next generation; or `*old` is what it is instead.
  bool Switch(uint64_t* old, uint64_t line) {
    const uint64_t generation = (*old + kNextGeneration) & kGeneration;
    return word_.compare_exchange_strong(*old, (line & ~kGeneration) | generation,
                                         std::memory_order_acq_rel);
  }
  // Slewing along a line that meets the steady one kSwitchMarginUs after `boot_us`.
  static uint64_t SlewingFrom(int64_t node_us, int64_t boot_us) {
    const int64_t meet = boot_us + kSwitchMarginUs;
    const int64_t offset = node_us + kSwitchMarginUs - (meet - meet / 10);
    return Steady(offset) | kSlewing;
  }
  // Before the word changes, or a calibration in between would not believe it.
  void AcceptLead(int64_t lead_us) {
    int64_t old = accepted_lead_.load(std::memory_order_relaxed);
    while (old < lead_us && !accepted_lead_.compare_exchange_weak(old, lead_us)) continue;
  }
  static int64_t Middle(const ClockReading& r) {
    return r.boot_before + (r.boot_after - r.boot_before) / 2;
  }

  std::atomic<uint64_t> word_{0};
  std::atomic<int64_t> calibrated_{0};
  std::atomic<int64_t> accepted_lead_{0};
};

}  // namespace detid
