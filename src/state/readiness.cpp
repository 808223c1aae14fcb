// SPDX-License-Identifier: PostgreSQL

#include "state/readiness.h"

#include "core/registry_text.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/duplicate.h"
#include "state/horizon.h"
#include "state/horizon_row.h"
#include "state/context_table.h"
#include "state/ledger_table.h"
#include "state/mint_rules.h"
#include "state/registry/registration.h"
#include "state/salt.h"
#include "state/settings.h"
#include "state/shards.h"

namespace detid {
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
  LedgerKey ledger_key;
  bool has_seed;
  r = SeedRule(*d, &key, &commitment, &ledger_key, &has_seed);
  explicit_bzero(&key, sizeof key);
  explicit_bzero(&ledger_key, sizeof ledger_key);
  if (r.refused) return r;
  if (d->audit != Audit::kOff)
    if ((r = LedgerRule()).refused || (r = ContextRule()).refused) return r;
  if (shared == nullptr) return {};
  // A pinned clock's shards are of their own; this is what mints without.
  const ShardKey shard = {MyDatabaseId, node, Fingerprint(*d), 0};
  switch (RoomFor(shard, d->history)) {
    case Room::kEnough:
      return {};
    case Room::kNoShard:
      return ShardRefusal();
    case Room::kNoWindow:
      return HistoryRefusal(d->history);
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
