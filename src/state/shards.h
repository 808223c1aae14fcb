// SPDX-License-Identifier: PostgreSQL
//
// The directory of shards and windows: which of them is whose. The invariants are those of
// shared.h.

#pragma once

#include "state/shared.h"

namespace detid {

struct Sequencer;

// The role that what this session takes into use counts for (M7): the one that logged in; none if
// it is a superuser. Looks up the catalog.
ObjectId ChargedRole();

// What is to be leased where there is no shard. REQUIRES: the sequencer has none.
struct TickLease {
  Sequencer* sequencer;
  uint64_t now;
  uint32_t wanted;
  Grant grant;  // is set
};

// The shard of this key, new or as it was left, with a user more. Null if there is none that `role`
// may use; then, if `lease` is given, a tick was leased, or its grant says why not (M8).
// REQUIRES: the database is attached and, unless the key is pinned, loaded. No lease for a pinned
// key, nor for a generator with a history: their records are more than positions.
ShardRecord* AttachShard(const ShardKey& key, Database* database, const Definition& definition,
                         ObjectId role, TickLease* lease = nullptr);

// Whether AttachShard would have found room but for windows.
bool HasRoomForShard(ObjectId role);

// The shard's window for a history of that many ids: the one that it has, if that is large enough;
// or a new, empty one. Null if there is no room that `role` may use beside what is in use.
// REQUIRES: the caller is a user of the shard.
Window* AttachWindow(ShardRecord* shard, uint32_t ids, ObjectId role);

void Detach(ShardRecord* shard);

// Whether a role that uses nothing yet could mint with so long a history (0: none); changes
// nothing.
enum class Room : uint8_t { kEnough, kNoShard, kNoWindow };
Room RoomFor(const ShardKey& key, uint32_t ids);

// Shards in use or kept, for check().
int CountShards();

// How many ids were minted in this incarnation of the server, but for pinned ones.
uint64_t CountIds(const Database* database);

// The first microsecond that is after everything which the database's shards gave out, also the
// forgotten ones, in this incarnation. REQUIRES: the lock.
int64_t EndOfIds(const Database* database);

// Forgets its shards. REQUIRES: the lock; nobody uses the database, nor its shards (a user of a
// shard is one of its database).
void EvictShardsOf(Database* database);

}  // namespace detid
