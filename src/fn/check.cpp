// SPDX-License-Identifier: PostgreSQL
//
// _check: what an operator should mend, as far as it takes more than SQL to see.

#include "core/instant.h"
#include "core/registry_text.h"
#include "fn/prefixes.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/dropped_horizon.h"
#include "state/duplicate.h"
#include "state/generator_catalog.h"
#include "state/horizon.h"
#include "state/horizon_row.h"
#include "state/origin.h"
#include "state/readiness.h"
#include "state/registry/registration.h"
#include "state/registry/standby.h"
#include "state/seed.h"
#include "state/settings.h"
#include "state/shards.h"

extern "C" {
#include "utils/resowner.h"
}

namespace detid {
namespace {

void Put(ReturnSetInfo* set, const char* check, bool ok, const char* detail, const char* hint) {
  Record<4> row;
  row.AddText(check);
  row.Add(BoolGetDatum(ok));
  row.AddText(detail);
  if (!ok && hint != nullptr)
    row.AddText(hint);
  else
    row.Skip();
  row.Put(set);
}

// One row: what a rule of minting says, or else `good`.
void PutRule(ReturnSetInfo* set, const char* check, const Refusal& r, const char* good) {
  if (!r.refused) return Put(set, check, true, good, nullptr);
  const char* detail = r.detail[0] != '\0' ? psprintf("%s: %s", r.message, r.detail) : r.message;
  Put(set, check, false, detail, r.hint);
}

void CheckPreload(ReturnSetInfo* set) {
  PutRule(set, "preloaded", PreloadRule(), "pg_detid is in shared_preload_libraries");
}

void CheckExtension(ReturnSetInfo* set) {
  const Refusal r = ExtensionRule();
  if (r.refused) PutRule(set, "extension", r, "");
}

void CheckNodeId(ReturnSetInfo* set) {
  if (settings::registers()) return;
  PutRule(set, "node_id", NumberRule(), psprintf("detid.node_id is %d", settings::node_id));
}

// What stops minting, or will.
void CheckRegistry(ReturnSetInfo* set) {
  if (const Refusal stopped = DuplicateRule(); stopped.refused) PutRule(set, "fence", stopped, "");
  StoredRegistration stored;
  ReadRegistration(&stored);
  const Reason why = StoppedBy(stored);
  const bool in_memory = (LookAtDatabase(MyDatabaseId).fenced & Fence::kRow) != 0;
  if (why != Reason::kNone) {
    const char* where = shared == nullptr || in_memory || RecoveryInProgress()
                            ? ""
                            : " (in detid._registration, not in memory yet)";
    Put(set, "fence", false, psprintf("this node is fenced: %s%s", Explain(why), where),
        AdviceOn(why));
    return;
  }
  if (in_memory) {
    Put(set, "fence", false, "this node is fenced in memory, and not in detid._registration",
        "If nothing keeps the registry client from that table (see pg_locks), it stores the fence "
        "and "
        "says why. If it does not: SELECT detid.unfence(); clears both.");
    return;
  }
  // Of a standby see CheckStandby.
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
      state.has_registry_client
          ? "See the server's log, and detid.nodes on the coordinator."
          : "ALTER SYSTEM SET max_worker_processes = 16; then restart the server. It logs what "
            "else keeps processes from starting.");
}

// What would stop it once it is promoted. That a number is missing is a row of its own.
void CheckStandby(ReturnSetInfo* set) {
  if (!RecoveryInProgress()) return;
  const StandbyTrouble t = LookAtStandby();
  if (t.detail[0] != '\0') return Put(set, "standby", false, t.detail, t.hint);
  const char* good = "promoted, this standby can take the place of its primary";
  if (!settings::registers() || shared == nullptr) return Put(set, "standby", true, good, nullptr);
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  const bool ok = state.foretold_us != 0 && state.trouble[0] == '\0';
  Put(set, "standby", ok,
      ok ? psprintf("%s, as the registry says", good)
         : psprintf("promoted, this standby would mint nothing. %s", TroubleOf(state)),
      "See the server's log, and detid.nodes on the coordinator.");
}

void CheckClock(ReturnSetInfo* set) {
  if (shared == nullptr) return;
  const int64_t ahead_ms = LeadUs() / 1000;
  const bool ok = shared->counters.believes();
  Put(set, "clock", ok,
      psprintf("node time is %lld ms %s the system clock%s",
               static_cast<long long>(ahead_ms < 0 ? -ahead_ms : ahead_ms),
               ahead_ms < 0 ? "behind" : "ahead of",
               shared->clock.slewing() ? " and slews back to it" : ""),
      "The system clock is not believed: set it right. If it is right: SELECT "
      "detid.accept_clock();");
}

const char* Explain(const Provenance& provenance) {
  switch (provenance.move) {
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
    case Move::kRemade:
      return "the database was made again under its oid, or moved to another tablespace";
  }
  return "this database minted its own ids";
}

void CheckHorizon(ReturnSetInfo* set) {
  if (ExtensionRule().refused) return;  // which tells it
  HorizonRecord record;
  const Relation relation = relation_open(HorizonRelation(), AccessShareLock);
  const Refusal unusable = HorizonRule(relation, &record);
  relation_close(relation, AccessShareLock);
  if (unusable.refused) return PutRule(set, "horizon", unusable, "");
  const int64_t clock_us = shared != nullptr ? NodeTimeUs() : SystemUs();
  const int64_t ahead = record.horizon_us - clock_us;
  const bool ok = ahead <= settings::max_clock_step_us() + settings::horizon_window_us();
  char text[kMaxInstantText] = "";
  FormatInstant(record.horizon_us, text, sizeof text);
  Put(set, "horizon", ok,
      record.horizon_us == 0 ? "nothing was minted in this database yet"
                             : psprintf("ids were minted up to %s at the most", text),
      "It is far ahead of the system clock: set the system clock right. If it is right: "
      "SELECT detid.accept_clock();");
  if (RecoveryInProgress()) return;
  const Provenance provenance = ProvenanceOf(record, OriginHere());
  Put(set, "duplicate", record.duplicates.rows == 0, Describe(record),
      "Give one of the two another detid.node_id, and look for ids that both have minted since. "
      "Then, here: SELECT detid.accept_copy(); To stop minting here until then: ALTER SYSTEM SET "
      "detid.node_id = -1; SELECT pg_reload_conf();");
  if (settings::registers()) return;  // it knows copies
  Put(set, "copy", !provenance.suspected, Explain(provenance),
      "If the original still mints, give this one a node id of its own: ALTER DATABASE mydb SET "
      "detid.node_id = 2; If it does not: SELECT detid.accept_copy();");
  if (provenance.move == Move::kPromoted)
    Put(set, "promotion", !provenance.unaccepted,
        provenance.unaccepted
            ? "the server was promoted, or recovered to a point in time, and mints "
              "under the node id of the one before it"
            : Explain(provenance),
        "If the server before it is gone, or mints no more: SELECT detid.accept_copy(); If it goes "
        "on, give this one a node id of its own: ALTER DATABASE mydb SET detid.node_id = 2;");
}

void CheckSeed(ReturnSetInfo* set) {
  Seed seed;
  Commitment commitment;
  const bool ok = CurrentSeed(&seed, &commitment);
  explicit_bzero(&seed, sizeof seed);
  Put(set, "seed", ok, ok ? "the seed of random fields is at hand" : "detid._seed is empty",
      "Restore detid._seed from a backup, or SELECT detid.rotate_seed();");
}

// Only where there is to be one.
void CheckSealer(ReturnSetInfo* set) {
  if (settings::seal_interval_s == 0 || shared == nullptr || RecoveryInProgress()) return;
  if (shared->sealer.load(std::memory_order_relaxed) == 0)
    return Put(set, "sealer", false,
               "detid.seal_interval is set, and no background process seals the ledger",
               "If it was set just now, restart the server. Else its log says why there is none.");
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  char at[kMaxInstantText] = "never in this incarnation of the server";
  if (state.sealed_us != 0) FormatInstant(state.sealed_us, at, sizeof at);
  // A minute more than some turns take.
  const int64_t late_us = 5 * int64_t{settings::seal_interval_s} * 1000000 + 60000000;
  const bool late = state.sealed_us != 0 && NodeTimeUs() - state.sealed_us > late_us;
  Put(set, "sealer", state.seal_failures == 0 && !late,
      state.seal_failures == 0
          ? psprintf("the ledger is sealed every %d s, the last time: %s",
                     settings::seal_interval_s, at)
          : psprintf("sealing the ledger has failed %u times, and succeeded: %s",
                     state.seal_failures, at),
      "SELECT detid.seal_ledger(); says why, as does the server's log; see pg_locks for who has "
      "locked its tables.");
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

// The rules of each generator; and whether some can mint here, as node_status says.
void CheckGenerators(ReturnSetInfo* set) {
  if (!RecoveryInProgress()) {
    const Refusal r = ReadyRule();
    PutRule(set, "ready", r, "ids can be minted in this database");
  }
  int total = 0, bad = 0;
  EachGeneratorOid([&](Oid generator) {
    Definition d;
    Refusal r = GeneratorRule(generator, &d);
    total++;
    char name[kMaxQualifiedName] = {};
    if (!QualifiedName(generator, name)) snprintf(name, sizeof name, "relation %u", generator);
    const char* hint = r.hint;
    if (!r.refused && (r = SequenceRule(generator)).refused)
      hint = psprintf("ALTER SEQUENCE %s %s RESTART; SELECT setval('%s', %lld);", name,
                      kSequenceOptions, name, static_cast<long long>(kSequenceMax));
    if (!r.refused) return true;
    bad++;
    Put(set, "generator", false,
        psprintf("%s: %s%s%s", name, r.message, r.detail[0] != '\0' ? ": " : "", r.detail),
        hint != nullptr ? hint : "Create another generator, and change defaults to it.");
    return true;
  });
  if (bad == 0)
    Put(set, "generator", true, psprintf("%d generators can mint under this node id", total),
        nullptr);
}

// An hour in which every generator had a record: then there is room again.
constexpr int64_t kRoomAgainUs = int64_t{3600} * 1000000;

void CheckRoom(ReturnSetInfo* set) {
  if (shared == nullptr) return;
  const int used = CountShards();
  const uint64_t ticks = shared->counters.ticks.load(std::memory_order_relaxed);
  const int64_t last_us = shared->counters.last_tick_us.load(std::memory_order_relaxed);
  const bool short_of = ticks != 0 && NodeTimeUs() - last_us < kRoomAgainUs;
  const char* detail =
      psprintf("%d of detid.max_generators = %d are in memory", used, settings::max_generators);
  if (short_of)
    detail = psprintf("%s; sessions mint without a record, which is slower: %llu ticks so far",
                      detail, static_cast<unsigned long long>(ticks));
  Put(set, "generators", used <= settings::max_generators * 9 / 10 && !short_of, detail,
      "ALTER SYSTEM SET detid.max_generators = 4096; then restart the server.");
}

void CheckManualClock(ReturnSetInfo* set) {
  if (shared == nullptr) return;
  Put(set, "manual_clock", !settings::allow_manual_clock,
      settings::allow_manual_clock ? "sessions may pin the clock, and so mint ids twice"
                                   : "sessions cannot pin the clock",
      "ALTER SYSTEM RESET detid.allow_manual_clock; then restart the server.");
}

}  // namespace

namespace {

// Some check that fails itself, as on a table that somebody has altered, is a row, and the others
// follow. What it did is undone.
void Run(ReturnSetInfo* set, const char* name, void (*check)(ReturnSetInfo*)) {
  const MemoryContext context = CurrentMemoryContext;
  const ResourceOwner owner = CurrentResourceOwner;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    check(set);
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    // Who cancels means all of it.
    if (error->sqlerrcode == ERRCODE_QUERY_CANCELED) ReThrowError(error);
    Put(set, name, false, error->message,
        error->hint != nullptr ? error->hint
                               : "Somebody has altered what belongs to the extension: undo that.");
  }
  PG_END_TRY();
}

constexpr struct {
  const char* name;
  void (*check)(ReturnSetInfo*);
} kChecks[] = {
    {"preloaded", CheckPreload},
    {"extension", CheckExtension},
    {"node_id", CheckNodeId},
    {"registry", CheckRegistry},
    {"standby", CheckStandby},
    {"horizon", CheckHorizon},
    {"seed", CheckSeed},
    {"sealer", CheckSealer},
    {"masks", CheckMasks},
    {"topology", CheckTopology},
    {"generator", CheckGenerators},
    {"clock", CheckClock},
    {"generators", CheckRoom},
    {"manual_clock", CheckManualClock},
};

}  // namespace

DETID_FUNCTION(detid_check) {
  InitMaterializedSRF(fcinfo, 0);
  for (const auto& c : kChecks)
    Run(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), c.name, c.check);
  return Datum{0};
}

// _first_horizon(generators boolean) -> detid._horizon, for the install script.
DETID_FUNCTION(detid_first_horizon) {
  return HeapTupleGetDatum(
      HorizonTupleOf(FirstHorizon(PG_GETARG_BOOL(0)), ResultDescriptor(fcinfo)));
}

}  // namespace detid
