// SPDX-License-Identifier: PostgreSQL
//
// verify_ledger: the ledger built again from its rows, and compared with its seals and checkpoints.
//
// What is believed: nothing of the tables. The rows of each seal must make its leaves, the leaves
// its root; stored checkpoints and handovers of keys must be signed and name these roots. Whoever
// could rewrite all of that, keys included, is found out by a checkpoint that was kept elsewhere.

#include <algorithm>

#include "core/checkpoint.h"
#include "fn/entry_scan.h"
#include "fn/record.h"
#include "fn/seals.h"
#include "pg/errors.h"
#include "state/horizon_row.h"

namespace detid {
namespace {

struct Report {
  ReturnSetInfo* set;

  void Add(const char* problem, const RowKey* key, const char* detail) {
    Record<6> row;
    row.AddText(problem);
    if (key != nullptr) {
      row.Add(Int64GetDatum(static_cast<int64_t>(key->definition)));
      row.Add(Int32GetDatum(key->node));
      row.Add(Int32GetDatum(key->worker));
      row.Add(Int64GetDatum(static_cast<int64_t>(key->position)));
    } else {
      row.Skip(4);
    }
    row.AddText(detail);
    row.Put(set);
  }
};

// --- Seals ---

bool SameTag(const Seal& s, uint64_t i, const Leaf& leaf) {
  return !leaf.known || memcmp(VARDATA_ANY(s.tags) + kTagBytes * i, leaf.hash.byte, kTagBytes) == 0;
}

// How far one looks for the next row that is as it was, around one that is not.
constexpr uint64_t kLookAhead = 64;

const char* PlaceOf(const Seal& s, uint64_t i, const LeafList& rows, size_t next) {
  const char* where = psprintf(
      "It was row %llu of the %llu that were sealed when the ledger had %llu",
      static_cast<unsigned long long>(i + 1), static_cast<unsigned long long>(s.size - s.first),
      static_cast<unsigned long long>(s.size));
  if (next > 0 && next <= rows.count)
    return psprintf("%s, behind entry %lld of transaction %llu.", where,
                    static_cast<long long>(rows.leaf[next - 1].key.position),
                    static_cast<unsigned long long>(rows.leaf[next - 1].xact));
  return psprintf("%s.", where);
}

// What is said of a row that is gone: what prune_ledger took cannot be told from what somebody else
// took from the same time.
struct Gone {
  const char* problem;
  const char* besides;  // behind the place
};

// How many rows are missing before the row j, if it was sealed further behind, and the next one
// too; 0 if not. That is not tried for ever.
uint64_t FarTo(const Seal& s, uint64_t i, const LeafList& rows, size_t j, int* searches) {
  constexpr int kMostSearches = 1000;
  const uint64_t sealed = s.size - s.first;
  if (++*searches > kMostSearches || !rows.leaf[j].known) return 0;
  for (uint64_t k = i + 1; k < sealed; k++) {
    if (k % (1 << 20) == 0) CHECK_FOR_INTERRUPTS();
    if (SameTag(s, k, rows.leaf[j]) &&
        (j + 1 == rows.count || k + 1 == sealed || SameTag(s, k + 1, rows.leaf[j + 1])))
      return k - i;
  }
  return 0;
}

// Compares the rows with the tags of the seal, and names each that is not as it was. Returns how
// many are not.
uint64_t CompareRows(const Seal& s, const LeafList& rows, const Gone& gone, Report* report) {
  const uint64_t sealed = s.size - s.first;
  uint64_t i = 0, problems = 0;
  int far_searches = 0;
  if (rows.count == 0) {
    report->Add(gone.problem, nullptr,
                psprintf("All %llu rows that were sealed when the ledger had %llu are gone.%s",
                         static_cast<unsigned long long>(sealed),
                         static_cast<unsigned long long>(s.size), gone.besides));
    return sealed;
  }
  size_t j = 0;
  while (i < sealed || j < rows.count) {
    if (i < sealed && j < rows.count && SameTag(s, i, rows.leaf[j])) {
      i++;
      j++;
      continue;
    }
    uint64_t missing = 0, added = 0;
    for (uint64_t k = 1; k <= kLookAhead && missing == 0 && added == 0; k++) {
      if (j < rows.count && i + k < sealed && SameTag(s, i + k, rows.leaf[j])) missing = k;
      if (i < sealed && j + k < rows.count && SameTag(s, i, rows.leaf[j + k])) added = k;
    }
    if (j == rows.count) missing = sealed - i;
    if (i == sealed) added = rows.count - j;
    if (missing == 0 && added == 0) missing = FarTo(s, i, rows, j, &far_searches);
    if (missing == 0 && added == 0) {
      report->Add("altered", &rows.leaf[j].key, PlaceOf(s, i, rows, j));
      i++;
      j++;
      problems++;
      continue;
    }
    for (; missing > 0 && added == 0; missing--, i++, problems++)
      report->Add(gone.problem, nullptr, psprintf("%s%s", PlaceOf(s, i, rows, j), gone.besides));
    for (; added > 0; added--, j++, problems++)
      report->Add("added", &rows.leaf[j].key,
                  psprintf("It is of transaction %llu, whose rows were sealed without it.",
                           static_cast<unsigned long long>(rows.leaf[j].xact)));
  }
  return problems;
}

struct Tree {
  const char* name;
  SealList seals;
  Span* spans;  // of each seal
  // Of each seal: rows that were compared with it, and that the scan of everything has not met yet.
  uint64_t* unseen;
};

const char* SealName(const Tree& t, int i) {
  return psprintf("The seal of %s at %llu rows", t.name,
                  static_cast<unsigned long long>(t.seals.seal[i].size));
}

// Each seal by itself, and each after the one before.
void CheckChain(Tree* t, Report* report) {
  const auto problem = [&](int i, const char* what) {
    report->Add("seal", nullptr, psprintf("%s %s.", SealName(*t, i), what));
  };
  for (int i = 0; i < t->seals.count; i++) {
    const Seal& s = t->seals.seal[i];
    if (!s.holds) problem(i, "does not make its own root");
    if (s.first != (i == 0 ? 0 : t->seals.seal[i - 1].size))
      problem(i, "does not begin where the one before ends");
    for (int k = i - 1; k >= 0; k--) {
      if (t->seals.seal[k].batch.instance != s.batch.instance) continue;
      if (t->seals.seal[k].batch.until != s.batch.from)
        problem(i, "leaves out transactions, or has some twice");
      break;
    }
  }
}

// The rows of one seal against its tags and its root; `tree` is that of the seals before, and
// becomes that of this one.
void CheckSeal(const Tree& t, int i, Oid owner, LeafList rows, int64_t pruned_us, MerkleTree* tree,
               Report* report) {
  Seal s = t.seals.seal[i];
  LoadSeal(owner, t.name, &s);
  bool all_detached = false;
  AddDetached(owner, t.name, s, &rows, &all_detached);
  if (all_detached) {
    *tree = TreeOf(s);
    return;
  }
  const TimestampTz pruned = DatumGetTimestampTz(TimestampDatum(pruned_us));
  const Gone gone =
      pruned_us > 0 && s.node_us <= pruned_us ? Gone{"pruned", ""}
      : pruned_us > 0 && t.spans[i].since < pruned
          ? Gone{"missing", " It may be of the time that prune_ledger was called for."}
          : Gone{"missing", ""};
  const uint64_t problems = CompareRows(s, rows, gone, report);
  uint64_t unknown = 0;
  for (size_t k = 0; k < rows.count; k++) {
    unknown += !rows.leaf[k].known;
    tree->Append(rows.leaf[k].hash);
  }
  if (unknown > 0)
    report->Add("unverified", nullptr,
                psprintf("%s has %llu rows with inputs whose seed is not at hand: "
                         "detid.import_seed(...).",
                         SealName(t, i), static_cast<unsigned long long>(unknown)));
  if (problems == 0 && unknown == 0 && !(tree->Root() == s.root))
    report->Add("seal", nullptr, psprintf("%s is not that of its rows.", SealName(t, i)));
  *tree = TreeOf(s);  // what follows is judged by itself
}

// The seals from `first` on that are looked at together, as their batches meet: the one behind the
// last. So many small seals do not cost as many looks into the index.
int TogetherWith(const SealList& seals, int first) {
  constexpr uint64_t kTogether = 200000;  // rows
  int next = first + 1;
  for (; next < seals.count; next++) {
    const Seal &a = seals.seal[next - 1], &b = seals.seal[next];
    if (a.batch.instance != b.batch.instance || a.batch.until != b.batch.from ||
        a.size != b.first || b.size < b.first || b.size - seals.seal[first].first > kTogether)
      break;
  }
  return next;
}

// The leaves of transactions below `until`, which are taken from the front.
LeafList TakeBelow(LeafList* rows, uint64_t until) {
  LeafList part = *rows;
  part.count = 0;
  while (part.count < rows->count && part.leaf[part.count].xact < until) part.count++;
  rows->leaf += part.count;
  rows->count -= part.count;
  return part;
}

void CheckRows(Tree* t, Oid owner, EntryReader* reader, int64_t pruned_us, Report* report) {
  MerkleTree tree;
  for (int first = 0, next = 0; first < t->seals.count; first = next) {
    next = TogetherWith(t->seals, first);
    const MemoryContext work =
        AllocSetContextCreate(CurrentMemoryContext, "pg_detid verify", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext before = MemoryContextSwitchTo(work);
    const Batch& begin = t->seals.seal[first].batch;
    LeafList rows =
        GatherLeaves(reader, {begin.instance, begin.from, t->seals.seal[next - 1].batch.until},
                     {t->spans[first].since, t->spans[next - 1].until}, SIZE_MAX,
                     [](const Entry&, uint64_t) { return true; });
    for (int i = first; i < next; i++) {
      const LeafList part = TakeBelow(&rows, t->seals.seal[i].batch.until);
      t->unseen[i] = part.count;
      if (t->seals.seal[i].holds) CheckSeal(*t, i, owner, part, pruned_us, &tree, report);
    }
    MemoryContextSwitchTo(before);
    MemoryContextDelete(work);
  }
}

// One line a segment: what of it was sealed is known, but not the rows.
void ReportDetached(Oid owner, const char* name, Report* report) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows = q.Read(
      "SELECT segment, sum(count)::text, max(detached_at)::text FROM detid._detached WHERE name = "
      "$1 "
      "GROUP BY segment ORDER BY segment",
      Seen::kBySnapshot);
  for (uint64_t i = 0; i < rows; i++)
    report->Add("detached", nullptr,
                psprintf("%s sealed rows are in the segment %s, which was detached at %s.",
                         TextAt(i, 2), TextAt(i, 1), TextAt(i, 3)));
}

// --- Checkpoints ---

struct Keys {
  NoteKey* key;
  int count;
};

// The keys of the tree that a chain of handovers leads to. Their order is not believed: clocks
// step.
Keys KeysOf(Oid owner, const char* name, Report* report) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows =
      q.Read("SELECT key, handover FROM detid.seal_keys WHERE name = $1 ORDER BY created_at",
             Seen::kBySnapshot);
  Keys keys = {static_cast<NoteKey*>(palloc(sizeof(NoteKey) * std::max<uint64_t>(rows, 1))), 0};
  bool* good = static_cast<bool*>(palloc0(std::max<uint64_t>(rows, 1)));
  for (bool more = true; more;) {
    more = false;
    for (uint64_t i = 0; i < rows; i++) {
      NoteKey key;
      const char* text = TextAt(i, 1);
      const char* handover = TextAt(i, 2);
      if (good[i] || !ParseKey(text, &key) || strcmp(key.name, name) != 0) continue;
      std::string_view says;
      const char* want = psprintf("%s\nhandover\n%s\n", name, text);
      if (handover == nullptr) good[i] = keys.count == 0;  // only the first needs none
      for (int k = 0; handover != nullptr && k < keys.count; k++)
        good[i] |= VerifyNote(handover, keys.key[k], &says) == NoteVerdict::kSigned && says == want;
      if (!good[i]) continue;
      keys.key[keys.count++] = key;
      more = true;
    }
  }
  for (uint64_t i = 0; i < rows; i++)
    if (!good[i])
      report->Add("key", nullptr,
                  psprintf("The key %s was not handed over by one before.", TextAt(i, 1)));
  return keys;
}

bool IsSigned(const Keys& keys, std::string_view note, std::string_view* text) {
  for (int i = 0; i < keys.count; i++)
    if (VerifyNote(note, keys.key[i], text) == NoteVerdict::kSigned) return true;
  return false;
}

// What a checkpoint says against the tree; null: it is the tree's.
const char* Contradiction(const Tree& t, const Checkpoint& c) {
  const uint64_t size = t.seals.count == 0 ? 0 : t.seals.seal[t.seals.count - 1].size;
  if (c.size > size)
    return psprintf(
        "It has %llu rows, the ledger %llu: rows and seals were removed, or the database "
        "was restored to an earlier time.",
        static_cast<unsigned long long>(c.size), static_cast<unsigned long long>(size));
  for (int i = 0; i < t.seals.count; i++) {
    const Seal& s = t.seals.seal[i];
    if (s.size != c.size) continue;
    return s.root == c.root ? nullptr
                            : "The ledger has another root at that size: it was rewritten, or the "
                              "database was copied and both copies went on (a fork).";
  }
  return psprintf(
      "The ledger was never sealed at %llu rows: it was rewritten, or the database was "
      "copied and both copies went on (a fork).",
      static_cast<unsigned long long>(c.size));
}

void CheckCheckpoints(Oid owner, Tree* t, const Keys& keys, Report* report) {
  Query q(owner);
  q.Text(t->name);
  const uint64_t rows = q.Read(
      "SELECT note, size::text, encode(root, 'hex') FROM detid.checkpoints WHERE name = $1 ORDER "
      "BY size",
      Seen::kBySnapshot);
  for (uint64_t i = 0; i < rows; i++) {
    std::string_view text;
    Checkpoint c;
    const char* what = nullptr;
    if (!IsSigned(keys, TextAt(i, 1), &text) || !ParseCheckpoint(text, &c) ||
        strcmp(c.origin, t->name) != 0)
      what = "It is not signed by a key of the tree.";
    else if (strcmp(TextAt(i, 2), psprintf("%llu", static_cast<unsigned long long>(c.size))) != 0)
      what = "Its note is of another size.";
    else
      what = Contradiction(*t, c);
    if (what != nullptr) {
      report->Add(
          "checkpoint", nullptr,
          psprintf("The stored checkpoint of %s at %s rows: %s", t->name, TextAt(i, 2), what));
    }
  }
}

// --- What was not looked at with its seal -------------------------------------------------------

// The seals of one instance in one tree, whose batches follow each other.
struct Chain {
  const Tree* tree;
  int64_t instance;
  int* seals;  // in their order
  int count;
};

List* ChainsOf(const Tree* t) {
  List* chains = NIL;
  for (int i = 0; i < t->seals.count; i++) {
    Chain* chain = nullptr;
    ListCell* cell;
    foreach (cell, chains) {
      Chain* c = static_cast<Chain*>(lfirst(cell));
      if (c->instance == t->seals.seal[i].batch.instance) chain = c;
    }
    if (chain == nullptr) {
      chain = static_cast<Chain*>(palloc(sizeof(Chain)));
      *chain = {t, t->seals.seal[i].batch.instance,
                static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(t->seals.count))), 0};
      chains = lappend(chains, chain);
    }
    chain->seals[chain->count++] = i;
  }
  return chains;
}

