// SPDX-License-Identifier: PostgreSQL

#include "state/mint_rules.h"

#include "core/instant.h"
#include "core/registry_text.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/duplicate.h"
#include "state/horizon_row.h"
#include "state/label.h"
#include "state/ledger.h"
#include "state/ledger_row.h"
#include "state/registration.h"
#include "state/salt.h"
#include "state/settings.h"
#include "state/shards.h"

extern "C" {
#include "catalog/pg_sequence.h"
}

namespace detid {

Refusal PreloadRule() {
  return shared == nullptr ? Refuse(Error::kNotPreloaded) : Refusal{};
}

Refusal ExtensionRule() {
  if (OidIsValid(FindHorizonRelation())) return {};
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension)) return Refuse(Error::kNoExtension);
  if (OidIsValid(get_namespace_oid("detid", true)))
    return Refuse(Error::kHorizonMissing, "There is no table detid._horizon.");
  return Refuse(Error::kSchemaRenamed);
}

Refusal NumberRule() {
  return settings::node_id < 0 && !settings::registers() ? Refuse(Error::kNodeIdUnset) : Refusal{};
}

Refusal HorizonRule(Relation horizon, HorizonRecord* record) {
  if (!ReadHorizonRow(horizon, record)) return Refuse(Error::kHorizonMissing);
  if (horizon->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
    return Refuse(Error::kHorizonNotLogged);
  return {};
}

Refusal ClockRule(const HorizonRecord& record, const Beginning& beginning) {
  if (beginning.believed) return {};
  char text[kMaxInstantText];
  FormatInstant(record.horizon_us, text, sizeof text);
  return Refuse(Error::kClockBehindHorizon,
                "Ids were minted up to %s, which is %lld s ahead of the system clock; "
                "detid.max_clock_step is %d s.",
                text, static_cast<long long>(beginning.lead_us / 1000000),
                settings::max_clock_step_s);
}

Refusal LedgerRule(Relation ledger) {
  if (!HasColumns(ledger, kLedgerTypes, kLedgerColumns))
    return Refuse(Error::kLedgerMissing, "detid.ledger is not the table that it was made as.");
  if (ledger->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
    return Refuse(Error::kLedgerNotLogged);
  return {};
}

Refusal LedgerRule() {
  const Oid oid = FindLedgerTable();
  if (!OidIsValid(oid)) return Refuse(Error::kLedgerMissing, "There is no table detid.ledger.");
  const Relation ledger = relation_open(oid, AccessShareLock);
  const Refusal refusal = LedgerRule(ledger);
  relation_close(ledger, AccessShareLock);
  return refusal;
}

namespace {

Refusal RegistryRule(const DatabaseState& state) {
  StoredRegistration stored;
  if (ReadRegistration(&stored) && StoppedBy(stored) != Reason::kNone) {
    Refusal fenced = Refuse(Error::kFenced, "%s.", Explain(StoppedBy(stored)));
    fenced.hint = AdviceOn(StoppedBy(stored));
    return fenced;
  }
  if (state.fenced == Fence::kShutdown)
    return Refuse(Error::kNoInterval, "The server is being shut down.");
  if (state.fenced != 0) {
    Refusal in_memory = Refuse(Error::kFenced);
    in_memory.message = "this node is fenced in memory, and not in detid._registration";
    return in_memory;
  }
  if (!settings::registers() || state.interval.limit_us > NodeTimeUs()) return {};
  if (!IsListed())
    return Refuse(Error::kNotRegistered, "detid.registered_databases is \"%s\".",
                  settings::registered_databases);
  return Refuse(Error::kNoInterval, "%s", TroubleOf(state));
}

}  // namespace

Refusal DatabaseRule() {
  Refusal r = PreloadRule();
  if (r.refused) return r;
  if (RecoveryInProgress()) {
    r.refused = true;
    r.sqlstate = ERRCODE_READ_ONLY_SQL_TRANSACTION;
    r.message = "the server is a standby";
    r.hint = nullptr;
    return r;
  }
  if (r = NumberRule(); r.refused) return r;
  if (r = ExtensionRule(); r.refused) return r;
  HorizonRecord record;
  const Relation horizon = relation_open(HorizonRelation(), AccessShareLock);
  r = HorizonRule(horizon, &record);
  relation_close(horizon, AccessShareLock);
  if (r.refused) return r;
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  if (r = DuplicateRule(); r.refused) return r;
  if (r = RegistryRule(state); r.refused) return r;
  return state.published_us != 0 ? Refusal{} : ClockRule(record, BeginningHere(record));
}

Refusal DefinitionRule(ObjectId generator, Definition* definition) {
  const char* why = nullptr;
  if (TryDefinition(generator, definition, &why)) return {};
  char name[kMaxQualifiedName];
  const bool named = QualifiedName(generator, name);
  if (named && get_rel_relkind(generator) == RELKIND_SEQUENCE &&
      get_rel_persistence(generator) == RELPERSISTENCE_UNLOGGED)
    return Refuse(Error::kUnlogged, "%s is unlogged.", name);
  if (named) return Refuse(Error::kNotAGenerator, "%s %s.", name, why);
  return Refuse(Error::kNotAGenerator, "Relation %u %s.", generator, why);
}

Refusal SequenceRule(ObjectId oid) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple))
    return Refuse(Error::kNotAGenerator, "There is no relation %u.", oid);
  const Form_pg_class relation = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  const char kind = relation->relkind, persistence = relation->relpersistence;
  const NameData relname = relation->relname;
  const char* name = NameStr(relname);
  ReleaseSysCache(tuple);
  if (kind != RELKIND_SEQUENCE)
    return Refuse(Error::kNotAGenerator, "\"%s\" is not a sequence.", name);
  if (persistence == RELPERSISTENCE_TEMP)
    return Refuse(Error::kTemporary, "\"%s\" is temporary.", name);
  if (persistence == RELPERSISTENCE_UNLOGGED)
    return Refuse(Error::kUnlogged, "\"%s\" is unlogged.", name);

  tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple))
    return Refuse(Error::kNotAGenerator, "\"%s\" is not a sequence.", name);
  const Form_pg_sequence sequence = reinterpret_cast<Form_pg_sequence>(GETSTRUCT(tuple));
  const bool right = sequence->seqmin == kSequenceMin && sequence->seqmax == kSequenceMax &&
                     sequence->seqincrement == kSequenceIncrement && !sequence->seqcycle;
  ReleaseSysCache(tuple);
  if (right) return {};
  return Refuse(Error::kWrongSequence, "A plain nextval of \"%s\" would give a number.", name);
}

