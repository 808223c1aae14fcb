// SPDX-License-Identifier: PostgreSQL

#include "state/ledger_row.h"

#include <algorithm>

#include "core/id_text.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "state/mint.h"
#include "state/minter.h"

namespace detid {

namespace {

// Rows a table_multi_insert.
constexpr int kBatch = 256;

Datum TextDatum(const char* s) {
  return CStringGetTextDatum(s);
}

Datum IdDatum(const LedgerEntry& e, const Bits& id) {
  char text[kMaxIdText];
  FormatId(e.id_bits, id, text, sizeof text);
  return TextDatum(text);
}

void FillEach(const LedgerEntry& e, Datum* values, bool* nulls) {
  Datum* ids = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(e.count)));
  Datum* inputs = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(e.count)));
  Datum* positions = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(e.count)));
  bool* no_input = static_cast<bool*>(palloc(static_cast<Size>(e.count)));
  bool any_input = false, consecutive = true;
  for (int i = 0; i < e.count; i++) {
    ids[i] = IdDatum(e, e.each->id[i]);
    inputs[i] = PointerGetDatum(e.each->input[i]);
    no_input[i] = e.each->input[i] == nullptr;
    any_input |= !no_input[i];
    positions[i] = Int64GetDatum(static_cast<int64_t>(e.each->position[i]));
    consecutive &= e.each->position[i] == e.first + static_cast<uint64_t>(i);
  }
  values[kLedgerIds - 1] =
      PointerGetDatum(construct_array(ids, e.count, TEXTOID, -1, false, TYPALIGN_INT));
  nulls[kLedgerIds - 1] = false;
  int dims[1] = {e.count}, bounds[1] = {1};
  if (any_input) {
    values[kLedgerInputs - 1] = PointerGetDatum(
        construct_md_array(inputs, no_input, 1, dims, bounds, TEXTOID, -1, false, TYPALIGN_INT));
    nulls[kLedgerInputs - 1] = false;
  }
  if (!consecutive) {
    values[kLedgerPositions - 1] = PointerGetDatum(construct_array(
        positions, e.count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
    nulls[kLedgerPositions - 1] = false;
  }
}

// The tag, or what is ASCII of it: a client's start packet may hold anything.
char* CleanTag() {
  char* tag = settings::tag != nullptr ? settings::tag : const_cast<char*>("");
  if (pg_verifymbstr(tag, static_cast<int>(strlen(tag)), true)) return tag;
  char* clean = pstrdup(tag);
  for (char* c = clean; *c != '\0'; c++)
    if (static_cast<unsigned char>(*c) >= 0x80) *c = '?';
  return clean;
}

// A run is cut after this long, so that a row is found by the time of any of its ids.
constexpr int64_t kMaxRunUs = 1000000;

}  // namespace

void DescribeMint(const Minter* m, uint64_t position, const Bits& id, LedgerEntry* e) {
  const Definition& d = m->definition;
  *e = LedgerEntry{};
  e->generator = m->generator;
  e->name = const_cast<char*>(m->name);
  e->role = m->user;
  e->tag = CleanTag();
  e->tag_changes = settings::tag_changes;
  e->node = m->node;
  e->worker = m->worker_number;
  e->definition = m->fingerprint;
  e->id_bits = d.layout.bits;
  e->sequence_bits = m->sequence_bits;
  e->pinned = m->pinned;
  e->has_seed = m->has_seed;
  e->seed = m->seed;
  const int64_t tick = static_cast<int64_t>(position >> m->sequence_bits);
  TimeOfTick(d.layout, d.epoch_us, tick, &e->minted_at_us);
  const int64_t ticks = std::max<int64_t>(kMaxRunUs * 10 / d.layout.unit, 1);
  e->last_of_run = (static_cast<uint64_t>(tick + ticks) << m->sequence_bits) - 1;
  e->first = position;
  e->first_id = id;
  e->attempt = -1;
}

void AddToEntry(uint64_t position, const Bits& id, LedgerEntry* e) {
  e->count++;
  e->next = position + 1;
  e->last_id = id;
  e->digest = AddToDigest(e->digest, id);
}