// The seal that a row's transaction belongs to; -1 if to none.
int SealOfXact(const Chain& c, uint64_t xact) {
  int low = 0, high = c.count;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (c.tree->seals.seal[c.seals[middle]].batch.until <= xact)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == c.count || xact < c.tree->seals.seal[c.seals[low]].batch.from) return -1;
  return c.seals[low];
}

// Rows that no seal holds are judged by their digests. One that claims a transaction that was
// sealed, and was not among those that were compared with the seal, was not there.
void CheckRest(const Entry& e, EntryReader* reader, const List* chains, Report* report) {
  uint64_t xact;
  const char* why = e.refuted ? e.reason : nullptr;
  bool sealed = false;
  if (XactOf(reader, e.row, &xact)) {
    ListCell* cell;
    foreach (cell, chains) {
      const Chain* c = static_cast<const Chain*>(lfirst(cell));
      const int seal = c->instance == e.context->instance ? SealOfXact(*c, xact) : -1;
      if (seal < 0) continue;
      sealed = true;
      // More than were compared with it: see CheckCounts. Kept aside, or under another key, none
      // was.
      if (e.entry >= 0) c->tree->unseen[seal]--;
    }
  }
  if (sealed && e.entry < 0)
    report->Add("added", &e.row.key, "It is kept aside: another row has its key.");
  if (why == nullptr && !sealed && e.reason == nullptr) why = Altered(e);
  if (why != nullptr) report->Add("altered", &e.row.key, psprintf("By its digest: %s.", why));
}

