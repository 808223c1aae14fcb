// SPDX-License-Identifier: PostgreSQL

#include "state/generator.h"

#include <algorithm>
#include <new>

#include "core/instant.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/horizon.h"
#include "state/ledger_table.h"
#include "state/mint_rules.h"
#include "state/registry/registration.h"
#include "state/salt.h"
#include "state/seed.h"
#include "state/settings.h"

namespace detid {
namespace {

// What this backend knows of one generator.
struct Entry {
  Oid generator;  // the hash key
  bool defined;
  bool own_salt;  // the salt is known to be its owner's
  Definition definition;
  uint64_t fingerprint;  // of the definition
  Minter minter;
};

HTAB* entries = nullptr;
Entry* last_entry = nullptr;  // most calls ask for the one that the call before asked for
Minter ledger_minter;
uint64_t relation_changes = 0;  // that this backend was told of
bool leaving = false;  // some Minter is to leave its shard
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

void Forget(Minter* m) {
  m->ready = false;
  m->stale = true;
}

template <typename Visit>
void EachEntry(Visit visit) {
  if (entries == nullptr) return;
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, entries);
  while (Entry* e = static_cast<Entry*>(hash_seq_search(&scan))) visit(e);
}

// A backend that ends leaves its slots to the next owner of its number.
void AtExit(int, Datum) {
  ForgetMinters();
  EachEntry([](Entry* e) { DetachShard(&e->minter); });
  DetachShard(&ledger_minter);
  if (my_database != nullptr) Detach(my_database);
  my_database = nullptr;
}

void MakeEntries() {
  if (entries != nullptr) return;
  HASHCTL control = {};
  control.keysize = sizeof(Oid);
  control.entrysize = sizeof(Entry);
  entries = hash_create("pg_detid generators", 32, &control, HASH_ELEM | HASH_BLOBS);
  before_shmem_exit(AtExit, 0);
}

// Null if it is not known.
Entry* KnownEntry(Oid generator) {
  if (last_entry != nullptr && last_entry->generator == generator) return last_entry;
  if (entries == nullptr) return nullptr;
  Entry* e = static_cast<Entry*>(hash_search(entries, &generator, HASH_FIND, nullptr));
  if (e != nullptr) last_entry = e;
  return e;
}

// REQUIRES: it is a generator, and not known.
Entry* AddEntry(Oid generator) {
  MakeEntries();
  Entry* e = static_cast<Entry*>(hash_search(entries, &generator, HASH_ENTER, nullptr));
  e->defined = e->own_salt = false;
  new (&e->definition) Definition;
  new (&e->minter) Minter;
  e->minter.generator = generator;
  return last_entry = e;
}

// The entry of a generator, defined. Errors: it is none.
Entry* DefinedEntry(Oid generator) {
  Entry* e = KnownEntry(generator);
  if (e != nullptr && e->defined) return e;
  Definition found;
  Require(DefinitionRule(generator, &found));
  if (e == nullptr) e = AddEntry(generator);
  const uint64_t fingerprint = Fingerprint(found);
  // An oid that is used again.
  if (fingerprint != e->fingerprint) e->minter.has_last = false;
  e->definition = found;
  e->fingerprint = fingerprint;
  e->defined = true;
  return e;
}

// Its memory goes to the next generator that is met: the table keeps it (E1).
void DropEntry(Entry* e) {
  DetachShard(&e->minter);
  Forget(&e->minter);
  e->minter.generator = InvalidOid;
  hash_search(entries, &e->generator, HASH_REMOVE, nullptr);
  e->generator = InvalidOid;
}

// So that a session which goes through many generators does not grow. A quarter at a time: not
// every transaction that meets a new generator looks through them all.
void DropSome() {
  const long most = std::min(kMostKnown, settings::max_generators);
  if (entries == nullptr || hash_get_num_entries(entries) <= most) return;
  last_entry = nullptr;
  for (const bool also_ready : {false, true})
    EachEntry([=](Entry* e) {
      if (hash_get_num_entries(entries) > most - most / 4 && (also_ready || !e->minter.ready))
        DropEntry(e);
    });
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
  m->fingerprint = Fingerprint(m->definition);
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
  m->granted_node = NodeFor(m, layout);
  // Entries are unique in the database, whatever the node id was when they were buffered.
  m->node = m == &ledger_minter ? 0 : m->granted_node;

  GeneratorKey key{};
  m->has_seed = false;
  Require(SeedRule(m->definition, &key, &m->seed));
  m->has_seed = layout.shows(Kind::kRandom);
  // The ledger is written at commit, which is late to say so.
  if (m->audit != Audit::kOff && OidIsValid(LedgerTable())) Require(LedgerRule());
  m->charged = m == &ledger_minter ? InvalidOid : ChargedRole();
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
  if (interval.node == kAnyNode || interval.node == m->granted_node) return;
  // It is another number's: not for this Minter as it is.
  m->limits.horizon = m->granted = m->renew = 0;
  m->ready = false;
  m->stale = true;
}

Grant TakeWithoutShard(Minter* m, uint64_t now, uint32_t wanted) {
  CountOwn(m);
  TickLease lease = {m, now, wanted, {}};
  ShardRecord* record = AttachShard(KeyOf(m), m->database, m->definition, m->charged, &lease);
  if (record == nullptr) return lease.grant;
  UseShard(m, record);
  return m->Take(now, wanted);
}

const Definition& DefinitionFor(ObjectId generator) {
  return DefinedEntry(generator)->definition;
}

uint64_t FingerprintFor(ObjectId generator) {
  return DefinedEntry(generator)->fingerprint;
}

void RequireOwnSalt(ObjectId generator) {
  Entry* e = DefinedEntry(generator);
  if (e->own_salt) [[likely]]
    return;
  const uint64_t before = relation_changes;
  Require(SaltRule(generator, e->definition.salt));
  // Else it may have changed while it was read: the next call asks again.
  e->own_salt = relation_changes == before;
}

Minter* MinterFor(ObjectId generator) {
  Entry* e = KnownEntry(generator);
  return &(e != nullptr ? e : DefinedEntry(generator))->minter;
}

void Fill(Minter* m) {
  Require(PreloadRule());
  // What was minted is recorded, also if the transaction was made read-only since.
  if (m != &ledger_minter) {
    PreventCommandIfReadOnly("next_id()");
    PreventCommandIfParallelMode("next_id()");
  }
  if (m->ready) {
    CheckPrivilege(m);  // lets invalidations in
    if (m->ready) return;
  }
  do {
    m->stale = false;
    if (m != &ledger_minter) {
      m->definition = DefinitionFor(m->generator);
      QualifiedName(m->generator, m->name);
      CheckPrivilege(m);
      RequireOwnSalt(m->generator);
    }
    m->pinned = settings::pinned && m != &ledger_minter;
    FillFromDefinition(m);
    CHECK_FOR_INTERRUPTS();
  } while (m->stale);
  m->filled++;
  m->ready = true;
}

Minter* LedgerMinter(ObjectId ledger) {
  Minter* m = &ledger_minter;
  if (m->generator != ledger) {
    MakeEntries();  // registers the exit callback
    DetachShard(m);
    m->generator = ledger;
    m->definition = LedgerEntryDefinition();
    strlcpy(m->name, "detid.ledger", sizeof m->name);
    m->ready = false;
  }
  if (!m->ready) Fill(m);
  return m;
}

void ForgetMinters() {
  EachEntry([](Entry* e) { Forget(&e->minter); });
  Forget(&ledger_minter);
}

namespace generators {

void OnRelationChange(ObjectId relation) {
  ForgetDefaults(relation);
  relation_changes++;
  if (entries == nullptr) return;
  if (relation == InvalidOid) {
    EachEntry([](Entry* e) { e->defined = e->own_salt = false; });
    ForgetMinters();
    return;
  }
  if (Entry* e = static_cast<Entry*>(hash_search(entries, &relation, HASH_FIND, nullptr))) {
    e->defined = e->own_salt = false;
    Forget(&e->minter);
    e->minter.leave = leaving = true;  // not now: a mint may be under way
  }
  if (relation == ledger_minter.generator) Forget(&ledger_minter);
  if (IsSeedRelation(relation)) ForgetMinters();
  if (relation == LoadedHorizonRelation()) ForgetMinters();
}

void OnRoleChange() {
  ForgetMinters();
}

// Between transactions no mint is under way.
void OnTransactionEnd() {
  DropSome();
  if (!leaving) return;
  leaving = false;
  EachEntry([](Entry* e) {
    if (e->minter.leave && !e->minter.ready) DetachShard(&e->minter);
    e->minter.leave = false;
  });
}

}  // namespace generators

}  // namespace detid
