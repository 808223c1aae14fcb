// SPDX-License-Identifier: PostgreSQL

#include "state/definitions.h"

#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator_catalog.h"
#include "state/generator_table.h"
#include "state/salt.h"

namespace detid {
namespace {

struct KnownDefinition {
  bool current = false;   // nothing has changed since it was read
  bool own_salt = false;  // the salt is known to be its owner's
  Definition definition;
  uint64_t fingerprint = 0;  // of the definition
};

GeneratorTable<KnownDefinition> known("pg_detid definitions");
uint64_t relation_changes = 0;  // that this backend was told of

// Errors: it is no generator.
KnownDefinition* Know(Oid generator) {
  KnownDefinition* k = known.Find(generator);
  if (k != nullptr && k->current) return k;
  Definition found;
  Require(DefinitionRule(generator, &found));
  if (k == nullptr) k = known.Add(generator);
  k->definition = found;
  k->fingerprint = Fingerprint(found);
  k->current = true;
  return k;
}

void Invalidate(KnownDefinition* k) {
  k->current = k->own_salt = false;
}

}  // namespace

const Definition& DefinitionFor(ObjectId generator) {
  return Know(generator)->definition;
}

uint64_t FingerprintFor(ObjectId generator) {
  return Know(generator)->fingerprint;
}

void RequireOwnSalt(ObjectId generator) {
  KnownDefinition* k = Know(generator);
  if (k->own_salt) [[likely]]
    return;
  const uint64_t before = relation_changes;
  Require(SaltRule(generator, k->definition.salt));
  // Else it may have changed while it was read: the next call asks again.
  k->own_salt = relation_changes == before;
}

namespace definitions {

void OnRelationChange(ObjectId relation) {
  ForgetDefaults(relation);
  relation_changes++;
  if (relation == InvalidOid) return known.Each(Invalidate);
  if (KnownDefinition* k = known.Find(relation)) Invalidate(k);
}

void OnTransactionEnd() {
  known.DropSome(
      MostRemembered(), [](const KnownDefinition* k) { return !k->current; },
      [](KnownDefinition*) {});
}

}  // namespace definitions

}  // namespace detid
