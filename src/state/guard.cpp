// SPDX-License-Identifier: PostgreSQL

#include "state/guard.h"

#include "pg/errors.h"
#include "state/segments.h"
#include "state/settings.h"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_proc.h"
#include "nodes/parsenodes.h"
#include "parser/parse_func.h"
}

namespace detid::guard {
namespace {

constexpr char kExtension[] = "pg_detid";

bool IsOurs(Oid classid, Oid object) {
  const Oid extension = get_extension_oid(kExtension, true);
  return OidIsValid(extension) && OidIsValid(object) &&
         getExtensionOfObject(classid, object) == extension;
}

// Of an index, its table counts.
bool IsOurRelation(Oid relation) {
  const char kind = OidIsValid(relation) ? get_rel_relkind(relation) : '\0';
  if (kind == RELKIND_INDEX) relation = IndexGetRelation(relation, true);
  return IsOurs(RelationRelationId, relation) || IsGuardedSegment(relation);
}

[[noreturn]] void Refuse(const char* what, const char* name) {
  Raise(Error::kOfExtension, "%s on detid.%s was refused.", what, name);
}

void Keep(const char* what, const RangeVar* name) {
  if (name == nullptr) return;
  const Oid relation = RangeVarGetRelid(name, NoLock, true);
  if (IsOurRelation(relation)) Refuse(what, get_rel_name(relation));
}

// The relation that a trigger, rule or policy is of, whose name follows the relation's.
void KeepOwnerOfPart(const char* what, const Node* object) {
  List* names = list_copy(castNode(List, const_cast<Node*>(object)));
  if (list_length(names) < 2) return;
  Keep(what, makeRangeVarFromNameList(list_truncate(names, list_length(names) - 1)));
}

bool IsRoutine(ObjectType type) {
  return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE ||
         type == OBJECT_AGGREGATE;
}

void KeepRoutine(const char* what, ObjectType type, Node* object) {
  if (!IsRoutine(type) || object == nullptr || !IsA(object, ObjectWithArgs)) return;
  const Oid routine = LookupFuncWithArgs(type, castNode(ObjectWithArgs, object), true);
  if (IsOurs(ProcedureRelationId, routine)) Refuse(what, get_func_name(routine));
}

void KeepSchema(const char* what, const char* name) {
  if (name != nullptr && strcmp(name, "detid") == 0 &&
      OidIsValid(get_extension_oid(kExtension, true)))
    Raise(Error::kOfExtension, "%s on schema detid was refused.", what);
}

// A routine that is to be made, or replaced, in our schema.
void KeepFromSchema(const char* what, List* names) {
  char *schema = nullptr, *name = nullptr;
  DeconstructQualifiedName(names, &schema, &name);
  Oid into = InvalidOid;
  if (schema != nullptr) {
    into = get_namespace_oid(schema, true);
  } else {
    List* path = fetch_search_path(false);
    if (path != NIL) into = linitial_oid(path);
  }
  if (OidIsValid(into) && into == get_namespace_oid("detid", true) &&
      OidIsValid(get_extension_oid(kExtension, true)))
    Refuse(what, name);
}

void KeepReferenced(const Node* node) {
  if (node != nullptr && IsA(node, Constraint) &&
      castNode(Constraint, const_cast<Node*>(node))->contype == CONSTR_FOREIGN)
    Keep("FOREIGN KEY", castNode(Constraint, const_cast<Node*>(node))->pktable);
}

// A foreign key puts triggers on the table that it refers to.
void KeepReferences(const Node* element) {
  ListCell* cell = nullptr;
  KeepReferenced(element);
  if (element == nullptr || !IsA(element, ColumnDef)) return;
  foreach (cell, castNode(ColumnDef, const_cast<Node*>(element))->constraints)
    KeepReferenced(static_cast<const Node*>(lfirst(cell)));
}

bool IsHarmless(AlterTableType what) {
  return what == AT_SetTableSpace || what == AT_SetRelOptions || what == AT_ResetRelOptions ||
         what == AT_ReplicaIdentity || what == AT_SetLogged || what == AT_ClusterOn ||
         what == AT_DropCluster;
}

void OnAlterTable(const AlterTableStmt* s) {
  const Oid relation = RangeVarGetRelid(s->relation, NoLock, true);
  const bool ours = IsOurRelation(relation);
  ListCell* cell = nullptr;
  foreach (cell, s->cmds) {
    const AlterTableCmd* c = lfirst_node(AlterTableCmd, cell);
    if (ours && (s->objtype == OBJECT_VIEW || !IsHarmless(c->subtype)))
      Refuse(s->objtype == OBJECT_INDEX ? "ALTER INDEX" : "ALTER TABLE", get_rel_name(relation));
    if (c->subtype == AT_AddInherit) Keep("INHERIT", castNode(RangeVar, c->def));
    if (c->subtype == AT_AttachPartition)
      Keep("ATTACH PARTITION", castNode(PartitionCmd, c->def)->name);
    if (c->subtype == AT_AddConstraint || c->subtype == AT_AddColumn) KeepReferences(c->def);
  }
}

void OnCreateTable(const CreateStmt* s) {
  ListCell* cell = nullptr;
  // What a dump restores; what is to be guarded of it follows (check() says if it does not).
  const bool segment = s->relation->schemaname != nullptr &&
                       strcmp(s->relation->schemaname, "detid") == 0 &&
                       IsSegmentName(s->relation->relname) && list_length(s->inhRelations) == 1 &&
                       strcmp(linitial_node(RangeVar, s->inhRelations)->relname, "_ledger") == 0;
  if (!segment)
    foreach (cell, s->inhRelations) Keep("INHERITS", lfirst_node(RangeVar, cell));
  foreach (cell, s->tableElts) KeepReferences(static_cast<const Node*>(lfirst(cell)));
}

void OnRename(const RenameStmt* s) {
  if (s->renameType == OBJECT_SCHEMA) return KeepSchema("RENAME", s->subname);
  KeepRoutine("RENAME", s->renameType, s->object);
  Keep("RENAME", s->relation);
}

void OnDrop(const DropStmt* s) {
  ListCell* cell = nullptr;
  foreach (cell, s->objects) {
    const Node* object = static_cast<const Node*>(lfirst(cell));
    switch (s->removeType) {
      case OBJECT_INDEX:
        Keep("DROP INDEX", makeRangeVarFromNameList(castNode(List, const_cast<Node*>(object))));
        break;
      case OBJECT_TABLE:  // a segment; of others PostgreSQL knows that the extension needs them
        Keep("DROP TABLE", makeRangeVarFromNameList(castNode(List, const_cast<Node*>(object))));
        break;
      case OBJECT_TRIGGER:
        KeepOwnerOfPart("DROP TRIGGER", object);
        break;
      case OBJECT_RULE:
        KeepOwnerOfPart("DROP RULE", object);
        break;
      case OBJECT_POLICY:
        KeepOwnerOfPart("DROP POLICY", object);
        break;
      default:
        break;
    }
  }
}

void OnStatistics(const CreateStatsStmt* s) {
  ListCell* cell = nullptr;
  foreach (cell, s->relations)
    if (IsA(lfirst(cell), RangeVar)) Keep("CREATE STATISTICS", lfirst_node(RangeVar, cell));
}

template <typename T>
const T* As(const Node* node) {
  return reinterpret_cast<const T*>(node);
}

void Check(const Node* s) {
  switch (nodeTag(s)) {
    case T_AlterTableStmt:
      return OnAlterTable(As<AlterTableStmt>(s));
    case T_CreateStmt:
      return OnCreateTable(As<CreateStmt>(s));
    case T_RenameStmt:
      return OnRename(As<RenameStmt>(s));
    case T_DropStmt:
      return OnDrop(As<DropStmt>(s));
    case T_AlterObjectSchemaStmt:
      KeepRoutine("SET SCHEMA", As<AlterObjectSchemaStmt>(s)->objectType,
                  As<AlterObjectSchemaStmt>(s)->object);
      return Keep("SET SCHEMA", As<AlterObjectSchemaStmt>(s)->relation);
    case T_AlterOwnerStmt:
      if (As<AlterOwnerStmt>(s)->objectType == OBJECT_SCHEMA)
        return KeepSchema("OWNER TO", strVal(As<AlterOwnerStmt>(s)->object));
      return KeepRoutine("OWNER TO", As<AlterOwnerStmt>(s)->objectType,
                         As<AlterOwnerStmt>(s)->object);
    case T_AlterObjectDependsStmt:
      KeepRoutine("DEPENDS ON EXTENSION", As<AlterObjectDependsStmt>(s)->objectType,
                  As<AlterObjectDependsStmt>(s)->object);
      return Keep("DEPENDS ON EXTENSION", As<AlterObjectDependsStmt>(s)->relation);
    case T_AlterFunctionStmt:
      return KeepRoutine("ALTER FUNCTION", As<AlterFunctionStmt>(s)->objtype,
                         reinterpret_cast<Node*>(As<AlterFunctionStmt>(s)->func));
    case T_CreateFunctionStmt:
      return KeepFromSchema("CREATE FUNCTION", As<CreateFunctionStmt>(s)->funcname);
    case T_DefineStmt:
      if (As<DefineStmt>(s)->kind == OBJECT_AGGREGATE)
        KeepFromSchema("CREATE AGGREGATE", As<DefineStmt>(s)->defnames);
      return;
    case T_ViewStmt:
      return Keep("CREATE VIEW", As<ViewStmt>(s)->view);
    case T_IndexStmt:
      return Keep("CREATE INDEX", As<IndexStmt>(s)->relation);
    case T_CreateTrigStmt:
      Keep("FOREIGN KEY", As<CreateTrigStmt>(s)->constrrel);
      return Keep("CREATE TRIGGER", As<CreateTrigStmt>(s)->relation);
    case T_RuleStmt:
      return Keep("CREATE RULE", As<RuleStmt>(s)->relation);
    case T_CreatePolicyStmt:
      return Keep("CREATE POLICY", As<CreatePolicyStmt>(s)->table);
    case T_AlterPolicyStmt:
      return Keep("ALTER POLICY", As<AlterPolicyStmt>(s)->table);
    case T_CreateStatsStmt:
      return OnStatistics(As<CreateStatsStmt>(s));
    default:
      return;
  }
}

// Whether the statement is of a script of ours.
bool IsOfScript() {
  return creating_extension && CurrentExtensionObject == get_extension_oid(kExtension, true);
}

}  // namespace

bool permitted = false;

void OnUtility(const Node* statement) {
  if (settings::allow_schema_changes || permitted || IsBinaryUpgrade || !IsTransactionState() ||
      IsAbortedTransactionBlockState() || IsOfScript())
    return;
  Check(statement);
}

}  // namespace detid::guard
