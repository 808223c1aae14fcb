// SPDX-License-Identifier: PostgreSQL

#include "state/horizon.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>

#include "core/instant.h"
#include "core/prf.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/label.h"
#include "state/settings.h"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_database.h"
#include "commands/extension.h"
}

namespace detid {
namespace {

// The columns of the table, in their order.
struct Row {
  int64_t horizon_us;
  int64_t instance;
  int64_t moved_us;
  int64_t moved;
  uint32_t database;
  int32_t timeline;
  int32_t node;
  int32_t moved_node;
  int64_t checksum;  // of all above
};
static_assert(sizeof(Row) == 56);
constexpr int kColumns = 9;

// What this backend has written to the relation that it mints under.
Oid loaded_relation = InvalidOid;
PendingHorizon pending;

HorizonRecord RecordOf(const Row& row) {
  return {row.horizon_us,
          {static_cast<uint64_t>(row.instance), row.database, static_cast<uint32_t>(row.timeline),
           row.node},
          static_cast<Move>(row.moved),
          row.moved_us,
          row.moved_node};
}

int64_t Checksum(const Row& row) {
  const size_t bytes = offsetof(Row, checksum);
  return static_cast<int64_t>(HashBits({reinterpret_cast<const char*>(&row), bytes}, 63).word[0]);
}

Row RowOf(const HorizonRecord& r) {
  Row row = {r.horizon_us,
             static_cast<int64_t>(r.witness.instance),
             r.moved_us,
             static_cast<int64_t>(r.moved),
             r.witness.database,
             static_cast<int32_t>(r.witness.timeline),
             r.witness.node,
             r.moved_node,
             0};
  row.checksum = Checksum(row);
  return row;
}

// The table has one row, which is only ever written in place. A second may come where somebody
// disabled the triggers to restore a dump: the higher horizon counts then. Whatever else was done
// to it (an update, another type of a column) shows in the checksum.
struct Found {
  Row* row = nullptr;  // null: none, or damaged
  HorizonRecord record;
};
Found Find(Page page) {
  Found found;
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber i = FirstOffsetNumber; i <= last; i++) {
    const ItemId item = PageGetItemId(page, i);
    if (!ItemIdIsNormal(item)) continue;
    HeapTupleHeader tuple = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    if (!(tuple->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask))
      continue;
    Row* row = reinterpret_cast<Row*>(reinterpret_cast<char*>(tuple) + tuple->t_hoff);
    if (ItemIdGetLength(item) < tuple->t_hoff + sizeof(Row) || Checksum(*row) != row->checksum)
      return {};
    if (found.row == nullptr)
      found = {row, RecordOf(*row)};
    else
      found.record.horizon_us = std::max(found.record.horizon_us, row->horizon_us);
  }
  return found;
}

// Reads the row under a share lock.
bool ReadRecord(Relation relation, HorizonRecord* out) {
  if (RelationGetNumberOfBlocks(relation) == 0) return false;
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const Found found = Find(BufferGetPage(buffer));
  UnlockReleaseBuffer(buffer);
  *out = found.record;
  return found.row != nullptr;
}

// Changes the row under the page's exclusive lock if change(record) returns true. Returns what it
// is then, and the LSN of the record that made it so, or of a later one. REQUIRES: `relation` is
// locked.
template <typename Change>
Written ChangeRecord(Relation relation, Change change) {
  // What is written to storage of this transaction is gone if it rolls back.
  if (compat::HasNewStorage(relation)) Raise(Error::kHorizonNew);
  if (RelationGetNumberOfBlocks(relation) == 0) Raise(Error::kHorizonMissing);
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
  Found found = Find(BufferGetPage(buffer));
  if (found.row == nullptr) {
    UnlockReleaseBuffer(buffer);
    Raise(Error::kHorizonMissing);
  }
  Written written = {found.record.horizon_us, PageGetLSN(BufferGetPage(buffer))};
  if (change(&found.record)) {
    GenericXLogState* state = GenericXLogStart(relation);
    *Find(GenericXLogRegisterBuffer(state, buffer, 0)).row = RowOf(found.record);
    written = {found.record.horizon_us, GenericXLogFinish(state)};
    if (shared != nullptr) shared->counters.horizon_writes.fetch_add(1, std::memory_order_relaxed);
  }
  UnlockReleaseBuffer(buffer);
  return written;
}

// Core's Store: the relation, and who mints.
struct Store {
  Oid oid = InvalidOid;
  Relation relation = nullptr;
  Witness witness;
  Move move = Move::kNone;  // to be recorded
  int64_t moved_us = 0;

