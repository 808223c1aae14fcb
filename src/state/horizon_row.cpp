// SPDX-License-Identifier: PostgreSQL

#include "state/horizon_row.h"

#include <algorithm>
#include <cstddef>

#include "core/prf.h"
#include "pg/errors.h"
#include "state/shared.h"

namespace detid {
namespace {

// The columns of the table, in their order.
struct Row {
  int64_t horizon_us;
  int64_t instance;
  int64_t directory;
  int64_t moved_us;
  int64_t moved;
  uint32_t database;
  int32_t timeline;
  int32_t node;
  int32_t moved_node;
  int64_t checksum;  // of all others
  int64_t since_us;
  int64_t pruned_us;
  int64_t duplicate_rows;
  int64_t duplicate_first_us;
  int64_t duplicate_last_us;
  int64_t duplicate_entry;
  int32_t duplicate_node;
  int32_t stopped;
};
static_assert(sizeof(Row) == 120);
constexpr int kColumns = 18;

HorizonRecord RecordOf(const Row& row) {
  return {row.horizon_us,
          {static_cast<uint64_t>(row.instance), row.database, static_cast<uint32_t>(row.timeline),
           row.node, static_cast<uint64_t>(row.directory)},
          static_cast<Move>(row.moved),
          row.moved_us,
          row.moved_node,
          row.since_us,
          row.pruned_us,
          {row.duplicate_rows, row.duplicate_first_us, row.duplicate_last_us, row.duplicate_entry,
           row.duplicate_node, row.stopped != 0}};
}

int64_t Checksum(Row row) {
  row.checksum = 0;
  return static_cast<int64_t>(
      HashBits({reinterpret_cast<const char*>(&row), sizeof row}, 63).word[0]);
}

Row RowOf(const HorizonRecord& r) {
  Row row = {r.horizon_us,
             static_cast<int64_t>(r.origin.instance),
             static_cast<int64_t>(r.origin.directory),
             r.moved_us,
             static_cast<int64_t>(r.moved),
             r.origin.database,
             static_cast<int32_t>(r.origin.timeline),
             r.origin.node,
             r.moved_node,
             0,
             r.since_us,
             r.pruned_us,
             r.duplicates.rows,
             r.duplicates.first_us,
             r.duplicates.last_us,
             r.duplicates.entry,
             r.duplicates.node,
             r.duplicates.stopped};
  row.checksum = Checksum(row);
  return row;
}

// The table has one row, which is only ever written in place. A second may come where somebody
// disabled the triggers to restore a dump: the higher horizon counts then. Whatever else was done
// to it (an update, another type of a column) shows in the checksum.
struct Found {
  Row* row = nullptr;  // null: none, or damaged
  HorizonRecord record;
};
Found Find(Page page) {
  Found found;
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  for (OffsetNumber i = FirstOffsetNumber; i <= last; i++) {
    const ItemId item = PageGetItemId(page, i);
    if (!ItemIdIsNormal(item)) continue;
    HeapTupleHeader tuple = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    if (!(tuple->t_infomask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_infomask))
      continue;
    Row* row = reinterpret_cast<Row*>(reinterpret_cast<char*>(tuple) + tuple->t_hoff);
    if (ItemIdGetLength(item) < tuple->t_hoff + sizeof(Row) || Checksum(*row) != row->checksum)
      return {};
    if (found.row == nullptr)
      found = {row, RecordOf(*row)};
    else
      found.record.horizon_us = std::max(found.record.horizon_us, row->horizon_us);
  }
  return found;
}

}  // namespace

Oid FindHorizonRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) ? get_relname_relid("_horizon", schema) : InvalidOid;
}

Refusal ExtensionRule() {
  if (OidIsValid(FindHorizonRelation())) return {};
  const Oid extension = get_extension_oid("pg_detid", true);
  if (!OidIsValid(extension)) return Refuse(Error::kNoExtension);
  if (OidIsValid(get_namespace_oid("detid", true)))
    return Refuse(Error::kHorizonMissing, "There is no table detid._horizon.");
  return Refuse(Error::kSchemaRenamed);
}

Oid HorizonRelation() {
  Require(ExtensionRule());
  return FindHorizonRelation();
}

bool IsHorizonRelation(Oid relation) {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) && relation == get_relname_relid("_horizon", schema);
}

bool ReadHorizonRow(Relation relation, HorizonRecord* record) {
  if (!IsPlainTable(relation->rd_rel) || RelationGetNumberOfBlocks(relation) == 0) return false;
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const Found found = Find(BufferGetPage(buffer));
  UnlockReleaseBuffer(buffer);
  *record = found.record;
  return found.row != nullptr;
}

