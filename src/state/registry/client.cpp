// SPDX-License-Identifier: PostgreSQL

#include "state/registry/client.h"

#include <algorithm>

#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/registry/foretell.h"
#include "state/registry/heartbeat.h"
#include "state/registry/server.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
PGDLLEXPORT void detid_registry_client_main(Datum index);
}

namespace detid {
namespace {

constexpr int kRestartSeconds = 5;
constexpr int64_t kAnewUs = 60000000;

RegistryClient client;
bool reloaded = false;  // the configuration, since this process began

// The name of the database with this place in the list; null if there is none.
const char* DatabaseOf(int index) {
  List* names = NIL;
  if (!SplitGUCList(pstrdup(settings::registered_databases), ',', &names)) return nullptr;
  return index < list_length(names) ? static_cast<const char*>(list_nth(names, index)) : nullptr;
}

// However this process ends, it is no user of the record any more, and another one may be.
void LeaveDatabase(int, Datum) {
  if (client.database != nullptr) Detach(client.database);
  client.database = nullptr;
}

// What is set for the database is read as a process begins: so another one does, if it may have
// been set right since.
void StartAnew() {
  ereport(LOG, (errmsg("the registry client starts again, to read what is set for its database")));
  proc_exit(1);
}

// Returns how long to wait for the next heartbeat.
int64_t Step(int64_t began_us) {
  if (client.database == nullptr) client.database = AttachDatabase(MyDatabaseId);
  client.database->registry_client.store(MyLatch, std::memory_order_release);
  client.database->wake.store(0, std::memory_order_relaxed);  // whatever it was, it is read now
  const bool standby = RecoveryInProgress();
  if (client.standby && !standby) {
    TellTrouble(client.database, nullptr);  // what a standby was told
    client = {client.database_name, client.database};
  }
  client.standby = standby;
  const NextHeartbeat next = standby ? ForetellOnce(&client) : HeartbeatOnce(&client);
  if (next.misset && (reloaded || BootUs() - began_us >= kAnewUs)) StartAnew();
  return next.wait_ms;
}

// Until it is time for the next heartbeat, or somebody asks for one. Latches are set for many
// reasons.
void Rest(int64_t ms) {
  constexpr int64_t kMostOfStandbyMs = 200;
  const int64_t until_us = BootUs() + ms * 1000;
  const bool standby = RecoveryInProgress();
  for (;;) {
    if (standby && !RecoveryInProgress()) return;  // it was promoted: nobody says so
    const bool woken = client.database != nullptr &&
                       client.database->wake.exchange(0, std::memory_order_acquire) != 0;
    const int64_t left_ms = woken ? 0 : (until_us - BootUs() + 999) / 1000;
    if (left_ms > 0)
      WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                static_cast<long>(standby ? std::min(left_ms, kMostOfStandbyMs) : left_ms),
                PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (EndAsked()) return;
    const bool reload = ConfigReloadPending;
    if (reload) {
      ConfigReloadPending = false;
      reloaded = true;
      ProcessConfigFile(PGC_SIGHUP);
    }
    if (left_ms <= 0 || reload) return;
  }
}

// As any process does on SIGTERM; with the server, the registry is told before.
[[noreturn]] void End() {
  ForgetEnd();
  if (client.database != nullptr && !RecoveryInProgress() && ServerStops()) SayStopped(&client);
  ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
                  errmsg("terminating background worker \"%s\" due to administrator command",
                         MyBgworkerEntry->bgw_type)));
  pg_unreachable();
}

}  // namespace

void RegisterRegistryClients() {
  if (!settings::registers()) return;
  for (int i = 0; const char* name = DatabaseOf(i); i++) {
    bool again = false;  // two would take each other for a copy
    for (int j = 0; j < i; j++) again |= strcmp(DatabaseOf(j), name) == 0;
    if (again) continue;
    BackgroundWorker worker = {};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_ConsistentState;
    worker.bgw_restart_time = kRestartSeconds;
    strlcpy(worker.bgw_library_name, "pg_detid", sizeof worker.bgw_library_name);
    strlcpy(worker.bgw_function_name, "detid_registry_client_main",
            sizeof worker.bgw_function_name);
    snprintf(worker.bgw_name, sizeof worker.bgw_name, "pg_detid registry client of %s", name);
    strlcpy(worker.bgw_type, "pg_detid registry client", sizeof worker.bgw_type);
    worker.bgw_main_arg = Int32GetDatum(i);
    RegisterBackgroundWorker(&worker);
  }
}

}  // namespace detid

void detid_registry_client_main(Datum index) {
  using namespace detid;
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  before_shmem_exit(LeaveDatabase, Datum{0});
  const int64_t began_us = BootUs();
  client.database_name = MemoryContextStrdup(TopMemoryContext, DatabaseOf(DatumGetInt32(index)));
  BackgroundWorkerInitializeConnection(client.database_name, nullptr, 0);
  SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
  // Nor does what is set for the database's clients keep it from storing a fence; that may be a
  // role, too, which RunAsOwner does not use.
  if (GetConfigOption("transaction_timeout", true, false) != nullptr)
    SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
  SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
  SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
  // A node's own standby is no reason to be late: what it lags behind, the registry knows.
  SetConfigOption("synchronous_commit", "local", PGC_SUSET, PGC_S_OVERRIDE);
  EndWhenAsked();
  while (!EndAsked()) {
    const int64_t ms = Step(began_us);
    pgstat_report_stat(false);
    Rest(ms);
  }
  End();
}