  bool Open(bool wait) {
    oid = HorizonRelation();
    if (!wait && !ConditionalLockRelationOid(oid, RowExclusiveLock)) return false;
    relation = relation_open(oid, wait ? RowExclusiveLock : NoLock);
    witness = WitnessHere();
    return true;
  }

  void Close() { relation_close(relation, RowExclusiveLock); }

  Written Write(int64_t target_us, int64_t enough_us) {
    const Written written = ChangeRecord(relation, [&](HorizonRecord* r) {
      if (r->horizon_us >= enough_us && r->witness.SamePlace(witness)) return false;
      r->horizon_us = std::max(r->horizon_us, target_us);
      if (move != Move::kNone && !StaysSuspected(*r, move, witness)) {
        r->moved = move;
        r->moved_us = moved_us;
        r->moved_node = r->witness.node;
      }
      r->witness = witness;
      return true;
    });
    if (XLogRecPtrIsInvalid(written.lsn)) Raise(Error::kHorizonNotLogged);
    return written;
  }

  bool Flushed(uint64_t lsn) { return GetFlushRecPtr(nullptr) >= lsn; }
  void Flush(uint64_t lsn) { XLogFlush(lsn); }
  // Without it the WAL writer takes its time: 4.6 s were seen.
  void Nudge(uint64_t lsn) { XLogSetAsyncXactLSN(lsn); }
};

[[noreturn]] void RaiseClockBehind(const HorizonRecord& record, const Beginning& beginning) {
  char text[kMaxInstantText];
  FormatInstant(record.horizon_us, text, sizeof text);
  Raise(Error::kClockBehindHorizon,
        "Ids were minted up to %s, which is %lld s ahead of the system clock; "
        "detid.max_clock_step is %d s.",
        text, static_cast<long long>(beginning.lead_us / 1000000), settings::max_clock_step_s);
}

void ReportMove(const Beginning& beginning, const HorizonRecord& record) {
  const char* database = get_database_name(MyDatabaseId);
  if (!IsCopy(beginning.move)) {
    ereport(LOG,
            (errmsg("database \"%s\" mints on timeline %u, after timeline %u: node time starts "
                    "%d ms above its horizon",
                    database, GetWALInsertionTimeLine(), record.witness.timeline,
                    settings::failover_guard_ms),
             errdetail("The server was promoted, or recovered to a point in time."),
             errhint("If another server goes on with the same past, give this one a "
                     "detid.node_id of its own.")));
    return;
  }
  const bool same_node = record.witness.node == settings::node_id;
  ereport(same_node ? WARNING : LOG,
          (errmsg("database \"%s\" is a copy: node time starts %d ms above its horizon", database,
                  settings::failover_guard_ms),
           errdetail("Ids were last minted in another %s, under detid.node_id %d; it is %d here.",
                     beginning.move == Move::kDatabaseCopied ? "database" : "server or directory",
                     record.witness.node, settings::node_id),
           same_node ? errhint("Give the copy a detid.node_id of its own. If the original is gone: "
                               "SELECT detid.accept_copy();")
                     : 0));
}

// Node time begins with the system clock as it is when the first database begins; until then no id
// hangs on it, and the system clock may be set right.
Beginning BeginNodeTime(const HorizonRecord& record, bool accept) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  if (!shared->clock_begun) StartNodeClock();
  const Beginning beginning = BeginningHere(record);
  if (beginning.believed || accept) shared->clock_begun = true;
  LWLockRelease(shared->lock);
  return beginning;
}

}  // namespace

ObjectId HorizonRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  const Oid relation = OidIsValid(schema) ? get_relname_relid("_horizon", schema) : InvalidOid;
  if (!OidIsValid(relation)) Raise(Error::kNoExtension);
  return relation;
}

ObjectId LoadedHorizonRelation() {
  return loaded_relation;
}

namespace {

// When a file was made, in nanoseconds; 0 if this system or file system does not tell.
uint64_t BirthOf(const char* path) {
#ifdef STATX_BTIME
  struct statx file;
  if (statx(AT_FDCWD, path, 0, STATX_BTIME, &file) == 0 && (file.stx_mask & STATX_BTIME))
    return static_cast<uint64_t>(file.stx_btime.tv_sec) * 1000000000 + file.stx_btime.tv_nsec;
#endif
  return 0;
}

}  // namespace

Witness WitnessHere() {
  // The directory's inode alone may be that of its original: the root of every volume has the same
  // number, and one that is free is used again. PG_VERSION is written once, by initdb or by who
  // copies; a backend's working directory is the data directory.
  struct stat data = {}, version = {};
  if (stat(DataDir, &data) != 0) data.st_ino = 0;
  if (stat("PG_VERSION", &version) != 0) version.st_ino = 0;
  const uint64_t who[] = {GetSystemIdentifier(), static_cast<uint64_t>(data.st_ino),
                          static_cast<uint64_t>(version.st_ino), BirthOf("PG_VERSION")};
  const uint64_t instance = HashBits({reinterpret_cast<const char*>(who), sizeof who}, 63).word[0];
  return {instance, MyDatabaseId, GetWALInsertionTimeLine(), settings::node_id};
}

