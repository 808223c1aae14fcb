// SPDX-License-Identifier: PostgreSQL
//
// What happens when the server loads the library.

#include "core/prf.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/claim.h"
#include "state/generator.h"
#include "state/dropped_horizon.h"
#include "state/label.h"
#include "state/ledger.h"
#include "state/namespace_secret.h"
#include "state/registrar.h"
#include "state/registration.h"
#include "state/secrets.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
  using namespace detid;
  if (!StartCrypto())
    ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("pg_detid could not start libsodium"),
                    errhint("Look whether the system's random source can be read.")));
  const bool preloading = process_shared_preload_libraries_in_progress;
  settings::Define(preloading);
  if (preloading) {
    RequestSharedMemory();
    RegisterRegistrars();
  }
  RegisterLabelProvider();
  WatchGenerators();
  WatchSecrets();
  WatchNamespaces();
  WatchClaims();
  WatchDroppedHorizon();
  WatchTransactions();
  WatchRegistration();
}
