// SPDX-License-Identifier: PostgreSQL

#include "state/shared.h"

#include <sys/stat.h>

#include <algorithm>
#include <new>

#include "core/prf.h"
#include "pg/pg.h"
#include "state/settings.h"

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

bool StartSharedMemory() {
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
    shared->incarnation = RandomBits63();
    shared->signal_file = SignalFileHere();
  }
  LWLockRelease(AddinShmemInitLock);
  return !found;
}

void KeepAbove(Database* database, int64_t us) {
  int64_t old = database->evicted_us.load(std::memory_order_relaxed);
  while (old < us && !database->evicted_us.compare_exchange_weak(old, us)) continue;
}

}  // namespace detid
