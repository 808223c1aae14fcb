// SPDX-License-Identifier: PostgreSQL
//
// The interval of node time that a database may mint in, and the node number to mint under. Without
// a registry that is always, under the number of the settings; with one it is what the registry
// granted to this incarnation of the server.
//
// Invariants:
//   I1  what Read returns was published as a whole, or is empty.
//   I2  an interval that was published is this node's for ever: who goes on with one that he read
//       before mints nothing that is somebody else's.
//   I3  an interval begins where the one before of its number ended, or later; in between may be
//       somebody else's. One that adjoins the last, under the same number, only moves its limit.
//   I4  node time is at or above `start_us` before the interval is published. So the first position
//       of node time's tick is at or above it, but for the tick that holds it (sequencer.h).

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace detid {

inline constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();
inline constexpr int32_t kAnyNode = -1;

// [start_us, limit_us) of node time. Empty: limit_us is 0.
struct Interval {
  int32_t node = kAnyNode;  // kAnyNode: that of the settings
  int64_t start_us = 0;
  int64_t limit_us = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

inline constexpr Interval kAlways = {kAnyNode, 0, kForEver};

// In shared memory. One process publishes.
class Granted {
 public:
  // The version tells one interval from the next, as limits may be alike: kForEver often is. A
  // reader never waits for a writer that was stopped: it finds nothing granted.
  Interval Read() const {
    for (;;) {
      const uint32_t version = version_.load(std::memory_order_acquire);
      if (version & kWriting) return {};
      const Interval i = {node_.load(std::memory_order_relaxed),
                          start_us_.load(std::memory_order_relaxed),
                          limit_us_.load(std::memory_order_relaxed)};
      std::atomic_thread_fence(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) == version) return i;
    }
  }

  void Publish(const Interval& i) {
    const uint32_t version = version_.load(std::memory_order_relaxed) & ~kWriting;
    if (i.node != node_.load(std::memory_order_relaxed) ||
        i.start_us != start_us_.load(std::memory_order_relaxed)) {
      version_.store(version | kWriting, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_release);
      node_.store(i.node, std::memory_order_relaxed);
      start_us_.store(i.start_us, std::memory_order_relaxed);
    }
    limit_us_.store(i.limit_us, std::memory_order_release);
    version_.store(version + kNextVersion, std::memory_order_release);
  }

  // Nothing from here on, but for who has read before.
  void Revoke() { limit_us_.store(0, std::memory_order_relaxed); }

 private:
  // Bit 0: node and start are being written.
  static constexpr uint32_t kWriting = 1, kNextVersion = 2;

  std::atomic<uint32_t> version_{0};
  std::atomic<int32_t> node_{kAnyNode};
  std::atomic<int64_t> start_us_{0};
  std::atomic<int64_t> limit_us_{0};
};

}  // namespace detid