// Each row of a seal's transactions was compared with the seal.
void CheckCounts(Tree* t, EntryReader* reader, Report* report) {
  for (int i = 0; i < t->seals.count; i++) {
    if (t->unseen[i] == 0) continue;
    // Of those that a scan of everything finds, which are outside of the time of the seal?
    const Seal& s = t->seals.seal[i];
    const LeafList within = GatherLeaves(reader, s.batch, t->spans[i], SIZE_MAX,
                                         [](const Entry&, uint64_t) { return true; });
    const LeafList all = GatherLeaves(reader, s.batch, Span{}, SIZE_MAX,
                                      [](const Entry&, uint64_t) { return true; });
    size_t j = 0;
    for (size_t k = 0; k < all.count; k++) {
      if (j < within.count && within.leaf[j].key == all.leaf[k].key) {
        j++;
        continue;
      }
      report->Add("added", &all.leaf[k].key,
                  psprintf("It is of transaction %llu, whose rows were sealed without it.",
                           static_cast<unsigned long long>(all.leaf[k].xact)));
    }
    if (all.count == within.count)
      report->Add("added", nullptr,
                  psprintf("%s: there are other rows of its transactions.", SealName(*t, i)));
  }
}

}  // namespace

// verify_ledger(checkpoint text) -> setof (problem, definition, node, worker, entry, detail)
DETID_FUNCTION(detid_verify_ledger) {
  InitMaterializedSRF(fcinfo, 0);
  Report report = {reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)};
  EntryReader* reader = OpenEntries();
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const Oid owner = OwnerOfSeals();
  HorizonRecord record;
  const int64_t pruned_us = ReadHorizon(&record) ? record.pruned_us : 0;
  const List* names = SealedTrees(owner);
  const int count = list_length(names);
  Tree* trees = static_cast<Tree*>(palloc0(sizeof(Tree) * static_cast<Size>(std::max(count, 1))));
  Keys* keys = static_cast<Keys*>(palloc0(sizeof(Keys) * static_cast<Size>(std::max(count, 1))));
  for (int i = 0; i < count; i++) {
    trees[i].name = static_cast<const char*>(list_nth(names, i));
    trees[i].seals = ReadSeals(owner, trees[i].name);
    const Size seals = static_cast<Size>(std::max(trees[i].seals.count, 1));
    trees[i].spans =
        static_cast<Span*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Span) * seals));
    trees[i].unseen = static_cast<uint64_t*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64_t) * seals));
    for (int k = 0; k < trees[i].seals.count; k++) {
      trees[i].spans[k] = SpanOf(trees[i].seals, k);
      trees[i].unseen[k] = 0;
    }
    CheckChain(&trees[i], &report);
    CheckRows(&trees[i], owner, reader, pruned_us, &report);
    ReportDetached(owner, trees[i].name, &report);
    keys[i] = KeysOf(owner, trees[i].name, &report);
    CheckCheckpoints(owner, &trees[i], keys[i], &report);
  }
  List* chains = NIL;
  for (int i = 0; i < count; i++) chains = list_concat(chains, ChainsOf(&trees[i]));
  EachEntry(Wanted{}, [&](const Entry& e) {
    CheckRest(e, reader, chains, &report);
    return true;
  });
  for (int i = 0; i < count; i++) CheckCounts(&trees[i], reader, &report);
  if (!PG_ARGISNULL(0)) {
    const std::string_view note = View(PG_GETARG_TEXT_PP(0));
    std::string_view text;
    Checkpoint c;
    const size_t end = note.find("\n\n");
    if (end == std::string_view::npos || !ParseCheckpoint(note.substr(0, end + 1), &c)) {
      report.Add("checkpoint", nullptr, "The text that was given is no checkpoint.");
    } else {
      int i = 0;
      while (i < count && strcmp(trees[i].name, c.origin) != 0) i++;
      const char* what =
          i == count ? psprintf("It is of %s, of which this database has no seal.", c.origin)
          : !IsSigned(keys[i], note, &text) || !ParseCheckpoint(text, &c)
              ? "No key that this database has for it has signed it: it is forged, or the keys "
                "were "
                "exchanged here."
              : Contradiction(trees[i], c);
      if (what != nullptr)
        report.Add("checkpoint", nullptr, psprintf("The checkpoint that was given: %s", what));
    }
  }
  SPI_finish();
  CloseEntries(reader);
  return Datum{0};
}

}  // namespace detid
