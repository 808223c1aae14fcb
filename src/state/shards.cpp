// SPDX-License-Identifier: PostgreSQL

#include "state/shards.h"

#include <algorithm>
#include <new>

#include "core/sequencer.h"
#include "pg/pg.h"
#include "state/clock.h"

namespace detid {
namespace {

bool IsInUse(const ShardRecord& record) {
  return record.users.load(std::memory_order_acquire) != 0;
}

// The first microsecond that is after every id the shard gave out. Others may be minting.
int64_t EndOf(const ShardRecord& record) {
  uint64_t last = record.shard.next.load(std::memory_order_relaxed);
  SharedSlot* slots = shared->slots_of(&record);
  for (int i = 0; i < shared->slots; i++)
    last = std::max(last, std::atomic_ref(slots[i].next).load(std::memory_order_relaxed));
  if (last == 0) return 0;
  return EndOfTickUs(record.definition, last - 1);
}

// How many ids the shard gave out. Others may be minting.
uint64_t IdsOf(const ShardRecord& record) {
  uint64_t ids = 0;
  SharedSlot* slots = shared->slots_of(&record);
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
  record->role = 0;
  record->key = ShardKey{};
  record->database = nullptr;
  shared->counters.evictions.fetch_add(1, std::memory_order_relaxed);
}

// --- Who may use how much (M7) ----------------------------------------------------------------

struct Amount {
  int shards = 0;
  int units = 0;
};

// What is in use: by the shards of this role, or of all. A window that was replaced counts as well.
Amount InUse(const ObjectId* role) {
  Amount amount;
  const auto counts = [=](const ShardRecord& s) {
    return IsInUse(s) && (role == nullptr || s.role == *role);
  };
  for (int i = 0; i < shared->capacity; i++) {
    const ShardRecord& s = shared->shards()[i];
    amount.shards += s.used && counts(s);
  }
  for (int i = 0; i < shared->units; i++) {
    const Window& w = shared->windows()[i];
    if (w.shard != nullptr && counts(*w.shard)) amount.units += w.units;
  }
  return amount;
}

// Whether more may come into use: by a role that uses `own`, or without a limit if it is null.
bool Fits(const Amount* own, const Amount& more) {
  const Amount all = InUse(nullptr);
  const int shards_left = shared->capacity - all.shards - more.shards;
  const int units_left = shared->units - all.units - more.units;
  if (shards_left < 0 || units_left < 0) return false;
  if (own == nullptr) return true;
  return (more.shards == 0 || own->shards + more.shards <= shards_left) &&
         (more.units == 0 || own->units + more.units <= units_left);
}

bool MayUse(ObjectId role, const Amount& more) {
  if (role == 0) return Fits(nullptr, more);
  const Amount own = InUse(&role);
  return Fits(&own, more);
}

int UnitsOf(const ShardRecord* record) {
  int units = 0;
  for (int i = 0; i < shared->units; i++)
    if (shared->windows()[i].shard == record) units += shared->windows()[i].units;
  return units;
}

// --- Shards -----------------------------------------------------------------------------------

ShardRecord* FindShard(const ShardKey& key) {
  ShardRecord* all = shared->shards();
  for (int i = 0; i < shared->capacity; i++)
    if (all[i].used && all[i].key == key) return &all[i];
  return nullptr;
}

// A free shard, or else one that nobody uses: first the role's own, and those with a history last,
// for their last ids are forgotten. Null if all are in use. REQUIRES: the lock.
ShardRecord* FreeShard(ObjectId role) {
  const auto rank = [=](const ShardRecord& s) {
    if (!s.used) return 0;
    if (role != 0 && s.role == role) return 1;
    return s.window == nullptr ? 2 : 3;
  };
  ShardRecord* best = nullptr;
  for (int i = 0; i < shared->capacity; i++) {
    ShardRecord& s = shared->shards()[i];
    if (s.used && IsInUse(s)) continue;
    if (best == nullptr || rank(s) < rank(*best)) best = &s;
  }
  if (best != nullptr && best->used) Evict(best);
  return best;
}

// REQUIRES: the lock; some shard is not in use.
ShardRecord* MakeShard(const ShardKey& key, Database* database, const Definition& d,
                       ObjectId role) {
  ShardRecord* made = FreeShard(role);
  made->key = key;
  made->used = true;
  made->definition = d;
  made->end_warned_us.store(0, std::memory_order_relaxed);
  made->database = database;
  const uint64_t floor = key.pinned
                             ? 0
                             : FirstPosition(d, database->start_us.load(std::memory_order_acquire),
                                             database->evicted_us.load(std::memory_order_relaxed));
  made->shard.next.store(floor, std::memory_order_relaxed);
  SharedSlot* slots = shared->slots_of(made);
  for (int i = 0; i < shared->slots; i++) {
    new (&slots[i]) SharedSlot;
    slots[i].next = floor;
  }
  return made;
}

// REQUIRES: the lock; the generator has no shard in the database.
void LeaseTick(Database* database, const Definition& d, TickLease* lease) {
  Sequencer* s = lease->sequencer;
  lease->grant = s->TakeTick(d, database->start_us.load(std::memory_order_acquire),
                             &database->evicted_us, lease->now, lease->wanted);
  if (lease->grant.verdict != Verdict::kGiven) return;
  shared->counters.ticks.fetch_add(1, std::memory_order_relaxed);
  shared->counters.last_tick_us.store(EndOfTickUs(d, lease->grant.first),
                                      std::memory_order_relaxed);
}

// --- Windows ----------------------------------------------------------------------------------

// Whose windows may be taken, of those whose shard nobody uses.
enum class Idle : uint8_t { kNone, kOwn, kAny };

// The first of a run of units that are free, or may be taken; -1 if there is none. REQUIRES: the
// lock.
int FindUnits(int wanted, Idle idle, ObjectId role) {
  const Window* all = shared->windows();
  const auto may_be_taken = [=](const ShardRecord& s) {
    return idle != Idle::kNone && !IsInUse(s) && (idle == Idle::kAny || s.role == role);
  };
  int first = 0;
  for (int i = 0; i < shared->units;) {
    const Window& w = all[i];
    const bool free = w.shard == nullptr || may_be_taken(*w.shard);
    i += w.shard == nullptr ? 1 : w.units;
    if (i - first >= wanted && free) return first;
    if (!free) first = i;
  }
  return -1;
}

// Units for a window, if need be of shards that nobody uses: their last ids are forgotten.
Window* FreeUnits(int wanted, ObjectId role) {
  int first = -1;
  for (const Idle idle : {Idle::kNone, Idle::kOwn, Idle::kAny})
    if (first < 0) first = FindUnits(wanted, idle, role);
  if (first < 0) return nullptr;
  for (int i = first; i < first + wanted; i++)
    if (ShardRecord* idle = shared->windows()[i].shard; idle != nullptr) Evict(idle);
  return &shared->windows()[first];
}

int UnitsFor(int bits) {
  return 1 << (bits - kMinHistoryBits);
}

enum class Place : uint8_t { kThere, kTaken, kAwaited, kNone };

// Under the lock: the shard's window, or units that are taken for a new one, or somebody else has
// taken some for it.
Place FindWindow(ShardRecord* shard, int bits, ObjectId role, Window** window) {
  *window = shard->window;
  if (*window != nullptr && (*window)->history.bits() >= bits) return Place::kThere;
  if (shard->emptying) return Place::kAwaited;
  if (role != 0) shard->role = role;
  const int units = UnitsFor(bits);
  *window = MayUse(role, {0, units}) ? FreeUnits(units, role) : nullptr;
  if (*window == nullptr) return Place::kNone;
  (*window)->shard = shard;
  (*window)->units = units;
  shard->emptying = true;
  return Place::kTaken;
}

}  // namespace

ObjectId ChargedRole() {
  const Oid role = GetSessionUserId();
  return superuser_arg(role) ? InvalidOid : role;
}

ShardRecord* AttachShard(const ShardKey& key, Database* database, const Definition& d,
                         ObjectId role, TickLease* lease) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  ShardRecord* found = FindShard(key);
  if (found == nullptr || !IsInUse(*found)) {
    ShardRecord* idle = found;
    found = nullptr;
    if (idle != nullptr && idle->window != nullptr &&
        idle->window->history.bits() < HistoryBits(d.history))
      FreeWindows(idle);  // there will be another one
    if (MayUse(role, {1, idle == nullptr ? 0 : UnitsOf(idle)})) {
      found = idle != nullptr ? idle : MakeShard(key, database, d, role);
      found->role = role;
    } else if (lease != nullptr) {
      if (idle != nullptr) Evict(idle);
      LeaseTick(database, d, lease);
    }
  }
  if (found != nullptr) found->users.fetch_add(1, std::memory_order_relaxed);
  LWLockRelease(shared->lock);
  return found;
}

