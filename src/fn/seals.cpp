// SPDX-License-Identifier: PostgreSQL

#include "fn/seals.h"

#include <algorithm>

#include "pg/as_owner.h"

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
  return OwnerOf({"_seals", "_seal_key", "seal_keys", "checkpoints"});
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
