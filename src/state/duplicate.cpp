// SPDX-License-Identifier: PostgreSQL

#include "state/duplicate.h"

#include <algorithm>

#include "core/duplicate.h"
#include "core/compose.h"
#include "core/instant.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/horizon_row.h"
#include "state/context_table.h"
#include "state/ledger_table.h"
#include "state/segments.h"
#include "state/settings.h"

extern "C" {
#include "catalog/pg_inherits.h"
}

namespace detid {
namespace {

// What two rows of one minting have in common besides their key, and two mintings have not. The
// digest is of the ids, and of who minted them.
constexpr LedgerColumn kSame[] = {kLedgerCount, kLedgerXact, kLedgerContext, kLedgerDigest};

Datum ColumnOf(HeapTuple row, TupleDesc descriptor, LedgerColumn column) {
  bool null = false;
  const Datum value = heap_getattr(row, column, descriptor, &null);
  return null ? Datum{0} : value;
}

// What the table has under the row's key, with this position, as it is now. A row of a transaction
// that has not ended is waited for, as a unique index does: one that comes back may be faster than
// its own commit.
Known LookUp(Relation table, HeapTuple row, int64_t position) {
  list_free(RelationGetIndexList(table));
  if (!OidIsValid(table->rd_pkindex)) return Known::kNothing;
  const TupleDesc descriptor = RelationGetDescr(table);
  for (;;) {
    ScanKeyData key[4];
    ScanKeyInit(&key[0], kLedgerDefinition, BTEqualStrategyNumber, F_INT8EQ,
                ColumnOf(row, descriptor, kLedgerDefinition));
    ScanKeyInit(&key[1], kLedgerNode, BTEqualStrategyNumber, F_INT4EQ,
                ColumnOf(row, descriptor, kLedgerNode));
    ScanKeyInit(&key[2], kLedgerWorker, BTEqualStrategyNumber, F_INT4EQ,
                ColumnOf(row, descriptor, kLedgerWorker));
    ScanKeyInit(&key[3], kLedgerPosition, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(position));
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    const SysScanDesc scan = systable_beginscan(table, table->rd_pkindex, true, &dirty, 4, key);
    Known known = Known::kNothing;
    TransactionId writer = InvalidTransactionId;
    if (const HeapTuple found = systable_getnext(scan); HeapTupleIsValid(found)) {
      writer = dirty.xmin;
      known = Known::kSame;
      for (const LedgerColumn column : kSame)
        if (ColumnOf(found, descriptor, column) != ColumnOf(row, descriptor, column))
          known = Known::kOther;
    }
    systable_endscan(scan);
    if (!TransactionIdIsValid(writer)) return known;
    XactLockTableWait(writer, table, nullptr, XLTW_None);
    CHECK_FOR_INTERRUPTS();
  }
}

// The same, of the ledger with its segments, where rows do not change any more.
Known LookUpAll(Relation table, HeapTuple row, int64_t position) {
  Known known = LookUp(table, row, position);
  if (RelationGetRelid(table) != LedgerTable() || !has_subclass(RelationGetRelid(table)))
    return known;
  List* children = find_inheritance_children(RelationGetRelid(table), AccessShareLock);
  ListCell* cell;
  foreach (cell, children) {
    if (known != Known::kNothing) break;
    if (!IsSegment(lfirst_oid(cell))) continue;
    const Relation segment = table_open(lfirst_oid(cell), NoLock);
    if (HasColumns(segment, kLedgerTypes, kLedgerColumns)) known = LookUp(segment, row, position);
    table_close(segment, NoLock);
  }
  list_free(children);
  return known;
}

// When the row's first id was minted: its context says what positions of the definition mean. 0,
// the past, if the table has no such context, or none that can be read: then the row proves
// nothing.
int64_t MintedUs(uint64_t context, int64_t position) {
  LedgerContext c;
  if (!FindContext(context, &c)) return 0;
  const Result<Layout> layout = ParseLayout(c.layout);
  int64_t us = 0;
  if (!layout.ok() ||
      !TimeOfTick(layout.value, c.epoch.us, position >> layout.value.sequence_bits(), &us))
    return 0;
  return us;
}

OwnNumber OwnNumberOf(const HorizonRecord& record) {
  if (shared == nullptr) return {};
  OwnNumber own = {record.origin.node, record.since_us, record.pruned_us};
  if (!settings::registers()) return own;
  const Interval interval = LookAtDatabase(MyDatabaseId).interval;
  own.node = interval.limit_us != 0 ? interval.node : -1;
  own.since_us = std::max(own.since_us, interval.start_us);
  return own;
}

void Stop() {
  Database* database = AttachDatabase(MyDatabaseId);
  database->fence.Set(Fence::kDuplicate);
  Detach(database);
}

constexpr int64_t kLogEveryUs = 60000000;

void Log(const HorizonRecord& record, const ArrivedRow& row, int64_t entry, bool stops) {
  static int64_t logged_us = 0;
  const int64_t now_us = BootUs();
  if (!stops && logged_us != 0 && now_us - logged_us < kLogEveryUs) return;
  logged_us = now_us;
  char minted[kMaxInstantText];
  FormatInstant(row.minted_us, minted, sizeof minted);
  ereport(
      LOG,
      (errcode(stops ? kSqlStateFenced : kSqlStateDuplicate),
       errmsg("another server mints under the number %d of this node%s", row.node,
              stops ? ": minting stops here" : ""),
       errdetail(
           "Replication brought entry %lld of detid.ledger, minted at %s, which this database "
           "did not mint. That has happened %lld times.",
           static_cast<long long>(entry), minted, static_cast<long long>(record.duplicates.rows)),
       errhint("SELECT * FROM detid.check(); says what to do.")));
}

void Remember(const ArrivedRow& row, int64_t entry) {
  const Oid oid = FindHorizonRelation();
  const Relation relation = relation_open(oid, RowExclusiveLock);
  HorizonRecord record;
  bool stops = false;
  const Written written = ChangeHorizonRow(relation, [&](HorizonRecord* r) {
    Duplicates& d = r->duplicates;
    d.last_us = SystemUs();
    if (d.rows++ == 0) d.first_us = d.last_us;
    d.entry = entry;
    d.node = row.node;
    stops = !d.stopped && settings::on_duplicate == settings::kStop;
    d.stopped |= stops;
    record = *r;
    return true;
  });
  relation_close(relation, RowExclusiveLock);
  if (stops) {
    XLogFlush(written.lsn);
    Stop();
  } else {
    XLogSetAsyncXactLSN(written.lsn);
  }
  Log(record, row, entry, stops);
}

}  // namespace

HeapTuple ArrivedRowOf(Relation table, HeapTuple row) {
  const TupleDesc descriptor = RelationGetDescr(table);
  if (!HasColumns(table, kLedgerTypes, kLedgerColumns)) return row;
  const int64_t entry = DatumGetInt64(ColumnOf(row, descriptor, kLedgerPosition));
  const int64_t position = entry >= 0 ? entry : AsideOf(entry);
  const uint64_t context =
      static_cast<uint64_t>(DatumGetInt64(ColumnOf(row, descriptor, kLedgerContext)));
  const ArrivedRow arrived = {DatumGetInt32(ColumnOf(row, descriptor, kLedgerNode)),
                              MintedUs(context, position),
                              DatumGetInt32(ColumnOf(row, descriptor, kLedgerWorker)) < kNoWorker};
  HorizonRecord record;
  const OwnNumber own = ReadHorizon(&record) ? OwnNumberOf(record) : OwnNumber{};
  const Known known = LookUpAll(table, row, entry);
  const Arrival arrival = Judge(arrived, known, own);
  if (known == Known::kOther) {
    const Known aside = LookUpAll(table, row, AsideOf(entry));
    if (aside == Known::kSame) return nullptr;
    if (arrival.proof) Remember(arrived, entry);
    if (aside == Known::kOther) {
      ereport(LOG, (errcode(kSqlStateDuplicate),
                    errmsg("a third row of detid.ledger has the node %d and the entry %lld",
                           arrived.node, static_cast<long long>(entry)),
                    errdetail("It was not stored here; the server that sent it has it.")));
      return nullptr;
    }
    int column = kLedgerPosition;
    Datum value = Int64GetDatum(AsideOf(entry));
    bool null = false;
    return heap_modify_tuple_by_cols(row, descriptor, 1, &column, &value, &null);
  }
  if (arrival.proof) Remember(arrived, entry);
  return arrival.keep == Keep::kNot ? nullptr : row;
}

Refusal DuplicateRule() {
  HorizonRecord record;
  if (!ReadHorizon(&record) || !record.duplicates.stopped) return {};
  Refusal r = Refuse(Error::kFenced, "%s.", Describe(record));
  r.detail[0] = 'A';  // as a sentence begins
  r.hint =
      "Give this server or the other one another detid.node_id, then: SELECT "
      "detid.accept_copy();";
  return r;
}

void KnowDuplicates(Database* database) {
  HorizonRecord record;
  if (ReadHorizon(&record) && record.duplicates.stopped) database->fence.Set(Fence::kDuplicate);
}

void EndDuplicates() {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  const Written written = ChangeHorizonRow(relation, [](HorizonRecord* r) {
    // Rows that the other minted until now may still be on their way.
    if (r->duplicates.rows != 0) r->since_us = std::max(r->since_us, r->horizon_us);
    r->duplicates = {};
    return true;
  });
  relation_close(relation, RowExclusiveLock);
  XLogFlush(written.lsn);
  Database* database = AttachDatabase(MyDatabaseId);
  database->fence.End(Fence::kDuplicate);
  Detach(database);
}

const char* Describe(const HorizonRecord& r) {
  const Duplicates& d = r.duplicates;
  if (d.rows == 0) return "no ledger row of another server came under this node's number";
  char first[kMaxInstantText], last[kMaxInstantText];
  FormatInstant(d.first_us, first, sizeof first);
  FormatInstant(d.last_us, last, sizeof last);
  return psprintf(
      "another server mints under number %d: since %s replication brought %lld ledger "
      "rows that this database did not mint, the last one, entry %lld, at %s",
      d.node, first, static_cast<long long>(d.rows), static_cast<long long>(d.entry), last);
}

void NotePruned(int64_t before_us) {
  const Relation relation = relation_open(HorizonRelation(), RowExclusiveLock);
  ChangeHorizonRow(relation, [&](HorizonRecord* r) {
    if (r->pruned_us >= before_us) return false;
    r->pruned_us = before_us;
    return true;
  });
  relation_close(relation, RowExclusiveLock);
}

}  // namespace detid
