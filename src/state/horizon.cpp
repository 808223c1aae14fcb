// SPDX-License-Identifier: PostgreSQL

#include "state/horizon.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/instant.h"
#include "core/prf.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/settings.h"

namespace detid {
namespace {

struct Row {
  int64_t horizon_us;
  int64_t witness;
};

// This backend's record that was written and not yet seen flushed.
struct Pending {
  ObjectId relation;
  int64_t horizon_us;
  XLogRecPtr lsn;  // 0: none
};
Pending pending;

// How soon to look again whether a record has been flushed.
constexpr int64_t kLookAgainUs = 1000;

// The row of the page: the table has one, and it is only ever written in place.
Row* RowOf(Page page) {
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  Row* row = nullptr;
  for (OffsetNumber i = FirstOffsetNumber; i <= last; i++) {
    const ItemId item = PageGetItemId(page, i);
    if (!ItemIdIsNormal(item)) continue;
    HeapTupleHeader tuple = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    if (ItemIdGetLength(item) < tuple->t_hoff + sizeof(Row)) return nullptr;
    if (!(tuple->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask))
      continue;
    if (row != nullptr) return nullptr;
    row = reinterpret_cast<Row*>(reinterpret_cast<char*>(tuple) + tuple->t_hoff);
  }
  return row;
}

struct Written {
  int64_t horizon_us;
  XLogRecPtr lsn;  // of the record that made it so, or a later one
};

// Sets the row to max(its value, target) and the witness, unless the value is at least `enough_us`
// and the witness is right. REQUIRES: `relation` is locked.
Written WriteMaximum(Relation relation, int64_t target_us, uint64_t witness, int64_t enough_us) {
  if (RelationGetNumberOfBlocks(relation) == 0) Raise(Error::kHorizonMissing);
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
  const Row* row = RowOf(BufferGetPage(buffer));
  if (row == nullptr) {
    UnlockReleaseBuffer(buffer);
    Raise(Error::kHorizonMissing);
  }
  Written written = {row->horizon_us, PageGetLSN(BufferGetPage(buffer))};
  if (row->horizon_us < enough_us || row->witness != static_cast<int64_t>(witness)) {
    GenericXLogState* state = GenericXLogStart(relation);
    Row* copy = RowOf(GenericXLogRegisterBuffer(state, buffer, 0));
    copy->horizon_us = std::max(copy->horizon_us, target_us);
    copy->witness = static_cast<int64_t>(witness);
    written.horizon_us = copy->horizon_us;
    written.lsn = GenericXLogFinish(state);
    shared->counters.horizon_writes.fetch_add(1, std::memory_order_relaxed);
  }
  UnlockReleaseBuffer(buffer);
  return written;
}

// As above, up to the target, and certain to be durable once `lsn` is flushed.
Written WriteLogged(Relation relation, int64_t target_us, int64_t enough_us) {
  const Written written = WriteMaximum(relation, target_us, Witness(), enough_us);
  if (XLogRecPtrIsInvalid(written.lsn)) Raise(Error::kHorizonNotLogged);
  return written;
}

void Publish(Database* database, int64_t horizon_us) {
  int64_t old = database->horizon_us.load(std::memory_order_relaxed);
  while (old < horizon_us &&
         !database->horizon_us.compare_exchange_weak(old, horizon_us, std::memory_order_release))
    continue;
}

int64_t Target(int64_t us) {
  return us + settings::horizon_window_us();
}

// A horizon is not believed if it is this far ahead of the system clock.
void CheckStart(int64_t horizon_us) {
  // As far ahead as this the horizon may be without any step of the clock.
  const int64_t usual =
      settings::horizon_window_us() + settings::max_ahead_us() + settings::failover_guard_us();
  const int64_t ahead = horizon_us - SystemUs();
  if (ahead <= settings::max_clock_step_us() + usual) return;
  char text[kMaxInstantText];
  FormatInstant(horizon_us, text, sizeof text);
  Raise(Error::kClockBehindHorizon,
        "Ids were minted up to %s, which is %lld s ahead of the system clock; "
        "detid.max_clock_step is %d s.",
        text, static_cast<long long>(ahead / 1000000), settings::max_clock_step_s);
}

// Reads the row under a share lock.
bool ReadRow(Relation relation, Row* out) {
  if (RelationGetNumberOfBlocks(relation) == 0) return false;
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const Row* row = RowOf(BufferGetPage(buffer));
  if (row != nullptr) *out = *row;
  UnlockReleaseBuffer(buffer);
  return row != nullptr;
}

}  // namespace

ObjectId HorizonRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  const Oid relation = OidIsValid(schema) ? get_relname_relid("_horizon", schema) : InvalidOid;
  if (!OidIsValid(relation)) Raise(Error::kNoExtension);
  return relation;
}

uint64_t Witness() {
  struct stat data = {};
  if (stat(DataDir, &data) != 0) data.st_ino = 0;
  struct {
    uint64_t system, inode;
    uint32_t timeline, database;
  } who = {GetSystemIdentifier(), static_cast<uint64_t>(data.st_ino), GetWALInsertionTimeLine(),
           MyDatabaseId};
  return HashBits({reinterpret_cast<const char*>(&who), sizeof who}, 63).word[0];
}

