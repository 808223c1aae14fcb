// SPDX-License-Identifier: PostgreSQL

#include "fn/seals.h"

#include <algorithm>

#include "pg/as_owner.h"
#include "pg/errors.h"

namespace detid {
namespace {

// A row is written after its id was minted; a session that is stopped in between for longer than
// this would not have its row sealed.
constexpr int64_t kSlackUs = 300000000;

TimestampTz AtUs(int64_t us) {
  return DatumGetTimestampTz(TimestampDatum(us));
}

}  // namespace

TimestampTz SinceSeal(int64_t node_us) {
  return AtUs(node_us - kSlackUs);
}

Oid OwnerOfSeals() {
  return OwnerOf({"_seals", "_detached", "_seal_key", "seal_keys", "checkpoints"});
}

List* SealedTrees(Oid owner) {
  const uint64_t rows = Query(owner).Read(
      "SELECT name FROM (SELECT name, sealed_at FROM detid._seals UNION ALL SELECT name, made_at "
      "FROM detid.checkpoints UNION ALL SELECT name, created_at FROM detid.seal_keys) t (name, at) "
      "GROUP BY name ORDER BY max(at) DESC",
      Seen::kBySnapshot);
  List* names = NIL;
  for (uint64_t i = 0; i < rows; i++) names = lappend(names, pstrdup(TextAt(i, 1)));
  return names;
}

SealList ReadSeals(Oid owner, const char* name) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows = q.Read(
      "SELECT first, size, instance, xact_from, xact_until, node_us, root, peaks, next_xact, "
      "octet_length(tags)::int8 FROM detid._seals WHERE name = $1 ORDER BY size",
      Seen::kBySnapshot);
  SealList list = {static_cast<Seal*>(MemoryContextAllocHuge(
                       CurrentMemoryContext, sizeof(Seal) * std::max<uint64_t>(rows, 1))),
                   static_cast<int>(rows)};
  for (uint64_t i = 0; i < rows; i++) {
    Seal* s = new (&list.seal[i]) Seal{};
    s->first = static_cast<uint64_t>(NumberAt(i, 1));
    s->size = static_cast<uint64_t>(NumberAt(i, 2));
    s->batch = {NumberAt(i, 3), static_cast<uint64_t>(NumberAt(i, 4)),
                static_cast<uint64_t>(NumberAt(i, 5))};
    s->node_us = NumberAt(i, 6);
    s->peaks = BytesAt(i, 8);
    s->next_xact = static_cast<uint64_t>(NumberAt(i, 9));
    s->holds = CopyAt(i, 7, s->root.byte) && s->first < s->size && s->size < uint64_t{1} << 62 &&
               static_cast<uint64_t>(NumberAt(i, 10)) == kTagBytes * (s->size - s->first) &&
               View(s->peaks).size() ==
                   sizeof(Hash) * static_cast<size_t>(__builtin_popcountll(s->size)) &&
               TreeOf(*s).Root() == s->root;
  }
  return list;
}

MerkleTree TreeOf(const Seal& s) {
  MerkleTree tree;
  tree.size = s.size;
  const std::string_view peaks = View(s.peaks);
  memcpy(tree.peaks, peaks.data(), peaks.size());
  return tree;
}

void LoadSeal(Oid owner, const char* name, Seal* s) {
  Query q(owner);
  q.Text(name).Number(static_cast<int64_t>(s->size));
  const MemoryContext memory = CurrentMemoryContext;
  q.Read("SELECT tags, nodes FROM detid._seals WHERE name = $1 AND size = $2", Seen::kBySnapshot);
  MemoryContextSwitchTo(memory);  // SPI has left its own
  const auto copy = [&](int column) {
    bool null = false;
    return DatumGetByteaPCopy(
        SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &null));
  };
  s->tags = copy(1);
  s->nodes = copy(2);
  SPI_freetuptable(SPI_tuptable);
}

bool HasTag(const Seal& seal, uint64_t place, const Leaf& leaf) {
  return !leaf.known ||
         memcmp(VARDATA_ANY(seal.tags) + kTagBytes * place, leaf.hash.byte, kTagBytes) == 0;
}

Span SpanOf(const SealList& seals, int i) {
  const Seal& s = seals.seal[i];
  TimestampTz since = DT_NOBEGIN;
  for (int k = i - 1; k >= 0; k--)  // later ones know later times
    if (seals.seal[k].batch.instance == s.batch.instance &&
        seals.seal[k].next_xact <= s.batch.from) {
      since = SinceSeal(seals.seal[k].node_us);
      break;
    }
  return {since, AtUs(s.node_us + kSlackUs)};
}

