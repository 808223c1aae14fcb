// SPDX-License-Identifier: PostgreSQL

#include "fn/sealer.h"

#include "fn/seal.h"
#include "fn/seals.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/ledger_table.h"
#include "state/registry/registration.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "catalog/pg_database.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
PGDLLEXPORT void detid_sealer_main(Datum);
PGDLLEXPORT void detid_seal_main(Datum database);
}

namespace detid {
namespace {

constexpr int kRestartSeconds = 60;
constexpr int kMostDatabases = 4096;  // of a turn
constexpr int kEveryTurns = 60;       // a turn is of all databases
constexpr int64_t kPatienceUs = 30000000;

BackgroundWorker WorkerOf(const char* function, const char* type) {
  BackgroundWorker worker = {};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  strlcpy(worker.bgw_library_name, "pg_detid", sizeof worker.bgw_library_name);
  strlcpy(worker.bgw_function_name, function, sizeof worker.bgw_function_name);
  strlcpy(worker.bgw_type, type, sizeof worker.bgw_type);
  strlcpy(worker.bgw_name, type, sizeof worker.bgw_name);
  return worker;
}

// All that can be connected to, in `memory`.
List* AllDatabases(MemoryContext memory) {
  List* oids = NIL;
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
  const Relation table = table_open(DatabaseRelationId, AccessShareLock);
  const TableScanDesc scan = table_beginscan_catalog(table, 0, nullptr);
  while (const HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
    const Form_pg_database database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
    if (!database->datallowconn || database->datistemplate) continue;
    const MemoryContext before = MemoryContextSwitchTo(memory);
    oids = lappend_oid(oids, database->oid);
    MemoryContextSwitchTo(before);
  }
  table_endscan(scan);
  table_close(table, AccessShareLock);
  PopActiveSnapshot();
  CommitTransactionCommand();
  return oids;
}

List* DatabasesThatMintNow() {
  ObjectId oids[kMostDatabases];
  List* list = NIL;
  const int count = DatabasesThatMint(oids, kMostDatabases);
  for (int i = 0; i < count; i++) list = lappend_oid(list, oids[i]);
  return list;
}

// Processes that seal, at most one a database.
struct Running {
  Oid database;
  BackgroundWorkerHandle* handle;
};
constexpr int kMostRunning = 8;
Running running[kMostRunning];
int running_count = 0;

bool IsRunning(Oid database) {
  for (int i = 0; i < running_count; i++)
    if (running[i].database == database) return true;
  return false;
}

// Forgets those that have ended; whether that of the database has.
bool HasEnded(Oid database) {
  pid_t pid;
  int kept = 0;
  for (int i = 0; i < running_count; i++) {
    if (GetBackgroundWorkerPid(running[i].handle, &pid) == BGWH_STOPPED)
      pfree(running[i].handle);
    else
      running[kept++] = running[i];
  }
  running_count = kept;
  return !IsRunning(database);
}

// False if no process can be had for it now.
bool Start(Oid database) {
  BackgroundWorker worker = WorkerOf("detid_seal_main", "pg_detid sealing");
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_main_arg = ObjectIdGetDatum(database);
  worker.bgw_notify_pid = MyProcPid;
  const MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
  Running* next = &running[running_count];
  const bool had = RegisterDynamicBackgroundWorker(&worker, &next->handle);
  MemoryContextSwitchTo(before);
  if (!had) return false;
  next->database = database;
  running_count++;
  return true;
}

// Seals the database, and waits for that, but not for ever: others follow, and it is looked after
// at the next turn. False if it was not sealed.
bool Seal(Oid database) {
  static bool told = false;
  if (!HasEnded(database)) return false;  // since the last turn
  const bool had = running_count < kMostRunning && Start(database);
  if (!had && !told)
    ereport(LOG, (errmsg("the ledger is not sealed: no background process is free"),
                  errhint("ALTER SYSTEM SET max_worker_processes = 16; then restart the server.")));
  told = !had;
  if (!had) return false;
  const int64_t until_us = BootUs() + kPatienceUs;
  while (!HasEnded(database)) {
    if (BootUs() >= until_us) return false;
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
  return true;
}

// False if a database was not sealed. Those that are gone are passed over.
bool Turn(List* databases, List* all) {
  bool sealed = true;
  ListCell* cell;
  foreach (cell, databases) {
    const Oid database = lfirst_oid(cell);
    if (!list_member_oid(all, database)) continue;
    CHECK_FOR_INTERRUPTS();
    const SealState before = SealStateOf(database);
    if (Seal(database)) {
      const SealState after = SealStateOf(database);
      // One that could not even begin says nothing.
      if (before.sealed_us != after.sealed_us || before.failures != after.failures) {
        sealed &= after.failures == 0;
        continue;
      }
      if (!after.known) continue;
    }
    NoteSealed(database, -1);
    sealed = false;
  }
  return sealed;
}

void Rest() {
  const int64_t from_us = BootUs();
  for (;;) {
    const int64_t interval_us = int64_t{settings::seal_interval_s} * 1000000;
    const int64_t left_us = from_us + interval_us - BootUs();
    if (interval_us > 0 && left_us <= 0) return;
    WaitLatch(MyLatch, WL_LATCH_SET | (interval_us > 0 ? WL_TIMEOUT : 0) | WL_EXIT_ON_PM_DEATH,
              static_cast<long>(left_us / 1000 + 1), PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
  }
}

Database* database = nullptr;  // of the process that seals
bool sealed = false;           // it has

void LeaveDatabase(int, Datum) {
  if (database == nullptr) return;
  if (!sealed) NoteSealed(MyDatabaseId, -1);
  Detach(database);
  database = nullptr;
}

// Whether all that is sealed, or written for it, is the extension's: where it is not, anybody may
// make tables of these names.
bool AreOurs() {
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension)) return false;
  for (const char* name : {"_seals", "_detached", "_seal_key", "seal_keys", "checkpoints",
                           "_ledger", "_contexts", "claims", "_seed", "_horizon"}) {
    const Oid table = FindTable(name);
    if (!OidIsValid(table) || getExtensionOfObject(RelationRelationId, table) != extension)
      return false;
  }
  return true;
}

// REQUIRES: a transaction, and KeepExtension().
void SealAsOwner() {
  Oid user;
  int context;
  GetUserIdAndSecContext(&user, &context);
  LockRelationOid(FindTable("_seals"), ShareRowExclusiveLock);  // then its owner stays
  SetUserIdAndSecContext(OwnerOfSeals(),
                         SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  SealLedger();
  SPI_finish();
  SetUserIdAndSecContext(user, context);
}

}  // namespace

void RegisterSealer() {
  if (settings::seal_interval_s == 0) return;
  BackgroundWorker worker = WorkerOf("detid_sealer_main", "pg_detid sealer");
  worker.bgw_restart_time = kRestartSeconds;
  RegisterBackgroundWorker(&worker);
}

}  // namespace detid

void detid_sealer_main(Datum) {
  using namespace detid;
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  const MemoryContext memory =
      AllocSetContextCreate(TopMemoryContext, "pg_detid sealer", ALLOCSET_DEFAULT_SIZES);
  shared->sealer.store(1, std::memory_order_relaxed);
  bool every = true;
  for (int turn = 0;; turn++) {
    Rest();
    MemoryContextSwitchTo(memory);
    MemoryContextReset(memory);
    List* all = AllDatabases(memory);
    MemoryContextSwitchTo(memory);
    every |= turn % kEveryTurns == 0;
    every = !Turn(every ? all : DatabasesThatMintNow(), all);
  }
}

void detid_seal_main(Datum oid) {
  using namespace detid;
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  before_shmem_exit(LeaveDatabase, Datum{0});
  BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(oid), InvalidOid, 0);
  SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
  SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
  SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
  for (const char* timeout : {"statement_timeout", "transaction_timeout"})
    if (GetConfigOption(timeout, true, false) != nullptr)
      SetConfigOption(timeout, "0", PGC_SUSET, PGC_S_OVERRIDE);
  SetConfigOption("lock_timeout", "20s", PGC_SUSET, PGC_S_OVERRIDE);  // nobody's lock is for ever
  pgstat_report_activity(STATE_RUNNING, "sealing the ledger");
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
  KeepExtension();
  if (AreOurs()) {
    database = AttachDatabase(MyDatabaseId);
    SealAsOwner();
  }
  PopActiveSnapshot();
  CommitTransactionCommand();
  if (database != nullptr) NoteSealed(MyDatabaseId, NodeTimeUs());
  sealed = true;
}
