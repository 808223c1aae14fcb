// SPDX-License-Identifier: PostgreSQL
//
// replay, verify_replay: recorded outputs made again from recorded inputs, and compared.

#include "core/id_text.h"
#include "fn/entries.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"

namespace detid {
namespace {

constexpr char kReplayed[] =
    "($1 IS NULL OR generator OPERATOR(pg_catalog.=) $1 OR generator_name OPERATOR(pg_catalog.=) "
    "$2 OR definition OPERATOR(pg_catalog.=) $5) AND minted_at OPERATOR(pg_catalog.>=) $3 AND "
    "minted_at OPERATOR(pg_catalog.<) $4";

// Arguments: generator, since, until.
template <typename Visit>
void EachReplayed(FunctionCallInfo fcinfo, Visit visit) {
  const Oid wanted = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
  char name[kMaxQualifiedName] = "";
  uint64_t fingerprint = 0;
  if (OidIsValid(wanted)) {
    fingerprint = Fingerprint(DefinitionFor(wanted));
    QualifiedName(wanted, name);
  }
  Oid types[] = {OIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
  Datum values[] = {ObjectIdGetDatum(wanted), CStringGetTextDatum(name),
                    PG_ARGISNULL(1) ? TimestampTzGetDatum(DT_NOBEGIN) : PG_GETARG_DATUM(1),
                    PG_ARGISNULL(2) ? TimestampTzGetDatum(DT_NOEND) : PG_GETARG_DATUM(2),
                    Int64GetDatum(static_cast<int64_t>(fingerprint))};
  EachEntry(kReplayed, 5, types, values, OidIsValid(wanted) ? "     " : "nn  n",
            [&](const Entry& e) {
              if (!OidIsValid(wanted) || !OidIsValid(e.generator) || e.generator == wanted)
                visit(e);
              return true;
            });
}

}  // namespace

// replay(generator, since, until) -> setof (entry, ordinal, recorded, regenerated, matches, reason)
DETID_FUNCTION(detid_replay) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  EachReplayed(fcinfo, [&](const Entry& e) {
    const bool digest_holds = e.reason == nullptr && DigestHolds(e);
    const MemoryContext one =
        AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(one);
    for (int i = 0; i < e.count; i++) {
      CHECK_FOR_INTERRUPTS();
      const std::string_view recorded = Recorded(e, i);
      Record<6> row;
      row.Add(Int64GetDatum(e.entry));
      row.Add(Int32GetDatum(i + 1));
      if (recorded.data() != nullptr)
        row.Add(PointerGetDatum(
            cstring_to_text_with_len(recorded.data(), static_cast<int>(recorded.size()))));
      else
        row.Skip();
      if (e.reason == nullptr) {
        char text[kMaxIdText];
        const Bits id = Regenerate(e, i);
        FormatId(e.layout.bits, id, text, sizeof text);
        row.AddText(text);
        row.Add(BoolGetDatum(digest_holds && (recorded.data() == nullptr || recorded == text)));
        row.Skip();
      } else {
        row.Skip();
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
  } else if (e.ids != nullptr) {
    for (int i = 0; i < e.count; i++) mismatches += !SameText(e, Regenerate(e, i), Recorded(e, i));
  } else if (!DigestHolds(e)) {
    mismatches = e.count;
  } else {
    mismatches += !SameText(e, Regenerate(e, 0), e.first_id);
    if (e.count > 1) mismatches += !SameText(e, Regenerate(e, e.count - 1), e.last_id);
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
  EachReplayed(fcinfo, [&](const Entry& e) {
    bool found;
    Total* t = static_cast<Total*>(hash_search(totals, &e.generator, HASH_ENTER, &found));
    if (!found) *t = Total{e.generator, 0, 0, 0, 0, 0};
    AddTo(t, e);
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
