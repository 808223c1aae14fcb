// SPDX-License-Identifier: PostgreSQL
//
// rotate_ledger, attach_segment, detach_segment, ledger_segments: the ledger in parts.
//
// Rows are always written to detid._ledger. To close a segment is to make a child of it and let the
// two exchange their storage (pg/swap_storage.h): no row moves, and whoever publishes or subscribes
// to the ledger sees one table that goes on.
//
// Invariants:
//   C2  nobody who writes is kept waiting long: the lock on the ledger is asked for a moment at a
//       time, and given up if somebody writes on.
//   C3  a segment has the guards of the ledger and its privileges, whatever default privileges say.
//   C4  a segment is detached only when all rows that this database minted are sealed; then it is
//       noted which leaves it had (detid._detached), so that what stays is verified as before, and
//       that rows of its time may be gone, as by prune_ledger.

#include "fn/entries.h"
#include "fn/record.h"
#include "fn/seal.h"
#include "fn/seals.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg/swap_storage.h"
#include "state/clock.h"
#include "state/duplicate.h"
#include "state/guard.h"
#include "state/ledger_table.h"
#include "state/segments.h"

extern "C" {
#include "access/xact.h"
#include "commands/tablespace.h"
#include "commands/tablecmds.h"
#include "storage/lmgr.h"
}

