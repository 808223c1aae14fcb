// SPDX-License-Identifier: PostgreSQL
//
// The directory of database records: which of them is whose. The invariants are those of shared.h.

#pragma once

#include "pg/errors.h"
#include "state/shared.h"

namespace detid {

// The record of this database, with a user more; never null (M9).
Database* AttachDatabase(ObjectId oid);

// A database is made under this oid.
void NoteMadeDatabase(ObjectId oid);

// What this incarnation knows of the database that minted last what is stored here.
Sibling SiblingOf(const Origin& stored);

// What is known of this database, without making a record of it; nothing if it has none, or if the
// library was not preloaded.
struct DatabaseState {
  int64_t published_us = 0;  // 0: its horizon is not loaded
  uint64_t fenced = 0;       // why, in memory: Fence::k...
  int64_t fence_count = 0;   // of the row that it was taken from
  Interval interval;
  int64_t answered_us = 0;
  int64_t foretold_us = 0;
  int64_t sealed_us = 0;  // by the sealer, in this incarnation
  uint32_t seal_failures = 0;
  bool has_registry_client = false;  // in this incarnation one has begun to ask the registry
  char trouble[kMaxTrouble] = {};
};
DatabaseState LookAtDatabase(ObjectId oid);

// The number that this database mints under: of the settings, or else the one that was granted
// last; negative if there is none.
int32_t NodeNumber();

// Says why there is no new interval; null: there is one.
void TellTrouble(Database* database, const char* trouble);

// The sealer has sealed this database at this node time; negative: it has failed.
void NoteSealed(ObjectId oid, int64_t at_us);

// What NoteSealed has noted of a database; nothing if it has no record.
struct SealState {
  bool known = false;
  int64_t sealed_us = 0;
  uint32_t failures = 0;
};
SealState SealStateOf(ObjectId oid);

// Up to `most` databases that have minted in this incarnation; how many.
int DatabasesThatMint(ObjectId* oids, int most);

void Detach(Database* database);

Refusal PreloadRule();
Refusal NumberRule();  // there is a node number, or a registry to ask

}  // namespace detid
