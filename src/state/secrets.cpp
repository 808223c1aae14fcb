// SPDX-License-Identifier: PostgreSQL

#include "state/secrets.h"

#include <utility>

#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_table.h"

namespace detid {
namespace {

// Made only for a generator that the role may use.
GeneratorTable<Secrets> all("pg_detid secrets");
constexpr long kMostKept = 256;

void Invalidate(Secrets* s) {
  s->ready = false;
  s->invalidated = true;
}

void CheckPrivilege(Oid generator) {
  if (pg_class_aclcheck(generator, GetUserId(), ACL_SELECT | ACL_USAGE) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(generator));
}

void Wipe(Secrets* s) {
  if (s->keys != nullptr) {
    explicit_bzero(s->keys, sizeof(GeneratorKey) * static_cast<Size>(s->count));
    pfree(s->keys);
  }
  explicit_bzero(&s->mask, sizeof s->mask);
}

std::string_view SaltBytes(const Definition& d) {
  return {reinterpret_cast<const char*>(&d.salt), sizeof d.salt};
}

// The keys that others have made ids with are few: as many as seeds were rotated and imported.
void Read(Secrets* s, Definition d) {
  int seeds = 0, newest = 0, current = -1;
  EachSeed([&](int, const Commitment&, const Seed&) { seeds++; });
  if (s->keys != nullptr) pfree(s->keys);
  s->keys = nullptr;
  s->count = 0;
  s->mask_bits = 0;
  s->keys = static_cast<GeneratorKey*>(
      MemoryContextAlloc(TopMemoryContext, sizeof(GeneratorKey) * static_cast<Size>(seeds + 1)));
  EachSeed([&](int number, const Commitment& c, const Seed& seed) {
    if (d.has_mask && c == d.mask) {
      s->mask = DeriveMaskKey(seed, d.salt);
      s->mask_bits = d.layout.bits;
    }
    if (s->count >= seeds) return;  // added meanwhile: then it is read again
    if (number > newest) {
      newest = number;
      current = s->count;
    }
    s->keys[s->count++] = DeriveGeneratorKey(seed, SaltBytes(d));
  });
  if (current > 0) std::swap(s->keys[0], s->keys[current]);
}

}  // namespace

const Secrets& SecretsFor(ObjectId generator) {
  Secrets* s = all.Find(generator);
  if (s != nullptr && s->ready && s->user == GetUserId()) [[likely]]
    return *s;
  CheckPrivilege(generator);
  DefinitionFor(generator);
  if (s == nullptr) s = all.Add(generator);
  s->ready = false;  // an error may leave half of it
  do {
    s->invalidated = false;
    CheckPrivilege(generator);
    s->user = GetUserId();
    RequireOwnSalt(generator);
    Read(s, DefinitionFor(generator));
  } while (s->invalidated);
  s->ready = true;
  return *s;
}

namespace secrets {

void OnRelationChange(ObjectId relation) {
  if (relation == InvalidOid || IsSeedRelation(relation)) return all.Each(Invalidate);
  if (Secrets* s = all.Find(relation)) Invalidate(s);
}

void OnRoleChange() {
  all.Each(Invalidate);
}

void OnTransactionEnd() {
  all.DropSome(
      kMostKept, [](const Secrets* s) { return !s->ready; }, Wipe);
}

}  // namespace secrets

}  // namespace detid
