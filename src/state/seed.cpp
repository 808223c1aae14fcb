// SPDX-License-Identifier: PostgreSQL

#include "state/seed.h"

#include <algorithm>

#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

// _seed(number int, commitment bytea, seed bytea, created_at timestamptz, mark bytea)
enum Column { kNumber = 1, kCommitment = 2, kSeed = 3, kMark = 5 };
constexpr Oid kTypes[] = {INT4OID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, BYTEAOID};

bool CopyBytes(Relation relation, HeapTuple tuple, int column, uint8_t* out, size_t bytes) {
  bool null = false;
  const Datum datum = heap_getattr(tuple, column, RelationGetDescr(relation), &null);
  if (null) return false;
  const bytea* value = DatumGetByteaPP(datum);
  if (VARSIZE_ANY_EXHDR(value) != bytes) return false;
  memcpy(out, VARDATA_ANY(value), bytes);
  return true;
}

Oid seed_relation = InvalidOid;

// Calls visit(relation, tuple, number).
template <typename Visit>
void EachRow(Visit visit) {
  const Relation relation = table_open(SeedRelation(), AccessShareLock);
  if (!HasColumns(relation, kTypes, lengthof(kTypes))) {
    table_close(relation, AccessShareLock);
    return;
  }
  // What is committed now, as for catalogs: what is read is kept until the table changes again. A
  // parallel query may not ask for a latest snapshot otherwise.
  const Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(relation)));
  const TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
  while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
    bool null = false;
    visit(relation, tuple,
          DatumGetInt32(heap_getattr(tuple, kNumber, RelationGetDescr(relation), &null)));
  }
  table_endscan(scan);
  UnregisterSnapshot(snapshot);
  table_close(relation, AccessShareLock);
}

}  // namespace

ObjectId SeedRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  seed_relation = OidIsValid(schema) ? get_relname_relid("_seed", schema) : InvalidOid;
  if (!OidIsValid(seed_relation)) Raise(Error::kNoExtension);
  return seed_relation;
}

bool IsSeedRelation(ObjectId relation) {
  return OidIsValid(relation) && relation == seed_relation;
}

void EachSeed(void (*visit)(int, const Commitment&, const Seed&, void*), void* context) {
  EachRow([&](Relation relation, HeapTuple tuple, int number) {
    Seed seed;
    Commitment commitment;
    if (CopyBytes(relation, tuple, kCommitment, commitment.byte, sizeof commitment.byte) &&
        CopyBytes(relation, tuple, kSeed, seed.byte, sizeof seed.byte))
      visit(number, commitment, seed, context);
    explicit_bzero(&seed, sizeof seed);
  });
}

bool CurrentMark(Seed* mark) {
  int newest = 0;
  bool found = false;
  EachRow([&](Relation relation, HeapTuple tuple, int number) {
    if (number <= newest) return;
    newest = number;
    found = CopyBytes(relation, tuple, kMark, mark->byte, sizeof mark->byte);
  });
  return found;
}

bool CurrentSeed(Seed* seed, Commitment* commitment) {
  int newest = 0;
  EachSeed([&](int number, const Commitment& c, const Seed& s) {
    if (number <= newest) return;
    newest = number;
    *seed = s;
    *commitment = c;
  });
  return newest > 0;
}

bool FindSeed(const Commitment& wanted, Seed* seed) {
  bool found = false;
  EachSeed([&](int, const Commitment& c, const Seed& s) {
    if (!(c == wanted)) return;
    found = true;
    *seed = s;
  });
  return found;
}

GeneratorKey KeyOf(const Definition& d, const Seed& seed) {
  return DeriveGeneratorKey(seed, {reinterpret_cast<const char*>(&d.salt), sizeof d.salt});
}

bool LedgerKeyFor(const Commitment& commitment, LedgerKey* key) {
  Seed seed;
  if (!FindSeed(commitment, &seed)) return false;
  *key = DeriveLedgerKey(seed);
  explicit_bzero(&seed, sizeof seed);
  return true;
}

bool KeyFor(const Definition& d, const Commitment* commitment, GeneratorKey* key,
            Commitment* used) {
  Seed seed;
  if (commitment != nullptr) {
    if (!FindSeed(*commitment, &seed)) return false;
    *used = *commitment;
  } else if (!CurrentSeed(&seed, used)) {
    return false;
  }
  *key = KeyOf(d, seed);
  explicit_bzero(&seed, sizeof seed);
  return true;
}

}  // namespace detid
