// SPDX-License-Identifier: PostgreSQL

#include "pg/as_owner.h"

#include "pg/errors.h"

namespace detid {
namespace {

Oid TableNamed(const char* name) {
  const Oid schema = get_namespace_oid("detid", true);
  const Oid table = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
  if (!OidIsValid(table)) Raise(Error::kNoExtension);
  return table;
}

Oid OwnerOf(Oid table) {
  const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(tuple)) Raise(Error::kNoExtension);
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  return owner;
}

}  // namespace

OwnerScope Become(Oid owner) {
  OwnerScope scope = {InvalidOid, 0, 0};
  GetUserIdAndSecContext(&scope.user, &scope.context);
  if (scope.user == owner) return scope;
  SetUserIdAndSecContext(
      owner, scope.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  scope.settings = NewGUCNestLevel();
  compat::RestrictSearchPath();
  return scope;
}

void Leave(const OwnerScope& scope) {
  if (scope.settings == 0) return;
  AtEOXact_GUC(false, scope.settings);
  SetUserIdAndSecContext(scope.user, scope.context);
}

Oid OwnerOf(std::initializer_list<const char*> names) {
  const char* first = *names.begin();
  const Oid owner = OwnerOf(TableNamed(first));
  for (const char* name : names) {
    const Oid other = OwnerOf(TableNamed(name));
    if (other != owner)
      Raise(Error::kOwnersDiffer, "detid.%s is %s's, detid.%s is %s's.", first,
            GetUserNameFromId(owner, false), name, GetUserNameFromId(other, false));
  }
  return owner;
}

// Those that queries of the extension join.
Oid OwnerOfTables() {
  return OwnerOf({"topology", "prefixes", "_nodes", "_numbers", "_coordinator", "_witnessed", "_registration"});
}

void RequireRights(const char* name, AclMode rights) {
  const Oid table = TableNamed(name);
  if (pg_class_aclmask(table, GetUserId(), rights, ACLMASK_ALL) != rights)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, name);
}

namespace {

// `conflict` null: a key that is there already is an error.
void Insert(Relation table, int count, const Oid* types, const Datum* values, const bool* nulls,
            bool* conflict) {
  if (!HasColumns(table, types, count))
    Raise(Error::kTableAltered, "It is detid.%s.", RelationGetRelationName(table));
  const OwnerScope scope = Become(table->rd_rel->relowner);
  EState* estate = CreateExecutorState();
  compat::InitRangeTable(estate, table);
  ResultRelInfo* target = makeNode(ResultRelInfo);
  InitResultRelInfo(target, table, 1, nullptr, 0);
  ExecOpenIndices(target, conflict != nullptr);
  TupleTableSlot* slot = table_slot_create(table, nullptr);
  memset(slot->tts_isnull, true, static_cast<size_t>(RelationGetNumberOfAttributes(table)));
  for (int i = 0; i < count; i++) {
    slot->tts_values[i] = values[i];
    slot->tts_isnull[i] = nulls != nullptr && nulls[i];
  }
  ExecStoreVirtualTuple(slot);
  slot->tts_tableOid = RelationGetRelid(table);
  if (RelationGetDescr(table)->constr != nullptr) ExecConstraints(target, slot, estate);
  if (conflict == nullptr) {
    table_tuple_insert(table, slot, GetCurrentCommandId(true), 0, nullptr);
    compat::InsertIndexTuples(target, slot, estate, nullptr);
  } else {
    *conflict = false;
    const TransactionId xid = GetCurrentTransactionId();
    const uint32 token = SpeculativeInsertionLockAcquire(xid);
    table_tuple_insert_speculative(table, slot, GetCurrentCommandId(true), 0, nullptr, token);
    compat::InsertIndexTuples(target, slot, estate, conflict);
    table_tuple_complete_speculative(table, slot, token, !*conflict);
    SpeculativeInsertionLockRelease(xid);
  }
  ExecDropSingleTupleTableSlot(slot);
  ExecCloseIndices(target);
  FreeExecutorState(estate);
  Leave(scope);
}

}  // namespace

void InsertAsOwner(Relation table, int count, const Oid* types, const Datum* values) {
  Insert(table, count, types, values, nullptr, nullptr);
}

bool InsertAsOwnerIfNew(Relation table, int count, const Oid* types, const Datum* values,
                        const bool* nulls) {
  bool conflict = false;
  Insert(table, count, types, values, nulls, &conflict);
  return !conflict;
}

}  // namespace detid