namespace {

// Those of the leaves that are of a table: where they are in the seal, as a multirange's text, and
// their hashes. Rows that were pruned leave places out: they are told by the tags.
struct Part {
  StringInfoData ranges;
  Hash* hash;
  size_t count = 0;
};

Part PartOf(const Seal& seal, const LeafList& leaves, Oid table) {
  Part part;
  initStringInfo(&part.ranges);
  part.hash = static_cast<Hash*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(Hash) * std::max<size_t>(leaves.count, 1)));
  const size_t sealed = seal.size - seal.first;
  size_t place = 0, from = 0;
  bool open = false;
  const auto end = [&] {
    if (open)
      appendStringInfo(&part.ranges, "%s[%zu,%zu)", part.ranges.len == 0 ? "{" : ",", from, place);
    open = false;
  };
  for (size_t i = 0; i < leaves.count; i++, place++) {
    const Leaf& leaf = leaves.leaf[i];
    if (!leaf.known && leaf.table == table)
      Raise(Status::Error(Code::kSeedMissing, "It is that of entry %lld of definition %lld.",
                          static_cast<long long>(leaf.key.position),
                          static_cast<long long>(leaf.key.definition)));
    if (place < sealed && !HasTag(seal, place, leaf)) end();
    while (place < sealed && !HasTag(seal, place, leaf)) place++;
    if (place == sealed)
      Raise(Error::kLedgerAltered, "Entry %lld of definition %lld is not as it was sealed.",
            static_cast<long long>(leaf.key.position), static_cast<long long>(leaf.key.definition));
    if (leaf.table != table) {
      end();
      continue;
    }
    if (!open) from = place;
    open = true;
    part.hash[part.count++] = leaf.hash;
  }
  end();
  appendStringInfoChar(&part.ranges, '}');
  return part;
}

void NoteDetachedOf(Oid owner, const char* name, const Seal& seal, const LeafList& leaves,
                    Oid segment) {
  const Part part = PartOf(seal, leaves, segment);
  if (part.count == 0) return;
  const bool all = part.count == seal.size - seal.first;
  Query q(owner);
  q.Text(name)
      .Number(static_cast<int64_t>(seal.size))
      .Text(get_rel_name(segment))
      .Text(part.ranges.data)
      .Number(static_cast<int64_t>(part.count))
      .Add(BYTEAOID, all ? Datum{0} : BytesDatum(part.hash, sizeof(Hash) * part.count), all);
  q.Write(
      "INSERT INTO detid._detached VALUES ($1, $2, $3, $4::int8multirange, $5, $6, "
      "statement_timestamp())",
      SPI_OK_INSERT);
}

}  // namespace

void NoteDetached(Oid owner, const char* name, EntryReader* reader, Oid segment, int64_t from_us,
                  int64_t until_us) {
  const SealList seals = ReadSeals(owner, name);
  for (int i = 0; i < seals.count; i++) {
    Seal s = seals.seal[i];
    const Span span = SpanOf(seals, i);
    if (s.node_us + kSlackUs < from_us || span.since > AtUs(until_us)) continue;
    const MemoryContext work =
        AllocSetContextCreate(CurrentMemoryContext, "pg_detid detach", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext before = MemoryContextSwitchTo(work);
    LeafList leaves = GatherLeaves(reader, s.batch, span);
    bool all = false;
    LoadSeal(owner, name, &s);
    AddDetached(owner, name, s, &leaves, &all);
    NoteDetachedOf(owner, name, s, leaves, segment);
    MemoryContextSwitchTo(before);
    MemoryContextDelete(work);
  }
}

void ForgetDetached(Oid owner, const char* segment) {
  Query q(owner);
  q.Text(segment);
  q.Write("DELETE FROM detid._detached WHERE segment = $1", SPI_OK_DELETE);
}

namespace {

// What was detached of a seal: the hash of each place; null where the row is to be.
struct Detached {
  const Hash** at = nullptr;
  bool any = false;
  bool whole = false;  // one segment had all of it
};

// The numbers of an array column of the last query, in CurrentMemoryContext.
size_t NumbersAt(uint64_t row, int column, Datum** numbers) {
  bool null = false;
  int count = 0;
  ArrayType* array = DatumGetArrayTypeP(
      SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null));
  deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, numbers,
                    nullptr, &count);
  return static_cast<size_t>(count);
}