bool HasRoomForShard(ObjectId role) {
  LWLockAcquire(shared->lock, LW_SHARED);
  const bool has = MayUse(role, {1, 0});
  LWLockRelease(shared->lock);
  return has;
}

Window* AttachWindow(ShardRecord* shard, uint32_t ids, ObjectId role) {
  const int bits = HistoryBits(ids);
  for (;;) {
    Window* window;
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    const Place place = FindWindow(shard, bits, role, &window);
    LWLockRelease(shared->lock);
    if (place == Place::kThere) return window;
    if (place == Place::kNone) return nullptr;
    if (place == Place::kAwaited) {
      pg_usleep(1000);
      CHECK_FOR_INTERRUPTS();
      continue;
    }
    // Up to 512 MB (M6). Nothing here can fail, or be interrupted.
    window->history.Begin(shared->buckets_of(window), bits);
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    shard->window = window;
    shard->emptying = false;
    LWLockRelease(shared->lock);
    return window;
  }
}

void Detach(ShardRecord* shard) {
  shard->users.fetch_sub(1, std::memory_order_release);
}

Room RoomFor(const ShardKey& key, uint32_t ids) {
  if (ids == 0) return Room::kEnough;
  const int bits = HistoryBits(ids), units = UnitsFor(bits);
  const Amount none;
  Room room = Room::kEnough;
  LWLockAcquire(shared->lock, LW_SHARED);
  const ShardRecord* found = FindShard(key);
  const bool has =
      found != nullptr && found->window != nullptr && found->window->history.bits() >= bits;
  if (!has && found == nullptr && !Fits(&none, {1, 0}))
    room = Room::kNoShard;
  else if (!has && (!Fits(&none, {0, units}) || FindUnits(units, Idle::kAny, 0) < 0))
    room = Room::kNoWindow;
  LWLockRelease(shared->lock);
  return room;
}

