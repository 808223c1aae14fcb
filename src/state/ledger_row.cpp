// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_row.h"

#include <algorithm>

#include "core/id_text.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "state/minter.h"
#include "state/segments.h"
#include "state/settings.h"

namespace detid {

namespace {

// Rows a table_multi_insert.
constexpr int kBatch = 256;

// An entry is cut after this long, so that nobody has to look far for the one that holds an id.
constexpr int64_t kMaxRunUs = 1000000;

void PutId(const LedgerEntry& e, const Bits& id, bytea* to, int i) {
  uint8_t all[kBitsBytes];
  ToBytes(id, all);
  const int bytes = BytesOfId(e.id_bits);
  memcpy(VARDATA(to) + i * bytes, all + kBitsBytes - bytes, static_cast<size_t>(bytes));
}

// All ids of an entry that has them one by one; of a run, the first and the last.
Datum IdsOf(const LedgerEntry& e) {
  const int count = e.each != nullptr ? e.ids.count : std::min(e.ids.count, 2);
  const Size size = VARHDRSZ + static_cast<Size>(count * BytesOfId(e.id_bits));
  bytea* ids = static_cast<bytea*>(palloc(size));
  SET_VARSIZE(ids, size);
  for (int i = 0; i < count; i++)
    PutId(e, e.each != nullptr ? e.each->id[i] : i == 0 ? e.first_id : e.last_id, ids, i);
  return PointerGetDatum(ids);
}

bool HasInputs(const LedgerEntry& e) {
  for (int i = 0; i < e.ids.count; i++)
    if (e.each->input[i] != nullptr) return true;
  return false;
}

Datum InputsOf(const LedgerEntry& e) {
  Datum* inputs = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(e.ids.count)));
  bool* none = static_cast<bool*>(palloc(static_cast<Size>(e.ids.count)));
  for (int i = 0; i < e.ids.count; i++) {
    inputs[i] = PointerGetDatum(e.each->input[i]);
    none[i] = e.each->input[i] == nullptr;
  }
  int dims[1] = {e.ids.count}, bounds[1] = {1};
  return PointerGetDatum(
      construct_md_array(inputs, none, 1, dims, bounds, TEXTOID, -1, false, TYPALIGN_INT));
}

uint64_t FoldOfInputs(const LedgerEntry& e) {
  uint64_t fold = 0;
  for (int i = 0; i < e.ids.count; i++) {
    const text* input = e.each->input[i];
    fold = Fold(
        fold, FoldOfInput(input == nullptr, input == nullptr ? 0 : LedgerHash(e.key, View(input))));
  }
  return fold;
}

bool AreConsecutive(const LedgerEntry& e) {
  return e.each->position[e.ids.count - 1] - e.row.position ==
         static_cast<uint64_t>(e.ids.count - 1);
}