Refusal WorkerRule(const Layout& layout, const char* name) {
  if (!layout.shows(Kind::kWorker) ||
      static_cast<uint64_t>(MaxBackends) <= LowMask(layout.bits_of(Kind::kWorker)) + 1)
    return {};
  return Refuse(Error::kWorkerTooNarrow,
                "The layout of %s has %d worker bits; the server has %d backends.", name,
                layout.bits_of(Kind::kWorker), MaxBackends);
}

Refusal NodeRule(const Layout& layout, const char* name, int32_t node) {
  const uint64_t largest =
      LowMask(layout.shows(Kind::kNode) ? layout.bits_of(Kind::kNode) : kMaxNodeBits);
  if (static_cast<uint64_t>(node) <= largest) return {};
  return Refuse(Error::kNodeIdTooLarge, "%s is %d; the layout of %s has %d node bits.",
                settings::node_id >= 0 ? "detid.node_id" : "The node number", node, name,
                layout.bits_of(Kind::kNode));
}

Refusal EndRule(const Definition& d, const char* name) {
  char end[kMaxInstantText];
  FormatInstant(EndOfEpochUs(d), end, sizeof end);
  return Refuse(Status::Error(Code::kEpochEnd, "The layout of %s ends at %s.", name, end));
}

Refusal TimeRule(const Definition& d, const char* name, int64_t now_us) {
  if (now_us >= EndOfEpochUs(d)) return EndRule(d, name);
  if (now_us >= d.epoch_us) return {};
  char now[kMaxInstantText], epoch[kMaxInstantText];
  FormatInstant(now_us, now, sizeof now);
  FormatInstant(d.epoch_us, epoch, sizeof epoch);
  return Refuse(Status::Error(Code::kBeforeEpoch, "Node time is %s; the epoch of %s is %s.", now,
                              name, epoch));
}

Refusal SeedRule(const Definition& d, GeneratorKey* key, Commitment* commitment) {
  if (!d.layout.shows(Kind::kRandom) && !d.scatter) return {};
  if (KeyFor(d, nullptr, key, commitment)) return {};
  return Refuse(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
}

Refusal ShardRefusal() {
  return Refuse(Error::kTooManyGenerators,
                "detid.max_generators is %d; a role may use as many as it leaves to others.",
                settings::max_generators);
}

Refusal HistoryRefusal(uint32_t ids) {
  return Refuse(
      Error::kHistoryFull,
      "A history of %u ids takes %u kB; detid.history_memory is %d kB, of which a role may "
      "use as much as it leaves to others.",
      ids, 1u << (HistoryBits(ids) - 4), settings::history_memory_kb);
}

Refusal GeneratorRule(ObjectId generator, Definition* d) {
  Refusal r = DefinitionRule(generator, d);
  if (r.refused) return r;
  char name[kMaxQualifiedName] = {};
  QualifiedName(generator, name);
  if (r = SaltRule(generator, d->salt); r.refused) return r;
  if (r = WorkerRule(d->layout, name); r.refused) return r;
  const int32_t node = NodeNumber();
  if (node >= 0)
    if (r = NodeRule(d->layout, name, node); r.refused) return r;
  const int64_t now_us = shared != nullptr ? NodeTimeUs() : SystemUs();
  if (r = TimeRule(*d, name, now_us); r.refused) return r;
  GeneratorKey key;
  Commitment commitment;
  r = SeedRule(*d, &key, &commitment);
  explicit_bzero(&key, sizeof key);
  if (r.refused) return r;
  if (d->audit != Audit::kOff)
    if (r = LedgerRule(); r.refused) return r;
  if (shared == nullptr) return {};
  // A pinned clock's shards are of their own; this is what mints without.
  const ShardKey shard = {MyDatabaseId, node, Fingerprint(*d), 0};
  switch (RoomFor(shard, d->history)) {
    case Room::kEnough: return {};
    case Room::kNoShard: return ShardRefusal();
    case Room::kNoWindow: return HistoryRefusal(d->history);
  }
  return {};
}

Refusal ReadyRule() {
  Refusal first = DatabaseRule();
  if (first.refused) return first;
  EachGeneratorOid([&](Oid generator) {
    Definition d;
    const Refusal r = GeneratorRule(generator, &d);
    if (!r.refused || !first.refused) first = r;
    return r.refused;
  });
  return first;
}

}  // namespace detid