// Only one backend loads at a time (a relation lock, which waits interruptibly and is given back
// by an error); the others find it loaded.
void LoadHorizon(Database* database) {
  const Oid oid = HorizonRelation();
  if (database->horizon_us.load(std::memory_order_acquire) != 0 &&
      database->horizon_relation == oid)
    return;
  const Relation relation = relation_open(oid, ShareUpdateExclusiveLock);
  if (database->horizon_us.load(std::memory_order_acquire) == 0 ||
      database->horizon_relation != oid) {
    Row row;
    if (!ReadRow(relation, &row)) Raise(Error::kHorizonMissing);
    CheckStart(row.horizon_us);
    const uint64_t witness = Witness();
    int64_t start_us = row.horizon_us;
    if (row.witness != 0 && row.witness != static_cast<int64_t>(witness)) {
      start_us = std::max(start_us, SystemUs()) + settings::failover_guard_us();
      ereport(LOG, (errmsg("database \"%s\" was minting elsewhere before: node time starts %d ms "
                           "above its horizon",
                           get_database_name(MyDatabaseId), settings::failover_guard_ms),
                    errdetail("It was promoted, restored or copied."),
                    errhint("A copy needs a detid.node_id of its own.")));
    }
    // If an earlier relation of this life was loaded, its shards and what it published still hold
    // (H3), and only what is on disk must follow. Not before the new relation is committed, or a
    // rollback would leave the old one behind what was published.
    const int64_t published = database->horizon_us.load(std::memory_order_relaxed);
    if (published != 0 && relation->rd_createSubid != InvalidSubTransactionId)
      Raise(Error::kHorizonNew);
    if (start_us > published) shared->clock.AdvanceTo(start_us, BootUs());
    start_us = NodeTimeUs();
    database->start_us.store(start_us, std::memory_order_release);
    const int64_t target_us = std::max(Target(start_us), published);
    const Written written = WriteLogged(relation, target_us, target_us);
    XLogFlush(written.lsn);
    database->horizon_relation = oid;
    Publish(database, written.horizon_us);
  }
  relation_close(relation, ShareUpdateExclusiveLock);
}

void RaiseHorizon(Database* database, int64_t us) {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  const Written written = WriteLogged(relation, Target(us), Target(us));
  relation_close(relation, RowExclusiveLock);
  XLogFlush(written.lsn);
  Publish(database, written.horizon_us);
}

int64_t RenewHorizon(Database* database, int64_t us) {
  const int64_t half = settings::horizon_window_us() / 2;
  const int64_t published = database->horizon_us.load(std::memory_order_acquire);
  if (published - us > half) return published - half;
  const Oid oid = HorizonRelation();
  if (pending.lsn != 0 && pending.relation == oid && pending.horizon_us > published) {
    if (GetFlushRecPtr(nullptr) < pending.lsn) return us + kLookAgainUs;
    Publish(database, pending.horizon_us);
    pending.lsn = 0;
    return database->horizon_us.load(std::memory_order_acquire) - half;
  }
  if (!ConditionalLockRelationOid(oid, RowExclusiveLock)) return us + kLookAgainUs;
  const Relation relation = relation_open(oid, NoLock);
  // Another backend may have written the record already: then it is taken for this one's.
  const Written written = WriteLogged(relation, Target(us), us + half + half / 2);
  relation_close(relation, RowExclusiveLock);
  pending = {oid, written.horizon_us, written.lsn};
  XLogSetAsyncXactLSN(written.lsn);
  return us + kLookAgainUs;
}

void MergeHorizon(int64_t horizon_us) {
  CheckStart(horizon_us);
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  Row row;
  if (!ReadRow(relation, &row)) Raise(Error::kHorizonMissing);
  WriteMaximum(relation, horizon_us, static_cast<uint64_t>(row.witness), horizon_us);
  relation_close(relation, RowExclusiveLock);
  // Should ids be minted here already, they go on above what was brought.
  if (shared != nullptr) shared->clock.AdvanceTo(horizon_us, BootUs());
}

int64_t FirstHorizon(bool generators) {
  int64_t known_us = 0;
  if (Database* database = shared != nullptr ? AttachDatabase(MyDatabaseId) : nullptr) {
    known_us = std::max(database->horizon_us.load(std::memory_order_acquire),
                        database->dropped_us.load(std::memory_order_acquire));
    Detach(database);
  }
  if (known_us != 0 || !generators) return known_us;
  return SystemUs() + settings::failover_guard_us();
}

namespace {

object_access_hook_type previous_access_hook = nullptr;

// Before the horizon relation is dropped, shared memory learns what it held.
void RememberDropped(Oid relation) {
  const Oid schema = get_namespace_oid("detid", true);
  if (!OidIsValid(schema) || relation != get_relname_relid("_horizon", schema)) return;
  Database* database = AttachDatabase(MyDatabaseId);
  if (database == nullptr) return;
  int64_t horizon_us = 0;
  uint64_t witness = 0;
  ReadHorizon(&horizon_us, &witness);
  int64_t old = database->dropped_us.load(std::memory_order_relaxed);
  while (old < horizon_us && !database->dropped_us.compare_exchange_weak(old, horizon_us)) continue;
  Detach(database);
}

void OnAccess(ObjectAccessType access, Oid type, Oid object, int part, void* argument) {
  if (previous_access_hook != nullptr) previous_access_hook(access, type, object, part, argument);
  if (access == OAT_DROP && type == RelationRelationId && part == 0 && shared != nullptr)
    RememberDropped(object);
}

}  // namespace

void WatchHorizon() {
  previous_access_hook = object_access_hook;
  object_access_hook = OnAccess;
}

bool ReadHorizon(int64_t* horizon_us, uint64_t* witness) {
  const Relation relation = relation_open(HorizonRelation(), AccessShareLock);
  Row row = {};
  const bool found = ReadRow(relation, &row);
  relation_close(relation, AccessShareLock);
  *horizon_us = row.horizon_us;
  *witness = static_cast<uint64_t>(row.witness);
  return found;
}

}  // namespace detid
