// SPDX-License-Identifier: PostgreSQL

#include "state/label.h"

#include "core/label.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/dropped_horizon.h"
#include "state/generator_catalog.h"
#include "state/salt.h"

extern "C" {
#include "catalog/pg_database.h"
}

namespace detid {
namespace {

// The label of a database holds a dropped horizon (horizon.h). Superusers may raise it, as dumps of
// whole databases do.
void CheckDatabaseLabel(const ObjectAddress* object, const char* label) {
  const char* old = GetSecurityLabel(object, kProvider);
  int64_t us = 0, old_us = 0;
  if (old != nullptr) ParseDroppedHorizon(old, &old_us);
  const bool parses = label != nullptr && ParseDroppedHorizon(label, &us);
  // An owner who is no superuser has no say over the time of the whole server.
  if (!parses || !superuser() || us < old_us)
    Raise(Error::kHorizonProtected, "The label is \"%s\".", old != nullptr ? old : "");
}

// PostgreSQL's hook: raises an error unless the label may be set.
void Check(const ObjectAddress* object, const char* label) {
  if (object->classId == DatabaseRelationId) return CheckDatabaseLabel(object, label);
  if (object->classId != RelationRelationId || object->objectSubId != 0)
    Raise(Error::kNotAGenerator, "The label provider detid labels sequences.");
  Definition old;
  const char* why = nullptr;
  const bool had = TryDefinition(object->objectId, &old, &why);
  if (label == nullptr) Raise(Error::kLabelRemoved);
  Require(SequenceRule(object->objectId));
  const Result<Definition> parsed = ParseLabel(label);
  if (!parsed.ok()) Raise(parsed.status);
  if (had && !MayBecome(old, parsed.value)) {
    char was[kMaxLabelText];
    FormatLabel(old, was, sizeof was);
    Raise(Error::kLabelFixed, "The label is \"%s\".", was);
  }
  if (!had) TakeSalt(object->objectId, parsed.value.salt);
  // Leave the sequence spent, so that nextval is an error from the first call on.
  if (!had)
    DirectFunctionCall3(setval3_oid, ObjectIdGetDatum(object->objectId),
                        Int64GetDatum(kSequenceMax), BoolGetDatum(true));
  // A label alone sends no invalidation.
  CacheInvalidateRelcacheByRelid(object->objectId);
}

}  // namespace

void RegisterLabelProvider() {
  register_label_provider(kProvider, Check);
}

}  // namespace detid