Datum PositionsOf(const LedgerEntry& e) {
  Datum* positions = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(e.ids.count)));
  for (int i = 0; i < e.ids.count; i++)
    positions[i] = Int64GetDatum(static_cast<int64_t>(e.each->position[i]));
  return PointerGetDatum(construct_array(positions, e.ids.count, INT8OID, sizeof(int64),
                                         FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace

Bits IdInBytes(const bytea* ids, int id_bits, int i) {
  const int bytes = BytesOfId(id_bits);
  uint8_t all[kBitsBytes] = {};
  if ((i + 1) * bytes <= static_cast<int>(VARSIZE_ANY_EXHDR(ids)))
    memcpy(all + kBitsBytes - bytes, VARDATA_ANY(ids) + i * bytes, static_cast<size_t>(bytes));
  return FromBytes(all);
}

void DescribeMint(const Minter* m, uint64_t position, const Bits& id, const SaidOfRow& said,
                  LedgerEntry* e) {
  const Definition& d = m->definition;
  *e = LedgerEntry{};
  e->generator = m->generator;
  e->role = m->user;
  e->tag_changes = settings::tag_changes;
  e->row = {m->node, m->ledger_worker, m->fingerprint, position};
  e->key = m->ledger_key;
  e->seed = m->seed;
  e->context = said.context;
  e->tag = said.tag;
  e->id_bits = d.layout.bits;
  e->pinned = m->pinned;
  e->keeps_ids = d.layout.shows(Kind::kRandom) || d.layout.shows(Kind::kHash);
  const int64_t tick = static_cast<int64_t>(position >> m->sequence_bits);
  const int64_t ticks = std::max<int64_t>(kMaxRunUs * 10 / d.layout.unit, 1);
  e->last_of_run = (static_cast<uint64_t>(tick + ticks) << m->sequence_bits) - 1;
  e->first_id = id;
}

void AddToEntry(uint64_t position, const Bits& id, LedgerEntry* e) {
  e->ids.count++;
  e->ids.ids = Fold(e->ids.ids, id);
  e->next = position + 1;
  e->last_id = id;
}

void FillLedgerRow(const LedgerEntry& e, Datum* values, bool* nulls) {
  const auto set = [&](LedgerColumn column, Datum value) {
    values[column - 1] = value;
    nulls[column - 1] = false;
  };
  RowIds ids = e.ids;
  if (e.each != nullptr) {
    if (HasInputs(e)) {
      ids.inputs = FoldOfInputs(e);
      set(kLedgerInputs, InputsOf(e));
    }
    if (!AreConsecutive(e)) {
      for (int i = 0; i < ids.count; i++) ids.ids = Fold(ids.ids, e.each->position[i]);
      set(kLedgerPositions, PositionsOf(e));
    }
  }
  RowContext who = {XidFromFullTransactionId(GetTopFullTransactionId()), e.context, 0};
  if (e.tag != nullptr) {
    who.tag = LedgerHash(e.key, e.tag);
    set(kLedgerTag, CStringGetTextDatum(e.tag));
  }
  if (e.keeps_ids) set(kLedgerIds, IdsOf(e));
  if (ids.attempt >= 0) set(kLedgerAttempt, Int32GetDatum(ids.attempt));
  if (e.inputs != 0) set(kLedgerInputs, e.inputs);
  set(kLedgerNode, Int32GetDatum(e.row.node));
  set(kLedgerWorker, Int32GetDatum(e.row.worker));
  set(kLedgerDefinition, Int64GetDatum(static_cast<int64_t>(e.row.definition)));
  set(kLedgerPosition, Int64GetDatum(static_cast<int64_t>(e.row.position)));
  set(kLedgerCount, Int32GetDatum(ids.count));
  set(kLedgerXact, TransactionIdGetDatum(who.xact));
  set(kLedgerContext, Int64GetDatum(static_cast<int64_t>(e.context)));
  set(kLedgerDigest, Int64GetDatum(static_cast<int64_t>(DigestOfRow(e.key, e.row, ids, who))));
}

namespace {

// Whether the indexes need none but the numbers of a row (A9).
bool NeedNumbersOnly(const ResultRelInfo* target) {
  for (int i = 0; i < target->ri_NumIndices; i++) {
    const IndexInfo* index = target->ri_IndexRelationInfo[i];
    if (index->ii_Expressions != NIL || index->ii_Predicate != NIL) return false;
    for (int k = 0; k < index->ii_NumIndexAttrs; k++)
      if (index->ii_IndexAttrNumbers[k] > kLedgerNumbers) return false;
  }
  return true;
}

TupleDesc NumbersOf(TupleDesc all) {
  const TupleDesc numbers = CreateTemplateTupleDesc(kLedgerNumbers);
  for (AttrNumber i = 1; i <= kLedgerNumbers; i++) TupleDescCopyEntry(numbers, i, all, i);
  return numbers;
}

bool HasNumbersOnly(const bool* nulls) {
  for (int i = kLedgerNumbers; i < kLedgerColumns; i++)
    if (!nulls[i]) return false;
  return true;
}

const char* IdText(const LedgerEntry& e) {
  char* text = static_cast<char*>(palloc(kMaxIdText));
  FormatId(e.id_bits, e.first_id, text, kMaxIdText);
  return text;
}

[[noreturn]] void RaiseTwice(const LedgerEntry& e) {
  const char* name = get_rel_name(e.generator);
  Raise(Error::kLedgerTwice,
        "Node %d has recorded the id %s of \"%s\" (definition %lld, worker %d, position %lld) "
        "before.",
        e.row.node, IdText(e), name != nullptr ? name : "",
        static_cast<long long>(e.row.definition), e.row.worker,
        static_cast<long long>(e.row.position));
}

}  // namespace

void WriteLedger(const LedgerEntry* entries, int count) {
  const Oid oid = LedgerTable();
  if (!OidIsValid(oid)) return;
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid ledger rows", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext before = MemoryContextSwitchTo(work);
  const Relation relation = table_open(oid, RowExclusiveLock);
  Require(LedgerRule(relation));  // a crash must not empty what a commit relies on
  const int columns = RelationGetNumberOfAttributes(relation);
  list_free(RelationGetIndexList(relation));
  const Oid key = relation->rd_pkindex;
  BeginRows();
  const OwnerScope scope = Become(relation->rd_rel->relowner);
  // Before commit there is none, and an index over an expression may need one.
  PushActiveSnapshot(GetTransactionSnapshot());
  EState* estate = CreateExecutorState();
  compat::InitRangeTable(estate, relation);
  ResultRelInfo* target = makeNode(ResultRelInfo);
  InitResultRelInfo(target, relation, 1, nullptr, 0);
  ExecOpenIndices(target, false);
  // What the owner has added may not permit that it stays NULL.
  const bool constrained = columns > kLedgerColumns;
  const TupleDesc all = CreateTupleDescCopy(RelationGetDescr(relation));  // counted by nobody
  const TupleDesc numbers = !constrained && NeedNumbersOnly(target) ? NumbersOf(all) : nullptr;
  BulkInsertState bulk = count > kBatch ? GetBulkInsertState() : nullptr;

  for (int done = 0; done < count;) {
    const int n = std::min(kBatch, count - done);
    const MemoryContext rows = AllocSetContextCreate(work, "rows", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(rows);
    TupleTableSlot* slots[kBatch];
    for (int i = 0; i < n; i++) {
      if (IsInSegment(entries[done + i].row)) RaiseTwice(entries[done + i]);
      Datum* values = static_cast<Datum*>(palloc0(sizeof(Datum) * static_cast<Size>(columns)));
      bool* nulls = static_cast<bool*>(palloc(static_cast<Size>(columns)));
      memset(nulls, true, static_cast<size_t>(columns));
      FillLedgerRow(entries[done + i], values, nulls);
      const bool few = numbers != nullptr && HasNumbersOnly(nulls);
      slots[i] = MakeTupleTableSlot(few ? numbers : all, &TTSOpsVirtual);
      const size_t have = static_cast<size_t>(few ? kLedgerNumbers : columns);
      memcpy(slots[i]->tts_values, values, sizeof(Datum) * have);
      memcpy(slots[i]->tts_isnull, nulls, have);
      ExecStoreVirtualTuple(slots[i]);
      slots[i]->tts_tableOid = oid;
      if (constrained) ExecConstraints(target, slots[i], estate);
    }
    if (n == 1)  // most transactions; it takes less of the log
      table_tuple_insert(relation, slots[0], GetCurrentCommandId(true), 0, bulk);
    else
      table_multi_insert(relation, slots, n, GetCurrentCommandId(true), 0, bulk);
    for (int i = 0; i < n; i++) {
      slots[i]->tts_tableOid = oid;
      bool twice = false;
      compat::InsertIndexTuples(target, slots[i], estate, OidIsValid(key) ? &twice : nullptr, key);
      if (twice) RaiseTwice(entries[done + i]);
      ResetPerTupleExprContext(estate);
    }
    MemoryContextSwitchTo(work);
    MemoryContextDelete(rows);
    done += n;
  }

  if (bulk != nullptr) FreeBulkInsertState(bulk);
  ExecCloseIndices(target);
  FreeExecutorState(estate);
  Leave(scope);
  EndRows();
  table_close(relation, NoLock);
  PopActiveSnapshot();
  MemoryContextSwitchTo(before);
  MemoryContextDelete(work);
}

}  // namespace detid
