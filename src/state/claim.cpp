// SPDX-License-Identifier: PostgreSQL

#include "state/claim.h"

#include "core/id_text.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/ledger_row.h"
#include "state/ledger_table.h"
#include "state/mint.h"

namespace detid {

struct ClaimTable {
  Relation heap, by_input;
  TupleTableSlot* found;
  // From the first input that has no id yet on.
  Relation by_id;
  EState* estate;
  ResultRelInfo* target;
  TupleTableSlot* row;
};

namespace {

// The table and its index on inputs, looked up once; 0: not yet, or no more.
Oid claims_table = InvalidOid, input_index = InvalidOid;

// Others may take the input or the id between the look and the insert, and then roll back; as often
// as this in a row, it is not they.
constexpr int kMaxTries = 100;

// Positions whose ids were all taken, of layouts that are all random.
constexpr int kMaxRandomTries = 10000;

Datum BytesOf(const ClaimKey& key) {
  bytea* b = static_cast<bytea*>(palloc(VARHDRSZ + sizeof key.byte));
  SET_VARSIZE(b, VARHDRSZ + sizeof key.byte);
  memcpy(VARDATA(b), key.byte, sizeof key.byte);
  return PointerGetDatum(b);
}

Datum IdDatum(const Bits& id, int id_bits) {
  uint8_t all[kBitsBytes];
  ToBytes(id, all);
  const size_t size = static_cast<size_t>(BytesOfId(id_bits));
  bytea* b = static_cast<bytea*>(palloc(VARHDRSZ + size));
  SET_VARSIZE(b, VARHDRSZ + size);
  memcpy(VARDATA(b), all + kBitsBytes - size, size);
  return PointerGetDatum(b);
}

// What rows are looked for by, and in which index.
struct Search {
  Relation index;
  int count;
  ScanKeyData keys[2];
};

// The rows of an input; those of an id.
Search ByInput(const ClaimTable* t, Datum key) {
  Search s = {t->by_input, 1, {}};
  ScanKeyInit(&s.keys[0], 1, BTEqualStrategyNumber, F_BYTEAEQ, key);
  return s;
}
Search ById(Relation index, uint64_t definition, Datum id) {
  Search s = {index, 2, {}};
  ScanKeyInit(&s.keys[0], 1, BTEqualStrategyNumber, F_BYTEAEQ, id);
  ScanKeyInit(&s.keys[1], 2, BTEqualStrategyNumber, F_INT8EQ,
              Int64GetDatum(static_cast<int64_t>(definition)));
  return s;
}

// Calls read(slot) with each row that is found, until it returns false.
template <typename Read>
void EachRow(ClaimTable* t, Search search, Snapshot snapshot, Read read) {
  const IndexScanDesc scan = compat::BeginIndexScan(t->heap, search.index, snapshot, search.count);
  index_rescan(scan, search.keys, search.count, nullptr, 0);
  while (index_getnext_slot(scan, ForwardScanDirection, t->found) && read(t->found)) continue;
  ExecClearTuple(t->found);
  index_endscan(scan);
}

// The first of them, as it is now; `now` says who inserts it, if that has not ended. Not by the
// transaction's snapshot (K1); so SERIALIZABLE has nothing to say either. False if there is none.
template <typename Read>
bool FindRow(ClaimTable* t, const Search& search, SnapshotData* now, Read read) {
  InitDirtySnapshot(*now);
  bool found = false;
  EachRow(t, search, now, [&](TupleTableSlot* row) {
    found = true;
    read(row);
    return false;
  });
  return found;
}

// Until whoever inserts the row has committed, rolled back or thought better of it.
void WaitForInserter(ClaimTable* t, const SnapshotData& now, ItemPointerData row) {
  if (now.speculativeToken != 0)
    SpeculativeInsertionWait(now.xmin, now.speculativeToken);
  else
    XactLockTableWait(now.xmin, t->heap, &row, XLTW_InsertIndex);
}

Bits IdOfRow(TupleTableSlot* row, const Layout& layout) {
  bool null = false;
  const Datum ids = slot_getattr(row, kLedgerIds, &null);
  return null ? Bits{} : IdInBytes(DatumGetByteaPP(ids), layout.bits, 0);
}

bool FindInput(ClaimTable* t, const Layout& layout, Datum key, Bits* id) {
  SnapshotData now;
  ItemPointerData row;
  const auto read = [&](TupleTableSlot* slot) {
    row = slot->tts_tid;
    *id = IdOfRow(slot, layout);
  };
  while (FindRow(t, ByInput(t, key), &now, read)) {
    if (!TransactionIdIsValid(now.xmin)) return true;
    if (RecoveryInProgress()) return false;
    WaitForInserter(t, now, row);
  }
  return false;
}

bool IsTaken(ClaimTable* t, const Minter* m, const Bits& id) {
  SnapshotData now;
  const Datum key = IdDatum(id, m->id_bits);
  const bool taken = FindRow(t, ById(t->by_id, m->fingerprint, key), &now, [](TupleTableSlot*) {});
  pfree(DatumGetPointer(key));
  return taken;
}

// What a row says besides who claimed.
struct Choice {
  uint64_t position;
  int32_t attempt;
  Bits id;
};

// The id of the first attempt that nobody has (K2).
Choice ChooseHashed(ClaimTable* t, Minter* m, const ClaimInput& input) {
  Choice c{TakeOne(m), 0, {}};
  const int hash_bits = m->definition.layout.bits_of(Kind::kHash);
  const uint64_t most = MaxAttempts(hash_bits);
  for (uint64_t attempt = 0; attempt < most; attempt++) {
    CHECK_FOR_INTERRUPTS();
    const std::string_view message = ClaimMessage(input.fields, input.count, attempt);
    c.attempt = static_cast<int32_t>(attempt);
    c.id = m->composer(c.position, message);
    if (message.data() != input.fields[0].data()) pfree(const_cast<char*>(message.data()));
    if (!IsTaken(t, m, c.id)) return c;
  }
  Raise(Error::kClaimsTaken, "%llu ids were tried; the layout of %s has %d hash bits.",
        static_cast<unsigned long long>(most), m->name, hash_bits);
}

// A minted id; one that is not unique by its coordinates, of those that no input has.
Choice ChooseMinted(ClaimTable* t, Minter* m) {
  for (int tries = 0; tries < kMaxRandomTries; tries++) {
    const uint64_t position = TakeOne(m);
    const Choice c{position, 0, m->composer(position)};
    if (m->definition.layout.shows(Kind::kTime) || (!IsTaken(t, m, c.id) && RecordIfNew(m, c.id)))
      return c;
  }
  Raise(Error::kClaimsTaken, "%d random ids of %s were tried.", kMaxRandomTries, m->name);
}

Oid IndexNamed(const ClaimTable* t, const char* name) {
  const Oid oid = get_relname_relid(name, RelationGetNamespace(t->heap));
  if (!OidIsValid(oid)) Raise(Error::kClaimsMissing, "There is no index detid.%s.", name);
  return oid;
}

// Whether replication has brought the input's claim from another node, by now. Asked once our row
// is in the index, where whoever looks meets it first and waits for it; so nobody is told theirs
// from then on, and if anybody was before, they are here.
bool IsFromElsewhere(ClaimTable* t, Datum key) {
  SnapshotData now;
  InitDirtySnapshot(now);
  bool found = false;
  EachRow(t, ByInput(t, key), &now, [&](TupleTableSlot* row) {
    bool null = false;
    found = DatumGetInt32(slot_getattr(row, kClaimOrigin, &null)) != 0 &&
            !TransactionIdIsValid(now.xmin);
    return !found;
  });
  return found;
}

void PrepareToWrite(ClaimTable* t) {
  if (t->estate != nullptr) return;
  if (t->heap->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT) Raise(Error::kClaimsNotLogged);
  const MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(t));
  LockRelationOid(RelationGetRelid(t->heap), RowExclusiveLock);
  t->by_id = index_open(IndexNamed(t, "claims_id"), RowExclusiveLock);
  t->estate = CreateExecutorState();
  compat::InitRangeTable(t->estate, t->heap);
  t->target = makeNode(ResultRelInfo);
  InitResultRelInfo(t->target, t->heap, 1, nullptr, 0);
  const OwnerScope scope = Become(t->heap->rd_rel->relowner);
  ExecOpenIndices(t->target, true);
  Leave(scope);
  t->row = table_slot_create(t->heap, nullptr);
  MemoryContextSwitchTo(old);
}

// The fields as an array of texts, in the database's encoding.
Datum ArrayOf(const ClaimInput& input) {
  Datum* texts = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(input.count)));
  for (int i = 0; i < input.count; i++) {
    const std::string_view field = input.fields[i];
    const char* here = field.data();
    size_t length = field.size();
    if (GetDatabaseEncoding() != PG_SQL_ASCII) {  // there, bytes are what they are
      here = pg_any_to_server(field.data(), static_cast<int>(length), PG_UTF8);
      if (here != field.data()) length = strlen(here);
    }
    texts[i] = PointerGetDatum(cstring_to_text_with_len(here, static_cast<int>(length)));
  }
  return PointerGetDatum(construct_array(texts, input.count, TEXTOID, -1, false, TYPALIGN_INT));
}

