// SPDX-License-Identifier: PostgreSQL
//
// The horizon: the durable, exclusive upper bound on the node time of any id that was minted, and
// the rules by which it is read, raised and published. Where it is stored is the Store's affair:
// the server's is state/horizon.cpp, the simulation has one of its own.
//
// Invariants:
//   H1  no id is given out whose tick ends after the published horizon (sequencer.h).
//   H2  what is published is durable: it was flushed before.
//   H3  the stored value never falls; to raise it is to take the maximum. Should it be found below
//       what was published (it was made anew, or tampered with), the next raise lifts it above.
//   H4  node time is at or above the value that was stored before anything was minted in this
//       incarnation, and that is so before the first horizon of this incarnation is published. So
//       ticks from here on are new. Instead of that, a copy within a server whose original is known
//       begins above all that the original gave out (Beginning::floor_us).
//
// A Store has
//   bool Open(bool wait)           makes it ready for Write; false (if not waiting) if it is held
//   void Close()
//   Written Write(target, enough)  stores max(stored, target), and who mints; nothing if the value
//                                  is `enough` already and the origin right. REQUIRES: open
//   bool Flushed(lsn)              whether it is durable
//   void Flush(lsn)                waits until it is
//   void Nudge(lsn)                hastens it

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/node_clock.h"

namespace detid {

// Who mints: stored with the horizon by every raise.
struct Origin {
  uint64_t instance = 0;  // of the server and its data directory, hashed; 0: nobody yet
  uint32_t database = 0;
  uint32_t timeline = 0;
  int32_t node = -1;
  uint64_t directory = 0;  // of the database's files: an oid may be used again

  bool SameDatabase(const Origin& w) const {
    return instance == w.instance && database == w.database;
  }
  // The node id may change in place.
  bool SamePlace(const Origin& w) const {
    return SameDatabase(w) && timeline == w.timeline && directory == w.directory;
  }
};

// How what is stored came to be stored elsewhere.
enum class Move : uint8_t {
  kNone,
  kPromoted,        // another timeline: a standby was promoted, or recovery ended at a target
  kServerCopied,    // the same timeline in another server or data directory
  kDatabaseCopied,  // the same server, another database
  kRestored,        // from a dump
  kRemade,  // the same server and database, in other files: dropped and made again, or moved
};

// A copy may have an original that mints on; a promoted server has not, if all is well, nor has a
// database that has the oid of its original.
constexpr bool IsCopy(Move move) {
  return move != Move::kNone && move != Move::kPromoted && move != Move::kRemade;
}

// A timeline only ever grows but by pg_upgrade, which begins with the first again.
Move MoveOf(const Origin& stored, const Origin& now);

// Ledger rows that prove that another server mints under this node's number (duplicate.h).
struct Duplicates {
  int64_t rows = 0;
  int64_t first_us = 0, last_us = 0;  // when they came, by the system clock
  int64_t entry = 0;                  // of the last one, and
  int32_t node = -1;                  // the number
  bool stopped = false;               // minting is, for that reason
};

// As stored.
struct HorizonRecord {
  int64_t horizon_us = 0;  // microseconds since 1970; 0: nothing was minted
  Origin origin;
  Move moved = Move::kNone;  // the last move, and
  int64_t moved_us = 0;      // the node time that minting began at after it
  int32_t moved_node = -1;   // and the node id that was in use before it
  int64_t since_us = 0;      // ids from here on, under the origin's node, are this database's alone
  int64_t pruned_us = 0;     // ledger rows of earlier times may have been removed
  Duplicates duplicates;
};

// Whether minting under this number begins here with the record that is being written.
constexpr bool Begins(const HorizonRecord& stored, Move move, const Origin& now) {
  return stored.since_us == 0 || move != Move::kNone || stored.origin.node != now.node;
}

// Whether a promotion, or another tablespace, finds a copy that is suspected, or another tablespace
// a promotion that nobody acknowledged: it is no reason to forget that.
constexpr bool StaysSuspected(const HorizonRecord& stored, Move move, const Origin& now) {
  const bool open = IsCopy(stored.moved) ? move == Move::kPromoted || move == Move::kRemade
                                         : stored.moved == Move::kPromoted && move == Move::kRemade;
  return open && stored.moved_node >= 0 && stored.moved_node == now.node;
}

// Where what is stored came from, and whether its original may mint beside it.
struct Provenance {
  Move move;
  int64_t since_us;  // node time that minting began at after the move; 0: it has not begun
  bool suspected;    // a copy under the node id of its original
  bool unaccepted;   // a promotion under the node id of its predecessor, which nobody acknowledged
};
Provenance ProvenanceOf(const HorizonRecord& stored, const Origin& now);

struct HorizonRules {
  int64_t window_us;    // how far ahead of use it is raised
  int64_t ahead_us;     // how far ids run ahead of node time
  int64_t guard_us;     // how far above it node time begins after a move
  int64_t max_step_us;  // how far ahead of the clock it may be at the start, besides
};

// What this incarnation of the server knows of a database whose ids were last minted by another
// database of the server, or in other files. They share one clock, so what is known takes no guard.
struct Sibling {
  bool known = false;  // that one has begun in this incarnation, so all of its ids are known: they
  int64_t end_us = 0;  // and those of databases that this incarnation has forgotten lie below
  bool made_here =
      false;  // this one was made in this incarnation, and so has what was minted before
};

// How minting begins with what is stored, given node time and the system clock. The guard is above
// the system clock, lest it add up where several databases begin in turn; but not above one that is
// not believed.
struct Beginning {
  bool believed;    // false: the clock is behind too far
  int64_t lead_us;  // of the horizon over node time
  Move move;
  int64_t start_us;  // node time is to be at or above it
  int64_t floor_us;  // and the first ids are above it; 0: above what node time is
  bool guarded;
};
Beginning BeginningOf(const HorizonRecord& stored, const Origin& now, int64_t node_us,
                      int64_t system_us, const HorizonRules& rules, const Sibling& sibling = {});

struct Written {
  int64_t horizon_us;
  uint64_t lsn;  // once this is durable, so is the value
};

// The published horizon, in shared memory. 0: not loaded.
class Horizon {
 public:
  int64_t published() const { return published_us_.load(std::memory_order_acquire); }

