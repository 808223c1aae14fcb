// SPDX-License-Identifier: PostgreSQL

#include "state/salt_row.h"

#include "pg/errors.h"

extern "C" {
#include "catalog/indexing.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily_d.h"
}

namespace detid {
namespace {

enum Column { kSalt = 1, kOwner, kRole, kGenerator, kSince, kOther, kColumns = kOther };
constexpr Oid kTypes[] = {INT8OID, OIDOID, NAMEOID, TEXTOID, TIMESTAMPTZOID, NAMEOID};
static_assert(lengthof(kTypes) == kColumns);

// The primary key, as the only index: an expression in another would be run by whoever labels.
Oid KeyOf(Relation salts) {
  List* indexes = RelationGetIndexList(salts);
  const Oid index = salts->rd_pkindex;
  const bool one = list_length(indexes) == 1 && OidIsValid(index);
  list_free(indexes);
  return one ? index : InvalidOid;
}

bool IsPlainKey(Oid oid) {
  if (!OidIsValid(oid)) return false;
  const Relation index = index_open(oid, AccessShareLock);
  const Form_pg_index i = index->rd_index;
  const bool plain = i->indnatts == 1 && i->indkey.values[0] == kSalt && i->indisunique &&
                     i->indimmediate && i->indisvalid && index->rd_rel->relam == BTREE_AM_OID &&
                     index->rd_opfamily[0] == INTEGER_BTREE_FAM_OID;
  index_close(index, AccessShareLock);
  return plain;
}

HeapTuple TupleOf(Relation salts, const SaltRow& row) {
  NameData role, other;
  namestrcpy(&role, row.role);
  namestrcpy(&other, row.other);
  Datum values[] = {Int64GetDatum(static_cast<int64_t>(row.salt)), ObjectIdGetDatum(row.owner),
                    NameGetDatum(&role), CStringGetTextDatum(row.generator),
                    TimestampTzGetDatum(row.since), NameGetDatum(&other)};
  bool nulls[kColumns] = {};
  nulls[kOther - 1] = row.other[0] == '\0';
  return heap_form_tuple(RelationGetDescr(salts), values, nulls);
}

// The first row of the salt under a snapshot; null: what is committed now.
bool Read(Relation salts, uint64_t salt, Snapshot snapshot, SaltRow* row) {
  ScanKeyData key;
  ScanKeyInit(&key, kSalt, BTEqualStrategyNumber, F_INT8EQ,
              Int64GetDatum(static_cast<int64_t>(salt)));
  const SysScanDesc scan = systable_beginscan(salts, KeyOf(salts), true, snapshot, 1, &key);
  const HeapTuple tuple = systable_getnext(scan);
  const bool found = HeapTupleIsValid(tuple);
  if (found) *row = SaltRowOf(tuple, RelationGetDescr(salts));
  systable_endscan(scan);
  return found;
}

// A generator with this salt may not be used as it was.
void TellSessions(uint64_t salt) {
  EachGenerator([&](Oid generator, const Definition& d) {
    if (d.salt == salt) CacheInvalidateRelcacheByRelid(generator);
    return true;
  });
}

}  // namespace

void FormatSalt(uint64_t salt, char* out) {
  std::snprintf(out, kMaxSaltText, "salt=%016llx", static_cast<unsigned long long>(salt));
}

Relation TryOpenSalts(LOCKMODE mode, const char** why) {
  *why = nullptr;
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension)) return nullptr;
  const Oid schema = get_namespace_oid("detid", true);
  const Oid oid = OidIsValid(schema) ? get_relname_relid("_salt", schema) : InvalidOid;
  if (!OidIsValid(oid) || getExtensionOfObject(RelationRelationId, oid) != extension) {
    *why = "There is no table detid._salt.";
    return nullptr;
  }
  const Relation salts = table_open(oid, mode);
  if (!HasColumns(salts, kTypes, kColumns) || RelationGetNumberOfAttributes(salts) != kColumns)
    *why = "It has other columns.";
  else if (!IsPlainKey(KeyOf(salts)))
    *why = "Its primary key is missing, or it has another index besides.";
  if (*why == nullptr) return salts;
  table_close(salts, NoLock);
  return nullptr;
}

Relation OpenSalts(LOCKMODE mode) {
  const char* why = nullptr;
  const Relation salts = TryOpenSalts(mode, &why);
  if (why != nullptr) Raise(Error::kSaltsMissing, "%s", why);
  return salts;
}

void LockSalt(Relation salts, uint64_t salt) {
  LockDatabaseObject(RelationGetRelid(salts), static_cast<Oid>(salt),
                     static_cast<uint16>(salt >> 32), ExclusiveLock);
}

bool FindSalt(Relation salts, uint64_t salt, SaltRow* row) {
  for (;;) {
    SnapshotData now;
    InitDirtySnapshot(now);
    const bool found = Read(salts, salt, &now, row);
    if (!found) return false;
    const TransactionId writer = TransactionIdIsValid(now.xmin) ? now.xmin : now.xmax;
    if (!TransactionIdIsValid(writer)) return true;
    XactLockTableWait(writer, salts, &row->at, XLTW_InsertIndex);
  }
}

bool LookAtSalt(Relation salts, uint64_t salt, SaltRow* row) {
  return Read(salts, salt, nullptr, row);
}

void InsertSalt(Relation salts, const SaltRow& row) {
  CatalogTupleInsert(salts, TupleOf(salts, row));
}

void UpdateSalt(Relation salts, const SaltRow& row) {
  ItemPointerData at = row.at;
  CatalogTupleUpdate(salts, &at, TupleOf(salts, row));
  TellSessions(row.salt);
}

SaltRow SaltRowOf(HeapTuple tuple, TupleDesc descriptor) {
  Datum values[kColumns];
  bool nulls[kColumns];
  heap_deform_tuple(tuple, descriptor, values, nulls);
  for (int i = 0; i < kOther - 1; i++)
    if (nulls[i]) Raise(Error::kSaltsProtected, "A row with a NULL was refused.");
  SaltRow row;
  row.salt = static_cast<uint64_t>(DatumGetInt64(values[kSalt - 1]));
  row.owner = DatumGetObjectId(values[kOwner - 1]);
  strlcpy(row.role, NameStr(*DatumGetName(values[kRole - 1])), sizeof row.role);
  text_to_cstring_buffer(DatumGetTextPP(values[kGenerator - 1]), row.generator,
                         sizeof row.generator);
  row.since = DatumGetTimestampTz(values[kSince - 1]);
  if (!nulls[kOther - 1])
    strlcpy(row.other, NameStr(*DatumGetName(values[kOther - 1])), sizeof row.other);
  row.at = tuple->t_self;
  return row;
}

void EachSalt(Relation salts, void (*visit)(const SaltRow&, void*), void* context) {
  const SysScanDesc scan = systable_beginscan(salts, InvalidOid, false, nullptr, 0, nullptr);
  for (;;) {
    const HeapTuple tuple = systable_getnext(scan);
    if (!HeapTupleIsValid(tuple)) break;
    visit(SaltRowOf(tuple, RelationGetDescr(salts)), context);
  }
  systable_endscan(scan);
}

}  // namespace detid
