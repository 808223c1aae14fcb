// SPDX-License-Identifier: PostgreSQL

#include "state/segments.h"

#include "state/ledger_scan.h"
#include "state/ledger_table.h"

extern "C" {
#include "access/genam.h"
#include "catalog/indexing.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
}

namespace detid {
namespace {

// The segments, and of each stream that this session has written to the last position in them.
struct Last {
  uint64_t definition;
  int32_t node, worker;
  int64_t position;  // negative: they have none of it
};
constexpr int kMostSegments = 1024;
constexpr int kMostStreams = 64;
bool known = false;
uint64_t changes = 0;
Oid ledger = InvalidOid;
int segment_count = 0;
Oid segment[kMostSegments];
int stream_count = 0;
Last last_of[kMostStreams];

void LookUp() {
  known = false;  // until all is, and has not changed meanwhile
  segment_count = stream_count = 0;
  const uint64_t before = changes;
  ledger = LedgerTable();
  List* children =
      OidIsValid(ledger) && has_subclass(ledger) ? find_inheritance_children(ledger, NoLock) : NIL;
  ListCell* cell;
  foreach (cell, children) {
    if (!IsSegment(lfirst_oid(cell))) continue;
    if (segment_count == kMostSegments)  // the oldest one is not looked into any more
      memmove(segment, segment + 1, sizeof(Oid) * static_cast<size_t>(--segment_count));
    segment[segment_count++] = lfirst_oid(cell);
  }
  list_free(children);
  known = changes == before;
}

// Calls visit(scan) for each segment that is there still. False if there is one that somebody has
// locked, to move or to detach it: who commits does not wait for that.
template <typename Visit>
bool EachSegment(Visit visit) {
  bool all = true;
  for (int i = 0; i < segment_count; i++) {
    if (!ConditionalLockRelationOid(segment[i], AccessShareLock)) {
      all = false;
      continue;
    }
    const Relation there = try_table_open(segment[i], NoLock);
    if (there != nullptr) {
      LedgerScan* scan = OpenLedgerScan(segment[i]);
      visit(scan);
      CloseLedgerScan(scan);
      table_close(there, NoLock);
    }
  }
  return all;
}

int64_t LastOf(const RowKey& key) {
  for (int i = 0; i < stream_count; i++)
    if (last_of[i].definition == key.definition && last_of[i].node == key.node &&
        last_of[i].worker == key.worker)
      return last_of[i].position;
  Last last = {key.definition, key.node, key.worker, -1};
  const bool all = EachSegment([&](LedgerScan* scan) {
    LedgerRow row;
    if (FindLast(scan, {key.definition, key.node, key.worker, true}, INT64_MAX, &row))
      last.position = std::max(last.position, static_cast<int64_t>(row.key.position));
  });
  if (all) last_of[stream_count < kMostStreams ? stream_count++ : kMostStreams - 1] = last;
  return last.position;
}

bool Search(const RowKey& key) {
  if (static_cast<int64_t>(key.position) > LastOf(key)) return false;
  bool found = false;
  EachSegment([&](LedgerScan* scan) {
    LedgerRow row;
    found |= FindLast(scan, {key.definition, key.node, key.worker, true}, key.position, &row) &&
             row.key.position == key.position;
  });
  return found;
}

// Calls visit(form) with the rows of a catalog that are of the relation.
template <typename Form, typename Visit>
void EachOf(Oid relation, Oid catalog, Oid index, AttrNumber column, Visit visit) {
  ScanKeyData key;
  ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
  const Relation table = table_open(catalog, AccessShareLock);
  const SysScanDesc scan = systable_beginscan(table, index, true, nullptr, 1, &key);
  while (const HeapTuple tuple = systable_getnext(scan))
    visit(reinterpret_cast<Form>(GETSTRUCT(tuple)));
  systable_endscan(scan);
  table_close(table, AccessShareLock);
}

Oid Extension() {
  return get_extension_oid("pg_detid", true);
}

}  // namespace

bool IsSegment(Oid relation) {
  if (!OidIsValid(relation) || get_rel_namespace(relation) != get_namespace_oid("detid", true))
    return false;
  if (!OidIsValid(Extension()) || getExtensionOfObject(RelationRelationId, relation) == Extension())
    return false;
  const Oid parent = FindTable("_ledger");
  bool is = false;
  EachOf<Form_pg_inherits>(relation, InheritsRelationId, InheritsRelidSeqnoIndexId,
                           Anum_pg_inherits_inhrelid,
                           [&](Form_pg_inherits i) { is |= i->inhparent == parent; });
  return is;
}

bool IsGuardedSegment(Oid relation) {
  if (!IsSegment(relation)) return false;
  int guards = 0;
  EachOf<Form_pg_trigger>(
      relation, TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid,
      [&](Form_pg_trigger t) {
        const auto is = [&](const char* name, char enabled) {
          return strcmp(NameStr(t->tgname), name) == 0 && t->tgenabled == enabled &&
                 getExtensionOfObject(ProcedureRelationId, t->tgfoid) == Extension();
        };
        guards += is("refuse_change", TRIGGER_FIRES_ON_ORIGIN) ||
                  is("pass_over", TRIGGER_FIRES_ON_REPLICA) ||
                  is("refuse_truncate", TRIGGER_FIRES_ALWAYS);
      });
  Oid key_constraint = InvalidOid;
  return guards == 3 && get_primary_key_attnos(relation, false, &key_constraint) != nullptr;
}

bool IsSegmentName(const char* name) {
  constexpr char kPrefix[] = "_ledger_";
  return strncmp(name, kPrefix, strlen(kPrefix)) == 0 && name[strlen(kPrefix)] != '\0' &&
         strspn(name + strlen(kPrefix), "0123456789_") == strlen(name + strlen(kPrefix));
}

bool IsInSegment(const RowKey& key) {
  if (!known) LookUp();
  if (segment_count == 0) return false;
  PushActiveSnapshot(GetLatestSnapshot());  // as a unique index, whatever the isolation level
  const bool found = Search(key);
  PopActiveSnapshot();
  return found;
}

namespace segments {

void OnRelationChange(Oid relation) {
  changes++;
  if (relation == InvalidOid || relation == ledger) known = false;
}

}  // namespace segments

}  // namespace detid