  void Publish(int64_t horizon_us) {
    int64_t old = published_us_.load(std::memory_order_relaxed);
    while (old < horizon_us &&
           !published_us_.compare_exchange_weak(old, horizon_us, std::memory_order_release))
      continue;
  }

 private:
  std::atomic<int64_t> published_us_{0};
};

// A backend's record that was written and not yet seen flushed.
struct PendingHorizon {
  int64_t horizon_us = 0;
  uint64_t lsn = 0;  // 0: none
};

// How soon to look again whether a record has been flushed.
inline constexpr int64_t kLookAgainUs = 1000;

// Raises the horizon above `us`, by the window, and waits until that is durable. What another has
// just written is enough.
template <typename Store>
void RaiseHorizon(Horizon* horizon, Store& store, int64_t us, int64_t window_us) {
  store.Open(true);
  const Written written = store.Write(us + window_us, us + window_us / 2);
  store.Close();
  store.Flush(written.lsn);
  horizon->Publish(written.horizon_us);
}

// Half a window early: writes a record without waiting for it, or publishes what has been flushed
// meanwhile. Never waits for a lock. Returns the node time at which to come again.
template <typename Store>
int64_t RenewHorizon(Horizon* horizon, PendingHorizon* pending, Store& store, int64_t us,
                     int64_t window_us) {
  const int64_t half = window_us / 2;
  const int64_t published = horizon->published();
  if (published - us > half) return published - half;
  if (pending->lsn != 0 && pending->horizon_us > published) {
    if (!store.Flushed(pending->lsn)) return us + kLookAgainUs;
    horizon->Publish(pending->horizon_us);
    pending->lsn = 0;
    return horizon->published() - half;
  }
  if (!store.Open(false)) return us + kLookAgainUs;
  // Another backend may have written the record already: then it is taken for this one's.
  const Written written = store.Write(us + window_us, us + half + half / 2);
  store.Close();
  *pending = {written.horizon_us, written.lsn};
  store.Nudge(written.lsn);
  return us + kLookAgainUs;
}

// The first of this incarnation, or of this horizon: node time to its beginning, the first window
// written, flushed and published, in this order. Returns the node time that minting begins at.
// REQUIRES: the store is open, nobody else begins; the beginning is believed.
template <typename Store>
int64_t BeginHorizon(Horizon* horizon, NodeClock* clock, Store& store, const Beginning& beginning,
                     const ClockReading& now, int64_t window_us, std::atomic<int64_t>* begun_us) {
  const int64_t published = horizon->published();
  // Of what this incarnation has minted below what it published, the shards know.
  const bool anew = published == 0 || beginning.start_us > published;
  if (anew) clock->AdvanceTo(beginning.start_us, now);
  const int64_t now_us = clock->At(now.boot_before);
  const int64_t start_us = anew ? std::max(beginning.start_us, now_us) : now_us;
  if (anew) begun_us->store(start_us, std::memory_order_release);
  const int64_t target_us = std::max(start_us + window_us, published);
  const Written written = store.Write(target_us, target_us);
  store.Flush(written.lsn);
  horizon->Publish(written.horizon_us);
  return start_us;
}

}  // namespace detid
