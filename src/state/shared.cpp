// SPDX-License-Identifier: PostgreSQL

#include "state/shared.h"

#include <sys/stat.h>

#include <algorithm>
#include <new>

#include "core/prf.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/settings.h"
#include "state/shards.h"
#include "state/witness.h"

namespace detid {

Shared* shared = nullptr;

namespace {

constexpr char kName[] = "pg_detid";
constexpr Size kUnitBytes = sizeof(HistoryBucket) << kMinHistoryBits;

size_t Aligned(size_t bytes) {
  return TYPEALIGN(kCacheLine, bytes);
}

// One more than backends (M9). The others remember what was minted.
int DatabasesFor(int capacity, int slots) {
  return std::max(capacity, slots + 1);
}
size_t DatabasesAt() {
  return Aligned(sizeof(Shared));
}
size_t ShardsAt(int capacity, int slots) {
  return DatabasesAt() + sizeof(Database) * static_cast<size_t>(DatabasesFor(capacity, slots));
}
size_t SlotsAt(int capacity, int slots) {
  return ShardsAt(capacity, slots) + sizeof(ShardRecord) * static_cast<size_t>(capacity);
}
Size WindowsAt(int capacity, int slots) {
  const Size of_a_shard = mul_size(sizeof(SharedSlot), static_cast<Size>(slots));
  return add_size(SlotsAt(capacity, slots), mul_size(of_a_shard, static_cast<Size>(capacity)));
}
Size BucketsAt(int capacity, int slots, int units) {
  return add_size(WindowsAt(capacity, slots), mul_size(sizeof(Window), static_cast<Size>(units)));
}
Size TotalBytes(int capacity, int slots, int units) {
  return add_size(BucketsAt(capacity, slots, units) + kCacheLine,
                  mul_size(kUnitBytes, static_cast<Size>(units)));
}

int Units() {
  return static_cast<int>(static_cast<Size>(settings::history_memory_kb) * 1024 / kUnitBytes);
}
Size TotalBytes() {
  return TotalBytes(settings::max_generators, MaxBackends, Units());
}

// Recovery removes it when it ends. Where there are both, PostgreSQL stays a standby; but what it
// stands on is a backup.
SignalFile SignalFileHere() {
  struct stat file;
  if (stat(RECOVERY_SIGNAL_FILE, &file) == 0) return SignalFile::kRecovery;
  return stat(STANDBY_SIGNAL_FILE, &file) == 0 ? SignalFile::kStandby : SignalFile::kNone;
}

// A free database record, if need be of a database that nobody uses (M9). REQUIRES: the lock.
Database* FreeDatabase() {
  Database* all = shared->databases();
  for (int i = 0; i < shared->databases_capacity; i++)
    if (all[i].oid == 0) return &all[i];
  Database* idle = all;
  while (idle->users.load(std::memory_order_acquire) != 0) idle++;
  EvictShardsOf(idle);  // the horizon covers all that they gave out
  shared->given_away_us =
      std::max({shared->given_away_us, idle->start_us.load(), idle->evicted_us.load()});
  return new (idle) Database;
}

}  // namespace

Database* Shared::databases() {
  return reinterpret_cast<Database*>(reinterpret_cast<char*>(this) + DatabasesAt());
}
ShardRecord* Shared::shards() {
  return reinterpret_cast<ShardRecord*>(reinterpret_cast<char*>(this) + ShardsAt(capacity, slots));
}
SharedSlot* Shared::slots_of(const ShardRecord* shard) {
  char* first = reinterpret_cast<char*>(this) + SlotsAt(capacity, slots);
  return reinterpret_cast<SharedSlot*>(first) + (shard - shards()) * slots;
}

Window* Shared::windows() {
  return reinterpret_cast<Window*>(reinterpret_cast<char*>(this) + WindowsAt(capacity, slots));
}

HistoryBucket* Shared::buckets_of(const Window* window) {
  char* first = reinterpret_cast<char*>(this) + BucketsAt(capacity, slots, units);
  return reinterpret_cast<HistoryBucket*>(first +
                                          kUnitBytes * static_cast<Size>(window - windows()));
}

void RequestSharedMemory() {
  RequestAddinShmemSpace(TotalBytes());
  RequestNamedLWLockTranche(kName, 1);
}

void StartSharedMemory() {
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  bool found = false;
  void* memory = ShmemInitStruct(kName, TotalBytes(), &found);
  shared = reinterpret_cast<Shared*>(TYPEALIGN(kCacheLine, reinterpret_cast<uintptr_t>(memory)));
  if (!found) {
    new (shared) Shared;
    shared->lock = &GetNamedLWLockTranche(kName)->lock;
    shared->capacity = settings::max_generators;
    shared->slots = MaxBackends;
    shared->databases_capacity = DatabasesFor(shared->capacity, shared->slots);
    shared->units = Units();
    for (int i = 0; i < shared->databases_capacity; i++) new (&shared->databases()[i]) Database;
    for (int i = 0; i < shared->capacity; i++) new (&shared->shards()[i]) ShardRecord;
    for (int i = 0; i < shared->units; i++) new (&shared->windows()[i]) Window;
    StartNodeClock();
    shared->life = RandomBits63();
    shared->signal_file = SignalFileHere();
  }
  LWLockRelease(AddinShmemInitLock);
}

namespace {

Database* FindDatabase(ObjectId oid) {
  Database* all = shared->databases();
  for (int i = 0; i < shared->databases_capacity; i++)
    if (all[i].oid == oid) return &all[i];
  return nullptr;
}

Database* FindOrMakeDatabase(ObjectId oid, bool* made) {
  Database* database = FindDatabase(oid);
  *made = database == nullptr;
  if (*made) {
    database = FreeDatabase();
    database->oid = oid;
  }
  return database;
}

// For a database, or for other files under its oid: nothing is known of a fence and of what the
// registry has granted, and shards begin above what they gave out, or above more.
void BeginAnew(Database* database) {
  const bool remade = database->directory != 0 || database->made_here;
  if (remade && database->users.load(std::memory_order_acquire) == 0) {
    EvictShardsOf(database);
    database->fence.Forget();
    database->fence_known.store(0, std::memory_order_relaxed);
    database->trouble[0] = '\0';
  }
  if (settings::registers()) {
    database->granted.Revoke();
    database->registering.store(1, std::memory_order_relaxed);
  } else {
    database->granted.Publish(kAlways);
  }
}

}  // namespace

Database* AttachDatabase(ObjectId oid) {
  const uint64_t directory = DatabaseDirectory();
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  bool made;
  Database* database = FindOrMakeDatabase(oid, &made);
  // What it has minted or published under this oid still holds (M2): only LoadHorizon knows what
  // these files lack of it.
  if (made || database->directory != directory) BeginAnew(database);
  database->users.fetch_add(1, std::memory_order_relaxed);
  LWLockRelease(shared->lock);
  return database;
}

void KeepAbove(Database* database, int64_t us) {
  int64_t old = database->evicted_us.load(std::memory_order_relaxed);
  while (old < us && !database->evicted_us.compare_exchange_weak(old, us)) continue;
}

void NoteMadeDatabase(ObjectId oid) {
  if (shared == nullptr) return;
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  bool made;
  FindOrMakeDatabase(oid, &made)->made_here = true;
  LWLockRelease(shared->lock);
}

Sibling SiblingOf(const Witness& stored) {
  Sibling sibling;
  LWLockAcquire(shared->lock, LW_SHARED);
  const Database* own = FindDatabase(MyDatabaseId);
  sibling.made_here = own != nullptr && own->made_here;
  sibling.end_us = shared->given_away_us;
  const Database* original = FindDatabase(stored.database);
  if (original != nullptr && original->horizon.published() != 0 &&
      original->directory == stored.directory) {
    sibling.known = true;
    sibling.end_us = std::max({sibling.end_us, original->start_us.load(), EndOfIds(original)});
  }
  LWLockRelease(shared->lock);
  return sibling;
}

DatabaseState LookAtDatabase(ObjectId oid) {
  DatabaseState state;
  if (shared == nullptr) return state;
  const uint64_t directory = DatabaseDirectory();
  LWLockAcquire(shared->lock, LW_SHARED);
  const Database* all = shared->databases();
  for (int i = 0; i < shared->databases_capacity; i++)
    if (all[i].oid == oid && (all[i].directory == 0 || all[i].directory == directory)) {
      state.published_us = all[i].horizon.published();
      state.fenced = all[i].fence.why();
      state.fence_count = all[i].fence.count();
      state.interval = all[i].granted.Read();
      state.answered_us = all[i].answered_us.load(std::memory_order_relaxed);
      state.foretold_us = all[i].foretold_us.load(std::memory_order_relaxed);
      state.has_registrar = all[i].registrar.load(std::memory_order_relaxed) != nullptr;
      strlcpy(state.trouble, all[i].trouble, sizeof state.trouble);
    }
  LWLockRelease(shared->lock);
  return state;
}

int32_t NodeNumber() {
  if (settings::node_id >= 0 || !settings::registers()) return settings::node_id;
  return LookAtDatabase(MyDatabaseId).interval.node;
}

void TellTrouble(Database* database, const char* trouble) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  CopyClipped(trouble == nullptr ? "" : trouble, database->trouble, sizeof database->trouble);
  LWLockRelease(shared->lock);
}

void Detach(Database* database) {
  database->users.fetch_sub(1, std::memory_order_release);
}

}  // namespace detid
