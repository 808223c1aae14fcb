// SPDX-License-Identifier: PostgreSQL
//
// The word in memory that says why a database mints nothing; every mint reads it. Each reason has a
// bit of its own: whoever ends one does not end another. The reason kRow comes from the row of this
// node (state/registry/registration.h): from each process that has read the row, and from
// operators' commands as they are committed. These come in any order, and a process may be stopped
// for long between its look at the row and its store here. So the row counts the operators'
// commands, and the word in memory has the count of the row that it was taken from.
//
// Invariants:
//   F1  a row that was read under a lower count than the word's changes nothing: an operator's
//   command
//       has come since.
//   F2  under one count kRow is only ever set. An operator's command alone takes it away, and
//   raises
//       the count.

#pragma once

#include <atomic>
#include <cstdint>

namespace detid {

class Fence {
 public:
  static constexpr uint64_t kRow = 1;        // the registry, or an operator: registration.h
  static constexpr uint64_t kDuplicate = 2;  // a second node has shown itself: duplicate.h
  static constexpr uint64_t kShutdown = 4;   // the registry was told, or is about to be

  bool is_set() const { return why() != 0; }
  uint64_t why() const { return word_.load(std::memory_order_relaxed) & kReasons; }
  int64_t count() const { return CountOf(word_.load(std::memory_order_acquire)); }

  // Takes what a row says under its count. False, and nothing has changed, after a later command.
  bool Take(int64_t count, bool fenced) {
    uint64_t seen = word_.load(std::memory_order_acquire);
    for (;;) {
      const int64_t known = CountOf(seen);
      if (count < known) return false;
      const uint64_t kept = count == known ? seen & kReasons : seen & kReasons & ~kRow;
      const uint64_t next = static_cast<uint64_t>(count) << kBits | kept | (fenced ? kRow : 0);
      if (word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel)) return true;
    }
  }

  // Of kRow: for a row that nothing can be read of, as somebody has altered it.
  void Set(uint64_t reason) { word_.fetch_or(reason, std::memory_order_seq_cst); }

  // REQUIRES: not kRow.
  void End(uint64_t reason) { word_.fetch_and(~reason, std::memory_order_acq_rel); }

  // Of another database. REQUIRES: nobody uses it.
  void Forget() { word_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr int kBits = 3;
  static constexpr uint64_t kReasons = (uint64_t{1} << kBits) - 1;

  static int64_t CountOf(uint64_t word) { return static_cast<int64_t>(word >> kBits); }

  std::atomic<uint64_t> word_{0};
};

}  // namespace detid
