// SPDX-License-Identifier: PostgreSQL
//
// What differs between PostgreSQL's major versions. Included by pg.h only.

#pragma once

#if PG_VERSION_NUM < 150000
#error "pg_detid needs PostgreSQL 15 or later"
#endif

// Empty on Unix before 16, while the build hides what is not exported.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

namespace detid::compat {

// This backend's number, from 0 to MaxBackends - 1; negative if it has none.
inline int BackendSlot() {
#if PG_VERSION_NUM >= 170000
  return MyProcNumber < MaxBackends ? MyProcNumber : -1;
#else
  return MyBackendId == InvalidBackendId ? -1 : MyBackendId - 1;
#endif
}

// True if the role owns the relation.
inline bool OwnsRelation(Oid relation, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(RelationRelationId, relation, role);
#else
  return pg_class_ownercheck(relation, role);
#endif
}

// True if the relation was given new storage in this transaction, other than by its creation.
inline bool HasNewStorage(Relation relation) {
#if PG_VERSION_NUM >= 160000
  return relation->rd_newRelfilelocatorSubid != InvalidSubTransactionId ||
         relation->rd_firstRelfilelocatorSubid != InvalidSubTransactionId;
#else
  return relation->rd_newRelfilenodeSubid != InvalidSubTransactionId ||
         relation->rd_firstRelfilenodeSubid != InvalidSubTransactionId;
#endif
}

// Inserts the slot's tuple into all indexes of the relation. If `conflict` is not null, a duplicate
// in any of them, or in the one of `only`, sets it, instead of an error or a wait for whoever
// inserts the other.
inline void InsertIndexTuples(ResultRelInfo* relation, TupleTableSlot* slot, EState* estate,
                              bool* conflict, Oid only = InvalidOid) {
  const bool no_error = conflict != nullptr;
  List* arbiters = OidIsValid(only) ? list_make1_oid(only) : NIL;
#if PG_VERSION_NUM >= 160000
  List* rechecks =
      ExecInsertIndexTuples(relation, slot, estate, false, no_error, conflict, arbiters, false);
#else
  List* rechecks =
      ExecInsertIndexTuples(relation, slot, estate, false, no_error, conflict, arbiters);
#endif
  list_free(rechecks);
  list_free(arbiters);
}

inline IndexScanDesc BeginIndexScan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

// An EState whose range table is this one relation.
inline void InitRangeTable(EState* estate, Relation relation) {
  RangeTblEntry* rte = makeNode(RangeTblEntry);
  rte->rtekind = RTE_RELATION;
  rte->relid = RelationGetRelid(relation);
  rte->relkind = relation->rd_rel->relkind;
  rte->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
  List* permissions = NIL;
  addRTEPermissionInfo(&permissions, rte);
#endif
#if PG_VERSION_NUM >= 180000
  ExecInitRangeTable(estate, list_make1(rte), permissions, bms_make_singleton(1));
#elif PG_VERSION_NUM >= 160000
  ExecInitRangeTable(estate, list_make1(rte), permissions);
#else
  ExecInitRangeTable(estate, list_make1(rte));
#endif
}

// Memory for a setting's `extra`, which the server frees; null if there is none.
inline void* AllocateExtra(size_t bytes) {
#if PG_VERSION_NUM >= 160000
  return guc_malloc(LOG, bytes);
#else
  return malloc(bytes);
#endif
}

// Has names be found in pg_catalog only, until the settings' nest level ends.
inline void RestrictSearchPath() {
#if PG_VERSION_NUM >= 170000
  ::RestrictSearchPath();
#else
  set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
                    GUC_ACTION_SAVE, true, 0, false);
#endif
}

// The wait event of a backend that waits for the clock to catch up with its sequence.
inline uint32 OverloadWaitEvent() {
#if PG_VERSION_NUM >= 170000
  static uint32 event = 0;
  if (event == 0) event = WaitEventExtensionNew("DetidOverload");
  return event;
#else
  return PG_WAIT_EXTENSION;
#endif
}

// Of a backend that waits for the first interval that the registry grants.
inline uint32 RegistryWaitEvent() {
#if PG_VERSION_NUM >= 170000
  static uint32 event = 0;
  if (event == 0) event = WaitEventExtensionNew("DetidRegistry");
  return event;
#else
  return PG_WAIT_EXTENSION;
#endif
}

}  // namespace detid::compat
