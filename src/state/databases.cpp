// SPDX-License-Identifier: PostgreSQL

#include "state/databases.h"

#include <algorithm>
#include <new>

#include "pg/pg.h"
#include "state/origin.h"
#include "state/settings.h"
#include "state/shards.h"

namespace detid {
namespace {

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
    database->sealed_us.store(0, std::memory_order_relaxed);
    database->seal_failures.store(0, std::memory_order_relaxed);
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

void NoteMadeDatabase(ObjectId oid) {
  if (shared == nullptr) return;
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  bool made;
  FindOrMakeDatabase(oid, &made)->made_here = true;
  LWLockRelease(shared->lock);
}

Sibling SiblingOf(const Origin& stored) {
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
      state.sealed_us = all[i].sealed_us.load(std::memory_order_relaxed);
      state.seal_failures = all[i].seal_failures.load(std::memory_order_relaxed);
      state.has_registry_client = all[i].registry_client.load(std::memory_order_relaxed) != nullptr;
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

void NoteSealed(ObjectId oid, int64_t at_us) {
  LWLockAcquire(shared->lock, LW_SHARED);
  if (Database* d = FindDatabase(oid); d != nullptr) {
    if (at_us >= 0) d->sealed_us.store(at_us, std::memory_order_relaxed);
    if (at_us >= 0)
      d->seal_failures.store(0, std::memory_order_relaxed);
    else
      d->seal_failures.fetch_add(1, std::memory_order_relaxed);
  }
  LWLockRelease(shared->lock);
}

SealState SealStateOf(ObjectId oid) {
  SealState state;
  LWLockAcquire(shared->lock, LW_SHARED);
  if (const Database* d = FindDatabase(oid); d != nullptr)
    state = {true, d->sealed_us.load(std::memory_order_relaxed),
             d->seal_failures.load(std::memory_order_relaxed)};
  LWLockRelease(shared->lock);
  return state;
}

int DatabasesThatMint(ObjectId* oids, int most) {
  int count = 0;
  LWLockAcquire(shared->lock, LW_SHARED);
  const Database* all = shared->databases();
  for (int i = 0; i < shared->databases_capacity; i++)
    if (all[i].oid != 0 && all[i].horizon.published() != 0 && count < most)
      oids[count++] = all[i].oid;
  LWLockRelease(shared->lock);
  return count;
}

void Detach(Database* database) {
  database->users.fetch_sub(1, std::memory_order_release);
}

Refusal PreloadRule() {
  return shared == nullptr ? Refuse(Error::kNotPreloaded) : Refusal{};
}

Refusal NumberRule() {
  return settings::node_id < 0 && !settings::registers() ? Refuse(Error::kNodeIdUnset) : Refusal{};
}

}  // namespace detid
