// SPDX-License-Identifier: PostgreSQL
//
// replay, verify_replay: recorded outputs made again from recorded inputs, and compared.

#include "core/id_text.h"
#include "fn/entries.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

// Arguments: generator, since, until.
Wanted WantedBy(FunctionCallInfo fcinfo) {
  Wanted wanted;
  if (!PG_ARGISNULL(0)) wanted.generator = PG_GETARG_OID(0);
  if (!PG_ARGISNULL(1)) wanted.since = PG_GETARG_TIMESTAMPTZ(1);
  if (!PG_ARGISNULL(2)) wanted.until = PG_GETARG_TIMESTAMPTZ(2);
  return wanted;
}

}  // namespace

// replay(generator, since, until) -> setof (entry, ordinal, recorded, regenerated, matches, reason)
DETID_FUNCTION(detid_replay) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  EachEntry(WantedBy(fcinfo), [&](const Entry& e) {
    const char* altered = e.reason == nullptr ? Altered(e) : nullptr;
    const MemoryContext one =
        AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(one);
    for (int i = 0; i < e.count; i++) {
      CHECK_FOR_INTERRUPTS();
      char text[kMaxIdText];
      Bits recorded;
      const bool is_recorded = Recorded(e, i, &recorded);
      Record<6> row;
      row.Add(Int64GetDatum(e.entry));
      row.Add(Int32GetDatum(i + 1));
      if (is_recorded) {
        FormatId(e.layout.bits, recorded, text, sizeof text);
        row.AddText(text);
      } else {
        row.Skip();
      }
      if (e.reason == nullptr) {
        const Bits id = Regenerate(e, i);
        FormatId(e.layout.bits, id, text, sizeof text);
        row.AddText(text);
        const bool same = !is_recorded || recorded == id;
        row.Add(BoolGetDatum(altered == nullptr && same));
        if (altered != nullptr)
          row.AddText(altered);
        else if (!same)
          row.AddText("another id was recorded");
        else
          row.Skip();
      } else {
        if (e.made_again) {
          FormatId(e.layout.bits, Regenerate(e, i), text, sizeof text);
          row.AddText(text);
        } else {
          row.Skip();
        }
        if (e.refuted)
          row.Add(BoolGetDatum(false));
        else
          row.Skip();
        row.AddText(e.reason);
      }
      row.Put(set);
      MemoryContextReset(one);
    }
    MemoryContextSwitchTo(old);
    MemoryContextDelete(one);
    return true;
  });
  return Datum{0};
}

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

}  // namespace

// verify_replay(generator, since, until)
//   -> setof (generator, entries, ids, mismatches, first_mismatch, unverified)
DETID_FUNCTION(detid_verify_replay) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  HASHCTL control = {};
  control.keysize = sizeof(Oid);
  control.entrysize = sizeof(Total);
  control.hcxt = CurrentMemoryContext;
  HTAB* totals = hash_create("verify_replay", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  EachEntry(WantedBy(fcinfo), [&](const Entry& e) {
    bool found;
    Total* t = static_cast<Total*>(hash_search(totals, &e.generator, HASH_ENTER, &found));
    if (!found) *t = Total{e.generator, 0, 0, 0, 0, 0};
    AddTo(t, e);
    return true;
  });
  HASH_SEQ_STATUS scan;
  hash_seq_init(&scan, totals);
  while (const Total* t = static_cast<const Total*>(hash_seq_search(&scan))) {
    Record<6> row;
    if (OidIsValid(t->generator))
      row.Add(ObjectIdGetDatum(t->generator));
    else
      row.Skip();
    row.Add(Int64GetDatum(t->entries));
    row.Add(Int64GetDatum(t->ids));
    row.Add(Int64GetDatum(t->mismatches));
    if (t->mismatches > 0)
      row.Add(Int64GetDatum(t->first_mismatch));
    else
      row.Skip();
    row.Add(Int64GetDatum(t->unverified));
    row.Put(set);
  }
  return Datum{0};
}

}  // namespace detid
