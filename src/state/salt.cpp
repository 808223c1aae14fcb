// SPDX-License-Identifier: PostgreSQL

#include "state/salt.h"

#include "pg/errors.h"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/indexing.h"
}

namespace detid {
namespace {

Oid OwnerOf(Oid relation) {
  const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  return owner;
}

// As the command that is changing it leaves it.
Oid NextOwnerOf(Oid relation) {
  const Relation classes = table_open(RelationRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
  const SysScanDesc scan =
      systable_beginscan(classes, ClassOidIndexId, true, SnapshotSelf, 1, &key);
  const HeapTuple tuple = systable_getnext(scan);
  const Oid owner = HeapTupleIsValid(tuple)
                        ? reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner
                        : InvalidOid;
  systable_endscan(scan);
  table_close(classes, AccessShareLock);
  return owner;
}

// Empty if there is no such role.
void NameOf(Oid role, char* out) {
  const char* name = OidIsValid(role) ? GetUserNameFromId(role, true) : nullptr;
  strlcpy(out, name != nullptr ? name : "", NAMEDATALEN);
}

bool IsOwner(const SaltRow& row, Oid role) {
  char name[NAMEDATALEN];
  NameOf(role, name);
  return OidIsValid(role) && row.owner == role && strcmp(row.role, name) == 0;
}

void SetOwner(SaltRow* row, Oid role) {
  row->owner = role;
  NameOf(role, row->role);
}

SaltRow NewRow(uint64_t salt, Oid owner, const char* generator) {
  SaltRow row;
  row.salt = salt;
  SetOwner(&row, owner);
  strlcpy(row.generator, generator, sizeof row.generator);
  row.since = GetCurrentTransactionStartTimestamp();
  return row;
}

[[noreturn]] void RaiseTaken(const SaltRow& row) {
  char salt[kMaxSaltText];
  FormatSalt(row.salt, salt);
  Raise(Error::kSaltTaken, "\"%s\", first of %s, belongs to the role \"%s\"%s.", salt,
        row.generator, row.role,
        IsOwner(row, row.owner) ? "" : ", which was dropped, renamed or never here");
}

[[noreturn]] void RaiseReserved(uint64_t salt) {
  char text[kMaxSaltText];
  FormatSalt(salt, text);
  Raise(Error::kSaltTaken, "\"%s\" is of a generator that comes with the extension.", text);
}

// A generator with this salt, other than `but`, whose owner is, or is not, the role.
Oid GeneratorWith(uint64_t salt, Oid role, bool is_owner, Oid but = InvalidOid) {
  Oid found = InvalidOid;
  EachGenerator([&](Oid generator, const Definition& d) {
    if (d.salt == salt && generator != but && (OwnerOf(generator) == role) == is_owner)
      found = generator;
    return !OidIsValid(found);
  });
  return found;
}

// Locks the salt and finds its row; false if there is none. Errors: it is not the role's.
bool RequireMine(Relation salts, uint64_t salt, Oid role, Oid generator) {
  if (IsReservedSalt(salt)) RaiseReserved(salt);
  LockSalt(salts, salt);
  SaltRow row;
  if (FindSalt(salts, salt, &row)) {
    if (!IsOwner(row, role)) RaiseTaken(row);
    return true;
  }
  // Somebody has removed a row: a generator that has the salt keeps it from others.
  const Oid other = GeneratorWith(salt, role, false, generator);
  if (!OidIsValid(other)) return false;
  row = NewRow(salt, OwnerOf(other), "");
  QualifiedName(other, row.generator);
  RaiseTaken(row);
}

}  // namespace

bool IsReservedSalt(uint64_t salt) {
  return salt == DefaultIdDefinition().salt || salt == DefaultUuidDefinition().salt;
}

void TakeSalt(ObjectId generator, uint64_t salt) {
  // pg_upgrade brings the table's file along.
  const Relation salts = IsBinaryUpgrade ? nullptr : OpenSalts(RowExclusiveLock);
  if (salts == nullptr) return;
  const Oid owner = OwnerOf(generator);
  char name[kMaxQualifiedName];
  QualifiedName(generator, name);
  if (!RequireMine(salts, salt, owner, generator)) InsertSalt(salts, NewRow(salt, owner, name));
  table_close(salts, NoLock);
}

bool IsSaltInUse(uint64_t salt, ObjectId role) {
  const Relation salts = OpenSalts(RowExclusiveLock);
  if (salts == nullptr) Raise(Error::kNoExtension);
  RequireMine(salts, salt, role, InvalidOid);
  table_close(salts, NoLock);
  return OidIsValid(GeneratorWith(salt, role, true));
}

Refusal SaltRule(ObjectId generator, uint64_t salt) {
  if (IsReservedSalt(salt)) return {};
  const char* why = nullptr;
  // Lets invalidations in, before the owner is read.
  const Relation salts = TryOpenSalts(AccessShareLock, &why);
  if (salts == nullptr)
    return why != nullptr ? Refuse(Error::kSaltsMissing, "%s", why) : Refuse(Error::kNoExtension);
  SaltRow row;
  const bool found = LookAtSalt(salts, salt, &row);
  table_close(salts, AccessShareLock);
  const Oid owner = OwnerOf(generator);
  if (!OidIsValid(owner)) return SequenceRule(generator);  // it was dropped since it was looked up
  // A role that owns something is not dropped: it is the same, whatever its name was.
  if (found && row.owner == owner) return {};
  char name[kMaxQualifiedName] = "it", text[kMaxSaltText], role[NAMEDATALEN];
  QualifiedName(generator, name);
  FormatSalt(salt, text);
  NameOf(owner, role);
  if (!found)
    return Refuse(Error::kSaltForeign,
                  "%s is of the role \"%s\", and its \"%s\" is not in detid._salt.", name, role,
                  text);
  return Refuse(Error::kSaltForeign, "%s is of the role \"%s\", and its \"%s\" of the role \"%s\".",
                name, role, text, row.role);
}

void GiveSalt(uint64_t salt, const char* generator, ObjectId role) {
  if (IsReservedSalt(salt)) RaiseReserved(salt);
  const Relation salts = OpenSalts(RowExclusiveLock);
  if (salts == nullptr) Raise(Error::kNoExtension);
  LockSalt(salts, salt);
  SaltRow row;
  if (FindSalt(salts, salt, &row)) {
    SetOwner(&row, role);
    row.other[0] = '\0';
    UpdateSalt(salts, row);
  } else {
    InsertSalt(salts, NewRow(salt, role, generator));
  }
  table_close(salts, NoLock);
  EachGenerator([&](Oid other, const Definition& d) {
    if (d.salt != salt || OwnerOf(other) == role) return true;
    char name[kMaxQualifiedName];
    if (QualifiedName(other, name))
      ereport(WARNING,
              (errmsg("generator %s has this salt, too, and mints nothing from now on", name),
               errhint("Create another one in its place.")));
    return true;
  });
}

void MergeSalt(SaltRow row) {
  const Relation salts = OpenSalts(RowExclusiveLock);
  if (salts == nullptr) Raise(Error::kNoExtension);
  if (IsReservedSalt(row.salt)) RaiseReserved(row.salt);
  LockSalt(salts, row.salt);
  // Its oid is another server's.
  row.owner = get_role_oid(row.role, true);
  SaltRow here;
  if (!FindSalt(salts, row.salt, &here)) {
    InsertSalt(salts, row);
  } else if (strcmp(here.role, row.role) == 0) {
    if (!OidIsValid(here.owner) && OidIsValid(row.owner)) {
      here.owner = row.owner;
      UpdateSalt(salts, here);
    }
  } else if (OidIsValid(row.owner) && row.owner != here.owner && !superuser_arg(here.owner)) {
    strlcpy(here.other, row.role, sizeof here.other);
    UpdateSalt(salts, here);
  }
  table_close(salts, NoLock);
}

bool AdoptSalt(ObjectId generator, uint64_t salt) {
  const Relation salts = OpenSalts(RowExclusiveLock);
  if (salts == nullptr) Raise(Error::kNoExtension);
  LockSalt(salts, salt);
  SaltRow row;
  const Oid owner = OwnerOf(generator);
  const bool found = FindSalt(salts, salt, &row);
  char name[kMaxQualifiedName];
  if (!found && QualifiedName(generator, name)) InsertSalt(salts, NewRow(salt, owner, name));
  CommandCounterIncrement();
  table_close(salts, NoLock);
  return !found || row.owner == owner;
}

namespace {

// The salt goes along to the generator's new owner, unless another generator of the old one has it.
void OnOwnerChange(Oid generator, uint64_t salt, Oid from, Oid to) {
  const char* why = nullptr;
  const Relation salts = TryOpenSalts(RowExclusiveLock, &why);
  if (salts == nullptr) return;
  LockSalt(salts, salt);
  SaltRow row;
  const bool found = FindSalt(salts, salt, &row);
  if (found && row.owner == from) {
    const Oid other = GeneratorWith(salt, from, true, generator);
    if (OidIsValid(other)) {
      char name[kMaxQualifiedName];
      QualifiedName(other, name);
      ereport(WARNING,
              (errmsg("the salt of the generator is that of %s, too, and stays with it", name),
               errdetail("A generator whose salt is not its owner's mints nothing."),
               errhint("Change the owner of both.")));
    } else {
      SetOwner(&row, to);
      UpdateSalt(salts, row);
    }
  }
  table_close(salts, NoLock);
}

// While a role owns a generator it is the same, whatever its name: the last moment to write it
// down.
void OnDrop(Oid generator, uint64_t salt) {
  const char* why = nullptr;
  const Relation salts = TryOpenSalts(RowExclusiveLock, &why);
  if (salts == nullptr) return;
  const Oid owner = OwnerOf(generator);
  SaltRow row;
  if (LookAtSalt(salts, salt, &row) && row.owner == owner && !IsOwner(row, owner)) {
    LockSalt(salts, salt);
    if (FindSalt(salts, salt, &row) && row.owner == owner) {
      SetOwner(&row, owner);
      UpdateSalt(salts, row);
    }
  }
  table_close(salts, NoLock);
}

// The salt of a generator; false for other relations.
bool SaltOfGenerator(Oid relation, uint64_t* salt) {
  if (IsBinaryUpgrade || get_rel_relkind(relation) != RELKIND_SEQUENCE) return false;
  Definition d;
  const char* why = nullptr;
  const bool found = TryDefinition(relation, &d, &why);
  *salt = d.salt;
  return found && !IsReservedSalt(d.salt);
}

}  // namespace

namespace salts {

void OnRelationDrop(ObjectId relation) {
  uint64_t salt = 0;
  if (SaltOfGenerator(relation, &salt)) OnDrop(relation, salt);
}

void OnRelationAlter(ObjectId relation) {
  uint64_t salt = 0;
  if (!SaltOfGenerator(relation, &salt)) return;
  const Oid from = OwnerOf(relation), to = NextOwnerOf(relation);
  if (OidIsValid(to) && from != to) OnOwnerChange(relation, salt, from, to);
}

}  // namespace salts

}  // namespace detid