// Writes the row, unless the input or the id has one by now.
bool Insert(ClaimTable* t, Minter* m, const Choice& c, const ClaimInput& input, Datum key) {
  LedgerEntry entry;
  DescribeMint(m, c.position, c.id, SayWho(m), &entry);
  AddToEntry(c.position, c.id, &entry);
  entry.keeps_ids = true;  // by which it is found
  entry.ids.attempt = c.attempt;
  entry.ids.inputs = FoldOfClaim(input.key);
  if (m->audit != Audit::kOff) entry.inputs = ArrayOf(input);

  ExecClearTuple(t->row);
  memset(t->row->tts_isnull, true, static_cast<size_t>(RelationGetNumberOfAttributes(t->heap)));
  FillLedgerRow(entry, t->row->tts_values, t->row->tts_isnull);
  t->row->tts_values[kClaimKey - 1] = key;
  t->row->tts_isnull[kClaimKey - 1] = false;
  t->row->tts_values[kClaimOrigin - 1] = Int32GetDatum(0);
  t->row->tts_isnull[kClaimOrigin - 1] = false;
  ExecStoreVirtualTuple(t->row);
  BeginRows();
  const OwnerScope scope = Become(t->heap->rd_rel->relowner);
  if (RelationGetNumberOfAttributes(t->heap) > kClaimColumns)
    ExecConstraints(t->target, t->row, t->estate);

  const TransactionId xid = GetCurrentTransactionId();
  const uint32 token = SpeculativeInsertionLockAcquire(xid);
  table_tuple_insert_speculative(t->heap, t->row, GetCurrentCommandId(true), 0, nullptr, token);
  bool conflict = false;
  compat::InsertIndexTuples(t->target, t->row, t->estate, &conflict);
  conflict = conflict || IsFromElsewhere(t, key);
  table_tuple_complete_speculative(t->heap, t->row, token, !conflict);
  SpeculativeInsertionLockRelease(xid);
  ResetPerTupleExprContext(t->estate);
  Leave(scope);
  EndRows();
  ExecClearTuple(t->row);
  return !conflict;
}

}  // namespace

