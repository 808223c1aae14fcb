// SPDX-License-Identifier: PostgreSQL
//
// Generators as the catalogs have them: sequences with a security label that holds the definition.

#pragma once

#include "core/definition.h"
#include "pg/errors.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// The label provider, whose labels hold definitions.
inline constexpr char kProvider[] = "detid";

// The parameters of a generator's sequence. Its own values mean nothing: the range holds two
// numbers, so that nextval and any setval that a program would try is an error.
inline constexpr char kSequenceOptions[] =
    "AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807 START "
    "-9223372036854775807 CACHE 1 NO CYCLE";

// The same range, which setval leaves spent.
inline constexpr int64_t kSequenceMin = INT64_MIN;
inline constexpr int64_t kSequenceMax = kSequenceMin + 1;
inline constexpr int64_t kSequenceIncrement = 2;

// Longest "schema"."name", quoted, with the terminating zero.
inline constexpr int kMaxQualifiedName = 2 * (2 * 63 + 2) + 2;

// The definition of a generator; false where it is none, and `why` (static text) then says why not.
// Works without preloading and for any role.
bool TryDefinition(ObjectId generator, Definition* definition, const char** why);

// The same as a rule.
Refusal DefinitionRule(ObjectId generator, Definition* definition);

// The sequence is what a plain nextval of makes an error: for the label, and for check().
Refusal SequenceRule(ObjectId sequence);

// The generators that come with the extension, looked up once. Errors: it is not installed.
struct BuiltIn {
  const char* name;
  ObjectId known = 0;  // 0: not yet, or no more
};
extern BuiltIn default_id, default_uuid;
ObjectId FindBuiltIn(BuiltIn* which);
inline ObjectId DefaultId() {
  return default_id.known != 0 ? default_id.known : FindBuiltIn(&default_id);
}
inline ObjectId DefaultUuid() {
  return default_uuid.known != 0 ? default_uuid.known : FindBuiltIn(&default_uuid);
}

// A relation has changed, which may be one of them; 0: any may have.
void ForgetDefaults(ObjectId relation);

// Calls visit(oid) for the generators that come with the extension, then for all that are labelled,
// also where the label does not parse, until it is false.
void EachGeneratorOid(bool (*visit)(ObjectId, void*), void* context);

template <typename Visit>
void EachGeneratorOid(Visit visit) {
  EachGeneratorOid([](ObjectId oid,
                      void* context) { return (*static_cast<Visit*>(context))(oid); },
                   &visit);
}

// Calls visit(oid, definition) for each labelled generator of this database, until it is false.
void EachGenerator(bool (*visit)(ObjectId, const Definition&, void*), void* context);

template <typename Visit>
void EachGenerator(Visit visit) {
  EachGenerator([](ObjectId oid, const Definition& d,
                   void* context) { return (*static_cast<Visit*>(context))(oid, d); },
                &visit);
}

// Qualified and quoted name into a buffer of kMaxQualifiedName; false if it is gone.
bool QualifiedName(ObjectId generator, char* out);

}  // namespace detid
