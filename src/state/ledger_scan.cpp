// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_scan.h"

#include "pg/errors.h"
#include "state/ledger_table.h"

extern "C" {
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
}

namespace detid {

struct LedgerScan {
  Relation table, index;
  TupleTableSlot* slot;
  MemoryContext memory;  // of one row
  bool claims;
};

namespace {

// What the index is asked for: its first columns, of which the last may be compared otherwise than
// by =.
struct Search {
  int count = 0;
  ScanKeyData keys[5];

  void AddInt32(StrategyNumber compare, Oid function, int32_t value) {
    ScanKeyInit(&keys[count], static_cast<AttrNumber>(count + 1), compare, function,
                Int32GetDatum(value));
    count++;
  }
  void AddInt64(int column, StrategyNumber compare, Oid function, uint64_t value) {
    ScanKeyInit(&keys[count++], static_cast<AttrNumber>(column), compare, function,
                Int64GetDatum(static_cast<int64_t>(value)));
  }
  void Definition(uint64_t d) { AddInt64(1, BTEqualStrategyNumber, F_INT8EQ, d); }
  void Node(int32_t node) { AddInt32(BTEqualStrategyNumber, F_INT4EQ, node); }
  void Worker(int32_t worker) { AddInt32(BTEqualStrategyNumber, F_INT4EQ, worker); }
};

// The whole of a row is in the slot's memory.
void Read(const LedgerScan* s, LedgerRow* row) {
  TupleTableSlot* slot = s->slot;
  bool null = false;
  const auto int32_at = [&](int c) { return DatumGetInt32(slot_getattr(slot, c, &null)); };
  const auto uint64_at = [&](int c) {
    return static_cast<uint64_t>(DatumGetInt64(slot_getattr(slot, c, &null)));
  };
  row->key = {int32_at(kLedgerNode), int32_at(kLedgerWorker), uint64_at(kLedgerDefinition),
              uint64_at(kLedgerPosition)};
  row->count = int32_at(kLedgerCount);
  row->xact = DatumGetTransactionId(slot_getattr(slot, kLedgerXact, &null));
  row->context = uint64_at(kLedgerContext);
  row->digest = uint64_at(kLedgerDigest);
  row->attempt = -1;
  row->ids = nullptr;
  row->inputs = row->positions = nullptr;
  row->tag = nullptr;
  row->redacted = row->claim = nullptr;
  row->origin = 0;
  const auto datum_at = [&](int c) {
    const Datum datum = slot_getattr(slot, c, &null);
    return null ? Datum{0} : datum;
  };
  if (const Datum d = datum_at(kLedgerIds); !null) row->ids = DatumGetByteaPP(d);
  if (const Datum d = datum_at(kLedgerInputs); !null) row->inputs = DatumGetArrayTypeP(d);
  if (const Datum d = datum_at(kLedgerPositions); !null) row->positions = DatumGetArrayTypeP(d);
  if (const Datum d = datum_at(kLedgerTag); !null) row->tag = DatumGetTextPP(d);
  if (const Datum d = datum_at(kLedgerAttempt); !null) row->attempt = DatumGetInt32(d);
  if (const Datum d = datum_at(kLedgerRedacted); !null) row->redacted = DatumGetByteaPP(d);
  if (!s->claims) return;
  if (const Datum d = datum_at(kClaimKey); !null) row->claim = DatumGetByteaPP(d);
  if (const Datum d = datum_at(kClaimOrigin); !null) row->origin = DatumGetInt32(d);
}

// Calls visit(row) for each that is found, in memory that is the row's, until it returns false.
template <typename Visit>
void Each(LedgerScan* s, Search search, Visit visit) {
  const IndexScanDesc scan =
      compat::BeginIndexScan(s->table, s->index, GetActiveSnapshot(), search.count);
  index_rescan(scan, search.keys, search.count, nullptr, 0);
  for (bool more = true; more && index_getnext_slot(scan, ForwardScanDirection, s->slot);) {
    CHECK_FOR_INTERRUPTS();
    const MemoryContext before = MemoryContextSwitchTo(s->memory);
    LedgerRow row;
    Read(s, &row);
    more = visit(row);
    MemoryContextSwitchTo(before);
    MemoryContextReset(s->memory);
  }
  ExecClearTuple(s->slot);
  index_endscan(scan);
}

bool First(LedgerScan* s, const Search& search, Stream* stream) {
  bool found = false;
  Each(s, search, [&](const LedgerRow& row) {
    *stream = {row.key.definition, row.key.node, row.key.worker, true};
    found = true;
    return false;
  });
  return found;
}

}  // namespace

List* LedgerTables() {
  const Oid ledger = LedgerTable();
  if (!OidIsValid(ledger)) Raise(Error::kNoExtension);
  LockRelationOid(ledger, AccessShareLock);  // before, or a rotation could come between
  return find_all_inheritors(ledger, AccessShareLock, nullptr);
}

LedgerScan* OpenLedgerScan(Oid oid) {
  LedgerScan* s = static_cast<LedgerScan*>(palloc0(sizeof(LedgerScan)));
  s->table = table_open(oid, AccessShareLock);
  const char* name = RelationGetRelationName(s->table);
  if (!HasColumns(s->table, kLedgerTypes, kLedgerColumns))
    Raise(Error::kLedgerUnreadable, "Its columns are others: %s.", name);
  list_free(RelationGetIndexList(s->table));
  if (!OidIsValid(s->table->rd_pkindex))
    Raise(Error::kLedgerUnreadable, "It has no primary key: %s.", name);
  s->index = index_open(s->table->rd_pkindex, AccessShareLock);
  bool ours = s->index->rd_index->indnkeyatts == lengthof(kLedgerKey);
  for (int i = 0; ours && i < static_cast<int>(lengthof(kLedgerKey)); i++)
    ours = s->index->rd_index->indkey.values[i] == kLedgerKey[i];
  if (!ours) Raise(Error::kLedgerUnreadable, "Its primary key is another: %s.", name);
  const TupleDesc columns = RelationGetDescr(s->table);
  s->claims = columns->natts >= kClaimColumns &&
              strcmp(NameStr(TupleDescAttr(columns, kClaimKey - 1)->attname), "claim") == 0 &&
              TupleDescAttr(columns, kClaimKey - 1)->atttypid == BYTEAOID &&
              TupleDescAttr(columns, kClaimOrigin - 1)->atttypid == INT4OID;
  s->slot = table_slot_create(s->table, nullptr);
  s->memory = AllocSetContextCreate(CurrentMemoryContext, "pg_detid row", ALLOCSET_DEFAULT_SIZES);
  return s;
}

void CloseLedgerScan(LedgerScan* s) {
  ExecDropSingleTupleTableSlot(s->slot);
  index_close(s->index, NoLock);
  table_close(s->table, NoLock);
  MemoryContextDelete(s->memory);
  pfree(s);
}

bool NextNode(LedgerScan* s, Stream* stream) {
  Search node;
  node.Definition(stream->definition);
  node.AddInt32(BTGreaterStrategyNumber, F_INT4GT, stream->node);
  return First(s, node, stream);
}

bool NextWorker(LedgerScan* s, Stream* stream) {
  Search search;
  search.Definition(stream->definition);
  search.Node(stream->node);
  search.AddInt32(BTGreaterStrategyNumber, F_INT4GT, stream->worker);
  return First(s, search, stream);
}

bool NextStream(LedgerScan* s, Stream* stream) {
  if (!stream->begun) {  // whatever the table begins with
    stream->begun = First(s, Search{}, stream);
    return stream->begun;
  }
  if (NextWorker(s, stream) || NextNode(s, stream)) return true;
  Search definition;
  definition.AddInt64(1, BTGreaterStrategyNumber, F_INT8GT, stream->definition);
  return First(s, definition, stream);
}

bool FindLast(LedgerScan* s, const Stream& stream, uint64_t position, LedgerRow* row) {
  Search search;
  search.Definition(stream.definition);
  search.Node(stream.node);
  search.Worker(stream.worker);
  search.AddInt64(4, BTLessEqualStrategyNumber, F_INT8LE, position);
  const IndexScanDesc scan =
      compat::BeginIndexScan(s->table, s->index, GetActiveSnapshot(), search.count);
  index_rescan(scan, search.keys, search.count, nullptr, 0);
  const bool found = index_getnext_slot(scan, BackwardScanDirection, s->slot);
  if (found) {
    ExecMaterializeSlot(s->slot);  // the row outlives the scan
    Read(s, row);
  }
  index_endscan(scan);
  return found;
}

void EachRow(LedgerScan* s, const Stream& stream, uint64_t from, uint64_t until,
             bool (*visit)(const LedgerRow&, void*), void* context) {
  Search search;
  search.Definition(stream.definition);
  search.Node(stream.node);
  search.Worker(stream.worker);
  search.AddInt64(4, BTGreaterEqualStrategyNumber, F_INT8GE, from);
  if (until != INT64_MAX) search.AddInt64(4, BTLessStrategyNumber, F_INT8LT, until);
  Each(s, search, [&](const LedgerRow& row) { return visit(row, context); });
}

}  // namespace detid