int CountShards() {
  int n = 0;
  LWLockAcquire(shared->lock, LW_SHARED);
  for (int i = 0; i < shared->capacity; i++) n += shared->shards()[i].used;
  LWLockRelease(shared->lock);
  return n;
}

uint64_t CountIds(const Database* database) {
  uint64_t ids = database->evicted_ids.load(std::memory_order_relaxed);
  LWLockAcquire(shared->lock, LW_SHARED);
  for (int i = 0; i < shared->capacity; i++) {
    const ShardRecord& s = shared->shards()[i];
    if (s.used && s.database == database && !s.key.pinned) ids += IdsOf(s);
  }
  LWLockRelease(shared->lock);
  return ids;
}

int64_t EndOfIds(const Database* database) {
  int64_t end_us = database->evicted_us.load();
  for (int i = 0; i < shared->capacity; i++) {
    const ShardRecord& s = shared->shards()[i];
    if (s.used && s.database == database && !s.key.pinned) end_us = std::max(end_us, EndOf(s));
  }
  return end_us;
}

void EvictShardsOf(Database* database) {
  for (int i = 0; i < shared->capacity; i++) {
    ShardRecord* s = &shared->shards()[i];
    if (s->used && s->database == database) Evict(s);
  }
}

}  // namespace detid