Beginning BeginningHere(const HorizonRecord& record) {
  return BeginningOf(record, WitnessHere(), NodeTimeUs(), SystemUs(),
                     {settings::horizon_window_us(), settings::max_ahead_us(),
                      settings::failover_guard_us(), settings::max_clock_step_us()});
}

// Only one backend loads at a time (a relation lock, which waits interruptibly and is given back
// by an error); the others find it loaded.
void LoadHorizon(Database* database, bool accept) {
  Store store;
  store.oid = HorizonRelation();
  if (loaded_relation != store.oid) pending = {};  // it was another relation's
  if (database->horizon.published() == 0 || database->horizon_relation != store.oid) {
    store.relation = relation_open(store.oid, ShareUpdateExclusiveLock);
    if (database->horizon.published() == 0 || database->horizon_relation != store.oid) {
      HorizonRecord record;
      if (!ReadRecord(store.relation, &record)) Raise(Error::kHorizonMissing);
      const Beginning beginning = BeginNodeTime(record, accept);
      if (!beginning.believed && !accept) RaiseClockBehind(record, beginning);
      // If an earlier relation of this life was loaded, its shards and what it published still hold
      // (H3), and only what is on disk must follow. Not before the new relation is committed, or a
      // rollback would leave the old one behind what was published.
      if (store.relation->rd_createSubid != InvalidSubTransactionId &&
          (database->horizon.published() != 0 || record.horizon_us != 0))
        Raise(Error::kHorizonNew);
      if (beginning.move != Move::kNone) ReportMove(beginning, record);
      store.witness = WitnessHere();
      store.move = beginning.move;
      store.moved_us = beginning.start_us;
      BeginHorizon(&database->horizon, &shared->clock, store, beginning, ReadClocks(),
                   settings::horizon_window_us(), &database->start_us);
      database->horizon_relation = store.oid;
    }
    relation_close(store.relation, ShareUpdateExclusiveLock);
  }
  loaded_relation = store.oid;
}

void RaiseHorizon(Database* database, int64_t us) {
  Store store;
  RaiseHorizon(&database->horizon, store, us, settings::horizon_window_us());
}

int64_t RenewHorizon(Database* database, int64_t us) {
  Store store;
  return RenewHorizon(&database->horizon, &pending, store, us, settings::horizon_window_us());
}

void MergeHorizon(const HorizonRecord& brought) {
  // Keeps LoadHorizon out meanwhile.
  const Relation relation = relation_open(HorizonRelation(), ShareUpdateExclusiveLock);
  Database* database = shared != nullptr ? AttachDatabase(MyDatabaseId) : nullptr;
  const bool begun = database != nullptr && database->horizon.published() != 0;
  if (database != nullptr) Detach(database);
  const Witness here = WitnessHere();
  if (shared != nullptr) {
    const Beginning beginning = BeginningHere(brought);
    // Where minting has begun it would go on below.
    if (!beginning.believed && begun) RaiseClockBehind(brought, beginning);
    if (!beginning.believed)
      ereport(WARNING, (errmsg("the horizon that was restored is %lld s ahead of the system clock",
                               static_cast<long long>(beginning.lead_us / 1000000)),
                        errdetail("No ids are minted here until the clock is right."),
                        errhint("If the system clock is right: SELECT detid.accept_clock();")));
  }
  const bool from_elsewhere =
      brought.witness.instance != 0 &&
      (brought.witness.instance != here.instance || brought.witness.database != here.database);
  ChangeRecord(relation, [&](HorizonRecord* r) {
    r->horizon_us = std::max(r->horizon_us, brought.horizon_us);
    if (from_elsewhere) {
      r->moved = Move::kRestored;
      r->moved_us = brought.horizon_us;
      r->moved_node = brought.witness.node;
    }
    return true;
  });
  // Ids that are minted here already go on above what was brought.
  if (begun) shared->clock.AdvanceTo(brought.horizon_us, ReadClocks());
  relation_close(relation, ShareUpdateExclusiveLock);
}

void AcceptCopy() {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  const Written written = ChangeRecord(relation, [](HorizonRecord* r) {
    r->moved_node = -1;
    return true;
  });
  relation_close(relation, RowExclusiveLock);
  XLogFlush(written.lsn);
}

