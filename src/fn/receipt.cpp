// SPDX-License-Identifier: PostgreSQL
//
// receipt: a proof that an id is in the sealed ledger, as JSON, which is verified without a
// database: the row, its context, the path from its leaf to the root, and the checkpoint that signs
// the root. docs/layouts.md has the format. It is made only of what the seals agree with.

#include <algorithm>

#include "core/base64.h"
#include "core/instant.h"
#include "core/redaction.h"
#include "fn/ids.h"
#include "fn/seals.h"
#include "fn/search.h"
#include "pg/errors.h"
#include "state/definitions.h"

extern "C" {
#include "utils/json.h"
}

namespace detid {
namespace {

// --- JSON ---

class Json {
 public:
  explicit Json(StringInfo out) : out_(out) {}

  void Begin(const char* name) {
    Name(name);
    appendStringInfoChar(out_, '{');
    first_ = true;
  }
  void End() {
    appendStringInfoChar(out_, '}');
    first_ = false;
  }
  void BeginList(const char* name) {
    Name(name);
    appendStringInfoChar(out_, '[');
    first_ = true;
  }
  void EndList() {
    appendStringInfoChar(out_, ']');
    first_ = false;
  }
  void Text(const char* name, std::string_view text) {
    if (text.data() == nullptr) return Null(name);
    Name(name);
    escape_json(out_, pnstrdup(text.data(), text.size()));
  }
  void Base64(const char* name, std::string_view bytes) {
    if (bytes.data() == nullptr) return Null(name);
    const size_t size = sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    char* text = static_cast<char*>(palloc(size));
    sodium_bin2base64(text, size, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    Text(name, text);
  }
  // As text: not every reader has integers of 64 bits.
  void Number(const char* name, int64_t number) {
    Text(name, psprintf("%lld", static_cast<long long>(number)));
  }
  void Small(const char* name, int32_t number) {
    Name(name);
    appendStringInfo(out_, "%d", number);
  }
  void Flag(const char* name, bool flag) {
    Name(name);
    appendStringInfoString(out_, flag ? "true" : "false");
  }
  void Null(const char* name) {
    Name(name);
    appendStringInfoString(out_, "null");
  }

 private:
  void Name(const char* name) {
    if (!first_) appendStringInfoString(out_, ", ");
    first_ = false;
    if (name == nullptr) return;
    escape_json(out_, name);
    appendStringInfoString(out_, ": ");
  }

  StringInfo out_;
  bool first_ = true;
};

std::string_view HashView(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.byte), sizeof hash.byte};
}

// Of inputs, those of the id; of others what they were bound by.
void AddRow(Json* json, const Entry& e, uint64_t xact, int ordinal) {
  json->Begin("row");
  json->Number("definition", static_cast<int64_t>(e.row.key.definition));
  json->Number("position", static_cast<int64_t>(e.row.key.position));
  json->Small("node", e.row.key.node);
  json->Small("worker", e.row.key.worker);
  json->Small("count", e.row.count);
  json->Small("attempt", e.row.attempt);
  json->Number("xact", static_cast<int64_t>(xact));
  json->Number("digest", static_cast<int64_t>(e.row.digest));
  json->Base64("ids", e.row.ids != nullptr ? View(e.row.ids) : std::string_view{});
  if (e.positions_count > 0) {
    json->BeginList("positions");
    for (int i = 0; i < e.positions_count; i++)
      json->Number(nullptr, DatumGetInt64(e.positions[i]));
    json->EndList();
  } else {
    json->Null("positions");
  }
  json->Text("tag", e.row.tag != nullptr ? View(e.row.tag) : std::string_view{});
  json->Base64("claim", e.row.claim != nullptr ? View(e.row.claim) : std::string_view{});
  if (e.inputs != nullptr) {
    json->BeginList("inputs");
    for (int i = 0; i < e.inputs_count; i++) {
      RedactedInput r;
      const uint32_t at = static_cast<uint32_t>(i);
      const bool forgotten = FindRedacted(e.redacted, at, &r);
      if (!forgotten && e.no_input[i]) {
        json->Null(nullptr);
        continue;
      }
      const InputSalt salt = SaltOfInput(e.key, e.row.key, at);
      json->Begin(nullptr);
      if (forgotten || (e.attempt < 0 && i != ordinal)) {
        const std::string_view input = forgotten ? "" : View(DatumGetTextPP(e.inputs[i]));
        json->Base64("commitment",
                     HashView(forgotten ? r.commitment : CommitInput(salt, InUtf8(input))));
      } else {
        json->Base64("salt", {reinterpret_cast<const char*>(salt.byte), sizeof salt.byte});
        json->Text("text", View(DatumGetTextPP(e.inputs[i])));
      }
      json->End();
    }
    json->EndList();
  } else {
    json->Null("inputs");
  }
  json->End();
}

void AddField(Json* json, const char* name, std::string_view text) {
  json->Text(name, text);
}
void AddField(Json* json, const char* name, int64_t number) {
  json->Number(name, number);
}
void AddField(Json* json, const char* name, int32_t number) {
  json->Small(name, number);
}
void AddField(Json* json, const char* name, uint32_t number) {
  json->Number(name, number);
}
void AddField(Json* json, const char* name, bool flag) {
  json->Flag(name, flag);
}
void AddField(Json* json, const char* name, Instant at) {
  json->Number(name, at.us);
}
void AddField(Json* json, const char* name, const Commitment& c) {
  json->Base64(name, {reinterpret_cast<const char*>(c.byte), sizeof c.byte});
}

void AddContext(Json* json, const LedgerContext& context) {
  json->Begin("context");
  EachColumn(kContextColumns, context,
             [&](const auto& column, const auto& value) { AddField(json, column.name, value); });
  json->End();
}

// --- The proof ---

// Where subtrees of a tree are found: among its peaks, among what batches keep, or made from rows.
struct Finder {
  EntryReader* reader;
  Oid owner;
  const char* name;
  SealList* seals;
  int last;          // the seal that the checkpoint is of
  LeafList* leaves;  // of each seal; `leaf` null: not yet
};

const Seal& Loaded(Finder* f, int i) {
  Seal* s = &f->seals->seal[i];
  if (s->tags == nullptr) LoadSeal(f->owner, f->name, s);
  return *s;
}

const LeafList& LeavesOf(Finder* f, int i) {
  LeafList* list = &f->leaves[i];
  if (list->leaf != nullptr) return *list;
  const Seal& s = Loaded(f, i);
  *list = GatherLeaves(f->reader, s.batch, SpanOf(*f->seals, i));
  bool all_detached = false;
  AddDetached(f->owner, f->name, s, list, &all_detached);
  bool same = list->count == s.size - s.first;
  for (size_t k = 0; same && k < list->count; k++)
    same = list->leaf[k].known && HasTag(s, k, list->leaf[k]);
  if (!same)
    Raise(Error::kLedgerAltered,
          "The rows that were sealed when the ledger had %llu are not as they were.",
          static_cast<unsigned long long>(s.size));
  return *list;
}

// The seal that has the leaf.
int SealOf(const SealList& seals, uint64_t leaf) {
  int low = 0, high = seals.count - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (leaf < seals.seal[middle].size)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

Hash LeafAt(Finder* f, uint64_t index) {
  const int i = SealOf(*f->seals, index);
  return LeavesOf(f, i).leaf[index - f->seals->seal[i].first].hash;
}

Hash SubtreeFromRows(Finder* f, int level, uint64_t index) {
  if (level == 0) return LeafAt(f, index);
  return NodeHash(SubtreeFromRows(f, level - 1, 2 * index),
                  SubtreeFromRows(f, level - 1, 2 * index + 1));
}

bool ReadSubtreeOf(void* context, int level, uint64_t index, Hash* hash) {
  Finder* f = static_cast<Finder*>(context);
  const MerkleTree tree = TreeOf(f->seals->seal[f->last]);
  uint64_t at = 0;
  int peak = 0;
  for (int l = kMaxTreeLevels - 1; l >= 0; l--) {
    if ((tree.size >> l & 1) == 0) continue;
    if (l == level && at >> l == index) {
      *hash = tree.peaks[peak];
      return true;
    }
    at += uint64_t{1} << l;
    peak++;
  }
  if (level >= kKeptLevel)
    return KeptNode(Loaded(f, SealOf(*f->seals, ((index + 1) << level) - 1)), level, index, hash);
  *hash = SubtreeFromRows(f, level, index);
  return true;
}

// The seal of a row, of the newest tree that has it; -1 if none has.
int SealOfRow(const SealList& seals, const Entry& e, uint64_t xact) {
  for (int i = 0; i < seals.count; i++) {
    const Batch& b = seals.seal[i].batch;
    if (b.instance == e.context->instance && xact >= b.from && xact < b.until) return i;
  }
  return -1;
}

[[noreturn]] void RaiseNotSealed(const Entry& e) {
  Raise(Error::kNotSealed, "Its row, entry %lld of definition %lld, is not sealed.",
        static_cast<long long>(e.entry), static_cast<long long>(e.row.key.definition));
}

char* MakeReceipt(EntryReader* reader, const Entry& e, int ordinal, const Bits& id) {
  const Oid owner = OwnerOfSeals();
  uint64_t xact;
  if (e.context == nullptr || !XactOf(reader, e.row, &xact)) RaiseNotSealed(e);
  const List* names = SealedTrees(owner);
  SealList seals = {nullptr, 0};
  const char* name = nullptr;
  int mine = -1;
  for (int t = 0; t < list_length(names) && mine < 0; t++) {
    name = static_cast<const char*>(list_nth(names, t));
    seals = ReadSeals(owner, name);
    mine = SealOfRow(seals, e, xact);
  }
  if (mine < 0) RaiseNotSealed(e);
  Query q(owner);
  q.Text(name);
  if (q.Read("SELECT size, note FROM detid.checkpoints WHERE name = $1 ORDER BY size DESC LIMIT 1",
             Seen::kBySnapshot) == 0)
    RaiseNotSealed(e);
  const uint64_t size = static_cast<uint64_t>(NumberAt(0, 1));
  const char* note = pstrdup(TextAt(0, 2));
  Finder finder = {reader,
                   owner,
                   name,
                   &seals,
                   SealOf(seals, size - 1),
                   static_cast<LeafList*>(
                       palloc0(sizeof(LeafList) * static_cast<Size>(std::max(seals.count, 1))))};
  for (int i = 0; i < seals.count; i++)
    if (!seals.seal[i].holds)
      Raise(Error::kLedgerAltered, "The seal at %llu rows does not make its own root.",
            static_cast<unsigned long long>(seals.seal[i].size));
  if (seals.seal[finder.last].size != size || size <= seals.seal[mine].first)
    Raise(Error::kLedgerAltered, "The checkpoint at %llu rows is of no seal.",
          static_cast<unsigned long long>(size));
  const LeafList& leaves = LeavesOf(&finder, mine);
  size_t at = 0;
  while (at < leaves.count && !(leaves.leaf[at].key == e.row.key)) at++;
  if (at == leaves.count) RaiseNotSealed(e);
  const uint64_t index = seals.seal[mine].first + at;
  Proof* proof = static_cast<Proof*>(palloc(sizeof(Proof)));
  if (!ProveInclusion(index, size, ReadSubtreeOf, &finder, proof) ||
      !Includes(leaves.leaf[at].hash, index, size, *proof, seals.seal[finder.last].root))
    Raise(Error::kLedgerAltered, "The seals do not lead from the row to the checkpoint.");

  StringInfoData out;
  initStringInfo(&out);
  Json json(&out);
  char text[kMaxInstantText + kMaxIdText];
  json.Begin(nullptr);
  json.Text("format", "detid-receipt-1");
  FormatId(e.layout.bits, id, text, sizeof text);
  json.Text("id", text);
  json.Small("ordinal", ordinal + 1);
  int64_t minted_us;
  if (TimeOfTick(e.layout, e.context->epoch.us, e.first.tick, &minted_us)) {
    FormatInstant(minted_us, text, sizeof text);
    json.Text("minted_at", text);
  }
  AddRow(&json, e, xact, ordinal);
  AddContext(&json, *e.context);
  json.Number("index", static_cast<int64_t>(index));
  json.BeginList("proof");
  for (int i = 0; i < proof->count; i++) json.Base64(nullptr, HashView(proof->hash[i]));
  json.EndList();
  json.Text("checkpoint", note);
  json.End();
  return out.data;
}

}  // namespace

// _receipt(generator regclass, id text) -> text; NULL if the id is not in the ledger.
DETID_FUNCTION(detid_receipt) {
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  const Bits id = IdArgument(fcinfo, 1, TEXTOID, d);
  const MemoryContext memory = CurrentMemoryContext;
  text* receipt = nullptr;
  EntryReader* reader = OpenEntries();
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  FindEntry(reader, generator, d, id, [&](const Entry& e, int i) {
    const char* json = MakeReceipt(reader, e, i, id);
    const MemoryContext before = MemoryContextSwitchTo(memory);
    receipt = cstring_to_text(json);
    MemoryContextSwitchTo(before);
  });
  SPI_finish();
  CloseEntries(reader);
  if (receipt == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(receipt);
}

}  // namespace detid
