// SPDX-License-Identifier: PostgreSQL
//
// node_status, and accept_clock and accept_copy, which end what it may complain of.

#include <algorithm>

#include "core/registry_text.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/duplicate.h"
#include "state/horizon.h"
#include "state/horizon_row.h"
#include "state/origin.h"
#include "state/readiness.h"
#include "state/registry/registration.h"
#include "state/settings.h"

namespace detid {
namespace {

constexpr int kColumns = 26;
using Row = Record<kColumns>;

void AddTime(Row* row, int64_t us) {
  if (us != 0)
    row->Add(TimestampDatum(us));
  else
    row->Skip();
}

void AddText(Row* row, const char* text) {
  if (text != nullptr && text[0] != '\0')
    row->AddText(text);
  else
    row->Skip();
}

// What the registry has granted.
void AddRegistration(Row* row, const StoredRegistration& stored, const DatabaseState& state) {
  if (!settings::registers()) {
    row->AddText("static");
    row->Skip(5);
    return;
  }
  row->AddText(NameOf(settings::node_id >= 0 ? Mode::kAssigned : Mode::kLeased));
  AddText(row, stored.path);
  AddTime(row, state.interval.start_us);
  if (state.interval.limit_us == kForEver)
    row->Add(TimestampTzGetDatum(DT_NOEND));
  else
    AddTime(row, state.interval.limit_us);
  AddTime(row, std::max(state.answered_us, state.foretold_us));
  AddText(row, state.trouble);
}

void AddClock(Row* row) {
  const int64_t node_us = NodeTimeUs();
  const Counters& c = shared->counters;
  row->Add(TimestampDatum(node_us));
  row->Add(Int64GetDatum(LeadUs() / 1000));
  row->Add(BoolGetDatum(shared->clock.slewing()));
  row->Add(BoolGetDatum(c.believes()));
  const int64_t at_us = c.last_step_at_us.load(std::memory_order_relaxed);
  if (at_us != 0)
    row->Add(Int64GetDatum(c.last_step_us.load(std::memory_order_relaxed) / 1000));
  else
    row->Skip();
  AddTime(row, at_us);
}

}  // namespace

// node_status: node_id, ready, reason, node_time, lead_ms, slewing, clock_believed, last_step_ms,
// last_step_at, promoted_at, copy_suspected, fenced, horizon, horizon_distance_ms, overload_waits,
// horizon_writes, history_hits, mode, path, granted_from, granted_until, registry_answered_at,
// registry_trouble, promotion_accepted, duplicate_rows, duplicate_seen_at
DETID_FUNCTION(detid_node_status) {
  HorizonRecord record;
  const bool found = ReadHorizon(&record);
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  StoredRegistration stored;
  ReadRegistration(&stored);
  Row row;
  if (const int32_t node = NodeNumber(); node >= 0)
    row.Add(Int32GetDatum(node));
  else
    row.Skip();
  const Refusal reason = ReadyRule();
  row.Add(BoolGetDatum(!reason.refused));
  AddText(&row, reason.refused ? reason.message : nullptr);
  if (shared != nullptr)
    AddClock(&row);
  else
    row.Skip(6);
  if (found && !RecoveryInProgress()) {
    const Provenance provenance = ProvenanceOf(record, OriginHere());
    AddTime(&row, provenance.move == Move::kPromoted ? provenance.since_us : 0);
    row.Add(BoolGetDatum(provenance.suspected));
  } else {
    row.Skip(2);
  }
  if (shared != nullptr)
    row.Add(BoolGetDatum(state.fenced != 0 || StoppedBy(stored) != Reason::kNone ||
                         record.duplicates.stopped));
  else
    row.Skip();
  AddTime(&row, record.horizon_us);
  if (shared != nullptr && record.horizon_us != 0)
    row.Add(Int64GetDatum((record.horizon_us - NodeTimeUs()) / 1000));
  else
    row.Skip();
  if (shared != nullptr) {
    const Counters& c = shared->counters;
    for (const std::atomic<uint64_t>* n : {&c.waits, &c.horizon_writes, &c.history_hits})
      row.Add(Int64GetDatum(static_cast<int64>(n->load(std::memory_order_relaxed))));
  } else {
    row.Skip(3);
  }
  AddRegistration(&row, stored, state);
  const Provenance provenance =
      found && !RecoveryInProgress() ? ProvenanceOf(record, OriginHere()) : Provenance{};
  if (provenance.move == Move::kPromoted)
    row.Add(BoolGetDatum(!provenance.unaccepted || settings::registers()));
  else
    row.Skip();
  row.Add(Int64GetDatum(record.duplicates.rows));
  AddTime(&row, record.duplicates.last_us);
  return row.Return(fcinfo);
}

namespace {

// Minting begins here, unless it has; with `accept`, however far the horizon is ahead.
void BeginMinting(bool accept) {
  Database* database = AttachDatabase(MyDatabaseId);
  PG_TRY();
  { LoadHorizon(database, accept); }
  PG_FINALLY();
  { Detach(database); }
  PG_END_TRY();
}

}  // namespace

// accept_clock() -> timestamptz: node time from here on.
DETID_FUNCTION(detid_accept_clock) {
  PreventCommandIfReadOnly("accept_clock()");
  if (shared == nullptr) Raise(Error::kNotPreloaded);
  AcceptSystemClock();
  BeginMinting(true);
  return TimestampDatum(NodeTimeUs());
}

// accept_copy(). The beginning records the move, which is accepted then: not the other way round.
DETID_FUNCTION(detid_accept_copy) {
  PreventCommandIfReadOnly("accept_copy()");
  if (shared == nullptr) Raise(Error::kNotPreloaded);
  BeginMinting(false);
  AcceptCopy();
  EndDuplicates();
  PG_RETURN_VOID();
}

}  // namespace detid
