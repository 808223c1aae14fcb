// SPDX-License-Identifier: PostgreSQL

#include "state/context_table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "pg/as_owner.h"
#include "pg/errors.h"
#include "state/ledger_table.h"

namespace detid {
namespace {

constexpr int kColumns = static_cast<int>(CountOf(kContextColumns)) + 1;

// How a field is stored: its type, its datum (0 with `null`), and back.
constexpr Oid TypeOf(uint32_t) {
  return OIDOID;
}
constexpr Oid TypeOf(int32_t) {
  return INT4OID;
}
constexpr Oid TypeOf(int64_t) {
  return INT8OID;
}
constexpr Oid TypeOf(bool) {
  return BOOLOID;
}
constexpr Oid TypeOf(Instant) {
  return TIMESTAMPTZOID;
}
constexpr Oid TypeOf(std::string_view) {
  return TEXTOID;
}
constexpr Oid TypeOf(const Commitment&) {
  return BYTEAOID;
}

Datum Store(uint32_t value, bool*) {
  return ObjectIdGetDatum(value);
}
Datum Store(int32_t value, bool*) {
  return Int32GetDatum(value);
}
Datum Store(int64_t value, bool*) {
  return Int64GetDatum(value);
}
Datum Store(bool value, bool*) {
  return BoolGetDatum(value);
}
Datum Store(Instant value, bool*) {
  return TimestampDatum(value.us);
}
Datum Store(std::string_view value, bool* null) {
  *null = value.data() == nullptr;
  if (*null) return Datum{0};
  return BytesDatum(value.data(), value.size());
}
Datum Store(const Commitment& value, bool*) {
  return BytesDatum(value.byte, sizeof value.byte);
}

void Load(Datum datum, bool, uint32_t* value) {
  *value = DatumGetObjectId(datum);
}
void Load(Datum datum, bool, int32_t* value) {
  *value = DatumGetInt32(datum);
}
void Load(Datum datum, bool, int64_t* value) {
  *value = DatumGetInt64(datum);
}
void Load(Datum datum, bool, bool* value) {
  *value = DatumGetBool(datum);
}
void Load(Datum datum, bool, Instant* value) {
  value->us = DatumGetTimestampTz(datum) + kPostgresEpochUs;
}
void Load(Datum datum, bool null, std::string_view* value) {
  *value = null ? std::string_view{} : View(DatumGetTextPP(datum));
}
void Load(Datum datum, bool null, Commitment* value) {
  *value = {};
  if (null) return;
  const bytea* bytes = DatumGetByteaPP(datum);
  if (VARSIZE_ANY_EXHDR(bytes) == sizeof value->byte)
    memcpy(value->byte, VARDATA_ANY(bytes), sizeof value->byte);
}

constexpr auto kTypes = std::apply(
    [](const auto&... column) {
      return std::array<Oid, kColumns>{
          INT8OID, TypeOf(std::decay_t<decltype(column.get(std::declval<LedgerContext&>()))>{})...};
    },
    kContextColumns);

// Texts are within the tuple, or beside it where they were compressed.
LedgerContext ContextIn(HeapTuple tuple, TupleDesc descriptor) {
  LedgerContext c;
  int i = 2;
  EachColumn(kContextColumns, c, [&](const auto&, auto& value) {
    bool null = false;
    const Datum datum = heap_getattr(tuple, i++, descriptor, &null);
    if (!null) Load(datum, null, &value);
  });
  return c;
}

Refusal RuleOf(Relation contexts) {
  if (!HasColumns(contexts, kTypes.data(), kColumns))
    return Refuse(Error::kLedgerMissing, "detid._contexts is not the table that it was made as.");
  if (contexts->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
    return Refuse(Error::kLedgerNotLogged, "The table detid._contexts is unlogged.");
  return {};
}

// Errors: there is none.
Relation OpenTable(LOCKMODE lock) {
  const Oid oid = FindTable("_contexts");
  if (!OidIsValid(oid)) Raise(Error::kLedgerMissing, "There is no table detid._contexts.");
  return table_open(oid, lock);
}

// Calls visit(tuple) with the row of that number, if there is one; whether there was.
template <typename Visit>
bool LookUp(Relation table, uint64_t number, Snapshot snapshot, Visit visit) {
  list_free(RelationGetIndexList(table));
  const Oid index = table->rd_pkindex;
  ScanKeyData key;
  ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
              Int64GetDatum(static_cast<int64_t>(number)));
  const SysScanDesc scan = systable_beginscan(table, index, OidIsValid(index), snapshot, 1, &key);
  const HeapTuple tuple = systable_getnext(scan);
  const bool found = HeapTupleIsValid(tuple);
  if (found) visit(tuple);
  systable_endscan(scan);
  return found;
}

// Which number is tried: the first ones, so that sessions find each other's; then the backend's
// own, so that those who begin at once do not meet; then any, as what it prepared may have that.
constexpr int kMostTries = 64;
uint64_t OffsetOf(int tries) {
  constexpr int kShared = 8;
  if (tries < kShared) return static_cast<uint64_t>(tries);
  if (tries == kShared) return kShared + static_cast<uint64_t>(std::max(compat::BackendSlot(), 0));
  return static_cast<uint64_t>(RandomBits63()) % kContextNumbers;
}

// Contexts that are in the table: committed, or written by this transaction. A table that was
// changed is asked again.
struct Known {
  uint64_t number;
  bool committed;
};
HTAB* known = nullptr;
constexpr long kMostKnown = 4096;
bool any_uncommitted = false;  // since the transaction began
bool changed = false;          // the table, or whatever else: all is to be forgotten
uint64_t generation = 1;       // rises whenever something is forgotten
ObjectId contexts_table = InvalidOid;

void ForgetAll() {
  if (known != nullptr) hash_destroy(known);
  known = nullptr;
  generation++;
}

void ForgetUncommitted() {
  if (!any_uncommitted) return;
  generation++;
  if (known == nullptr) return;
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, known);
  while (Known* k = static_cast<Known*>(hash_seq_search(&scan)))
    if (!k->committed) hash_search(known, &k->number, HASH_REMOVE, nullptr);
}

void Know(uint64_t number, bool committed) {
  if (known != nullptr && hash_get_num_entries(known) >= kMostKnown) ForgetAll();
  if (known == nullptr) {
    HASHCTL control = {};
    control.keysize = sizeof(uint64_t);
    control.entrysize = sizeof(Known);
    control.hcxt = TopMemoryContext;
    known = hash_create("pg_detid contexts", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  }
  Known* k = static_cast<Known*>(hash_search(known, &number, HASH_ENTER, nullptr));
  k->committed = committed;
  any_uncommitted |= !committed;
}

}  // namespace

uint64_t KeepContext(const LedgerKey& key, const LedgerContext& context) {
  if (changed) ForgetAll();
  changed = false;
  const uint64_t first = NumberOf(key, context);
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid context", ALLOCSET_SMALL_SIZES);
  const MemoryContext before = MemoryContextSwitchTo(work);
  const Relation table = OpenTable(RowExclusiveLock);
  Require(RuleOf(table));
  contexts_table = RelationGetRelid(table);
  uint64_t number = 0;
  for (int tries = 0; number == 0; tries++) {
    if (tries == kMostTries)
      Raise(Error::kLedgerMissing,
            "A unique index of detid._contexts refuses a context of which no row was found.");
    const uint64_t here = NumberAfter(first, OffsetOf(tries));
    SnapshotData now;
    InitDirtySnapshot(now);
    bool same = false, ours = false;
    const bool found = LookUp(table, here, &now, [&](HeapTuple tuple) {
      ours = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
      same = !TransactionIdIsValid(now.xmin) &&
             NumberOf(key, ContextIn(tuple, RelationGetDescr(table))) == first;
    });
    if (found && same) {
      Know(here, !ours);
      number = here;
    } else if (!found) {
      Datum values[kColumns] = {Int64GetDatum(static_cast<int64_t>(here))};
      bool nulls[kColumns] = {};
      int i = 1;
      EachColumn(kContextColumns, context, [&](const auto&, const auto& value) {
        values[i] = Store(value, &nulls[i]);
        i++;
      });
      BeginRows();
      const bool written = InsertAsOwnerIfNew(table, kColumns, kTypes.data(), values, nulls);
      EndRows();
      if (!written) continue;
      Know(here, false);
      number = here;
    }
  }
  table_close(table, NoLock);
  MemoryContextSwitchTo(before);
  MemoryContextDelete(work);
  return number;
}

Refusal ContextRule() {
  const Oid oid = FindTable("_contexts");
  if (!OidIsValid(oid)) return Refuse(Error::kLedgerMissing, "There is no table detid._contexts.");
  const Relation contexts = relation_open(oid, AccessShareLock);
  const Refusal refusal = RuleOf(contexts);
  relation_close(contexts, AccessShareLock);
  return refusal;
}

struct ContextReader {
  Relation table;
  HTAB* read;
  MemoryContext memory;
};

namespace {

struct Remembered {
  uint64_t number;
  bool found;
  LedgerContext context;
};

}  // namespace

ContextReader* OpenContexts() {
  ContextReader* r = static_cast<ContextReader*>(palloc(sizeof(ContextReader)));
  r->memory =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid contexts", ALLOCSET_DEFAULT_SIZES);
  HASHCTL control = {};
  control.keysize = sizeof(uint64_t);
  control.entrysize = sizeof(Remembered);
  control.hcxt = r->memory;
  r->read = hash_create("pg_detid contexts", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  r->table = OpenTable(AccessShareLock);
  if (!HasColumns(r->table, kTypes.data(), kColumns))
    Raise(Error::kLedgerUnreadable, "Its columns are others: %s.",
          RelationGetRelationName(r->table));
  return r;
}

void CloseContexts(ContextReader* r) {
  table_close(r->table, NoLock);
  MemoryContextDelete(r->memory);
  pfree(r);
}

const LedgerContext* ReadContext(ContextReader* r, uint64_t number) {
  bool there = false;
  Remembered* c = static_cast<Remembered*>(hash_search(r->read, &number, HASH_ENTER, &there));
  if (there) return c->found ? &c->context : nullptr;
  c->found = false;
  const MemoryContext before = MemoryContextSwitchTo(r->memory);
  c->found = LookUp(r->table, number, GetActiveSnapshot(), [&](HeapTuple tuple) {
    c->context = ContextIn(heap_copytuple(tuple), RelationGetDescr(r->table));
  });
  MemoryContextSwitchTo(before);
  return c->found ? &c->context : nullptr;
}

void EachContext(ContextReader* r, void (*visit)(const LedgerContext&, void*), void* context) {
  const TableScanDesc scan = table_beginscan(r->table, GetActiveSnapshot(), 0, nullptr);
  const MemoryContext one =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid context", ALLOCSET_SMALL_SIZES);
  while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
    CHECK_FOR_INTERRUPTS();
    const MemoryContext before = MemoryContextSwitchTo(one);
    visit(ContextIn(tuple, RelationGetDescr(r->table)), context);
    MemoryContextSwitchTo(before);
    MemoryContextReset(one);
  }
  table_endscan(scan);
  MemoryContextDelete(one);
}

bool FindContext(uint64_t number, LedgerContext* context) {
  const Oid oid = FindTable("_contexts");
  if (!OidIsValid(oid)) return false;
  const Relation table = table_open(oid, AccessShareLock);
  bool found = false;
  if (HasColumns(table, kTypes.data(), kColumns)) {
    SnapshotData now;
    InitDirtySnapshot(now);
    found = LookUp(table, number, &now, [&](HeapTuple tuple) {
      *context = ContextIn(heap_copytuple(tuple), RelationGetDescr(table));
    });
  }
  table_close(table, NoLock);
  return found;
}

HeapTuple ArrivedContext(Relation contexts, HeapTuple row) {
  if (!HasColumns(contexts, kTypes.data(), kColumns)) return row;
  bool null = false;
  const uint64_t number =
      static_cast<uint64_t>(DatumGetInt64(heap_getattr(row, 1, RelationGetDescr(contexts), &null)));
  SnapshotData now;
  for (;;) {
    InitDirtySnapshot(now);
    if (!LookUp(contexts, number, &now, [](HeapTuple) {})) return row;
    if (!TransactionIdIsValid(now.xmin)) return nullptr;
    XactLockTableWait(now.xmin, contexts, nullptr, XLTW_None);
    CHECK_FOR_INTERRUPTS();
  }
}

uint64_t KnownContexts() {
  if (changed) ForgetAll();
  changed = false;
  return generation;
}

namespace contexts {

void OnRelationChange(ObjectId relation) {
  changed |= relation == InvalidOid || relation == contexts_table;
}

void OnTransaction(XactEvent event) {
  if (!any_uncommitted) return;
  if (event == XACT_EVENT_COMMIT && known != nullptr) {
    HASH_SEQ_STATUS scan;
    hash_seq_init(&scan, known);
    while (Known* k = static_cast<Known*>(hash_seq_search(&scan))) k->committed = true;
  } else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
    ForgetUncommitted();  // who knows what becomes of them
  } else if (event != XACT_EVENT_COMMIT) {
    return;
  }
  any_uncommitted = false;
}

void OnSubtransactionAbort() {
  ForgetUncommitted();
}

}  // namespace contexts

}  // namespace detid
