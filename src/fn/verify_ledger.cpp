// SPDX-License-Identifier: PostgreSQL
//
// verify_ledger: the ledger built again from its rows, and compared with its seals and checkpoints.
//
// What is believed: nothing of the tables. The rows of each seal must make its leaves, the leaves
// its root; stored checkpoints and handovers of keys must be signed and name these roots. Whoever
// could rewrite all of that, keys included, is found out by a checkpoint that was kept elsewhere.

#include <algorithm>

#include "fn/checkpoints.h"
#include "fn/entry_scan.h"
#include "fn/seal_compare.h"
#include "pg/errors.h"
#include "state/horizon_row.h"

namespace detid {
namespace {

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
                     {t->spans[first].since, t->spans[next - 1].until});
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
      "SELECT segment, sum(count)::text, max(detached_at)::text FROM detid._detached "
      "WHERE name = $1 GROUP BY segment ORDER BY segment",
      Seen::kBySnapshot);
  for (uint64_t i = 0; i < rows; i++)
    report->Add("detached", nullptr,
                psprintf("%s sealed rows are in the segment %s, which was detached at %s.",
                         TextAt(i, 2), TextAt(i, 1), TextAt(i, 3)));
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
    const LeafList within = GatherLeaves(reader, s.batch, t->spans[i]);
    const LeafList all = GatherLeaves(reader, s.batch, Span{});
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

// The checkpoint that the caller has kept elsewhere.
void CheckGiven(std::string_view note, const Tree* trees, const Keys* keys, int count,
                Report* report) {
  std::string_view text;
  Checkpoint c;
  if (!ParseNotedCheckpoint(note, &c))
    return report->Add("checkpoint", nullptr, "The text that was given is no checkpoint.");
  int i = 0;
  while (i < count && strcmp(trees[i].name, c.origin) != 0) i++;
  const char* what = nullptr;
  if (i == count)
    what = psprintf("It is of %s, of which this database has no seal.", c.origin);
  else if (!IsSigned(keys[i], note, &text) || !ParseCheckpoint(text, &c))
    what =
        "None of the keys that this database has for its tree signed it: it is forged, or the "
        "keys here were exchanged.";
  else
    what = Contradiction(trees[i].seals, c);
  if (what != nullptr)
    report->Add("checkpoint", nullptr, psprintf("The checkpoint that was given: %s", what));
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
    CheckCheckpoints(owner, trees[i].name, trees[i].seals, keys[i], &report);
  }
  List* chains = NIL;
  for (int i = 0; i < count; i++) chains = list_concat(chains, ChainsOf(&trees[i]));
  EachEntry(Wanted{}, [&](const Entry& e) {
    CheckRest(e, reader, chains, &report);
    return true;
  });
  for (int i = 0; i < count; i++) CheckCounts(&trees[i], reader, &report);
  if (!PG_ARGISNULL(0)) CheckGiven(View(PG_GETARG_TEXT_PP(0)), trees, keys, count, &report);
  SPI_finish();
  CloseEntries(reader);
  return Datum{0};
}

}  // namespace detid
