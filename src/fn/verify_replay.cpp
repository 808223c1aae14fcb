// SPDX-License-Identifier: PostgreSQL
//
// verify_replay: what replay does, counted; by several processes if the caller asks for them. They
// have the caller's snapshot, role and settings, as workers of a parallel query, and share the
// entries out.

#include <algorithm>
#include <new>

#include "fn/entry_scan.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

extern "C" {
#include "access/parallel.h"
#include "access/xact.h"
#include "storage/shm_toc.h"
PGDLLEXPORT void detid_verify_replay_worker(dsm_segment* segment, shm_toc* toc);
}

namespace detid {
namespace {

struct Total {
  Oid generator;  // the hash key; invalid for entries whose generator is not at hand
  int64 entries, ids, mismatches, first_mismatch, unverified;
};

void AddTo(Total* t, const Entry& e) {
  t->entries++;
  t->ids += e.count;
  int64 mismatches = 0;
  if (e.refuted) {
    mismatches = e.count;
  } else if (e.reason != nullptr) {
    t->unverified += e.count;
    return;
  } else if (Altered(e) != nullptr) {
    mismatches = e.count;
  } else {
    Bits recorded;
    for (int i = 0; e.ids != nullptr && i < e.count; i++)
      mismatches += Recorded(e, i, &recorded) && !(recorded == Regenerate(e, i));
  }
  if (mismatches > 0 && t->mismatches == 0) t->first_mismatch = e.entry;
  t->mismatches += mismatches;
}

void AddTo(Total* t, const Total& other) {
  if (other.mismatches > 0 && (t->mismatches == 0 || other.first_mismatch < t->first_mismatch))
    t->first_mismatch = other.first_mismatch;
  t->entries += other.entries;
  t->ids += other.ids;
  t->mismatches += other.mismatches;
  t->unverified += other.unverified;
}

HTAB* MakeTotals() {
  HASHCTL control = {};
  control.keysize = sizeof(Oid);
  control.entrysize = sizeof(Total);
  control.hcxt = CurrentMemoryContext;
  return hash_create("verify_replay", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Total* TotalOf(HTAB* totals, Oid generator) {
  bool found;
  Total* t = static_cast<Total*>(hash_search(totals, &generator, HASH_ENTER, &found));
  if (!found) *t = Total{generator, 0, 0, 0, 0, 0};
  return t;
}

void Count(const Wanted& wanted, HTAB* totals) {
  EachEntry(wanted, [&](const Entry& e) {
    AddTo(TotalOf(totals, e.generator), e);
    return true;
  });
}

template <typename Visit>
void EachTotal(HTAB* totals, Visit visit) {
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, totals);
  while (const Total* t = static_cast<const Total*>(hash_seq_search(&scan))) visit(*t);
}

// --- Several processes ---

constexpr int kMostWorkers = 1024;
constexpr int kMostGenerators = 4096;  // that one process tells of
constexpr int kMostTables = 4096;
constexpr uint64 kTaskKey = 1, kFindingsKey = 2;

struct Task {
  Oid generator;
  TimestampTz since, until;
  std::atomic<uint32_t> next_part;
  int tables;  // which the first process has locked
  Oid table[kMostTables];
};

struct Findings {  // of one worker
  int count;
  Total total[kMostGenerators];
};

Wanted WantedOf(Task* task) {
  List* tables = NIL;
  for (int i = 0; i < task->tables; i++) tables = lappend_oid(tables, task->table[i]);
  return {task->generator, task->since, task->until, &task->next_part, tables};
}

void CountInParallel(const Wanted& wanted, List* tables, int workers, HTAB* totals) {
  EnterParallelMode();
  ParallelContext* context =
      CreateParallelContext("pg_detid", "detid_verify_replay_worker", workers);
  shm_toc_estimate_chunk(&context->estimator, sizeof(Task));
  shm_toc_estimate_chunk(&context->estimator,
                         sizeof(Findings) * static_cast<Size>(std::max(context->nworkers, 1)));
  shm_toc_estimate_keys(&context->estimator, 2);
  InitializeParallelDSM(context);
  Task* task = new (shm_toc_allocate(context->toc, sizeof(Task))) Task{};
  task->generator = wanted.generator;
  task->since = wanted.since;
  task->until = wanted.until;
  ListCell* cell;
  foreach (cell, tables) task->table[task->tables++] = lfirst_oid(cell);
  shm_toc_insert(context->toc, kTaskKey, task);
  const Size size = sizeof(Findings) * static_cast<Size>(std::max(context->nworkers, 1));
  Findings* findings = static_cast<Findings*>(shm_toc_allocate(context->toc, size));
  for (int i = 0; i < context->nworkers; i++) findings[i].count = 0;
  shm_toc_insert(context->toc, kFindingsKey, findings);
  LaunchParallelWorkers(context);
  Count(WantedOf(task), totals);
  WaitForParallelWorkersToFinish(context);
  for (int i = 0; i < context->nworkers_launched; i++)
    for (int k = 0; k < findings[i].count; k++)
      AddTo(TotalOf(totals, findings[i].total[k].generator), findings[i].total[k]);
  DestroyParallelContext(context);
  ExitParallelMode();
}

}  // namespace

// verify_replay(generator, since, until, workers)
//   -> setof (generator, entries, ids, mismatches, first_mismatch, unverified)
DETID_FUNCTION(detid_verify_replay) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const int workers = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
  if (workers < 0 || workers > kMostWorkers)
    Raise(Error::kArgumentInvalid, "workers is %d; it is from 0 to %d.", workers, kMostWorkers);
  HTAB* totals = MakeTotals();
  List* tables = LedgerTables();
  const int more = std::min(workers, max_parallel_workers);
  if (more > 0 && list_length(tables) <= kMostTables && !IsInParallelMode())
    CountInParallel(WantedBy(fcinfo), tables, more, totals);
  else
    Count(WantedBy(fcinfo), totals);
  EachTotal(totals, [&](const Total& t) {
    Record<6> row;
    if (OidIsValid(t.generator))
      row.Add(ObjectIdGetDatum(t.generator));
    else
      row.Skip();
    row.Add(Int64GetDatum(t.entries));
    row.Add(Int64GetDatum(t.ids));
    row.Add(Int64GetDatum(t.mismatches));
    if (t.mismatches > 0)
      row.Add(Int64GetDatum(t.first_mismatch));
    else
      row.Skip();
    row.Add(Int64GetDatum(t.unverified));
    row.Put(set);
  });
  return Datum{0};
}

}  // namespace detid

void detid_verify_replay_worker(dsm_segment*, shm_toc* toc) {
  using namespace detid;
  Task* task = static_cast<Task*>(shm_toc_lookup(toc, kTaskKey, false));
  Findings* mine =
      static_cast<Findings*>(shm_toc_lookup(toc, kFindingsKey, false)) + ParallelWorkerNumber;
  HTAB* totals = MakeTotals();
  Count(WantedOf(task), totals);
  int count = 0;
  EachTotal(totals, [&](const Total& t) {
    if (count == kMostGenerators)
      Raise(Error::kArgumentInvalid, "There are more than %d generators: call it without workers.",
            kMostGenerators);
    mine->total[count++] = t;
  });
  mine->count = count;
}
