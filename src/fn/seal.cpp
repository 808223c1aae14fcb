// SPDX-License-Identifier: PostgreSQL

#include "fn/seal.h"

#include <algorithm>

#include "core/base64.h"
#include "core/checkpoint.h"
#include "core/instant.h"
#include "fn/seals.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/horizon_row.h"
#include "state/ledger_context.h"
#include "state/ledger_table.h"
#include "state/seed.h"
#include "state/shared.h"

extern "C" {
#include "storage/lmgr.h"
}

namespace detid {
namespace {

// Leaves of a batch, unless one transaction has more: what maintenance_work_mem holds.
size_t MostLeaves() {
  return std::min<size_t>(static_cast<size_t>(maintenance_work_mem) * 1024 / sizeof(Leaf),
                          size_t{1} << 24);
}

// Of a batch that is one transaction's: its tags are one value, below a gigabyte.
constexpr size_t kMostOfOne = size_t{1} << 27;

// --- Keys ---

bool CurrentSigner(Oid owner, NoteSigner* signer, int* number) {
  const uint64_t rows = Query(owner).Read(
      "SELECT name, secret, number::int8 FROM detid._seal_key ORDER BY number DESC LIMIT 1",
      Seen::kNow);
  *number = rows == 0 ? 0 : static_cast<int>(NumberAt(0, 3));
  uint8_t seed[32];
  const bool found = rows == 1 && CopyAt(0, 2, seed) && MakeSigner(TextAt(0, 1), seed, signer);
  explicit_bzero(seed, sizeof seed);
  return found;
}

void AddKey(Oid owner, int number, const char* name, const char* handover, const NoteSigner& key) {
  constexpr Oid kTypes[] = {INT4OID, TEXTOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID};
  const Datum values[] = {Int32GetDatum(number), CStringGetTextDatum(name),
                          BytesDatum(key.key.public_key, sizeof key.key.public_key),
                          BytesDatum(key.seed, sizeof key.seed),
                          TimestampTzGetDatum(GetCurrentTimestamp())};
  // Not by a query, which a log of statements could show.
  const Relation table = table_open(FindTable("_seal_key"), RowExclusiveLock);
  InsertAsOwner(table, lengthof(kTypes), kTypes, values);
  table_close(table, NoLock);
  char text[kMaxKeyText + 1];
  FormatKey(key.key, text, sizeof text);
  Query q(owner);
  q.Text(text).Text(name).Add(TEXTOID, handover == nullptr ? 0 : CStringGetTextDatum(handover),
                              handover == nullptr);
  q.Write("INSERT INTO detid.seal_keys VALUES ($1, $2, $3, statement_timestamp())", SPI_OK_INSERT);
}

NoteSigner NewSigner(const char* name) {
  NoteSigner signer;
  uint8_t seed[32];
  FillRandom(seed, sizeof seed);
  MakeSigner(name, seed, &signer);
  explicit_bzero(seed, sizeof seed);
  return signer;
}

int32_t NodeHere() {
  HorizonRecord record;
  if (ReadHorizon(&record) && record.origin.node >= 0) return record.origin.node;
  return std::max(NodeNumber(), 0);
}

// The key that signs here; one for a new tree if there is none.
NoteSigner SignerHere(Oid owner) {
  NoteSigner signer;
  int number;
  if (CurrentSigner(owner, &signer, &number)) return signer;
  const char* name =
      psprintf("detid-%d-%016llx", NodeHere(), static_cast<unsigned long long>(RandomBits63()));
  signer = NewSigner(name);
  AddKey(owner, number + 1, name, nullptr, signer);
  return signer;
}

// --- Batches ---

// Z2. Where the generator is gone nobody can make its ids again: the seal keeps the row as it is.
bool Holds(const Entry& e, uint64_t) {
  RequireHolds(e);
  return true;
}

struct Moment {
  uint64_t oldest, next;  // transactions
  int64_t node_us;
};

void AppendNode(StringInfo nodes, int level, uint64_t index, const Hash& hash) {
  appendStringInfoChar(nodes, static_cast<char>(level));
  appendBinaryStringInfo(nodes, reinterpret_cast<const char*>(&index), sizeof index);
  appendBinaryStringInfo(nodes, reinterpret_cast<const char*>(hash.byte), sizeof hash.byte);
}

void WriteSeal(Oid owner, const char* name, MerkleTree* tree, const Batch& batch,
               const LeafList& leaves, const Moment& now) {
  const uint64_t first = tree->size;
  bytea* tags = static_cast<bytea*>(
      MemoryContextAllocHuge(CurrentMemoryContext, VARHDRSZ + kTagBytes * leaves.count));
  SET_VARSIZE(tags, VARHDRSZ + kTagBytes * leaves.count);
  StringInfoData nodes;
  initStringInfo(&nodes);
  for (size_t i = 0; i < leaves.count; i++) {
    if (i % 65536 == 0) CHECK_FOR_INTERRUPTS();
    memcpy(VARDATA(tags) + kTagBytes * i, leaves.leaf[i].hash.byte, kTagBytes);
    tree->Append(leaves.leaf[i].hash, [&](int level, uint64_t index, const Hash& hash) {
      if (level >= kKeptLevel) AppendNode(&nodes, level, index, hash);
    });
  }
  const Hash root = tree->Root();
  const int peaks = __builtin_popcountll(tree->size);
  Query q(owner);
  q.Text(name)
      .Number(static_cast<int64_t>(tree->size))
      .Number(static_cast<int64_t>(first))
      .Number(batch.instance)
      .Number(static_cast<int64_t>(batch.from))
      .Number(static_cast<int64_t>(batch.until))
      .Number(static_cast<int64_t>(now.next))
      .Number(now.node_us)
      .Bytes(root.byte)
      .Bytes(tree->peaks, sizeof(Hash) * static_cast<size_t>(peaks))
      .Add(BYTEAOID, PointerGetDatum(tags))
      .Bytes(nodes.data, static_cast<size_t>(nodes.len));
  q.Write(
      "INSERT INTO detid._seals VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
      "statement_timestamp())",
      SPI_OK_INSERT);
  pfree(tags);
  pfree(nodes.data);
}

// Seals what there is of the instance's transactions [from, until); how many rows.
uint64_t SealInstance(EntryReader* reader, Oid owner, const char* name, MerkleTree* tree,
                      int64_t instance, uint64_t from, uint64_t until, const Span& span,
                      const Moment& now, bool closing) {
  uint64_t sealed = 0;
  while (from < until) {
    const MemoryContext work =
        AllocSetContextCreate(CurrentMemoryContext, "pg_detid seal", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext before = MemoryContextSwitchTo(work);
    Batch batch = {instance, from, until};
    LeafList leaves = GatherLeaves(reader, batch, span, MostLeaves(), Holds);
    // As many transactions as fit; of one, all rows.
    while (leaves.leaf == nullptr && leaves.count > 0) {
      const bool one = leaves.least == leaves.greatest;
      batch.until = leaves.least + (one ? 1 : (leaves.greatest - leaves.least + 1) / 2);
      leaves = GatherLeaves(reader, batch, span, one ? kMostOfOne : MostLeaves(), Holds);
      if (one && leaves.leaf == nullptr)
        Raise(Error::kSealTooLarge, "Transaction %llu has %zu.",
              static_cast<unsigned long long>(leaves.least), leaves.count);
    }
    const size_t count = leaves.count;
    // Rows of that timeline that come back later are of later transactions: they are not sealed.
    const bool last = batch.until == until;
    if (closing && last && count > 0) batch.until = leaves.greatest + 1;
    if (count > 0) WriteSeal(owner, name, tree, batch, leaves, now);
    from = last ? until : batch.until;
    sealed += count;
    MemoryContextSwitchTo(before);
    MemoryContextDelete(work);
  }
  return sealed;
}

// The instances that minted under seeds of this database's own.
struct Instances {
  int64_t* number;
  int count;

  bool Has(int64_t n) const {
    for (int i = 0; i < count; i++)
      if (number[i] == n) return true;
    return false;
  }
};

Instances InstancesHere() {
  const MemoryContext memory = CurrentMemoryContext;
  Instances instances = {nullptr, 0};
  List* own = NIL;
  EachSeed([&](int number, const Commitment& c, const Seed&) {
    if (number <= 0) return;
    Commitment* copy = static_cast<Commitment*>(palloc(sizeof c));
    *copy = c;
    own = lappend(own, copy);
  });
  ContextReader* contexts = OpenContexts();
  EachContext(contexts, [&](const LedgerContext& c) {
    bool ours = false;
    ListCell* cell;
    foreach (cell, own) ours |= c.seed == *static_cast<const Commitment*>(lfirst(cell));
    if (!ours || instances.Has(c.instance)) return;
    const Size size = sizeof(int64_t) * static_cast<Size>(instances.count + 1);
    instances.number =
        static_cast<int64_t*>(instances.number == nullptr ? MemoryContextAlloc(memory, size)
                                                          : repalloc(instances.number, size));
    instances.number[instances.count++] = c.instance;
  });
  CloseContexts(contexts);
  return instances;
}

Moment MomentNow(Snapshot snapshot) {
  const FullTransactionId next = ReadNextFullTransactionId();
  uint64_t epoch = EpochFromFullTransactionId(next);
  if (snapshot->xmin > XidFromFullTransactionId(next)) epoch--;
  return {epoch << 32 | snapshot->xmin, U64FromFullTransactionId(next),
          shared != nullptr ? NodeTimeUs() : SystemUs()};
}

// --- Checkpoints ---

const char* PreviousTree(Oid owner, const char* name) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows = q.Read(
      "SELECT name, size::text, encode(root, 'base64') FROM detid.checkpoints WHERE name <> $1 "
      "ORDER BY made_at DESC, size DESC LIMIT 1",
      Seen::kNow);
  return rows == 0 ? "" : psprintf("previous %s %s %s\n", TextAt(0, 1), TextAt(0, 2), TextAt(0, 3));
}

void WriteCheckpoint(Oid owner, const NoteSigner& signer, const MerkleTree& tree, bool first,
                     const Moment& now) {
  Checkpoint c;
  strlcpy(c.origin, signer.key.name, sizeof c.origin);
  c.size = tree.size;
  c.root = tree.Root();
  c.node = NodeHere();
  c.time_us = now.node_us;
  char text[kMaxCheckpointText + 2 * kMaxKeyName + 128];
  size_t length = FormatCheckpoint(c, text, kMaxCheckpointText);
  if (first)
    length += static_cast<size_t>(
        snprintf(text + length, sizeof text - length, "%s", PreviousTree(owner, c.origin)));
  char note[sizeof text + kMaxSignatureLine + 2];
  const size_t size = SignNote({text, length}, signer, note, sizeof note);
  Query q(owner);
  q.Text(c.origin)
      .Number(static_cast<int64_t>(c.size))
      .Bytes(c.root.byte)
      .Add(INT4OID, Int32GetDatum(c.node))
      .Add(TIMESTAMPTZOID, TimestampDatum(c.time_us))
      .Text({note, size});
  q.Write("INSERT INTO detid.checkpoints VALUES ($1, $2, $3, $4, $5, $6)", SPI_OK_INSERT);
}

// Where what is not sealed of an instance begins.
struct NextBatch {
  uint64_t from;  // transaction
  Span span;
};

NextBatch NextBatchOf(Oid owner, const char* name, int64_t instance) {
  Query last(owner);
  last.Text(name).Number(instance);
  const bool none = last.Read(
                        "SELECT xact_until FROM detid._seals WHERE name = $1 AND instance = $2 "
                        "ORDER BY size DESC LIMIT 1",
                        Seen::kNow) == 0;
  if (none) return {0, Span{}};
  const uint64_t from = static_cast<uint64_t>(NumberAt(0, 1));
  Query before(owner);
  before.Text(name).Number(instance).Number(static_cast<int64_t>(from));
  const bool known = before.Read(
                         "SELECT node_us FROM detid._seals WHERE name = $1 AND instance = $2 AND "
                         "next_xact <= $3 ORDER BY size DESC LIMIT 1",
                         Seen::kNow) > 0;
  return {from, {known ? SinceSeal(NumberAt(0, 1)) : DT_NOBEGIN, DT_NOEND}};
}

// Nobody else seals until the transaction ends (Z3).
Oid LockSeals() {
  const Oid seals = FindTable("_seals");
  if (!OidIsValid(seals)) Raise(Error::kNoExtension);
  LockRelationOid(seals, ShareRowExclusiveLock);
  return OwnerOfSeals();  // as it is by now
}

}  // namespace

uint64_t SealLedger() {
  const Oid owner = LockSeals();
  PushActiveSnapshot(GetLatestSnapshot());
  const Instances instances = InstancesHere();
  PopActiveSnapshot();
  if (instances.count == 0) return 0;  // nothing was minted: no key is needed yet
  NoteSigner signer = SignerHere(owner);
  const char* name = signer.key.name;
  Query last(owner);
  last.Text(name);
  MerkleTree tree;
  const bool first =
      last.Read("SELECT size, peaks FROM detid._seals WHERE name = $1 ORDER BY size DESC LIMIT 1",
                Seen::kNow) == 0;
  if (!first) {
    tree.size = static_cast<uint64_t>(NumberAt(0, 1));
    const std::string_view peaks = View(BytesAt(0, 2));
    if (peaks.size() != sizeof(Hash) * static_cast<size_t>(__builtin_popcountll(tree.size)))
      Raise(Error::kLedgerAltered, "The last seal of %s is damaged.", name);
    memcpy(tree.peaks, peaks.data(), peaks.size());
  }
  const Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
  PushActiveSnapshot(snapshot);
  const Moment now = MomentNow(snapshot);
  EntryReader* reader = OpenEntries();
  const int64_t here = LedgerInstance();
  uint64_t sealed = 0;
  const auto seal = [&](int64_t instance, bool closing) {
    const NextBatch next = NextBatchOf(owner, name, instance);
    sealed += SealInstance(reader, owner, name, &tree, instance, next.from, now.oldest, next.span,
                           now, closing);
  };
  // Before the first batch of this timeline those of earlier ones, the last of which are closing
  // once a transaction of this one has ended before all that run: then none of theirs runs, nor is
  // prepared.
  Query q(owner);
  q.Text(name).Number(here);
  if (q.Read("SELECT 1 FROM detid._seals WHERE name = $1 AND instance = $2 ORDER BY size DESC "
             "LIMIT 1",
             Seen::kNow) == 0) {
    const bool closing = GatherLeaves(reader, {here, 0, now.oldest}, Span{}, 0, Holds).count > 0;
    for (int i = 0; i < instances.count; i++)
      if (instances.number[i] != here) seal(instances.number[i], closing);
  }
  seal(here, false);
  CloseEntries(reader);
  PopActiveSnapshot();
  UnregisterSnapshot(snapshot);
  if (sealed > 0) WriteCheckpoint(owner, signer, tree, first, now);
  explicit_bzero(signer.seed, sizeof signer.seed);
  return sealed;
}

uint64_t CountUnsealed(Oid table) {
  const Oid owner = OwnerOfSeals();
  const uint64_t keys = Query(owner).Read(
      "SELECT name FROM detid._seal_key ORDER BY number DESC LIMIT 1", Seen::kNow);
  const char* name = keys > 0 ? pstrdup(TextAt(0, 1)) : "";
  PushActiveSnapshot(GetLatestSnapshot());
  const Instances instances = InstancesHere();
  EntryReader* reader = OpenEntries();
  uint64_t count = 0;
  for (int i = 0; i < instances.count; i++) {
    NextBatch next = NextBatchOf(owner, name, instances.number[i]);
    next.span.table = table;
    count += GatherLeaves(reader, {instances.number[i], next.from, UINT64_MAX}, next.span, 0).count;
  }
  CloseEntries(reader);
  PopActiveSnapshot();
  return count;
}

// seal_ledger() -> bigint: how many rows were sealed.
DETID_FUNCTION(detid_seal_ledger) {
  PreventCommandIfReadOnly("seal_ledger()");
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const uint64_t sealed = SealLedger();
  SPI_finish();
  PG_RETURN_INT64(static_cast<int64_t>(sealed));
}

// rotate_seal_key() -> text: the new key's public part.
DETID_FUNCTION(detid_rotate_seal_key) {
  PreventCommandIfReadOnly("rotate_seal_key()");
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const Oid owner = LockSeals();
  NoteSigner old;
  int number;
  const bool has_old = CurrentSigner(owner, &old, &number);
  if (!has_old) old = SignerHere(owner);
  NoteSigner signer = old;
  if (has_old) {
    signer = NewSigner(old.key.name);
    char key[kMaxKeyText + 1];
    FormatKey(signer.key, key, sizeof key);
    char text[kMaxKeyText + kMaxKeyName + 16];
    const int length = snprintf(text, sizeof text, "%s\nhandover\n%s\n", old.key.name, key);
    char note[sizeof text + kMaxSignatureLine + 2];
    const size_t size = SignNote({text, static_cast<size_t>(length)}, old, note, sizeof note);
    note[size] = '\0';
    AddKey(owner, number + 1, old.key.name, note, signer);
  }
  char key[kMaxKeyText + 1];
  const size_t length = FormatKey(signer.key, key, sizeof key);
  explicit_bzero(&old, sizeof old);
  explicit_bzero(signer.seed, sizeof signer.seed);
  SPI_finish();
  return PointerGetDatum(cstring_to_text_with_len(key, static_cast<int>(length)));
}

}  // namespace detid
