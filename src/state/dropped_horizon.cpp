// SPDX-License-Identifier: PostgreSQL

#include "state/dropped_horizon.h"

#include <algorithm>

#include "core/instant.h"
#include "core/registry_text.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/generator_catalog.h"
#include "state/horizon_row.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/pg_database.h"
#include "commands/extension.h"
#include "utils/snapmgr.h"
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

// Anybody may make a table of such a name where the extension is not.
bool OfExtension(Oid relation) {
  const Oid extension = get_extension_oid("pg_detid", true);
  return OidIsValid(extension) && getExtensionOfObject(RelationRelationId, relation) == extension;
}

void RememberDropped(Oid relation) {
  if (!IsHorizonRelation(relation) || !OfExtension(relation)) return;
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

// A registry that is made anew does not know what the nodes of this one were granted.
void WarnOfNodes(Oid relation) {
  const Oid schema = get_namespace_oid("detid", true);
  if (!OidIsValid(schema) || relation != get_relname_relid("_nodes", schema)) return;
  const AttrNumber state = get_attnum(relation, "state");
  if (!OfExtension(relation) || state == InvalidAttrNumber) return;
  const Relation nodes = table_open(relation, AccessShareLock);
  const Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  TupleTableSlot* slot = table_slot_create(nodes, nullptr);
  TableScanDesc scan = table_beginscan(nodes, snapshot, 0, nullptr);
  long long count = 0;
  while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
    bool null = false;
    const Datum word = slot_getattr(slot, state, &null);
    if (!null && View(DatumGetTextPP(word)) != NameOf(NodeState::kRetired)) count++;
  }
  table_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  UnregisterSnapshot(snapshot);
  table_close(nodes, NoLock);
  if (count == 0) return;
  ereport(WARNING,
          (errmsg("the registry that is dropped has nodes that are not retired: %lld", count),
           errdetail("A new one would grant their numbers again, with times that they have used."),
           errhint("Stop them first, or keep this database.")));
}

}  // namespace

void OnRelationDrop(ObjectId relation) {
  RememberDropped(relation);
  WarnOfNodes(relation);
}

}  // namespace detid
