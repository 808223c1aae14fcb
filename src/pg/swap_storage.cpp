// SPDX-License-Identifier: PostgreSQL

#include "pg/swap_storage.h"

extern "C" {
#include "access/toast_internals.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "commands/tablecmds.h"
#include "storage/predicate.h"
}

namespace detid {
namespace {

HeapTuple ClassTuple(Oid relation) {
  const HeapTuple tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", relation);
  return tuple;
}

Form_pg_class FormOf(HeapTuple tuple) {
  return reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
}

// What says of a relation where its storage is and what is in it.
void ExchangeClass(Form_pg_class a, Form_pg_class b) {
  std::swap(a->relfilenode, b->relfilenode);
  std::swap(a->reltablespace, b->reltablespace);
  std::swap(a->relpersistence, b->relpersistence);
  std::swap(a->relpages, b->relpages);
  std::swap(a->reltuples, b->reltuples);
  std::swap(a->relallvisible, b->relallvisible);
#if PG_VERSION_NUM >= 180000
  std::swap(a->relallfrozen, b->relallfrozen);
#endif
  std::swap(a->reltoastrelid, b->reltoastrelid);
  std::swap(a->relfrozenxid, b->relfrozenxid);
  std::swap(a->relminmxid, b->relminmxid);
}

// S2.
void ExchangeNewness(Oid table, Oid fresh) {
  const Relation t = relation_open(table, NoLock);
  const Relation f = relation_open(fresh, NoLock);
  f->rd_createSubid = t->rd_createSubid;
#if PG_VERSION_NUM >= 160000
  f->rd_newRelfilelocatorSubid = t->rd_newRelfilelocatorSubid;
  f->rd_firstRelfilelocatorSubid = t->rd_firstRelfilelocatorSubid;
  RelationAssumeNewRelfilelocator(t);
#else
  f->rd_newRelfilenodeSubid = t->rd_newRelfilenodeSubid;
  f->rd_firstRelfilenodeSubid = t->rd_firstRelfilenodeSubid;
  RelationAssumeNewRelfilenode(t);
#endif
  relation_close(f, NoLock);
  relation_close(t, NoLock);
}

void Exchange(Oid table, Oid fresh) {
  const Relation classes = table_open(RelationRelationId, RowExclusiveLock);
  const HeapTuple t = ClassTuple(table), f = ClassTuple(fresh);
  ExchangeClass(FormOf(t), FormOf(f));
  ExchangeNewness(table, fresh);
  CatalogTupleUpdate(classes, &t->t_self, t);
  CatalogTupleUpdate(classes, &f->t_self, f);
  table_close(classes, RowExclusiveLock);
#if PG_VERSION_NUM < 170000
  // Each has a pointer to the other's file, which the next command leaves dangling.
  RelationCloseSmgrByOid(table);
  RelationCloseSmgrByOid(fresh);
#endif
}

Oid ToastOf(Oid table) {
  const HeapTuple tuple = ClassTuple(table);
  const Oid toast = FormOf(tuple)->reltoastrelid;
  heap_freetuple(tuple);
  return toast;
}

void BelongTo(Oid toast, Oid table) {
  if (!OidIsValid(toast)) return;
  deleteDependencyRecordsFor(RelationRelationId, toast, false);
  const ObjectAddress owned = {RelationRelationId, toast, 0};
  const ObjectAddress owner = {RelationRelationId, table, 0};
  recordDependencyOn(&owned, &owner, DEPENDENCY_INTERNAL);
}

void NameToast(Oid toast, const char* name) {
  if (!OidIsValid(toast)) return;
  const Oid index = toast_get_valid_index(toast, NoLock);
  RenameRelationInternal(toast, name, true, false);
  RenameRelationInternal(index, psprintf("%s_index", name), true, true);
  CommandCounterIncrement();
}

Oid IndexOf(Oid table) {
  const Relation relation = relation_open(table, NoLock);
  List* indexes = RelationGetIndexList(relation);
  relation_close(relation, NoLock);
  if (list_length(indexes) != 1) elog(ERROR, "relation %u has not one index", table);
  const Oid index = linitial_oid(indexes);
  LockRelationOid(index, AccessExclusiveLock);
  return index;
}

}  // namespace

void SwapStorage(Oid table, Oid fresh) {
  const Oid index = IndexOf(table), fresh_index = IndexOf(fresh);
  const Relation relation = relation_open(table, NoLock);
  TransferPredicateLocksToHeapRelation(relation);
  relation_close(relation, NoLock);
  Exchange(table, fresh);
  Exchange(index, fresh_index);
  CommandCounterIncrement();
  const Oid toast = ToastOf(table), fresh_toast = ToastOf(fresh);
  BelongTo(toast, table);
  BelongTo(fresh_toast, fresh);
  CommandCounterIncrement();
  // By their owners, as whatever rewrites a table later names its TOAST table.
  NameToast(toast, psprintf("pg_toast_%u_new", table));
  NameToast(fresh_toast, psprintf("pg_toast_%u", fresh));
  NameToast(toast, psprintf("pg_toast_%u", table));
}

}  // namespace detid