std::string_view ClaimMessage(const std::string_view* fields, int count, uint64_t attempt) {
  if (count == 1 && attempt == 0) return fields[0];
  const size_t size = ClaimBytes(fields, count, attempt);
  char* bytes = static_cast<char*>(MemoryContextAllocHuge(CurrentMemoryContext, size));
  WriteClaim(fields, count, attempt, bytes);
  return {bytes, size};
}

void claims::OnRelationChange(ObjectId relation) {
  if (relation == InvalidOid || relation == claims_table || relation == input_index)
    claims_table = input_index = InvalidOid;
}

uint64_t FoldOfClaim(const ClaimKey& key) {
  uint64_t word;
  memcpy(&word, key.byte, sizeof word);
  return FoldOfInput(false, word);
}

ClaimInput InputToClaim(uint64_t definition, const std::string_view* fields, int count) {
  const std::string_view message = ClaimMessage(fields, count, 0);
  const ClaimInput input = {fields, count, KeyOfClaim(definition, message)};
  if (message.data() != fields[0].data()) pfree(const_cast<char*>(message.data()));
  return input;
}

ClaimTable* OpenClaims() {
  Oid oid = claims_table;
  if (!OidIsValid(oid)) [[unlikely]] {
    const Oid schema = get_namespace_oid("detid", true);
    if (!OidIsValid(schema)) Raise(Error::kNoExtension);
    oid = get_relname_relid("claims", schema);
    if (!OidIsValid(oid)) Raise(Error::kClaimsMissing, "There is no table detid.claims.");
  }
  ClaimTable* t = static_cast<ClaimTable*>(palloc0(sizeof(ClaimTable)));
  claims_table = oid;  // before it is opened, which lets invalidations in
  t->heap = table_open(oid, AccessShareLock);
  const TupleDesc columns = RelationGetDescr(t->heap);
  if (!HasColumns(t->heap, kLedgerTypes, kLedgerColumns) || columns->natts < kClaimColumns ||
      TupleDescAttr(columns, kClaimKey - 1)->atttypid != BYTEAOID ||
      TupleDescAttr(columns, kClaimOrigin - 1)->atttypid != INT4OID)
    Raise(Error::kClaimsMissing, "The columns of detid.claims are others.");
  Oid index = input_index;
  if (!OidIsValid(index)) [[unlikely]]
    input_index = index = IndexNamed(t, "claims_input");
  t->by_input = index_open(index, AccessShareLock);
  t->found = table_slot_create(t->heap, nullptr);
  return t;
}

