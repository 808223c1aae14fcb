// SPDX-License-Identifier: PostgreSQL

#include "state/secrets.h"

#include <new>

#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator.h"

namespace detid {
namespace {

HTAB* all = nullptr;
Secrets* last = nullptr;  // most calls ask for the one that the call before asked for

// As of generators (generator.h): made only for a generator that the role may use, and dropped
// between transactions only, where nobody holds a reference.
constexpr long kMost = 256;

void Forget(Secrets* s) {
  s->ready = false;
  s->stale = true;
}

void ForgetAll() {
  if (all == nullptr) return;
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, all);
  while (Secrets* s = static_cast<Secrets*>(hash_seq_search(&scan))) Forget(s);
}

// Null if there are none.
Secrets* Find(Oid generator) {
  if (last != nullptr && last->generator == generator) return last;
  if (all == nullptr) return nullptr;
  Secrets* s = static_cast<Secrets*>(hash_search(all, &generator, HASH_FIND, nullptr));
  if (s != nullptr) last = s;
  return s;
}

Secrets* Add(Oid generator) {
  if (all == nullptr) {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Secrets);
    all = hash_create("pg_detid secrets", 16, &control, HASH_ELEM | HASH_BLOBS);
  }
  Secrets* s = static_cast<Secrets*>(hash_search(all, &generator, HASH_ENTER, nullptr));
  new (s) Secrets;
  s->generator = generator;
  return last = s;
}

void CheckPrivilege(Oid generator) {
  if (pg_class_aclcheck(generator, GetUserId(), ACL_SELECT | ACL_USAGE) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SEQUENCE, get_rel_name(generator));
}

void Drop(Secrets* s) {
  if (s->keys != nullptr) {
    explicit_bzero(s->keys, sizeof(GeneratorKey) * static_cast<Size>(s->count));
    pfree(s->keys);
  }
  explicit_bzero(&s->mask, sizeof s->mask);
  hash_search(all, &s->generator, HASH_REMOVE, nullptr);
  s->generator = InvalidOid;
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
  Secrets* s = Find(generator);
  if (s != nullptr && s->ready && s->user == GetUserId()) [[likely]]
    return *s;
  CheckPrivilege(generator);
  DefinitionFor(generator);
  if (s == nullptr) s = Add(generator);
  s->ready = false;  // an error may leave half of it
  do {
    s->stale = false;
    CheckPrivilege(generator);
    s->user = GetUserId();
    RequireOwnSalt(generator);
    Read(s, DefinitionFor(generator));
  } while (s->stale);
  s->ready = true;
  return *s;
}

namespace secrets {

void OnRelationChange(ObjectId relation) {
  if (all == nullptr) return;
  if (relation == InvalidOid || IsSeedRelation(relation)) return ForgetAll();
  if (Secrets* s = static_cast<Secrets*>(hash_search(all, &relation, HASH_FIND, nullptr)))
    Forget(s);
}

void OnRoleChange() {
  ForgetAll();
}

void OnTransactionEnd() {
  if (all == nullptr || hash_get_num_entries(all) <= kMost) return;
  last = nullptr;
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, all);
  while (Secrets* s = static_cast<Secrets*>(hash_seq_search(&scan))) Drop(s);
}

}  // namespace secrets

}  // namespace detid
