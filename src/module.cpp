// SPDX-License-Identifier: PostgreSQL
//
// The composition root: what the server calls, and which rooms hear of it. A server has few places
// for callbacks, and other libraries need theirs (PostgreSQL has ten for the relation cache, and
// takes some of them itself). So the library takes one of each kind, here and nowhere else
// (scripts/layers checks), and tells its rooms by plain functions. Hooks call the one that was
// there before them.
//
// docs/architecture.md lists what is taken of everything that is scarce.

#include "core/prf.h"
#include "fn/patience.h"
#include "fn/sealer.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/claim.h"
#include "state/clock.h"
#include "state/context_table.h"
#include "state/databases.h"
#include "state/definitions.h"
#include "state/dropped_horizon.h"
#include "state/guard.h"
#include "state/label.h"
#include "state/ledger.h"
#include "state/ledger_context.h"
#include "state/minter.h"
#include "state/namespace_secret.h"
#include "state/registry/client.h"
#include "state/registry/registration.h"
#include "state/salt.h"
#include "state/secrets.h"
#include "state/segments.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "catalog/pg_database.h"

PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

extern "C" {
#include "tcop/utility.h"
}

namespace detid {
namespace {

// InvalidOid: any relation may have changed.
void OnRelationChange(Datum, Oid relation) {
  definitions::OnRelationChange(relation);  // before minters, which are made from them
  minters::OnRelationChange(relation);
  secrets::OnRelationChange(relation);
  namespaces::OnRelationChange(relation);
  claims::OnRelationChange(relation);
  contexts::OnRelationChange(relation);
  segments::OnRelationChange(relation);
}

// A role was altered, or a membership: privileges that were checked are to be checked again.
void OnRoleChange(Datum, int, uint32) {
  minters::OnRoleChange();
  secrets::OnRoleChange();
}

// The registration first: it may refuse to prepare, and what minted is written after that.
void OnTransaction(XactEvent event, void*) {
  patience::OnTransaction(event);
  registration::OnTransaction(event);
  ledger::OnTransaction(event);
  contexts::OnTransaction(event);
  if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) return;
  definitions::OnTransactionEnd();
  minters::OnTransactionEnd();
  secrets::OnTransactionEnd();
  ledger_context::OnTransactionEnd();
}

void OnSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void*) {
  ledger::OnSubtransaction(event, mine, parent);
  if (event == SUBXACT_EVENT_ABORT_SUB) contexts::OnSubtransactionAbort();
}

object_access_hook_type previous_access = nullptr;
ProcessUtility_hook_type previous_utility = nullptr;
shmem_request_hook_type previous_request = nullptr;
shmem_startup_hook_type previous_startup = nullptr;

void OnAccess(ObjectAccessType access, Oid type, Oid object, int part, void* argument) {
  if (previous_access != nullptr) previous_access(access, type, object, part, argument);
  if (access == OAT_POST_CREATE && type == DatabaseRelationId) NoteMadeDatabase(object);
  if (type != RelationRelationId || part != 0) return;
  if (access == OAT_DROP) {
    OnRelationDrop(object);
    salts::OnRelationDrop(object);
  } else if (access == OAT_POST_ALTER) {
    salts::OnRelationAlter(object);
  }
}

void OnUtility(PlannedStmt* statement, const char* text, bool read_only_tree,
               ProcessUtilityContext context, ParamListInfo parameters,
               QueryEnvironment* environment, DestReceiver* receiver, QueryCompletion* completion) {
  guard::OnUtility(statement->utilityStmt);
  const auto next = previous_utility != nullptr ? previous_utility : standard_ProcessUtility;
  next(statement, text, read_only_tree, context, parameters, environment, receiver, completion);
}

void OnRequest() {
  if (previous_request != nullptr) previous_request();
  RequestSharedMemory();
}

void OnStartup() {
  if (previous_startup != nullptr) previous_startup();
  if (StartSharedMemory()) StartNodeClock();
}

void Watch() {
  CacheRegisterRelcacheCallback(OnRelationChange, 0);
  CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, OnRoleChange, 0);
  CacheRegisterSyscacheCallback(AUTHOID, OnRoleChange, 0);
  RegisterXactCallback(OnTransaction, nullptr);
  RegisterSubXactCallback(OnSubtransaction, nullptr);
  previous_access = object_access_hook;
  object_access_hook = OnAccess;
  previous_utility = ProcessUtility_hook;
  ProcessUtility_hook = OnUtility;
}

void WatchServerStart() {
  previous_request = shmem_request_hook;
  shmem_request_hook = OnRequest;
  previous_startup = shmem_startup_hook;
  shmem_startup_hook = OnStartup;
}

}  // namespace
}  // namespace detid

void _PG_init(void) {
  using namespace detid;
  if (!StartCrypto())
    ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("pg_detid could not start libsodium"),
                    errhint("Look whether the system's random source can be read.")));
  const bool preloading = process_shared_preload_libraries_in_progress;
  settings::on_change = ForgetMinters;
  settings::Define(preloading);
  if (preloading) {
    WatchServerStart();
    RegisterRegistryClients();
    RegisterSealer();
  }
  RegisterLabelProvider();
  Watch();
}
