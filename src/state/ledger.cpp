// SPDX-License-Identifier: PostgreSQL

#include "state/ledger.h"

#include <algorithm>

#include "core/id_text.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/mint.h"
#include "state/settings.h"

namespace detid {
namespace {

// An 'each' entry is a row of about 2 kB at the most, so that it needs no TOAST.
constexpr int kMaxEach = 64;
constexpr size_t kMaxEachInputBytes = 1024;
// A run is cut after this long, so that a row is found by the time of any of its ids.
constexpr int64_t kMaxRunUs = 1000000;
// The buffer's bounds; an early write empties it as far as L3 allows.
constexpr int kMaxEntries = 1024;
constexpr size_t kMaxBufferBytes = 4 << 20;
// Rows a table_multi_insert.
constexpr int kBatch = 256;

struct Each {
  uint64_t position[kMaxEach];
  Bits id[kMaxEach];
  text* input[kMaxEach];  // null: none
  size_t input_bytes;
};

struct Entry {
  Oid generator;
  char* name;
  char* tag;
  bool owns_name, owns_tag;  // or shared with the entry before
  Oid role;
  uint64_t tag_changes;
  SubTransactionId subtransaction;
  int32_t node, worker;
  uint64_t definition;
  int32_t id_bits;
  uint8_t sequence_bits;
  bool pinned, has_seed;
  Commitment seed;
  int64_t minted_at_us;
  uint64_t first, next;  // positions; `next` is the one that would extend the run
  uint64_t last_of_run;  // positions beyond this begin a new entry
  int32_t count;
  uint64_t digest;
  Bits first_id, last_id;
  Each* each;  // null for 'range'
};

// Of the current transaction; null and 0 outside of one that mints.
MemoryContext context = nullptr;
Entry* entries = nullptr;
int count = 0, capacity = 0;
size_t bytes = 0;
// True from the flush before commit on: what is minted then is written at once.
bool committing = false;

void Clear() {
  if (context != nullptr) MemoryContextDelete(context);
  context = nullptr;
  entries = nullptr;
  count = capacity = 0;
  bytes = 0;
}

Entry* AddEntry() {
  if (context == nullptr) {
    context =
        AllocSetContextCreate(TopTransactionContext, "pg_detid ledger", ALLOCSET_DEFAULT_SIZES);
    capacity = 16;
    entries = static_cast<Entry*>(
        MemoryContextAlloc(context, sizeof(Entry) * static_cast<Size>(capacity)));
  }
  if (count == capacity) {
    capacity *= 2;
    entries = static_cast<Entry*>(repalloc(entries, sizeof(Entry) * static_cast<Size>(capacity)));
  }
  return &entries[count];  // counted once it is complete
}

// Text shared with the entry before where it is the same.
char* ShareOrCopy(char* before, const char* text, bool* owned) {
  *owned = before == nullptr || strcmp(before, text) != 0;
  if (!*owned) return before;
  bytes += strlen(text) + 1;
  return MemoryContextStrdup(context, text);
}

void FreeText(char* text, bool owned) {
  if (!owned) return;
  bytes -= strlen(text) + 1;
  pfree(text);
}

// Takes entries [first, count) off the buffer. Texts are shared with earlier entries only, so
// whoever shares one goes with its owner.
void DropTail(int first) {
  if (first == 0) {
    Clear();
    return;
  }
  while (count > first) {
    Entry* e = &entries[--count];
    FreeText(e->name, e->owns_name);
    FreeText(e->tag, e->owns_tag);
    if (e->each == nullptr) continue;
    for (int i = 0; i < e->count; i++)
      if (e->each->input[i] != nullptr) pfree(e->each->input[i]);
    bytes -= sizeof(Each) + e->each->input_bytes;
    pfree(e->each);
  }
}

int TailOf(SubTransactionId subtransaction) {
  int first = count;
  while (first > 0 && entries[first - 1].subtransaction == subtransaction) first--;
  return first;
}

Datum TextDatum(const char* s) {
  return CStringGetTextDatum(s);
}

Datum IdDatum(const Entry& e, const Bits& id) {
  char text[kMaxIdText];
  FormatId(e.id_bits, id, text, sizeof text);
  return TextDatum(text);
}

void FillEach(const Entry& e, Datum* values, bool* nulls) {
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

void FillRow(const Entry& e, int64_t entry, Datum* values, bool* nulls) {
  const auto set = [&](LedgerColumn column, Datum value) {
    values[column - 1] = value;
    nulls[column - 1] = false;
  };
  for (int i = 0; i < kLedgerColumns; i++) nulls[i] = true;
  const uint64_t mask = LowMask(e.sequence_bits);
  set(kLedgerNode, Int32GetDatum(e.node));
  set(kLedgerEntry, Int64GetDatum(entry));
  set(kLedgerMintedAt, TimestampTzGetDatum(e.minted_at_us - kPostgresEpochUs));
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
}

// Writes entries [first, count) straight to the table and its indexes, without triggers, as the
// extension itself: the minting role needs no privilege on the ledger.
void Write(int first) {
  const Oid schema = get_namespace_oid("detid", true);
  const Oid oid = OidIsValid(schema) ? get_relname_relid("ledger", schema) : InvalidOid;
  if (!OidIsValid(oid)) return;  // the extension was dropped in this transaction
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid ledger rows", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext before = MemoryContextSwitchTo(work);
  const Relation relation = table_open(oid, RowExclusiveLock);
  EState* estate = CreateExecutorState();
  compat::InitRangeTable(estate, relation);
  ResultRelInfo* target = makeNode(ResultRelInfo);
  InitResultRelInfo(target, relation, 1, nullptr, 0);
  ExecOpenIndices(target, false);
  BulkInsertState bulk = count - first > kBatch ? GetBulkInsertState() : nullptr;
  TupleTableSlot* slots[kBatch];
  int made = 0;

  Minter* minter = LedgerMinter(oid);
  Grant numbers{Verdict::kGiven, 0, 0};
  for (int done = first; done < count;) {
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
      FillRow(entries[done + i], static_cast<int64_t>(minter->composer.Word(numbers.first)),
              slots[i]->tts_values, slots[i]->tts_isnull);
      numbers.first++;
      numbers.count--;
      ExecStoreVirtualTuple(slots[i]);
    }
    table_multi_insert(relation, slots, n, GetCurrentCommandId(true), 0, bulk);
    for (int i = 0; i < n; i++) {
      slots[i]->tts_tableOid = oid;
      compat::InsertIndexTuples(target, slots[i], estate);
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
  table_close(relation, NoLock);
  MemoryContextSwitchTo(before);
  MemoryContextDelete(work);
}

// Writes the entries of the current subtransaction and takes them off the buffer.
void WriteTail(int first) {
  if (first == count) return;
  Write(first);
  DropTail(first);
}

bool Full() {
  return committing || count >= kMaxEntries || bytes >= kMaxBufferBytes;
}

// The entry that this id extends, or null.
Entry* Extendable(const Minter* m, uint64_t position, bool each) {
  if (count == 0) return nullptr;
  Entry* e = &entries[count - 1];
  const bool same = e->generator == m->generator && e->node == m->node && e->role == m->user &&
                    e->pinned == m->pinned && e->tag_changes == settings::tag_changes &&
                    e->subtransaction == GetCurrentSubTransactionId() &&
                    (e->each != nullptr) == each && position <= e->last_of_run;
  if (!same) return nullptr;
  if (!each) return position == e->next ? e : nullptr;
  return e->count < kMaxEach && e->each->input_bytes < kMaxEachInputBytes &&
                 position > e->each->position[e->count - 1]
             ? e
             : nullptr;
}

Entry* NewEntry(const Minter* m, uint64_t position, const Bits& id, bool each) {
  Entry* e = AddEntry();
  const Entry* last = count > 0 ? e - 1 : nullptr;
  const Definition& d = m->definition;
  e->generator = m->generator;
  e->name = ShareOrCopy(last != nullptr ? last->name : nullptr, m->name, &e->owns_name);
  e->role = m->user;
  e->tag = ShareOrCopy(last != nullptr ? last->tag : nullptr,
                       settings::tag != nullptr ? settings::tag : "", &e->owns_tag);
  e->tag_changes = settings::tag_changes;
  e->subtransaction = GetCurrentSubTransactionId();
  e->node = m->node;
  e->worker = m->worker_number;
  e->definition = m->fingerprint;
  e->id_bits = d.layout.bits;
  e->sequence_bits = m->sequence_bits;
  e->pinned = m->pinned;
  e->has_seed = m->has_seed;
  e->seed = m->seed;
  e->minted_at_us = 0;
  const int64_t tick = static_cast<int64_t>(position >> m->sequence_bits);
  TimeOfTick(d.layout, d.epoch_us, tick, &e->minted_at_us);
  const int64_t ticks = std::max<int64_t>(kMaxRunUs * 10 / d.layout.unit, 1);
  e->last_of_run = (static_cast<uint64_t>(tick + ticks) << m->sequence_bits) - 1;
  e->first = position;
  e->count = 0;
  e->digest = 0;
  e->first_id = id;
  e->each = nullptr;
  if (each) {
    e->each = static_cast<Each*>(MemoryContextAlloc(context, sizeof(Each)));
    e->each->input_bytes = 0;
    bytes += sizeof(Each);
  }
  count++;
  return e;
}

void OnTransaction(XactEvent event, void*) {
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
      committing = true;
      if (count > 0) WriteTail(0);
      break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PREPARE:
    case XACT_EVENT_ABORT:
      // The transaction's memory goes by itself.
      context = nullptr;
      entries = nullptr;
      count = capacity = 0;
      bytes = 0;
      committing = false;
      break;
    default:
      break;
  }
}

void OnSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void*) {
  if (count == 0) return;
  switch (event) {
    case SUBXACT_EVENT_PRE_COMMIT_SUB:
      if (Full()) WriteTail(TailOf(mine));
      break;
    case SUBXACT_EVENT_COMMIT_SUB:
      for (int i = TailOf(mine); i < count; i++) entries[i].subtransaction = parent;
      break;
    case SUBXACT_EVENT_ABORT_SUB:
      DropTail(TailOf(mine));
      break;
    default:
      break;
  }
}

}  // namespace

void RecordMint(Minter* m, uint64_t position, const Bits& id, std::string_view input) {
  // A hash of the input cannot be replayed without it.
  const bool each = m->audit == Audit::kEach ||
                    (input.data() != nullptr && m->definition.layout.shows(Kind::kHash));
  Entry* e = Extendable(m, position, each);
  if (e == nullptr) {
    if (Full()) WriteTail(TailOf(GetCurrentSubTransactionId()));
    e = NewEntry(m, position, id, each);
  }
  if (each) {
    text* copy = nullptr;
    if (input.data() != nullptr) {
      const Size size = VARHDRSZ + input.size();
      copy = static_cast<text*>(MemoryContextAlloc(context, size));
      SET_VARSIZE(copy, size);
      memcpy(VARDATA(copy), input.data(), input.size());
      bytes += size;
      e->each->input_bytes += size;
    }
    e->each->position[e->count] = position;
    e->each->id[e->count] = id;
    e->each->input[e->count] = copy;
  }
  e->count++;
  e->next = position + 1;
  e->last_id = id;
  e->digest = AddToDigest(e->digest, id);
  if (committing) WriteTail(TailOf(GetCurrentSubTransactionId()));
}

void WatchTransactions() {
  RegisterXactCallback(OnTransaction, nullptr);
  RegisterSubXactCallback(OnSubtransaction, nullptr);
}

}  // namespace detid
