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

// Sets the row to max(its value, target) and the witness to ours. REQUIRES: `relation` is locked.
Written WriteMaximum(Relation relation, int64_t target_us, uint64_t witness) {
  if (RelationGetNumberOfBlocks(relation) == 0) Raise(Error::kHorizonMissing);
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
  const Row* row = RowOf(BufferGetPage(buffer));
  if (row == nullptr) {
    UnlockReleaseBuffer(buffer);
    Raise(Error::kHorizonMissing);
  }
  Written written = {row->horizon_us, PageGetLSN(BufferGetPage(buffer))};
  if (row->horizon_us < target_us || row->witness != static_cast<int64_t>(witness)) {
    GenericXLogState* state = GenericXLogStart(relation);
    Row* copy = RowOf(GenericXLogRegisterBuffer(state, buffer, 0));
    copy->horizon_us = std::max(copy->horizon_us, target_us);
    copy->witness = static_cast<int64_t>(witness);
    written.horizon_us = copy->horizon_us;
    written.lsn = GenericXLogFinish(state);
    shared->counters.horizon_writes.fetch_add(1, std::memory_order_relaxed);
  }
  UnlockReleaseBuffer(buffer);
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

// The instance's start is not believed if it is this far from what was minted before.
void CheckStart(int64_t horizon_us) {
  const int64_t ahead = horizon_us - SystemUs();
  if (ahead <= settings::max_clock_step_us()) return;
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
    shared->clock.AdvanceTo(start_us, BootUs());
    start_us = NodeTimeUs();
    database->start_us.store(start_us, std::memory_order_release);
    // What an earlier relation of this life published still holds (H3).
    const int64_t published = database->horizon_us.load(std::memory_order_relaxed);
    const Written written = WriteMaximum(relation, std::max(Target(start_us), published), witness);
    XLogFlush(written.lsn);
    database->horizon_relation = oid;
    Publish(database, written.horizon_us);
  }
  relation_close(relation, ShareUpdateExclusiveLock);
}

void RaiseHorizon(Database* database, int64_t us) {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  const Written written = WriteMaximum(relation, Target(us), Witness());
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
  const Written written = WriteMaximum(relation, Target(us), Witness());
  relation_close(relation, RowExclusiveLock);
  pending = {oid, written.horizon_us, written.lsn};
  XLogSetAsyncXactLSN(written.lsn);
  return us + kLookAgainUs;
}

int64_t FirstHorizon(bool generators) {
  const int64_t now_us = shared != nullptr ? NodeTimeUs() : SystemUs();
  int64_t first_us = generators ? now_us + settings::failover_guard_us() : 0;
  Database* database = shared != nullptr ? AttachDatabase(MyDatabaseId) : nullptr;
  if (database != nullptr) {
    first_us = std::max(first_us, database->horizon_us.load(std::memory_order_acquire));
    Detach(database);
  }
  return first_us;
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
