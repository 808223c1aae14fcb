// SPDX-License-Identifier: PostgreSQL
//
// _check: what an operator should mend, as far as it takes more than SQL to see.

#include <algorithm>

#include "core/instant.h"
#include "core/registry_text.h"
#include "fn/prefixes.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/dropped_horizon.h"
#include "state/generator.h"
#include "state/horizon.h"
#include "state/horizon_row.h"
#include "state/registration.h"
#include "state/seed.h"
#include "state/settings.h"
#include "state/shared.h"
#include "state/witness.h"

namespace detid {
namespace {

void Put(ReturnSetInfo* set, const char* check, bool ok, const char* detail, const char* hint) {
  Record<4> row;
  row.AddText(check);
  row.Add(BoolGetDatum(ok));
  row.AddText(detail);
  if (!ok)
    row.AddText(hint);
  else
    row.Skip();
  row.Put(set);
}

void CheckPreload(ReturnSetInfo* set) {
  Put(set, "preloaded", shared != nullptr,
      shared != nullptr ? "pg_detid is in shared_preload_libraries"
                        : "pg_detid is not in shared_preload_libraries: nothing can be minted",
      "ALTER SYSTEM SET shared_preload_libraries = 'pg_detid'; then restart the server.");
}

void CheckNodeId(ReturnSetInfo* set) {
  if (settings::registers()) return;
  const bool ok = settings::node_id >= 0;
  Put(set, "node_id", ok,
      ok ? psprintf("detid.node_id is %d", settings::node_id) : "detid.node_id is not set",
      "ALTER SYSTEM SET detid.node_id = 1; SELECT pg_reload_conf();");
}

// What stops minting, or will.
void CheckRegistry(ReturnSetInfo* set) {
  StoredRegistration stored;
  ReadRegistration(&stored);
  if (const Reason why = StoppedBy(stored); why != Reason::kNone) {
    Put(set, "fence", false, psprintf("this node is fenced: %s", Explain(why)), AdviceOn(why));
    return;
  }
  // A standby asks nobody.
  if (!settings::registers() || shared == nullptr || RecoveryInProgress()) return;
  if (!IsListed()) {
    Put(set, "registry", false, MessageOf(Error::kNotRegistered), HintOf(Error::kNotRegistered));
    return;
  }
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  const bool ok = state.interval.limit_us > NodeTimeUs() && state.trouble[0] == '\0';
  Put(set, "registry", ok,
      ok ? psprintf("the registry knows this node as %s, under number %d", stored.path,
                    state.interval.node)
         : TroubleOf(state),
      state.has_registrar
          ? "See the server's log, and detid.nodes on the coordinator."
          : "ALTER SYSTEM SET max_worker_processes = 16; then restart the server. It logs what "
            "else keeps processes from starting.");
}

void CheckClock(ReturnSetInfo* set) {
  const int64_t ahead_ms = (NodeTimeUs() - SystemUs()) / 1000;
  const bool ok = shared->counters.disbelieved.load() == 0;
  Put(set, "clock", ok,
      psprintf("node time is %lld ms ahead of the system clock%s", static_cast<long long>(ahead_ms),
               shared->clock.slewing() ? " and slews back to it" : ""),
      "The system clock is not believed: set it right. If it is right: SELECT "
      "detid.accept_clock();");
}

const char* Explain(const Origin& origin) {
  switch (origin.move) {
    case Move::kNone:
      break;
    case Move::kPromoted:
      return "the server was promoted, or recovered to a point in time";
    case Move::kServerCopied:
      return "the ids here were minted in another server or data directory at first";
    case Move::kDatabaseCopied:
      return "the ids here were minted in another database of this server at first";
    case Move::kRestored:
      return "the ids here were restored from the dump of another database";
  }
  return "this database minted its own ids";
}

void CheckHorizon(ReturnSetInfo* set) {
  HorizonRecord record;
  const bool found = ReadHorizon(&record);
  const int64_t clock_us = shared != nullptr ? NodeTimeUs() : SystemUs();
  const int64_t ahead = record.horizon_us - clock_us;
  const bool ok = found && ahead <= settings::max_clock_step_us() + settings::horizon_window_us();
  char text[kMaxInstantText] = "";
  FormatInstant(record.horizon_us, text, sizeof text);
  Put(set, "horizon", ok,
      !found                   ? "the horizon cannot be read"
      : record.horizon_us == 0 ? "nothing was minted in this database yet"
                               : psprintf("ids were minted up to %s at the most", text),
      found ? "It is far ahead of the system clock: set the system clock right. If it is right: "
              "SELECT detid.accept_clock();"
            : "Somebody has changed detid._horizon: restore it from a backup.");
  if (!found || RecoveryInProgress()) return;
  const Origin origin = OriginOf(record, WitnessHere());
  if (settings::registers()) return;  // it knows copies
  Put(set, "copy", !origin.suspected, Explain(origin),
      "If the original still mints, give this one a node id of its own: ALTER DATABASE mydb SET "
      "detid.node_id = 2; If it does not: SELECT detid.accept_copy();");
}

void CheckSeed(ReturnSetInfo* set) {
  Seed seed;
  Commitment commitment;
  const bool ok = CurrentSeed(&seed, &commitment);
  explicit_bzero(&seed, sizeof seed);
  Put(set, "seed", ok, ok ? "the seed of random fields is at hand" : "detid._seed is empty",
      "Restore detid._seed from a backup, or SELECT detid.rotate_seed();");
}

void CheckMasks(ReturnSetInfo* set) {
  int masked = 0, missing = 0;
  EachGenerator([&](Oid, const Definition& d) {
    Seed seed;
    masked += d.has_mask;
    missing += d.has_mask && !FindSeed(d.mask, &seed);
    explicit_bzero(&seed, sizeof seed);
    return true;
  });
  Put(set, "masks", missing == 0,
      psprintf("%d generators are masked; of %d of them the seed is not at hand", masked, missing),
      "SELECT detid.import_seed(...), with what detid.export_seed(...) returns where the mask was "
      "set.");
}

// Only where there is a topology: others number their nodes as they like.
void CheckTopology(ReturnSetInfo* set) {
  bool defined = false;
  const int32_t node = NodeNumber();
  if (settings::registers()) return;  // which knows
  const char* path = node < 0 ? nullptr : PathOfNode(node, &defined);
  if (!defined) return;
  Put(set, "topology", path != nullptr,
      path != nullptr ? psprintf("detid.node_id %d is %s", node, path)
                      : psprintf("detid.node_id %d is in no prefix of the topology", node),
      "SELECT detid.assign_prefix('eu/prod-a/db1', 'owner'); and set detid.node_id to the number "
      "that it returns.");
}

void CheckRoom(ReturnSetInfo* set) {
  const int used = CountShards();
  const bool ok = used <= settings::max_generators * 9 / 10;
  Put(set, "generators", ok,
      psprintf("%d of detid.max_generators = %d are in memory", used, settings::max_generators),
      "ALTER SYSTEM SET detid.max_generators = 4096; then restart the server.");
}

void CheckManualClock(ReturnSetInfo* set) {
  Put(set, "manual_clock", !settings::allow_manual_clock,
      settings::allow_manual_clock ? "sessions may pin the clock, and so mint ids twice"
                                   : "sessions cannot pin the clock",
      "ALTER SYSTEM RESET detid.allow_manual_clock; then restart the server.");
}

}  // namespace

DETID_FUNCTION(detid_check) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  CheckPreload(set);
  CheckNodeId(set);
  CheckRegistry(set);
  CheckHorizon(set);
  CheckSeed(set);
  CheckMasks(set);
  CheckTopology(set);
  if (shared == nullptr) return Datum{0};
  CheckClock(set);
  CheckRoom(set);
  CheckManualClock(set);
  return Datum{0};
}

// _first_horizon(generators boolean) -> detid._horizon, for the install script.
DETID_FUNCTION(detid_first_horizon) {
  return HeapTupleGetDatum(
      HorizonTupleOf(FirstHorizon(PG_GETARG_BOOL(0)), ResultDescriptor(fcinfo)));
}

// Trigger on detid._horizon, BEFORE INSERT FOR EACH ROW: what a dump brings is merged, never
// inserted; what logical replication brings from another node is passed over.
DETID_FUNCTION(detid_merge_horizon) {
  if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "not called by trigger manager");
  const TriggerData* trigger = reinterpret_cast<const TriggerData*>(fcinfo->context);
  if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
    MergeHorizon(HorizonRecordOf(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation)));
  PG_RETURN_POINTER(nullptr);
}

}  // namespace detid
