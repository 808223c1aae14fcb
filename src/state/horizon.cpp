// SPDX-License-Identifier: PostgreSQL

#include "state/horizon.h"

#include <algorithm>

#include "core/instant.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/horizon_row.h"
#include "state/origin.h"
#include "state/settings.h"

namespace detid {
namespace {

// What this backend has written to the relation that it mints under.
Oid loaded_relation = InvalidOid;
PendingHorizon pending;

// Core's Store: the relation, and who mints.
struct Store {
  Oid oid = InvalidOid;
  Relation relation = nullptr;
  Origin origin;
  bool begins = false;  // minting, here or under this number: both are to be recorded
  Move move = Move::kNone;
  int64_t moved_us = 0;

  bool Open(bool wait) {
    oid = HorizonRelation();
    if (!wait && !ConditionalLockRelationOid(oid, RowExclusiveLock)) return false;
    relation = relation_open(oid, wait ? RowExclusiveLock : NoLock);
    origin = OriginHere();
    return true;
  }

  void Close() { relation_close(relation, RowExclusiveLock); }

  Written Write(int64_t target_us, int64_t enough_us) {
    const Written written = ChangeHorizonRow(relation, [&](HorizonRecord* r) {
      // Sessions that still mint under another number do not bring it back as they raise it.
      if (!begins && r->origin.SamePlace(origin)) origin.node = r->origin.node;
      if (r->horizon_us >= enough_us && r->origin.SamePlace(origin) &&
          r->origin.node == origin.node)
        return false;
      if (Begins(*r, move, origin))
        r->since_us =
            std::max({r->horizon_us, target_us - settings::horizon_window_us(), moved_us});
      r->horizon_us = std::max(r->horizon_us, target_us);
      if (move != Move::kNone && !StaysSuspected(*r, move, origin)) {
        r->moved = move;
        r->moved_us = moved_us;
        r->moved_node = r->origin.node;
      }
      r->origin = origin;
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

// Where it begins, in words.
const char* BeginsWhere(const Beginning& beginning) {
  if (!beginning.guarded) return "ids go on above those that were minted before";
  return psprintf("node time starts %d ms above its horizon", settings::failover_guard_ms);
}

void ReportMove(const Beginning& beginning, const HorizonRecord& record) {
  const char* database = get_database_name(MyDatabaseId);
  const char* where_it_begins = BeginsWhere(beginning);
  if (beginning.move == Move::kRemade) {
    ereport(LOG, (errmsg("database \"%s\" has other files than when it minted last: %s", database,
                         where_it_begins),
                  errdetail("It was dropped and made again, or moved to another tablespace.")));
    return;
  }
  if (!IsCopy(beginning.move)) {
    ereport(LOG, (errmsg("database \"%s\" mints on timeline %u, after timeline %u: %s", database,
                         GetWALInsertionTimeLine(), record.origin.timeline, where_it_begins),
                  errdetail("The server was promoted, or recovered to a point in time."),
                  settings::registers()
                      ? 0
                      : errhint("If another server goes on with the same past, give "
                                "this one a detid.node_id of its own. If the one before "
                                "is gone: SELECT detid.accept_copy();")));
    return;
  }
  const char* where = beginning.move == Move::kDatabaseCopied ? "database" : "server or directory";
  if (settings::registers()) {  // it says who is the node
    ereport(LOG, (errmsg("database \"%s\" is a copy: %s", database, where_it_begins),
                  errdetail("Ids were last minted in another %s.", where)));
    return;
  }
  const bool same_node = record.origin.node == settings::node_id;
  ereport(same_node ? WARNING : LOG,
          (errmsg("database \"%s\" is a copy: %s", database, where_it_begins),
           errdetail("Ids were last minted in another %s, under detid.node_id %d; it is %d here.",
                     where, record.origin.node, settings::node_id),
           same_node ? errhint("Give the copy a detid.node_id of its own. If the original is gone: "
                               "SELECT detid.accept_copy();")
                     : 0));
}

HorizonRules Rules() {
  return {settings::horizon_window_us(), settings::max_ahead_us(), settings::failover_guard_us(),
          settings::max_clock_step_us()};
}

// Node time begins with the system clock as it is when the first database begins; until then no id
// hangs on it, and the system clock may be set right.
Beginning BeginNodeTime(const HorizonRecord& record, const Origin& here, const Sibling& sibling,
                        bool accept) {
  if (shared->clock_begun) NodeTimeUs();  // calibrates, and may say so in the log
  const ClockReading now = ReadClocks();
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  if (!shared->clock_begun) shared->clock.Start(now);
  const Beginning beginning =
      BeginningOf(record, here, shared->clock.At(now.boot_before), now.real, Rules(), sibling);
  if (beginning.believed || accept) shared->clock_begun = true;
  LWLockRelease(shared->lock);
  return beginning;
}

}  // namespace

namespace {

// Whether what is published is of this relation, in these files.
bool IsLoaded(const Database* database, Oid relation) {
  return database->horizon.published() != 0 && database->horizon_relation == relation &&
         database->directory == DatabaseDirectory();
}

bool IsRecorded(const Database* database) {
  return database->recorded_node.load(std::memory_order_acquire) == settings::node_id;
}

// H6: a copy that is made now, or a promotion, is to know under which number ids were minted last.
// REQUIRES: the store is open, nobody else begins; the horizon is loaded.
void RecordNode(Database* database, Store& store) {
  const int64_t published_us = database->horizon.published();
  const Written written = store.Write(published_us, published_us);
  store.Flush(written.lsn);
}

}  // namespace

ObjectId LoadedHorizonRelation() {
  return loaded_relation;
}

Beginning BeginningHere(const HorizonRecord& record) {
  const Sibling sibling = SiblingOf(record.origin);
  return BeginningOf(record, OriginHere(), NodeTimeUs(), SystemUs(), Rules(), sibling);
}

Refusal ClockRule(const HorizonRecord& record, const Beginning& beginning) {
  if (beginning.believed) return {};
  char text[kMaxInstantText];
  FormatInstant(record.horizon_us, text, sizeof text);
  return Refuse(Error::kClockBehindHorizon,
                "Ids were minted up to %s, which is %lld s ahead of the system clock; "
                "detid.max_clock_step is %d s.",
                text, static_cast<long long>(beginning.lead_us / 1000000),
                settings::max_clock_step_s);
}

// Only one backend loads at a time (a relation lock, which waits interruptibly and is given back
// by an error); the others find it loaded.
void LoadHorizon(Database* database, bool accept) {
  Store store;
  store.oid = HorizonRelation();
  // Also while what is published lasts: nothing is written then.
  Require(HorizonLoggedRule(store.oid));
  if (loaded_relation != store.oid) pending = {};  // it was another relation's
  if (!IsLoaded(database, store.oid) || !IsRecorded(database)) {
    store.relation = relation_open(store.oid, ShareUpdateExclusiveLock);
    store.origin = OriginHere();
    store.begins = true;
    if (IsLoaded(database, store.oid)) {
      if (!IsRecorded(database)) RecordNode(database, store);
    } else {
      HorizonRecord record;
      Require(HorizonRule(store.relation, &record));
      const Sibling sibling = SiblingOf(record.origin);
      const Beginning beginning = BeginNodeTime(record, store.origin, sibling, accept);
      if (!accept) Require(ClockRule(record, beginning));
      // If an earlier relation of this incarnation was loaded, its shards and what it published
      // still hold (H3), and only what is on disk must follow. Not before the new relation is
      // committed, or a rollback would leave the old one behind what was published.
      if (store.relation->rd_createSubid != InvalidSubTransactionId &&
          (database->horizon.published() != 0 || record.horizon_us != 0))
        Raise(Error::kHorizonNew);
      if (beginning.move != Move::kNone) ReportMove(beginning, record);
      store.move = beginning.move;
      store.moved_us = std::max(beginning.start_us, beginning.floor_us);
      KeepAbove(database, beginning.floor_us);
      BeginHorizon(&database->horizon, &shared->clock, store, beginning, ReadClocks(),
                   settings::horizon_window_us(), &database->start_us);
      database->horizon_relation = store.oid;
      database->directory = DatabaseDirectory();
      database->made_here = false;
    }
    database->recorded_node.store(store.origin.node, std::memory_order_release);
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

void MergeHorizon(HorizonRecord brought) {
  // Keeps LoadHorizon out meanwhile.
  const Relation relation = relation_open(HorizonRelation(), ShareUpdateExclusiveLock);
  const bool begun = LookAtDatabase(MyDatabaseId).published_us != 0;
  const Origin here = OriginHere();
  // A dump of another database of this server has no ids but those of which this incarnation knows.
  if (shared != nullptr && brought.origin.instance == here.instance) {
    const Sibling sibling = SiblingOf(brought.origin);
    if (sibling.known) brought.horizon_us = std::min(brought.horizon_us, sibling.end_us);
  }
  if (shared != nullptr) {
    const Beginning beginning = BeginningHere(brought);
    // Where minting has begun it would go on below.
    if (begun) Require(ClockRule(brought, beginning));
    if (!beginning.believed)
      ereport(WARNING, (errmsg("the horizon that was restored is %lld s ahead of the system clock",
                               static_cast<long long>(beginning.lead_us / 1000000)),
                        errdetail("No ids are minted here until the clock is right."),
                        errhint("If the system clock is right: SELECT detid.accept_clock();")));
  }
  const bool from_elsewhere = brought.origin.instance != 0 && !brought.origin.SameDatabase(here);
  ChangeHorizonRow(relation, [&](HorizonRecord* r) {
    // Of a copy that has not begun: what is known of its original is not all any more.
    if (brought.horizon_us > r->horizon_us && !r->origin.SamePlace(here)) r->origin.directory = 0;
    r->horizon_us = std::max(r->horizon_us, brought.horizon_us);
    r->since_us = std::max(r->since_us, brought.horizon_us);  // rows of before may come back
    if (from_elsewhere) {
      r->moved = Move::kRestored;
      r->moved_us = brought.horizon_us;
      r->moved_node = brought.origin.node;
    }
    return true;
  });
  // Ids that are minted here already go on above what was brought.
  if (begun) shared->clock.AdvanceTo(brought.horizon_us, ReadClocks());
  relation_close(relation, ShareUpdateExclusiveLock);
}

void AcceptCopy() {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  const Written written = ChangeHorizonRow(relation, [](HorizonRecord* r) {
    r->moved_node = -1;
    return true;
  });
  relation_close(relation, RowExclusiveLock);
  XLogFlush(written.lsn);
}

}  // namespace detid
