// SPDX-License-Identifier: PostgreSQL

#include "state/namespace_secret.h"

#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

uint64_t namespace_changes = 1;

namespace {

// _namespace(name text, commitment bytea, secret bytea, ...)
enum Column { kName = 1, kSecret = 3 };

Oid relation_seen = InvalidOid;

bool IsNamed(TupleDesc desc, HeapTuple tuple, std::string_view name) {
  bool null = false;
  const Datum datum = heap_getattr(tuple, kName, desc, &null);
  return !null && View(DatumGetTextPP(datum)) == name;
}

bool CopySecret(TupleDesc desc, HeapTuple tuple, Seed* secret) {
  bool null = false;
  const Datum datum = heap_getattr(tuple, kSecret, desc, &null);
  if (null || VARSIZE_ANY_EXHDR(DatumGetByteaPP(datum)) != sizeof secret->byte) return false;
  memcpy(secret->byte, VARDATA_ANY(DatumGetByteaPP(datum)), sizeof secret->byte);
  return true;
}

}  // namespace

ObjectId NamespaceRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  relation_seen = OidIsValid(schema) ? get_relname_relid("_namespace", schema) : InvalidOid;
  if (!OidIsValid(relation_seen)) Raise(Error::kNoExtension);
  return relation_seen;
}

bool FindNamespaceSecret(std::string_view name, Seed* secret) {
  const Relation relation = table_open(NamespaceRelation(), AccessShareLock);
  // What is committed now, as for catalogs (state/seed.cpp).
  const Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(relation)));
  const TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
  bool found = false;
  while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
    if (!IsNamed(RelationGetDescr(relation), tuple, name)) continue;
    found = CopySecret(RelationGetDescr(relation), tuple, secret);
    break;
  }
  table_endscan(scan);
  UnregisterSnapshot(snapshot);
  table_close(relation, AccessShareLock);
  return found;
}

void namespaces::OnRelationChange(ObjectId relation) {
  if (relation == InvalidOid || relation == relation_seen) namespace_changes++;
}

}  // namespace detid
