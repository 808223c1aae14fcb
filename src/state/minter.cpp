// SPDX-License-Identifier: PostgreSQL

#include "state/minter.h"

#include "core/instant.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/definitions.h"
#include "state/generator_table.h"
#include "state/horizon.h"
#include "state/context_table.h"
#include "state/ledger_table.h"
#include "state/mint_rules.h"
#include "state/registry/registration.h"
#include "state/seed.h"
#include "state/settings.h"

namespace detid {
namespace {

GeneratorTable<Minter> all("pg_detid minters");
bool any_detach_pending = false;
Database* my_database = nullptr;

// What was minted without a shard counts as what forgotten shards gave out.
void CountOwn(Minter* m) {
  if (m->slot != &m->own_slot) return;
  m->database->evicted_ids.fetch_add(m->own_slot.minted, std::memory_order_relaxed);
  m->own_slot.minted = 0;
}

void DetachShard(Minter* m) {
  if (m->record != nullptr) Detach(m->record);
  CountOwn(m);
  m->record = nullptr;
  m->shard = nullptr;
  m->slot = nullptr;
  m->window = nullptr;
}

void Invalidate(Minter* m) {
  m->ready = false;
  m->invalidated = true;
}

// A backend that ends leaves its slots to the next owner of its number.
void AtExit(int, Datum) {
  ForgetMinters();
  all.Each(DetachShard);
  if (my_database != nullptr) Detach(my_database);
  my_database = nullptr;
}

// Before there is a Minter.
void WatchExit() {
  static bool watched = false;
  if (!watched) before_shmem_exit(AtExit, 0);
  watched = true;
}

void CheckPrivilege(Minter* m) {
  const Oid user = GetUserId();
  if (pg_class_aclcheck(m->generator, user, ACL_USAGE | ACL_UPDATE) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(m->generator));
  m->user = user;
}

// The number to mint under. Errors: there is none, or it is too large for the layout.
int32_t NodeFor(const Minter* m, const Layout& layout) {
  int32_t node = settings::node_id;
  if (settings::registers() && (!m->pinned || node < 0)) node = AwaitInterval(m->database, 0).node;
  if (node < 0) Raise(Error::kNodeIdUnset);
  Require(NodeRule(layout, m->name, node));
  return node;
}

// Positions are a worker's own where the layout shows one. Those of pinned clocks come again when a
// test is run again: their rows are under a number of the process, made by chance.
int32_t LedgerWorker(const Minter* m) {
  static const int32_t pinned = static_cast<int32_t>(-2 - (RandomBits63() & 0x3FFFFFFF));
  if (m->pinned) return pinned;
  return m->definition.layout.shows(Kind::kWorker) ? m->worker_number : kNoWorker;
}

ShardKey KeyOf(const Minter* m) {
  return {MyDatabaseId, m->node, m->fingerprint, m->pinned ? 1u : 0u};
}

void UseShard(Minter* m, ShardRecord* record) {
  m->record = record;
  m->shard = &record->shard;
  m->slot = shared->slots_of(record) + m->worker_number;
  m->worker = m->definition.layout.shows(Kind::kWorker);
}

void AttachToShard(Minter* m) {
  const ShardKey key = KeyOf(m);
  if (m->record != nullptr && m->record->key == key) return;
  DetachShard(m);
  ShardRecord* record = AttachShard(key, m->database, m->definition, m->charged);
  if (record != nullptr) return UseShard(m, record);
  // What a shard remembers of pinned ids, and of the last ones, is in no tick.
  const uint32_t history = m->definition.history;
  if (history != 0 && HasRoomForShard(m->charged)) Require(HistoryRefusal(history));
  if (history != 0 || m->pinned) Require(ShardRefusal());
  m->GoWithoutShard(&m->own_slot);
}

void AttachToWindow(Minter* m) {
  const uint32_t ids = m->definition.history;
  m->window = nullptr;
  if (ids == 0) return;
  m->window = AttachWindow(m->record, ids, m->charged);
  if (m->window == nullptr) {
    DetachShard(m);
    Require(HistoryRefusal(ids));
  }
  m->chunk = HistoryChunk(ids);
}

// A clock outside the epoch mints nothing, so it must not move the horizon either: nobody could go
// back from there.
void CheckEpoch(const Minter* m) {
  if (m->database->horizon.published() != 0) return;
  const int64_t now_us = shared->clock_begun ? NodeTimeUs() : SystemUs();
  Require(TimeRule(m->definition, m->name, now_us));
}

// From the definition and the settings to the numbers that a mint uses. Everything that may wait,
// read a relation or fail comes before the shard.
void FillFromDefinition(Minter* m) {
  const Layout& layout = m->definition.layout;
  Require(NumberRule());
  Require(WorkerRule(layout, m->name));
  m->worker_number = compat::BackendSlot();
  if (m->worker_number < 0) Raise(Error::kNotPreloaded, "This process is no backend.");
  const uint64_t fingerprint = Fingerprint(m->definition);
  if (fingerprint != m->fingerprint) m->has_last = false;  // an oid that is used again
  m->fingerprint = fingerprint;
  m->audit = m->definition.audit;
  m->id_bits = layout.bits;
  if (my_database == nullptr) my_database = AttachDatabase(MyDatabaseId);
  m->database = my_database;
  KnowFence(m->database);
  if (m->database->fence.is_set()) RaiseFenced();
  if (!m->pinned) {
    CheckEpoch(m);
    LoadHorizon(m->database);
  }
  m->node = NodeFor(m, layout);

  GeneratorKey key{};
  Require(SeedRule(m->definition, &key, &m->seed, &m->ledger_key, &m->has_seed));
  m->ledger_worker = LedgerWorker(m);
  // The ledger is written at commit, which is late to say so.
  if (m->audit != Audit::kOff && OidIsValid(LedgerTable())) {
    Require(LedgerRule());
    Require(ContextRule());
  }
  m->charged = ChargedRole();
  m->composer = Composer(layout, m->node, m->worker_number, &key);

  m->Prepare(m->definition, settings::max_ahead_us());
  m->PrepareScatter(m->definition, key, m->node, m->worker_number);
  AttachToShard(m);
  AttachToWindow(m);
  SetHorizonLimits(m);
}

}  // namespace

void RaiseEnd(const Minter* m) {
  Require(EndRule(m->definition, m->name));
  pg_unreachable();
}

void RaiseOutside(const Minter* m, int64_t now_us) {
  Require(TimeRule(m->definition, m->name, now_us));
  RaiseEnd(m);
}

void SetHorizonLimits(Minter* m) {
  if (m->pinned) {
    m->limits.horizon = m->granted = m->limits.end;
    return;
  }
  const Interval interval = m->database->granted.Read();
  m->SetHorizon(m->definition, m->database->horizon.published(), interval);
  if (interval.node == kAnyNode || interval.node == m->node) return;
  // It is another number's: not for this Minter as it is.
  m->limits.horizon = m->granted = m->renew = 0;
  Invalidate(m);
}

Grant TakeWithoutShard(Minter* m, uint64_t now, uint32_t wanted) {
  CountOwn(m);
  TickLease lease = {m, now, wanted, {}};
  ShardRecord* record = AttachShard(KeyOf(m), m->database, m->definition, m->charged, &lease);
  if (record == nullptr) return lease.grant;
  UseShard(m, record);
  return m->Take(now, wanted);
}

Minter* MinterFor(ObjectId generator) {
  if (Minter* m = all.Find(generator)) return m;
  DefinitionFor(generator);
  WatchExit();
  Minter* m = all.Add(generator);
  m->generator = generator;
  return m;
}

const Bits* LastId(ObjectId generator) {
  const uint64_t fingerprint = FingerprintFor(generator);
  const Minter* m = all.Find(generator);
  return m != nullptr && m->has_last && m->fingerprint == fingerprint ? &m->last : nullptr;
}

void Fill(Minter* m) {
  Require(PreloadRule());
  PreventCommandIfReadOnly("next_id()");
  PreventCommandIfParallelMode("next_id()");
  if (m->ready) {
    CheckPrivilege(m);  // lets invalidations in
    if (m->ready) return;
  }
  do {
    m->invalidated = false;
    m->definition = DefinitionFor(m->generator);
    QualifiedName(m->generator, m->name);
    CheckPrivilege(m);
    RequireOwnSalt(m->generator);
    m->pinned = settings::pinned;
    FillFromDefinition(m);
    CHECK_FOR_INTERRUPTS();
  } while (m->invalidated);
  m->generation++;
  m->ready = true;
}

void ForgetMinters() {
  all.Each(Invalidate);
}

namespace minters {

void OnRelationChange(ObjectId relation) {
  if (relation == InvalidOid) return ForgetMinters();
  if (Minter* m = all.Find(relation)) {
    Invalidate(m);
    m->detach_pending = any_detach_pending = true;  // not now: a mint may be under way
  }
  if (IsSeedRelation(relation) || relation == LoadedHorizonRelation()) ForgetMinters();
}

void OnRoleChange() {
  ForgetMinters();
}

// Between transactions no mint is under way.
void OnTransactionEnd() {
  all.DropSome(
      MostRemembered(), [](const Minter* m) { return !m->ready; },
      [](Minter* m) {
        DetachShard(m);
        Invalidate(m);
        m->generator = InvalidOid;
      });
  if (!any_detach_pending) return;
  any_detach_pending = false;
  all.Each([](Minter* m) {
    if (m->detach_pending && !m->ready) DetachShard(m);
    m->detach_pending = false;
  });
}

}  // namespace minters

}  // namespace detid