void FillLedgerRow(const LedgerEntry& e, int64_t entry, Datum* values, bool* nulls) {
  const auto set = [&](LedgerColumn column, Datum value) {
    values[column - 1] = value;
    nulls[column - 1] = false;
  };
  const uint64_t mask = LowMask(e.sequence_bits);
  set(kLedgerNode, Int32GetDatum(e.node));
  set(kLedgerEntry, Int64GetDatum(entry));
  set(kLedgerMintedAt, TimestampDatum(e.minted_at_us));
  set(kLedgerGenerator, ObjectIdGetDatum(e.generator));
  set(kLedgerGeneratorName, TextDatum(e.name));
  set(kLedgerDefinition, Int64GetDatum(static_cast<int64_t>(e.definition)));
  set(kLedgerWorker, Int32GetDatum(e.worker));
  set(kLedgerTick, Int64GetDatum(static_cast<int64_t>(e.first >> e.sequence_bits)));
  set(kLedgerSequence, Int64GetDatum(static_cast<int64_t>(e.first & mask)));
  set(kLedgerCount, Int32GetDatum(e.count));
  set(kLedgerFirstId, IdDatum(e, e.first_id));
  set(kLedgerLastId, IdDatum(e, e.last_id));
  set(kLedgerDigest, Int64GetDatum(static_cast<int64_t>(e.digest)));
  set(kLedgerXact, FullTransactionIdGetDatum(GetTopFullTransactionId()));
  const char* role = GetUserNameFromId(e.role, true);
  set(kLedgerRole, TextDatum(role != nullptr ? role : ""));
  if (e.tag[0] != '\0') set(kLedgerTag, TextDatum(e.tag));
  set(kLedgerPinned, BoolGetDatum(e.pinned));
  if (e.has_seed) {
    bytea* seed = static_cast<bytea*>(palloc(VARHDRSZ + kCommitmentBytes));
    SET_VARSIZE(seed, VARHDRSZ + kCommitmentBytes);
    memcpy(VARDATA(seed), e.seed.byte, kCommitmentBytes);
    set(kLedgerSeed, PointerGetDatum(seed));
  }
  if (e.each != nullptr) FillEach(e, values, nulls);
  if (e.attempt >= 0) set(kLedgerAttempt, Int32GetDatum(e.attempt));
  if (e.inputs != 0) set(kLedgerInputs, e.inputs);
}

namespace {

// The nest level of the transaction that writes rows; 0: none does.
int writing_level = 0;

}  // namespace

void RequireNoRows() {
  if (writing_level != 0) Raise(Error::kMintedWhileWriting);
}

void BeginRows() {
  RequireNoRows();
  writing_level = GetCurrentTransactionNestLevel();
}

void EndRows() {
  writing_level = 0;
}

void ForgetRows(int level) {
  if (writing_level >= level) writing_level = 0;
}

int64_t NextEntryNumber(ObjectId ledger) {
  Minter* minter = LedgerMinter(ledger);
  const uint64_t position = TakeOne(minter);
  return static_cast<int64_t>(minter->composer.Word(position));
}

void WriteLedger(const LedgerEntry* entries, int count) {
  const Oid oid = LedgerTable();
  if (!OidIsValid(oid)) return;
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid ledger rows", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext before = MemoryContextSwitchTo(work);
  const Relation relation = table_open(oid, RowExclusiveLock);
  Require(LedgerRule(relation));  // a crash must not empty what a commit relies on
  const int columns = RelationGetNumberOfAttributes(relation);
  BeginRows();
  const OwnerScope scope = Become(relation->rd_rel->relowner);
  // Before commit there is none, and an index over an expression may need one.
  PushActiveSnapshot(GetTransactionSnapshot());
  EState* estate = CreateExecutorState();
  compat::InitRangeTable(estate, relation);
  ResultRelInfo* target = makeNode(ResultRelInfo);
  InitResultRelInfo(target, relation, 1, nullptr, 0);
  ExecOpenIndices(target, false);
  BulkInsertState bulk = count > kBatch ? GetBulkInsertState() : nullptr;
  TupleTableSlot* slots[kBatch];
  int made = 0;

  Minter* minter = LedgerMinter(oid);
  Grant numbers{Verdict::kGiven, 0, 0};
  for (int done = 0; done < count;) {
    const int n = std::min(kBatch, count - done);
    const MemoryContext rows = AllocSetContextCreate(work, "rows", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(rows);
    for (int i = 0; i < n; i++) {
      while (numbers.count == 0) {
        while (!minter->ready) minter = LedgerMinter(oid);
        numbers = Take(minter, static_cast<uint32_t>(count - done - i));
      }
      if (i == made) {
        MemoryContextSwitchTo(work);
        slots[made++] = table_slot_create(relation, nullptr);
        MemoryContextSwitchTo(rows);
      }
      ExecClearTuple(slots[i]);
      memset(slots[i]->tts_isnull, true, static_cast<size_t>(columns));
      FillLedgerRow(entries[done + i], static_cast<int64_t>(minter->composer.Word(numbers.first)),
                    slots[i]->tts_values, slots[i]->tts_isnull);
      numbers.first++;
      numbers.count--;
      ExecStoreVirtualTuple(slots[i]);
      // What the owner has added may not permit that it stays NULL.
      if (columns > kLedgerColumns) ExecConstraints(target, slots[i], estate);
    }
    table_multi_insert(relation, slots, n, GetCurrentCommandId(true), 0, bulk);
    for (int i = 0; i < n; i++) {
      slots[i]->tts_tableOid = oid;
      compat::InsertIndexTuples(target, slots[i], estate, nullptr);
      ResetPerTupleExprContext(estate);
      ExecClearTuple(slots[i]);
    }
    MemoryContextSwitchTo(work);
    MemoryContextDelete(rows);
    done += n;
  }

  for (int i = 0; i < made; i++) ExecDropSingleTupleTableSlot(slots[i]);
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
