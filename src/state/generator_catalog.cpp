// SPDX-License-Identifier: PostgreSQL

#include "state/generator_catalog.h"

#include "core/label.h"
#include "pg/pg.h"

extern "C" {
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
}

namespace detid {
namespace {

// The definition in the code of a generator that comes with the extension; null for others.
const Definition* BuiltInDefinition(Oid schema, const char* name) {
  const Oid ours = get_namespace_oid("detid", true);
  if (!OidIsValid(ours) || schema != ours) return nullptr;
  if (strcmp(name, default_id.name) == 0) return &DefaultIdDefinition();
  if (strcmp(name, default_uuid.name) == 0) return &DefaultUuidDefinition();
  return nullptr;
}

}  // namespace

bool QualifiedName(ObjectId generator, char* out) {
  const char* name = get_rel_name(generator);
  if (name == nullptr) return false;
  const char* schema = get_namespace_name(get_rel_namespace(generator));
  if (schema == nullptr) return false;
  strlcpy(out, quote_qualified_identifier(schema, name), kMaxQualifiedName);
  return true;
}

namespace {

// Calls visit(oid) for each relation with a label of ours, until it is false.
template <typename Visit>
void EachLabelled(Visit visit) {
  const Relation relation = table_open(SecLabelRelationId, AccessShareLock);
  // By the index: in the order of their oids, whatever was vacuumed.
  const SysScanDesc scan =
      systable_beginscan(relation, SecLabelObjectIndexId, true, nullptr, 0, nullptr);
  for (bool more = true; more;) {
    const HeapTuple tuple = systable_getnext(scan);
    if (!HeapTupleIsValid(tuple)) break;
    const auto* row = reinterpret_cast<const FormData_pg_seclabel*>(GETSTRUCT(tuple));
    bool null = false;
    const Datum provider =
        heap_getattr(tuple, Anum_pg_seclabel_provider, RelationGetDescr(relation), &null);
    if (row->classoid == RelationRelationId && row->objsubid == 0 &&
        View(DatumGetTextPP(provider)) == kProvider)
      more = visit(row->objoid);
  }
  systable_endscan(scan);
  table_close(relation, AccessShareLock);
}

// 0 if it is missing.
Oid FindBuiltIn(const char* name) {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

}  // namespace

void EachGenerator(bool (*visit)(ObjectId, const Definition&, void*), void* context) {
  EachLabelled([&](Oid oid) {
    Definition definition;
    const char* why = nullptr;
    return !TryDefinition(oid, &definition, &why) || visit(oid, definition, context);
  });
}

void EachGeneratorOid(bool (*visit)(ObjectId, void*), void* context) {
  const Oid built_in[] = {FindBuiltIn("default_id"), FindBuiltIn("default_uuid")};
  for (const Oid oid : built_in)
    if (OidIsValid(oid) && !visit(oid, context)) return;
  EachLabelled([&](Oid oid) {
    return oid == built_in[0] || oid == built_in[1] || visit(oid, context);
  });
}

bool TryDefinition(ObjectId generator, Definition* definition, const char** why) {
  const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(generator));
  if (!HeapTupleIsValid(tuple)) {
    *why = "does not exist";
    return false;
  }
  const Form_pg_class relation = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  const bool sequence = relation->relkind == RELKIND_SEQUENCE;
  const bool logged = relation->relpersistence == RELPERSISTENCE_PERMANENT;
  const Definition* built_in =
      BuiltInDefinition(relation->relnamespace, NameStr(relation->relname));
  ReleaseSysCache(tuple);
  if (!sequence || !logged) {
    *why = sequence ? "is not a permanent sequence" : "is not a sequence";
    return false;
  }
  ObjectAddress object;
  ObjectAddressSet(object, RelationRelationId, generator);
  char* label = GetSecurityLabel(&object, kProvider);
  if (label == nullptr) {
    *why = "has no label of the provider detid";
    if (built_in == nullptr) return false;
    *definition = *built_in;
    return true;
  }
  const Result<Definition> parsed = ParseLabel(label);
  pfree(label);
  *why = "has a label that was edited by hand and does not parse";
  *definition = parsed.value;
  return parsed.ok();
}

Refusal DefinitionRule(ObjectId generator, Definition* definition) {
  const char* why = nullptr;
  if (TryDefinition(generator, definition, &why)) return {};
  char name[kMaxQualifiedName];
  const bool named = QualifiedName(generator, name);
  if (named && get_rel_relkind(generator) == RELKIND_SEQUENCE &&
      get_rel_persistence(generator) == RELPERSISTENCE_UNLOGGED)
    return Refuse(Error::kUnlogged, "%s is unlogged.", name);
  if (named) return Refuse(Error::kNotAGenerator, "%s %s.", name, why);
  return Refuse(Error::kNotAGenerator, "Relation %u %s.", generator, why);
}

Refusal SequenceRule(ObjectId oid) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple))
    return Refuse(Error::kNotAGenerator, "There is no relation %u.", oid);
  const Form_pg_class relation = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
  const char kind = relation->relkind, persistence = relation->relpersistence;
  const NameData relname = relation->relname;
  const char* name = NameStr(relname);
  ReleaseSysCache(tuple);
  if (kind != RELKIND_SEQUENCE)
    return Refuse(Error::kNotAGenerator, "\"%s\" is not a sequence.", name);
  if (persistence == RELPERSISTENCE_TEMP)
    return Refuse(Error::kTemporary, "\"%s\" is temporary.", name);
  if (persistence == RELPERSISTENCE_UNLOGGED)
    return Refuse(Error::kUnlogged, "\"%s\" is unlogged.", name);

  tuple = SearchSysCache1(SEQRELID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple))
    return Refuse(Error::kNotAGenerator, "\"%s\" is not a sequence.", name);
  const Form_pg_sequence sequence = reinterpret_cast<Form_pg_sequence>(GETSTRUCT(tuple));
  const bool right = sequence->seqmin == kSequenceMin && sequence->seqmax == kSequenceMax &&
                     sequence->seqincrement == kSequenceIncrement && !sequence->seqcycle;
  ReleaseSysCache(tuple);
  if (right) return {};
  return Refuse(Error::kWrongSequence, "A plain nextval of \"%s\" would give a number.", name);
}

BuiltIn default_id{"default_id"}, default_uuid{"default_uuid"};

ObjectId FindBuiltIn(BuiltIn* which) {
  const Oid relation = FindBuiltIn(which->name);
  if (!OidIsValid(relation)) Raise(Error::kNoExtension);
  return which->known = relation;
}

void ForgetDefaults(ObjectId relation) {
  for (BuiltIn* which : {&default_id, &default_uuid})
    if (relation == InvalidOid || relation == which->known) which->known = InvalidOid;
}

}  // namespace detid
