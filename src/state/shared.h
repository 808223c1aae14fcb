// SPDX-License-Identifier: PostgreSQL
//
// Shared memory: the node's clock, one record a database, and the shards with a slot for every
// backend. Nothing else touches it. shards.h says who gets which shard.
//
// Invariants:
//   M1  the directory (which shard and which database record belongs to whom) changes only under
//       `lock`, held exclusively; a record whose `users` is 0 may be given to someone else.
//       `users` rises only under the lock, and falls without it.
//   M2  a record that is found absent is loaded, never started from the clock: a database from its
//       horizon (horizon.h); a shard from its database's `start_us`, which is at or above
//       everything that was minted before it, and `evicted_us`, which is above everything that
//       its forgotten shards gave out. An oid may be used again: a database that is found in other
//       files goes on with the shards, but loads its horizon, fence and interval again.
//   M3  Database::horizon is at most the durable horizon on disk, and never falls.
//   M4  node time is at or above start_us from before `horizon` was published.
//   M5  a window (history.h) is its shard's until the shard is evicted, or the window found too
//       small, which is when nobody uses the shard. A shard's window is replaced by a larger one,
//       never moved: who still writes to the old one may go on. It is emptied by the backend that
//       wants it, without the lock; until then it is nobody else's, and not yet the shard's.
//   M6  the lock is not held across system calls, messages or work that takes long.
//   M7  a role has at most as many shards in use as it leaves free or unused, and as many units of
//       windows: so no role uses them up. A shard counts for the role that logged in to the session
//       which took it into use; those of superusers and of the ledger count for no role.
//   M8  a generator that finds no shard and no room mints by ticks that its database leases to it
//       (sequencer.h, S7), under the lock, held exclusively: so none of its shards comes meanwhile.
//   M9  there is a database record more than backends, and a backend uses one: one is always free.

#pragma once

#include <atomic>
#include <cstdint>

#include "core/definition.h"
#include "core/fence.h"
#include "core/granted.h"
#include "core/history.h"
#include "core/horizon.h"
#include "core/node_clock.h"
#include "core/sequence.h"

struct LWLock;
struct Latch;

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

inline constexpr int kMaxTrouble = 256;

// What a coordinator says of itself until that is stored (coordinator_note.h).
struct CoordinatorNote {
  int64_t row = 0;  // which version of the row it takes the place of
  int64_t floor_us = 0, noted_us = 0, secret = 0;
};

// Of one (database, horizon relation).
struct alignas(kCacheLine) Database {
  ObjectId oid = 0;
  ObjectId horizon_relation = 0;  // the relation that `horizon` is of, and
  uint64_t directory = 0;         // the database's files it is in (origin.h); 0: not loaded
  bool made_here = false;  // in this incarnation a database was made under the oid; not loaded yet
  std::atomic<uint32_t> users{0};
  Fence fence;  // why nothing is minted; read by every mint
  Horizon horizon;
  Granted granted;
  std::atomic<int32_t> recorded_node{-1};  // the detid.node_id that is on disk (horizon.h, H6)
  std::atomic<int64_t> start_us{0};  // node time that this incarnation of the database began at
  std::atomic<int64_t> evicted_us{0};
  std::atomic<uint64_t> evicted_ids{0};   // that its forgotten shards gave out
  std::atomic<uint32_t> fence_known{0};   // whether it was fenced before has been read
  std::atomic<uint32_t> registering{0};   // the registry is being asked for the first interval
  std::atomic<int64_t> answered_us{0};    // node time of the last answer of the registry, and
  std::atomic<uint64_t> answered_ids{0};  // what had been minted by then
  std::atomic<int64_t> foretold_us{0};    // that of its last answer to this server as a standby
  std::atomic<uint32_t> wake{0};          // the registry is to be asked now
  std::atomic<Latch*> registry_client{nullptr};  // of the process that asks
  std::atomic<int64_t> sealed_us{0};        // node time when the sealer sealed last, and
  std::atomic<uint32_t> seal_failures{0};   // how often it failed since
  char trouble[kMaxTrouble] = {};                // why there is no new interval; under the lock
  CoordinatorNote note;                          // under the lock
};

// A shard serves one (database, generator, node id), or its twin with a pinned clock. A generator
// is known by the fingerprint of its definition, not by its oid: one that is dropped and made
// again goes on where it was, and an oid that is used again means nothing.
struct ShardKey {
  ObjectId database;
  int32_t node;
  uint64_t generator;
  uint64_t pinned;

  friend bool operator==(const ShardKey&, const ShardKey&) = default;
};

struct ShardRecord;

// The memory of histories is cut into units, the size of the smallest window. A window is a run of
// units; this is the entry of each unit, and says something for the first of a run.
struct alignas(kCacheLine) Window {
  History history;
  ShardRecord* shard = nullptr;  // null: the unit is free, or not the first of a run
  int32_t units = 0;
  std::atomic<int64_t> logged_us{0};  // when the log last told of a hit
  std::atomic<uint64_t> hits{0};
};

struct alignas(kCacheLine) ShardRecord {
  ShardKey key{};
  std::atomic<uint32_t> users{0};
  bool used = false;
  ObjectId role = 0;  // that it counts for (M7); 0: none
  Definition definition;
  std::atomic<int64_t> end_warned_us{0};  // when the log last said that the epoch ends soon
  Database* database = nullptr;
  Window* window = nullptr;  // the last one of a generator with a history
  bool emptying = false;     // a backend prepares a window for it
  Shard shard;
};

// What happened, for whoever looks after the server.
struct Counters {
  std::atomic<uint64_t> waits{0};  // for the clock, under overload
  std::atomic<uint64_t> horizon_writes{0};
  std::atomic<uint64_t> evictions{0};
  std::atomic<uint64_t> history_hits{0};
  std::atomic<uint64_t> ticks{0};           // leased to generators without a shard, and
  std::atomic<int64_t> last_tick_us{0};     // node time of the last
  std::atomic<int64_t> last_step_us{0};     // of the system clock, as last seen
  std::atomic<int64_t> last_step_at_us{0};  // node time
  // Odd while the system clock is not believed; another number after each accept_clock().
  std::atomic<uint32_t> disbelieved{0};

  bool believes() const { return (disbelieved.load(std::memory_order_relaxed) & 1) == 0; }
};

// The file that the server found as it started, which says what its recovery is.
enum class SignalFile : uint8_t { kNone, kStandby, kRecovery };

struct Shared {
  alignas(kCacheLine) NodeClock clock;
  alignas(kCacheLine) Counters counters;
  LWLock* lock = nullptr;
  bool clock_begun = false;   // node time has begun (horizon.cpp); under the lock
  int64_t given_away_us = 0;  // above all that databases gave out whose records were given away
  int64_t incarnation = 0;    // of the server: a random number
  SignalFile signal_file = SignalFile::kNone;
  std::atomic<uint32_t> sealer{0};  // there is one
  int32_t slots = 0;     // of each shard
  int32_t capacity = 0;  // of shards
  int32_t databases_capacity = 0;
  int32_t units = 0;  // of the memory of histories

  Database* databases();
  ShardRecord* shards();
  SharedSlot* slots_of(const ShardRecord* shard);
  Window* windows();
  HistoryBucket* buckets_of(const Window* window);
};

// Null where the library was not preloaded.
extern Shared* shared;

// Called by module.cpp while the server starts: says how much is needed; makes it, or finds it.
void RequestSharedMemory();
bool StartSharedMemory();  // whether it was made; then node time is to be started

// New shards of the database begin above `us`.
void KeepAbove(Database* database, int64_t us);

}  // namespace detid