namespace {

// A horizon that was dropped is remembered in a label of the database, which goes with the dropping
// transaction, and with the database:  horizon=2026-01-01T00:00:00Z
constexpr std::string_view kDroppedKey = "horizon=";

ObjectAddress ThisDatabase() {
  ObjectAddress database;
  ObjectAddressSet(database, DatabaseRelationId, MyDatabaseId);
  return database;
}

int64_t DroppedHorizon() {
  const ObjectAddress database = ThisDatabase();
  int64_t us = 0;
  char* label = GetSecurityLabel(&database, kProvider);
  if (label != nullptr) ParseDroppedHorizon(label, &us);
  return us;
}

}  // namespace

bool ParseDroppedHorizon(std::string_view label, int64_t* us) {
  if (!label.starts_with(kDroppedKey)) return false;
  const Result<int64_t> parsed = ParseInstant(label.substr(kDroppedKey.size()));
  *us = parsed.value;
  return parsed.ok();
}

HorizonRecord FirstHorizon(bool generators) {
  HorizonRecord first;
  first.horizon_us = DroppedHorizon();
  if (Database* database = shared != nullptr ? AttachDatabase(MyDatabaseId) : nullptr) {
    first.horizon_us = std::max(first.horizon_us, database->horizon.published());
    Detach(database);
  }
  if (first.horizon_us == 0 && generators)
    first.horizon_us =
        (shared != nullptr ? NodeTimeUs() : SystemUs()) + settings::failover_guard_us();
  return first;
}

namespace {

object_access_hook_type previous_access_hook = nullptr;

void RememberDropped(Oid relation) {
  const Oid schema = get_namespace_oid("detid", true);
  if (!OidIsValid(schema) || relation != get_relname_relid("_horizon", schema)) return;
  // Anybody may make a table of this name where the extension is not.
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension) || getExtensionOfObject(RelationRelationId, relation) != extension)
    return;
  HorizonRecord record;
  ReadHorizon(&record);
  int64_t us = std::max(record.horizon_us, DroppedHorizon());
  if (Database* database = shared != nullptr ? AttachDatabase(MyDatabaseId) : nullptr) {
    us = std::max(us, database->horizon.published());
    Detach(database);
  }
  if (us == 0) return;  // nothing was minted
  char text[kMaxInstantText], label[kMaxInstantText + 16];
  FormatInstant(us, text, sizeof text);
  std::snprintf(label, sizeof label, "%s%s", kDroppedKey.data(), text);
  const ObjectAddress database = ThisDatabase();
  SetSecurityLabel(&database, kProvider, label);
}

void OnAccess(ObjectAccessType access, Oid type, Oid object, int part, void* argument) {
  if (previous_access_hook != nullptr) previous_access_hook(access, type, object, part, argument);
  if (access == OAT_DROP && type == RelationRelationId && part == 0) RememberDropped(object);
}

}  // namespace

void WatchHorizon() {
  previous_access_hook = object_access_hook;
  object_access_hook = OnAccess;
}

bool ReadHorizon(HorizonRecord* record) {
  const Relation relation = relation_open(HorizonRelation(), AccessShareLock);
  const bool found = ReadRecord(relation, record);
  relation_close(relation, AccessShareLock);
  return found;
}

HorizonRecord HorizonRecordOf(HeapTupleData* tuple, TupleDescData* descriptor) {
  Datum values[kColumns];
  bool nulls[kColumns];
  if (descriptor->natts != kColumns) Raise(Error::kHorizonMissing);
  heap_deform_tuple(tuple, descriptor, values, nulls);
  for (const bool null : nulls)
    if (null) Raise(Error::kHorizonProtected, "A row with a NULL was refused.");
  return RecordOf({DatumGetInt64(values[0]), DatumGetInt64(values[1]), DatumGetInt64(values[2]),
                   DatumGetInt64(values[3]), DatumGetObjectId(values[4]), DatumGetInt32(values[5]),
                   DatumGetInt32(values[6]), DatumGetInt32(values[7]), DatumGetInt64(values[8])});
}

HeapTupleData* HorizonTupleOf(const HorizonRecord& record, TupleDescData* descriptor) {
  const Row row = RowOf(record);
  Datum values[] = {
      Int64GetDatum(row.horizon_us), Int64GetDatum(row.instance),    Int64GetDatum(row.moved_us),
      Int64GetDatum(row.moved),      ObjectIdGetDatum(row.database), Int32GetDatum(row.timeline),
      Int32GetDatum(row.node),       Int32GetDatum(row.moved_node),  Int64GetDatum(row.checksum)};
  bool nulls[kColumns] = {};
  return heap_form_tuple(descriptor, values, nulls);
}

}  // namespace detid