Refusal HorizonLoggedRule(Oid horizon) {
  return get_rel_persistence(horizon) == RELPERSISTENCE_PERMANENT
             ? Refusal{}
             : Refuse(Error::kHorizonNotLogged);
}

Refusal HorizonRule(Relation horizon, HorizonRecord* record) {
  if (!ReadHorizonRow(horizon, record)) return Refuse(Error::kHorizonMissing);
  return HorizonLoggedRule(RelationGetRelid(horizon));
}

Written ChangeHorizonRow(Relation relation, bool (*change)(HorizonRecord*, void*), void* context) {
  // What is written to storage of this transaction is gone if it rolls back.
  if (compat::HasNewStorage(relation)) Raise(Error::kHorizonNew);
  if (!IsPlainTable(relation->rd_rel) || RelationGetNumberOfBlocks(relation) == 0)
    Raise(Error::kHorizonMissing);
  const Buffer buffer = ReadBuffer(relation, 0);
  LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
  Found found = Find(BufferGetPage(buffer));
  if (found.row == nullptr) {
    UnlockReleaseBuffer(buffer);
    Raise(Error::kHorizonMissing);
  }
  Written written = {found.record.horizon_us, PageGetLSN(BufferGetPage(buffer))};
  if (change(&found.record, context)) {
    GenericXLogState* state = GenericXLogStart(relation);
    *Find(GenericXLogRegisterBuffer(state, buffer, 0)).row = RowOf(found.record);
    written = {found.record.horizon_us, GenericXLogFinish(state)};
    if (shared != nullptr) shared->counters.horizon_writes.fetch_add(1, std::memory_order_relaxed);
  }
  UnlockReleaseBuffer(buffer);
  return written;
}

bool ReadHorizon(HorizonRecord* record) {
  const Oid oid = FindHorizonRelation();
  if (!OidIsValid(oid)) return false;
  const Relation relation = relation_open(oid, AccessShareLock);
  const bool found = ReadHorizonRow(relation, record);
  relation_close(relation, AccessShareLock);
  return found;
}

HorizonRecord HorizonRecordOf(HeapTuple tuple, TupleDesc descriptor) {
  Datum values[kColumns];
  bool nulls[kColumns];
  if (descriptor->natts != kColumns) Raise(Error::kHorizonMissing);
  heap_deform_tuple(tuple, descriptor, values, nulls);
  for (const bool null : nulls)
    if (null) Raise(Error::kHorizonProtected, "A row with a NULL was refused.");
  return RecordOf({DatumGetInt64(values[0]), DatumGetInt64(values[1]), DatumGetInt64(values[2]),
                   DatumGetInt64(values[3]), DatumGetInt64(values[4]), DatumGetObjectId(values[5]),
                   DatumGetInt32(values[6]), DatumGetInt32(values[7]), DatumGetInt32(values[8]),
                   DatumGetInt64(values[9]), DatumGetInt64(values[10]), DatumGetInt64(values[11]),
                   DatumGetInt64(values[12]), DatumGetInt64(values[13]), DatumGetInt64(values[14]),
                   DatumGetInt64(values[15]), DatumGetInt32(values[16]),
                   DatumGetInt32(values[17])});
}

HeapTuple HorizonTupleOf(const HorizonRecord& record, TupleDesc descriptor) {
  const Row row = RowOf(record);
  Datum values[] = {Int64GetDatum(row.horizon_us),
                    Int64GetDatum(row.instance),
                    Int64GetDatum(row.directory),
                    Int64GetDatum(row.moved_us),
                    Int64GetDatum(row.moved),
                    ObjectIdGetDatum(row.database),
                    Int32GetDatum(row.timeline),
                    Int32GetDatum(row.node),
                    Int32GetDatum(row.moved_node),
                    Int64GetDatum(row.checksum),
                    Int64GetDatum(row.since_us),
                    Int64GetDatum(row.pruned_us),
                    Int64GetDatum(row.duplicate_rows),
                    Int64GetDatum(row.duplicate_first_us),
                    Int64GetDatum(row.duplicate_last_us),
                    Int64GetDatum(row.duplicate_entry),
                    Int32GetDatum(row.duplicate_node),
                    Int32GetDatum(row.stopped)};
  bool nulls[kColumns] = {};
  return heap_form_tuple(descriptor, values, nulls);
}

}  // namespace detid
