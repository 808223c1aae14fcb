// SPDX-License-Identifier: PostgreSQL
//
// The triggers on the extension's own tables. They refuse what would change what is kept, pass over
// what logical replication brings from another node (a trigger of replicas, or one that is always
// enabled), and take in what a dump or another node may bring.

#include "pg/errors.h"
#include "pg/pg.h"
#include "state/claim.h"
#include "state/duplicate.h"
#include "state/horizon.h"
#include "state/horizon_row.h"
#include "state/context_table.h"
#include "state/ledger_table.h"
#include "state/salt.h"

extern "C" {
#include "replication/logicalworker.h"
}

namespace detid {
namespace {

// Errors: it is called by something else.
const TriggerData& CalledAsTrigger(FunctionCallInfo fcinfo) {
  if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "not called by trigger manager");
  return *reinterpret_cast<const TriggerData*>(fcinfo->context);
}

// BEFORE a row: it is left as it is, or not stored. A statement, or AFTER: nothing is said.
Datum PassOver() {
  return PointerGetDatum(nullptr);
}

// BEFORE a row: the change goes on as it is.
Datum GoOn(const TriggerData& t) {
  return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(t.tg_event) ? t.tg_newtuple : t.tg_trigtuple);
}

// Whether this session applies what another node sends, or does as if.
bool IsReplica() {
  return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
}

const char* TableOf(const TriggerData& t) {
  return RelationGetRelationName(t.tg_relation);
}

[[noreturn]] void RaiseRefused(const TriggerData& t, Error error) {
  const char* what = TRIGGER_FIRED_BY_INSERT(t.tg_event)     ? "INSERT"
                     : TRIGGER_FIRED_BY_UPDATE(t.tg_event)   ? "UPDATE"
                     : TRIGGER_FIRED_BY_TRUNCATE(t.tg_event) ? "TRUNCATE"
                                                             : "DELETE";
  Raise(error, "%s on detid.%s was refused.", what, TableOf(t));
}

// A TRUNCATE cannot be passed over.
void RefuseTruncateFromElsewhere(const TriggerData& t) {
  if (TRIGGER_FIRED_BY_TRUNCATE(t.tg_event) && IsLogicalWorker())
    RaiseRefused(t, Error::kTruncateFromElsewhere);
}

// Why nobody changes a table's rows.
Error ReasonToKeep(const char* table) {
  if (strncmp(table, "_ledger", strlen("_ledger")) == 0 || strcmp(table, "_contexts") == 0)
    return Error::kLedgerAppendOnly;
  if (strcmp(table, "claims") == 0) return Error::kClaimsKept;
  for (const char* seals : {"_seals", "_detached", "checkpoints", "seal_keys"})
    if (strcmp(table, seals) == 0) return Error::kSealsKept;
  if (strcmp(table, "_salt") == 0) return Error::kSaltsProtected;
  const bool secret = strcmp(table, "_seed") == 0 || strcmp(table, "_namespace") == 0 ||
                      strcmp(table, "_seal_key") == 0;
  return secret ? Error::kTruncateReplicates : Error::kHorizonProtected;
}

}  // namespace

// On the ledger, claims, the horizon, salts and secrets: refuses what would change them. For rows,
// it is a trigger of replicas, and passes over.
DETID_FUNCTION(detid_refuse_change) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  RefuseTruncateFromElsewhere(t);
  if (TRIGGER_FIRED_FOR_ROW(t.tg_event) && IsReplica())
    return changing_ledger ? GoOn(t) : PassOver();
  if (changing_ledger && !TRIGGER_FIRED_BY_TRUNCATE(t.tg_event)) return PassOver();
  RaiseRefused(t, ReasonToKeep(TableOf(t)));
}

// On topology and prefixes, on the registry's tables and the registration, for rows a trigger of
// replicas: what logical replication brings from another database is passed over, as levels of two
// topologies, or prefixes of two hands, make neither. BEFORE TRUNCATE: refused, there and where it
// would come from.
DETID_FUNCTION(detid_keep_topology) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  RefuseTruncateFromElsewhere(t);
  if (TRIGGER_FIRED_BY_TRUNCATE(t.tg_event)) RaiseRefused(t, Error::kTruncateReplicates);
  return IsLogicalWorker() ? PassOver() : GoOn(t);
}

// On detid._horizon, BEFORE INSERT FOR EACH ROW: what a dump brings is merged, never inserted; what
// logical replication brings is passed over.
DETID_FUNCTION(detid_merge_horizon) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  if (!IsReplica()) MergeHorizon(HorizonRecordOf(t.tg_trigtuple, RelationGetDescr(t.tg_relation)));
  return PassOver();
}

// On detid._salt: the same.
DETID_FUNCTION(detid_merge_salt) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  if (!IsReplica()) MergeSalt(SaltRowOf(t.tg_trigtuple, RelationGetDescr(t.tg_relation)));
  return PassOver();
}

// On the ledger, BEFORE INSERT FOR EACH ROW that logical replication brings.
DETID_FUNCTION(detid_ledger_arrived) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  return PointerGetDatum(ArrivedRowOf(t.tg_relation, t.tg_trigtuple));
}

// On contexts, BEFORE INSERT FOR EACH ROW that logical replication brings.
DETID_FUNCTION(detid_context_arrived) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  return PointerGetDatum(ArrivedContext(t.tg_relation, t.tg_trigtuple));
}

// On claims: the same as on the ledger. They are another node's.
DETID_FUNCTION(detid_claim_from_elsewhere) {
  const TriggerData& t = CalledAsTrigger(fcinfo);
  const HeapTuple row = ArrivedRowOf(t.tg_relation, t.tg_trigtuple);
  return row == nullptr ? PassOver() : PointerGetDatum(ClaimFromElsewhere(t.tg_relation, row));
}

// On detid._seed and detid._namespace, after any change: sessions that hold keys of the table read
// it again.
DETID_FUNCTION(detid_seed_changed) {
  CacheInvalidateRelcache(CalledAsTrigger(fcinfo).tg_relation);
  return PassOver();
}

}  // namespace detid
