// SPDX-License-Identifier: PostgreSQL

#include "state/shared.h"

#include <sys/stat.h>

#include <algorithm>
#include <new>

#include "core/prf.h"
#include "core/sequencer.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/settings.h"
#include "state/witness.h"

namespace detid {

Shared* shared = nullptr;

namespace {

constexpr char kName[] = "pg_detid";
constexpr Size kUnitBytes = sizeof(HistoryBucket) << kMinHistoryBits;

size_t Aligned(size_t bytes) {
  return TYPEALIGN(kCacheLine, bytes);
}

// One record a shard is enough: a database without shards needs none.
size_t DatabasesAt() {
  return Aligned(sizeof(Shared));
}
size_t ShardsAt(int capacity) {
  return DatabasesAt() + sizeof(Database) * static_cast<size_t>(capacity);
}
size_t SlotsAt(int capacity) {
  return ShardsAt(capacity) + sizeof(ShardRecord) * static_cast<size_t>(capacity);
}
Size WindowsAt(int capacity, int slots) {
  return add_size(SlotsAt(capacity), mul_size(mul_size(sizeof(Slot), static_cast<Size>(capacity)),
                                              static_cast<Size>(slots)));
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

// The first microsecond that is after every id the shard gave out. Others may be minting.
int64_t EndOf(const ShardRecord& record) {
  uint64_t last = record.shard.next.load(std::memory_order_relaxed);
  Slot* slots = shared->slots_of(&record);
  for (int i = 0; i < shared->slots; i++)
    last = std::max(last, std::atomic_ref(slots[i].next).load(std::memory_order_relaxed));
  if (last == 0) return 0;
  return EndOfTickUs(record.definition, last - 1);
}

// How many ids the shard gave out. Others may be minting.
uint64_t IdsOf(const ShardRecord& record) {
  uint64_t ids = 0;
  Slot* slots = shared->slots_of(&record);
  for (int i = 0; i < shared->slots; i++)
    ids += std::atomic_ref(slots[i].minted).load(std::memory_order_relaxed);
  return ids;
}

void FreeWindows(ShardRecord* record) {
  record->window = nullptr;
  for (int i = 0; i < shared->units; i++)
    if (shared->windows()[i].shard == record) new (&shared->windows()[i]) Window;
}

void Evict(ShardRecord* record) {
  Database* database = record->database;
  if (!record->key.pinned && database != nullptr) {
    KeepAbove(database, EndOf(*record));
    database->evicted_ids.fetch_add(IdsOf(*record), std::memory_order_relaxed);
  }
  if (record->window != nullptr) FreeWindows(record);
  record->used = false;
  record->key = ShardKey{};
  record->database = nullptr;
  shared->counters.evictions.fetch_add(1, std::memory_order_relaxed);
}

// REQUIRES: the lock; nobody uses the database, nor its shards (a user of a shard is one of its
// database).
void EvictShardsOf(Database* database) {
  for (int i = 0; i < shared->capacity; i++) {
    ShardRecord* s = &shared->shards()[i];
    if (s->used && s->database == database) Evict(s);
  }
}

// A free database record, if need be of a database that nobody uses. REQUIRES: the lock.
Database* FreeDatabase() {
  Database* all = shared->databases();
  for (int i = 0; i < shared->capacity; i++)
    if (all[i].oid == 0) return &all[i];
  for (int i = 0; i < shared->capacity; i++) {
    if (all[i].users.load(std::memory_order_acquire) != 0) continue;
    EvictShardsOf(&all[i]);  // the horizon covers all that they gave out
    shared->given_away_us = std::max({shared->given_away_us, all[i].start_us.load(),
                                      all[i].evicted_us.load()});
    new (&all[i]) Database;
    return &all[i];
  }
  return nullptr;
}

ShardRecord* FreeShard() {
  ShardRecord* all = shared->shards();
  for (int i = 0; i < shared->capacity; i++)
    if (!all[i].used) return &all[i];
  for (int i = 0; i < shared->capacity; i++) {
    if (all[i].users.load(std::memory_order_acquire) != 0) continue;
    Evict(&all[i]);
    return &all[i];
  }
  return nullptr;
}

// The first of a run of units that are free, or with `idle` of shards without users; -1 if there is
// none. REQUIRES: the lock.
int FindUnits(int wanted, bool idle) {
  const Window* all = shared->windows();
  int first = 0;
  for (int i = 0; i < shared->units;) {
    const Window& w = all[i];
    const bool free =
        w.shard == nullptr || (idle && w.shard->users.load(std::memory_order_acquire) == 0);
    i += w.shard == nullptr ? 1 : w.units;
    if (i - first >= wanted && free) return first;
    if (!free) first = i;
  }
  return -1;
}

// Units for a window, if need be of shards that nobody uses: their last ids are forgotten.
Window* FreeUnits(int wanted) {
  int first = FindUnits(wanted, false);
  if (first < 0) first = FindUnits(wanted, true);
  if (first < 0) return nullptr;
  for (int i = first; i < first + wanted; i++)
    if (ShardRecord* idle = shared->windows()[i].shard; idle != nullptr) Evict(idle);
  return &shared->windows()[first];
}

}  // namespace

Database* Shared::databases() {
  return reinterpret_cast<Database*>(reinterpret_cast<char*>(this) + DatabasesAt());
}
ShardRecord* Shared::shards() {
  return reinterpret_cast<ShardRecord*>(reinterpret_cast<char*>(this) + ShardsAt(capacity));
}
Slot* Shared::slots_of(const ShardRecord* shard) {
  Slot* first = reinterpret_cast<Slot*>(reinterpret_cast<char*>(this) + SlotsAt(capacity));
  return first + (shard - shards()) * slots;
}

Window* Shared::windows() {
  return reinterpret_cast<Window*>(reinterpret_cast<char*>(this) + WindowsAt(capacity, slots));
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
    shared->units = Units();
    for (int i = 0; i < shared->capacity; i++) {
      new (&shared->databases()[i]) Database;
      new (&shared->shards()[i]) ShardRecord;
    }
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
  for (int i = 0; i < shared->capacity; i++)
    if (all[i].oid == oid) return &all[i];
  return nullptr;
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
  Database* found = FindDatabase(oid);
  const bool absent = found == nullptr;
  if (absent && (found = FreeDatabase()) != nullptr) found->oid = oid;
  if (found != nullptr) {
    // What it has minted or published under this oid still holds (M2): only LoadHorizon knows what
    // these files lack of it.
    if (absent || found->directory != directory) BeginAnew(found);
    found->users.fetch_add(1, std::memory_order_relaxed);
  }
  LWLockRelease(shared->lock);
  return found;
}

void KeepAbove(Database* database, int64_t us) {
  int64_t old = database->evicted_us.load(std::memory_order_relaxed);
  while (old < us && !database->evicted_us.compare_exchange_weak(old, us)) continue;
}

void NoteMadeDatabase(ObjectId oid) {
  if (shared == nullptr) return;
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  Database* found = FindDatabase(oid);
  if (found == nullptr && (found = FreeDatabase()) != nullptr) found->oid = oid;
  if (found != nullptr) found->made_here = true;
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
    sibling.end_us =
        std::max({sibling.end_us, original->start_us.load(), original->evicted_us.load()});
    for (int i = 0; i < shared->capacity; i++) {
      const ShardRecord& s = shared->shards()[i];
      if (s.used && s.database == original && !s.key.pinned)
        sibling.end_us = std::max(sibling.end_us, EndOf(s));
    }
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
  for (int i = 0; i < shared->capacity; i++)
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

uint64_t CountIds(const Database* database, uint64_t except) {
  uint64_t ids = database->evicted_ids.load(std::memory_order_relaxed);
  LWLockAcquire(shared->lock, LW_SHARED);
  for (int i = 0; i < shared->capacity; i++) {
    const ShardRecord& s = shared->shards()[i];
    if (s.used && s.database == database && !s.key.pinned && s.key.generator != except)
      ids += IdsOf(s);
  }
  LWLockRelease(shared->lock);
  return ids;
}

void TellTrouble(Database* database, const char* trouble) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  CopyClipped(trouble == nullptr ? "" : trouble, database->trouble, sizeof database->trouble);
  LWLockRelease(shared->lock);
}

ShardRecord* AttachShard(const ShardKey& key, Database* database, const Definition& d) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  ShardRecord* all = shared->shards();
  ShardRecord* found = nullptr;
  for (int i = 0; i < shared->capacity && found == nullptr; i++)
    if (all[i].used && all[i].key == key) found = &all[i];
  if (found == nullptr && (found = FreeShard()) != nullptr) {
    found->key = key;
    found->used = true;
    found->definition = d;
    found->end_warned_us.store(0, std::memory_order_relaxed);
    found->database = database;
    const uint64_t floor =
        key.pinned ? 0
                   : FirstPosition(d, database->start_us.load(std::memory_order_acquire),
                                   database->evicted_us.load(std::memory_order_relaxed));
    found->shard.next.store(floor, std::memory_order_relaxed);
    Slot* slots = shared->slots_of(found);
    for (int i = 0; i < shared->slots; i++) {
      new (&slots[i]) Slot;
      slots[i].next = floor;
    }
  }
  if (found != nullptr) found->users.fetch_add(1, std::memory_order_relaxed);
  LWLockRelease(shared->lock);
  return found;
}

namespace {

HistoryBucket* BucketsOf(const Window* window) {
  return reinterpret_cast<HistoryBucket*>(
      reinterpret_cast<char*>(shared) + BucketsAt(shared->capacity, shared->slots, shared->units) +
      kUnitBytes * static_cast<Size>(window - shared->windows()));
}

enum class Place : uint8_t { kThere, kTaken, kAwaited, kNone };

// Under the lock: the shard's window, or units that are taken for a new one, or somebody else has
// taken some for it.
Place FindWindow(ShardRecord* shard, int bits, Window** window) {
  *window = shard->window;
  if (*window != nullptr && (*window)->history.bits() >= bits) return Place::kThere;
  if (shard->emptying) return Place::kAwaited;
  const int units = 1 << (bits - kMinHistoryBits);
  *window = FreeUnits(units);
  if (*window == nullptr) return Place::kNone;
  (*window)->shard = shard;
  (*window)->units = units;
  shard->emptying = true;
  return Place::kTaken;
}

}  // namespace

Window* AttachWindow(ShardRecord* shard, uint32_t ids) {
  const int bits = HistoryBits(ids);
  for (;;) {
    Window* window;
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    const Place place = FindWindow(shard, bits, &window);
    LWLockRelease(shared->lock);
    if (place == Place::kThere) return window;
    if (place == Place::kNone) return nullptr;
    if (place == Place::kAwaited) {
      pg_usleep(1000);
      CHECK_FOR_INTERRUPTS();
      continue;
    }
    // Up to 512 MB (M6). Nothing here can fail, or be interrupted.
    window->history.Begin(BucketsOf(window), bits);
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    shard->window = window;
    shard->emptying = false;
    LWLockRelease(shared->lock);
    return window;
  }
}

Room RoomFor(const ShardKey& key, uint32_t ids) {
  LWLockAcquire(shared->lock, LW_SHARED);
  const ShardRecord* all = shared->shards();
  const ShardRecord* found = nullptr;
  bool room = false;
  for (int i = 0; i < shared->capacity; i++) {
    if (all[i].used && all[i].key == key) found = &all[i];
    room |= !all[i].used || all[i].users.load(std::memory_order_relaxed) == 0;
  }
  Room result = found != nullptr || room ? Room::kEnough : Room::kNoShard;
  if (result == Room::kEnough && ids != 0) {
    const int bits = HistoryBits(ids);
    const bool has =
        found != nullptr && found->window != nullptr && found->window->history.bits() >= bits;
    if (!has && FindUnits(1 << (bits - kMinHistoryBits), true) < 0) result = Room::kNoWindow;
  }
  LWLockRelease(shared->lock);
  return result;
}

void Detach(Database* database) {
  database->users.fetch_sub(1, std::memory_order_release);
}
void Detach(ShardRecord* shard) {
  shard->users.fetch_sub(1, std::memory_order_release);
}

int CountShards() {
  int n = 0;
  LWLockAcquire(shared->lock, LW_SHARED);
  for (int i = 0; i < shared->capacity; i++) n += shared->shards()[i].used;
  LWLockRelease(shared->lock);
  return n;
}

}  // namespace detid