namespace detid {
namespace {

// --- The lock ---

constexpr char kMoment[] = "100ms";
constexpr int kPauseMs = 150;
constexpr int kTries = 40;  // some ten seconds

// What is exchanged of the ledger: itself, its index, its TOAST table.
List* PartsOf(Oid ledger) {
  const Relation relation = relation_open(ledger, NoLock);
  List* parts = RelationGetIndexList(relation);
  if (OidIsValid(relation->rd_rel->reltoastrelid))
    parts = lappend_oid(parts, relation->rd_rel->reltoastrelid);
  relation_close(relation, NoLock);
  return parts;
}

// Whether all locks were had within a moment; else none is kept.
bool LockForAMoment(Oid ledger) {
  const MemoryContext memory = CurrentMemoryContext;
  const ResourceOwner resources = CurrentResourceOwner;
  volatile bool had = true;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(memory);
  PG_TRY();
  {
    const int level = NewGUCNestLevel();
    set_config_option("lock_timeout", kMoment, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    LockRelationOid(ledger, AccessExclusiveLock);
    ListCell* cell;
    foreach (cell, PartsOf(ledger)) LockRelationOid(lfirst_oid(cell), AccessExclusiveLock);
    AtEOXact_GUC(false, level);
    ReleaseCurrentSubTransaction();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(memory);
    if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE) PG_RE_THROW();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    had = false;
  }
  PG_END_TRY();
  MemoryContextSwitchTo(memory);
  CurrentResourceOwner = resources;
  return had;
}

void LockLedger(Oid ledger) {
  for (int i = 0; !LockForAMoment(ledger); i++) {
    if (i == kTries)
      Raise(Error::kLedgerBusy, "In each of %d tries somebody wrote to detid._ledger or read it.",
            kTries);
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPauseMs,
              PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

// What has an older snapshot and opens the ledger after this would see neither the segment nor what
// is in it. Dumps and the first copies of subscriptions are those who keep one for long.
void RequireNoDump(Oid owner) {
  const uint64_t rows = Query(owner).Read(
      "SELECT application_name, pid::text FROM pg_stat_get_activity(NULL) a JOIN pg_database d ON "
      "d.oid = a.datid WHERE d.datname = current_database() AND pid <> pg_backend_pid() AND "
      "(application_name IN ('pg_dump', 'pg_dumpall') OR application_name ~ "
      "'^pg_[0-9]+_sync_[0-9]+_') LIMIT 1",
      Seen::kNow);
  if (rows > 0)
    Raise(Error::kLedgerBusy, "%s runs (pid %s), and would miss what is in the closed segment.",
          TextAt(0, 1), TextAt(0, 2));
}

// --- Making a segment ---

void RequireAsMade(Oid oid) {
  const Relation ledger = table_open(oid, NoLock);
  CheckTableNotInUse(ledger, "rotate_ledger()");
  Require(LedgerRule(ledger));
  const TupleDesc columns = RelationGetDescr(ledger);
  List* indexes = RelationGetIndexList(ledger);
  if (columns->natts != kLedgerColumns || list_length(indexes) != 1 ||
      (columns->constr != nullptr && columns->constr->missing != nullptr))
    Raise(Error::kLedgerNotAsMade,
          "It has %d columns, not %d, or %d indexes instead of its primary key alone.",
          columns->natts, static_cast<int>(kLedgerColumns), list_length(indexes));
  list_free(indexes);
  table_close(ledger, NoLock);
}

bool IsEmpty(Oid table) {
  LedgerScan* scan = OpenLedgerScan(table);
  Stream stream;
  const bool empty = !NextStream(scan, &stream);
  CloseLedgerScan(scan);
  return empty;
}

// A statement of ours, as the owner of the ledger.
void Run(Oid owner, const char* sql) {
  Query(owner).Write(sql, SPI_OK_UTILITY);
}

// Each of the statements that the query makes of the segment, $1.
void RunEach(Oid owner, Oid segment, const char* sql) {
  Query query(owner);
  query.Add(REGCLASSOID, ObjectIdGetDatum(segment));
  const uint64_t rows = query.Read(sql, Seen::kNow);
  List* statements = NIL;
  for (uint64_t i = 0; i < rows; i++) statements = lappend(statements, pstrdup(TextAt(i, 1)));
  ListCell* cell;
  foreach (cell, statements) Run(owner, static_cast<const char*>(lfirst(cell)));
}

const char* NewName() {
  char day[32];
  const pg_time_t now = time(nullptr);
  pg_strftime(day, sizeof day, "%Y%m%d_%H%M%S", pg_gmtime(&now));
  const char* name = psprintf("_ledger_%s", day);
  for (int i = 2; OidIsValid(FindTable(name)); i++) name = psprintf("_ledger_%s_%d", day, i);
  return name;
}

Oid MakeSegment(Oid owner) {
  const char* name = NewName();
  Run(owner,
      psprintf("CREATE TABLE detid.%s (LIKE detid._ledger INCLUDING ALL) INHERITS (detid._ledger) "
               "USING heap",
               name));
  const Oid segment = FindTable(name);
  Run(owner, psprintf("COMMENT ON TABLE detid.%s IS 'a closed segment of the ledger'", name));
  // What default privileges gave, then what the ledger has; its guards, of which that of rows that
  // replication brings is of new ones, too: those come to the ledger.
  RunEach(
      owner, segment,
      "SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', $1, CASE a.grantee WHEN 0 "
      "THEN 'PUBLIC' ELSE a.grantee::regrole::text END) FROM pg_class c, aclexplode(c.relacl) a "
      "WHERE c.oid = $1 AND a.grantee <> c.relowner");
  RunEach(
      owner, segment,
      "SELECT format('GRANT %s ON %s TO %s', a.privilege_type, $1, CASE a.grantee WHEN 0 "
      "THEN 'PUBLIC' ELSE a.grantee::regrole::text END) FROM pg_class c, aclexplode(c.relacl) a "
      "WHERE c.oid = 'detid._ledger'::regclass AND a.grantee <> c.relowner");
  RunEach(
      owner, segment,
      "SELECT replace(replace(pg_get_triggerdef(oid), ' ON detid._ledger ', format(' ON %s ', "
      "$1)), ' pass_over BEFORE ', ' pass_over BEFORE INSERT OR ') FROM pg_trigger WHERE tgrelid "
      "= 'detid._ledger'::regclass AND tgfoid = 'detid._refuse_change'::regproc");
  RunEach(owner, segment,
          "SELECT format('ALTER TABLE %s ENABLE %s TRIGGER %I', $1, CASE tgenabled WHEN 'R' THEN "
          "'REPLICA' ELSE 'ALWAYS' END, tgname) FROM pg_trigger WHERE tgrelid = "
          "'detid._ledger'::regclass AND tgfoid = 'detid._refuse_change'::regproc AND tgenabled <> "
          "'O'");
  return segment;
}

// What is permitted while `body` runs; it may say no more than warnings.
template <typename Body>
void Permitted(Body body) {
  const int level = NewGUCNestLevel();
  set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                    true, 0, false);
  // What is written next stays where the ledger is.
  const Oid space = get_rel_tablespace(LedgerTable());
  set_config_option("default_tablespace", OidIsValid(space) ? get_tablespace_name(space) : "",
                    PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  PG_TRY();
  {
    guard::permitted = true;
    body();
  }
  PG_FINALLY();
  { guard::permitted = changing_ledger = false; }
  PG_END_TRY();
  AtEOXact_GUC(false, level);
}

// --- What is in one ---

struct Contents {
  int64_t from_us = INT64_MAX, until_us = INT64_MIN;  // of the ticks of first ids; or nothing
  bool timeless = false;  // there are rows whose time is not known, as of pinned clocks
};

Contents ContentsOf(EntryReader* reader, Oid table) {
  Contents contents;
  LedgerScan* scan = OpenLedgerScan(table);
  const auto take = [&](const LedgerRow& row) {
    const Definition& d = SourceOf(reader, row).definition;
    int64_t us = 0;
    if (d.layout.bits == 0 ||
        !TimeOfTick(d.layout, d.epoch_us,
                    static_cast<int64_t>(row.key.position) >> d.layout.sequence_bits(), &us)) {
      contents.timeless = true;
      return;
    }
    contents.from_us = std::min(contents.from_us, us);
    contents.until_us = std::max(contents.until_us, us);
  };
  for (Stream stream; NextStream(scan, &stream);) {
    if (stream.worker < kNoWorker) {
      contents.timeless = true;
      continue;
    }
    EachRow(scan, stream, 0, INT64_MAX, [&](const LedgerRow& row) {
      take(row);
      return false;
    });
    LedgerRow last;
    if (FindLast(scan, stream, INT64_MAX, &last)) take(last);
  }
  CloseLedgerScan(scan);
  return contents;
}

Oid RequireSegment(Oid oid) {
  if (!IsSegment(oid)) {
    const char* name = get_rel_name(oid);
    Raise(Error::kNotASegment, "It is %s.", name != nullptr ? name : psprintf("relation %u", oid));
  }
  return oid;
}

}  // namespace

// rotate_ledger() -> regclass: the segment that was closed; NULL if there was nothing in it.
DETID_FUNCTION(detid_rotate_ledger) {
  PreventCommandIfReadOnly("rotate_ledger()");
  // In a block the lock would be kept as long as its client likes (C2).
  PreventInTransactionBlock(true, "rotate_ledger()");
  const Oid ledger = LedgerTable();
  if (!OidIsValid(ledger)) Raise(Error::kNoExtension);
  const Oid owner = OwnerOf({"_ledger"});
  LockLedger(ledger);
  RequireAsMade(ledger);
  PushActiveSnapshot(GetLatestSnapshot());
  const bool empty = IsEmpty(ledger);
  PopActiveSnapshot();
  if (empty) PG_RETURN_NULL();
  volatile Oid segment = InvalidOid;
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  RequireNoDump(owner);
  Permitted([&] { segment = MakeSegment(owner); });
  SPI_finish();
  CommandCounterIncrement();
  SwapStorage(ledger, segment);
  PG_RETURN_OID(segment);
}

// detach_segment(segment regclass)
DETID_FUNCTION(detid_detach_segment) {
  PreventCommandIfReadOnly("detach_segment()");
  const Oid segment = RequireSegment(PG_GETARG_OID(0));
  const Oid owner = OwnerOf({"_ledger"});
  // Nothing is written to it, and its rows are read meanwhile: the statement below locks it wholly.
  LockRelationOid(segment, ExclusiveLock);
  RequireSegment(segment);  // still, after who had it locked
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  PushActiveSnapshot(GetLatestSnapshot());
  const uint64_t unsealed = CountUnsealed(segment);
  if (unsealed > 0)
    Raise(Error::kSegmentNotSealed, "%llu rows of %s are not.",
          static_cast<unsigned long long>(unsealed), get_rel_name(segment));
  EntryReader* reader = OpenEntries();
  const Contents contents = ContentsOf(reader, segment);
  const Oid seals_owner = OwnerOfSeals();
  const List* trees = SealedTrees(seals_owner);
  for (int i = 0; i < list_length(trees); i++)
    NoteDetached(seals_owner, static_cast<const char*>(list_nth(trees, i)), reader, segment,
                 contents.timeless ? INT64_MIN / 2 : contents.from_us,
                 contents.timeless ? INT64_MAX / 2 : contents.until_us);
  CloseEntries(reader);
  PopActiveSnapshot();
  if (contents.until_us != INT64_MIN) NotePruned(std::min(contents.until_us + 1, SystemUs()));
  Permitted([&] {
    Run(owner, psprintf("ALTER TABLE detid.%s NO INHERIT detid._ledger",
                        quote_identifier(get_rel_name(segment))));
  });
  CacheInvalidateRelcacheByRelid(LedgerTable());  // sessions look for segments again (C1)
  SPI_finish();
  PG_RETURN_VOID();
}

// attach_segment(segment regclass): one that was detached, or comes from a backup.
DETID_FUNCTION(detid_attach_segment) {
  PreventCommandIfReadOnly("attach_segment()");
  const Oid table = PG_GETARG_OID(0);
  const Oid owner = OwnerOf({"_ledger"});
  const char* name = get_rel_name(table);
  if (name == nullptr || get_rel_namespace(table) != get_namespace_oid("detid", true) ||
      !IsSegmentName(name) || IsSegment(table) || OwnerOf({name}) != owner)
    Raise(Error::kNotASegment, "It is %s.",
          name != nullptr ? name : psprintf("relation %u", table));
  CloseLedgerScan(OpenLedgerScan(table));  // its columns and its key are those of one
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  Permitted([&] {
    Run(owner, psprintf("ALTER TABLE detid.%s INHERIT detid._ledger", quote_identifier(name)));
    changing_ledger = true;
    ForgetDetached(OwnerOfSeals(), name);
    changing_ledger = false;
  });
  SPI_finish();
  PG_RETURN_VOID();
}

// _segments() -> setof (segment, current, minted_from, minted_until, sealed)
DETID_FUNCTION(detid_segments) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  EntryReader* reader = OpenEntries();
  const Oid ledger = LedgerTable();
  ListCell* cell;
  foreach (cell, LedgerTables()) {
    const Oid table = lfirst_oid(cell);
    if (table != ledger && !IsSegment(table)) continue;  // claims
    const Contents contents = ContentsOf(reader, table);
    const auto add = [](Record<5>* row, int64_t us, bool known) {
      if (known)
        row->Add(TimestampDatum(us));
      else
        row->Skip();
    };
    const bool known = contents.until_us != INT64_MIN;
    Record<5> row;
    row.Add(ObjectIdGetDatum(table));
    row.Add(BoolGetDatum(table == ledger));
    add(&row, contents.from_us, known);
    add(&row, contents.until_us, known);
    row.Add(BoolGetDatum(CountUnsealed(table) == 0));
    row.Put(set);
  }
  CloseEntries(reader);
  SPI_finish();
  return Datum{0};
}

}  // namespace detid
