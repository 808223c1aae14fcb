// SPDX-License-Identifier: PostgreSQL
//
// prune_ledger: otherwise the ledger is append-only.

#include <algorithm>

#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/duplicate.h"
#include "state/ledger_table.h"

namespace detid {
namespace {

constexpr char kPrune[] = "DELETE FROM ONLY detid.ledger WHERE minted_at < $1";
constexpr char kPruneSome[] =
    "DELETE FROM ONLY detid.ledger WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY detid.ledger "
    "WHERE minted_at < $1 LIMIT $2))";

}  // namespace

// prune_ledger(before timestamptz, max_rows bigint) -> bigint. Runs as the ledger's owner; who
// may call it is decided by EXECUTE.
DETID_FUNCTION(detid_prune_ledger) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const TimestampTz before = PG_GETARG_TIMESTAMPTZ(0);
  if (TIMESTAMP_NOT_FINITE(before)) Raise(Error::kArgumentInvalid, "The time is infinite.");
  const bool some = !PG_ARGISNULL(1);
  const int64 most = some ? PG_GETARG_INT64(1) : 0;
  if (some && most < 1)
    Raise(Error::kArgumentInvalid, "max_rows is %lld; it is 1 at the least.",
          static_cast<long long>(most));
  Oid types[] = {TIMESTAMPTZOID, INT8OID};
  Datum values[] = {TimestampTzGetDatum(before), Int64GetDatum(most)};
  volatile uint64 removed = 0;
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
    pruning_ledger = true;
    const OwnerScope scope = Become(owner);
    const int result = SPI_execute_with_args(some ? kPruneSome : kPrune, some ? 2 : 1, types,
                                             values, nullptr, false, 0);
    if (result != SPI_OK_DELETE) elog(ERROR, "SPI_execute failed: %d", result);
    removed = SPI_processed;
    Leave(scope);
  }
  PG_FINALLY();
  { pruning_ledger = false; }
  PG_END_TRY();
  SPI_finish();
  PG_RETURN_INT64(static_cast<int64>(removed));
}

}  // namespace detid