// What somebody has written there that fits no seal is passed over.
Detached DetachedOf(Oid owner, const char* name, const Seal& seal) {
  Detached d;
  const size_t sealed = seal.size - seal.first;
  Query q(owner);
  q.Text(name).Number(static_cast<int64_t>(seal.size));
  const MemoryContext memory = CurrentMemoryContext;
  const uint64_t rows = q.Read(
      "SELECT ARRAY(SELECT lower(r) FROM unnest(ranges) r ORDER BY 1), ARRAY(SELECT upper(r) FROM "
      "unnest(ranges) r ORDER BY 1), count, leaves IS NOT NULL, leaves FROM detid._detached WHERE "
      "name = $1 AND size = $2 ORDER BY segment",
      Seen::kBySnapshot);
  MemoryContextSwitchTo(memory);
  for (uint64_t k = 0; k < rows; k++) {
    if (!FlagAt(k, 4)) {  // it has no leaves
      d.whole |= static_cast<size_t>(NumberAt(k, 3)) == sealed;
      continue;
    }
    if (d.at == nullptr)
      d.at = static_cast<const Hash**>(MemoryContextAllocExtended(
          memory, sizeof(Hash*) * sealed, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    const std::string_view leaves = View(BytesAt(k, 5));
    Hash* hash = static_cast<Hash*>(
        MemoryContextAllocHuge(memory, std::max<size_t>(leaves.size(), sizeof(Hash))));
    memcpy(hash, leaves.data(), leaves.size());
    const size_t hashes = leaves.size() / sizeof(Hash);
    Datum *from, *until;
    const size_t ranges = std::min(NumbersAt(k, 1, &from), NumbersAt(k, 2, &until));
    size_t used = 0;
    for (size_t r = 0; r < ranges; r++)
      for (int64_t i = DatumGetInt64(from[r]);
           i >= 0 && i < DatumGetInt64(until[r]) && used < hashes; i++, used++)
        if (static_cast<size_t>(i) < sealed) d.at[i] = &hash[used];
    d.any |= used > 0;
  }
  SPI_freetuptable(SPI_tuptable);
  return d;
}

}  // namespace

void AddDetached(Oid owner, const char* name, const Seal& seal, LeafList* leaves, bool* all) {
  const Detached d = DetachedOf(owner, name, seal);
  *all = d.whole && leaves->count == 0;
  if (!d.any) return;
  const size_t sealed = seal.size - seal.first;
  Leaf* merged = static_cast<Leaf*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Leaf) * (sealed + leaves->count)));
  // Each row in the next place that its tag says; places of rows that are gone are left out.
  constexpr int kMostSearches = 1000;
  size_t count = 0, next = 0;
  int searches = 0;
  const auto fill = [&](size_t place) {
    merged[count] = {};
    merged[count].hash = *d.at[place];
    merged[count++].known = true;
  };
  for (size_t place = 0; place < sealed; place++) {
    if (d.at[place] != nullptr) {
      fill(place);
      continue;
    }
    if (next == leaves->count) continue;
    if (HasTag(seal, place, leaves->leaf[next])) {
      merged[count++] = leaves->leaf[next++];
      continue;
    }
    // It is not of this place: of a later one, or it was changed.
    size_t later = place + 1;
    const bool search = ++searches <= kMostSearches;
    while (search && later < sealed &&
           (d.at[later] != nullptr || !HasTag(seal, later, leaves->leaf[next])))
      later++;
    if (!search || later == sealed) merged[count++] = leaves->leaf[next++];
  }
  while (next < leaves->count) merged[count++] = leaves->leaf[next++];
  leaves->leaf = merged;
  leaves->count = count;
}

bool KeptNode(const Seal& seal, int level, uint64_t index, Hash* hash) {
  const std::string_view nodes = View(seal.nodes);
  constexpr size_t kEach = 1 + sizeof index + sizeof(Hash);
  for (size_t at = 0; at + kEach <= nodes.size(); at += kEach) {
    uint64_t here;
    memcpy(&here, nodes.data() + at + 1, sizeof here);
    if (nodes[at] != static_cast<char>(level) || here != index) continue;
    memcpy(hash->byte, nodes.data() + at + 1 + sizeof here, sizeof hash->byte);
    return true;
  }
  return false;
}

}  // namespace detid
