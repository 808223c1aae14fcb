// SPDX-License-Identifier: PostgreSQL
//
// prune_ledger: otherwise the ledger is append-only.

#include <algorithm>

#include "fn/entry_scan.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/duplicate.h"
#include "state/ledger_table.h"
#include "state/segments.h"

namespace detid {
namespace {

// Of one stream, those that begin before a position; those that are kept aside have negative ones.
constexpr char kPrune[] =
    "DELETE FROM ONLY detid.%1$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY detid.%1$s WHERE "
    "node = $1 AND definition = $2 AND worker = $3 AND (position >= 0 AND position < $4 OR "
    "position "
    "< 0 AND position >= -$4) LIMIT $5))";

// Deletes up to `most` rows of the stream, as the table's owner; how many.
int64_t Prune(SPIPlanPtr plan, Oid owner, const Stream& stream, int64_t until, int64_t most) {
  Datum values[] = {Int32GetDatum(stream.node),
                    Int64GetDatum(static_cast<int64_t>(stream.definition)),
                    Int32GetDatum(stream.worker), Int64GetDatum(until), Int64GetDatum(most)};
  const OwnerScope scope = Become(owner);
  const int result = SPI_execute_plan(plan, values, nullptr, false, 0);
  Leave(scope);
  if (result != SPI_OK_DELETE) elog(ERROR, "SPI_execute_plan failed: %d", result);
  return static_cast<int64_t>(SPI_processed);
}

// Rows are deleted in parts of so many, lest one statement has to hold all of them in memory.
constexpr int64_t kPart = 100000;

int64_t PruneTable(Oid table, Oid owner, TimestampTz before, int64_t most) {
  Oid types[] = {INT4OID, INT8OID, INT4OID, INT8OID, INT8OID};
  const SPIPlanPtr plan =
      SPI_prepare(psprintf(kPrune, quote_identifier(get_rel_name(table))), lengthof(types), types);
  if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %d", SPI_result);
  int64_t removed = 0;
  LedgerScan* scan = OpenLedgerScan(table);
  EntryReader* entries = OpenEntries();
  for (Stream stream; removed < most && NextStream(scan, &stream);) {
    int64_t until = 0;
    if (!PositionAtTime(entries, scan, stream, before, Tick::kFrom, &until)) continue;
    for (int64_t part = kPart; part == kPart && removed < most;) {
      part = Prune(plan, owner, stream, until, std::min(most - removed, kPart));
      removed += part;
    }
  }
  CloseEntries(entries);
  CloseLedgerScan(scan);
  return removed;
}

}  // namespace

// prune_ledger(before timestamptz, max_rows bigint) -> bigint. Runs as the ledger's owner; who
// may call it is decided by EXECUTE.
DETID_FUNCTION(detid_prune_ledger) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const TimestampTz before = PG_GETARG_TIMESTAMPTZ(0);
  if (TIMESTAMP_NOT_FINITE(before)) Raise(Error::kArgumentInvalid, "The time is infinite.");
  const int64_t most = PG_ARGISNULL(1) ? INT64_MAX : PG_GETARG_INT64(1);
  if (most < 1)
    Raise(Error::kArgumentInvalid, "max_rows is %lld; it is 1 at the least.",
          static_cast<long long>(most));
  volatile int64_t removed = 0;
  // What others mint later is not taken for pruned.
  NotePruned(std::min(before + kPostgresEpochUs, SystemUs()));
  const Oid table = LedgerTable();
  if (!OidIsValid(table)) Raise(Error::kNoExtension);
  const Relation ledger = table_open(table, RowExclusiveLock);
  const Oid owner = ledger->rd_rel->relowner;
  table_close(ledger, NoLock);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  PG_TRY();
  {
    changing_ledger = true;
    ListCell* cell;
    foreach (cell, LedgerTables())
      if (lfirst_oid(cell) == table || IsSegment(lfirst_oid(cell)))
        removed = removed + PruneTable(lfirst_oid(cell), owner, before, most - removed);
  }
  PG_FINALLY();
  { changing_ledger = false; }
  PG_END_TRY();
  SPI_finish();
  PG_RETURN_INT64(removed);
}

}  // namespace detid