void CloseClaims(ClaimTable* t) {
  ExecDropSingleTupleTableSlot(t->found);
  if (t->estate != nullptr) {
    ExecDropSingleTupleTableSlot(t->row);
    ExecCloseIndices(t->target);
    FreeExecutorState(t->estate);
    index_close(t->by_id, NoLock);
  }
  // The locks last as long as the transaction.
  index_close(t->by_input, NoLock);
  table_close(t->heap, NoLock);
  pfree(t);
}

Claimed Claim(ClaimTable* t, ObjectId generator, const ClaimInput& input) {
  const Layout layout = DefinitionFor(generator).layout;
  const Datum key = BytesOf(input.key);
  for (int tries = 0; tries < kMaxTries; tries++) {
    CHECK_FOR_INTERRUPTS();
    Claimed claimed;
    if (FindInput(t, layout, key, &claimed.id)) return claimed;
    PreventCommandIfReadOnly("claim_id()");
    PreventCommandIfParallelMode("claim_id()");
    PrepareToWrite(t);  // before the Minter is ready: to open relations lets invalidations in
    Minter* m = MinterFor(generator);
    if (!m->ready || m->user != GetUserId()) Fill(m);
    const Choice c = layout.shows(Kind::kHash) ? ChooseHashed(t, m, input) : ChooseMinted(t, m);
    if (!Insert(t, m, c, input, key)) continue;
    m->has_last = true;
    m->last = c.id;
    return {c.id, true};
  }
  claims_table = input_index = InvalidOid;
  Raise(Error::kClaimsMissing,
        "A unique index of detid.claims refuses an input of which no row was found.");
}

HeapTuple ClaimFromElsewhere(Relation claims, HeapTuple row) {
  const TupleDesc columns = RelationGetDescr(claims);
  int origin = SPI_fnumber(columns, "origin");
  bool null = false;
  const int node = DatumGetInt32(heap_getattr(row, SPI_fnumber(columns, "node"), columns, &null));
  if (DatumGetInt32(heap_getattr(row, origin, columns, &null)) != 0) return row;
  Datum value = Int32GetDatum(node + 1);
  return heap_modify_tuple_by_cols(row, columns, 1, &origin, &value, &null);
}

bool FindClaimOf(uint64_t definition, const Bits& id, int id_bits, RowKey* key) {
  ClaimTable* t = OpenClaims();
  const Relation by_id = index_open(IndexNamed(t, "claims_id"), AccessShareLock);
  bool found = false;
  EachRow(t, ById(by_id, definition, IdDatum(id, id_bits)), GetActiveSnapshot(),
          [&](TupleTableSlot* row) {
            bool null = false;
            *key = {
                DatumGetInt32(slot_getattr(row, kLedgerNode, &null)),
                DatumGetInt32(slot_getattr(row, kLedgerWorker, &null)), definition,
                static_cast<uint64_t>(DatumGetInt64(slot_getattr(row, kLedgerPosition, &null)))};
            found = true;
            return false;
          });
  index_close(by_id, NoLock);
  CloseClaims(t);
  return found;
}

}  // namespace detid
