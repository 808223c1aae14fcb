// SPDX-License-Identifier: PostgreSQL

#include "state/dropped_horizon.h"

#include <algorithm>

#include "core/instant.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/horizon_row.h"
#include "state/label.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_database.h"
#include "commands/extension.h"
}

namespace detid {
namespace {

constexpr std::string_view kDroppedKey = "horizon=";

ObjectAddress ThisDatabase() {
  ObjectAddress database;
  ObjectAddressSet(database, DatabaseRelationId, MyDatabaseId);
  return database;
}

int64_t DroppedHorizon() {
  const ObjectAddress database = ThisDatabase();
  int64_t us = 0;
  char* label = GetSecurityLabel(&database, kProvider);
  if (label != nullptr) ParseDroppedHorizon(label, &us);
  return us;
}

}  // namespace

bool ParseDroppedHorizon(std::string_view label, int64_t* us) {
  if (!label.starts_with(kDroppedKey)) return false;
  const Result<int64_t> parsed = ParseInstant(label.substr(kDroppedKey.size()));
  *us = parsed.value;
  return parsed.ok();
}

HorizonRecord FirstHorizon(bool generators) {
  HorizonRecord first;
  first.horizon_us = std::max(DroppedHorizon(), LookAtDatabase(MyDatabaseId).published_us);
  if (first.horizon_us == 0 && generators)
    first.horizon_us =
        (shared != nullptr ? NodeTimeUs() : SystemUs()) + settings::failover_guard_us();
  return first;
}

namespace {

object_access_hook_type previous_access_hook = nullptr;

void RememberDropped(Oid relation) {
  if (!IsHorizonRelation(relation)) return;
  // Anybody may make a table of this name where the extension is not.
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension) || getExtensionOfObject(RelationRelationId, relation) != extension)
    return;
  HorizonRecord record;
  ReadHorizon(&record);
  const int64_t us =
      std::max({record.horizon_us, DroppedHorizon(), LookAtDatabase(MyDatabaseId).published_us});
  if (us == 0) return;  // nothing was minted
  char text[kMaxInstantText], label[kMaxInstantText + 16];
  FormatInstant(us, text, sizeof text);
  std::snprintf(label, sizeof label, "%s%s", kDroppedKey.data(), text);
  const ObjectAddress database = ThisDatabase();
  SetSecurityLabel(&database, kProvider, label);
}

void OnAccess(ObjectAccessType access, Oid type, Oid object, int part, void* argument) {
  if (previous_access_hook != nullptr) previous_access_hook(access, type, object, part, argument);
  if (access == OAT_DROP && type == RelationRelationId && part == 0) RememberDropped(object);
}

}  // namespace

void WatchDroppedHorizon() {
  previous_access_hook = object_access_hook;
  object_access_hook = OnAccess;
}

}  // namespace detid
