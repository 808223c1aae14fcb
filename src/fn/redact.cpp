// SPDX-License-Identifier: PostgreSQL
//
// redact_inputs: inputs are forgotten, and what their rows prove stays.
//
// Invariants:
//   I1  a row is verified before anything of it is forgotten: none that was changed is made to look
//       as if it had been redacted.
//   I2  the row's key, ids, digest and leaf are what they were; what stays of an input stands in
//   for
//       it (core/redaction.h).
//   I3  one session at a time forgets, and sees what the one before it left: none writes a text
//       again that another has just forgotten.

#include "core/redaction.h"

#include "fn/entry_scan.h"
#include "fn/ids.h"
#include "fn/search.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "state/definitions.h"
#include "state/ledger_table.h"

extern "C" {
#include "storage/lmgr.h"
}

namespace detid {
namespace {

// Forgets the inputs of the entry that `which(ordinal)` says, of those that are there; how many.
template <typename Which>
int64_t Forget(Oid owner, const Entry& e, Which which) {
  int64_t forgotten = 0;
  const Size count = static_cast<Size>(e.inputs_count);
  Datum* inputs = static_cast<Datum*>(palloc(sizeof(Datum) * count));
  bool* none = static_cast<bool*>(palloc(count));
  uint8_t* redacted = static_cast<uint8_t*>(palloc(kRedactedBytes * count));
  uint8_t* next = redacted;
  for (int i = 0; i < e.inputs_count; i++) {
    inputs[i] = e.inputs[i];
    none[i] = e.no_input[i];
    const uint32_t ordinal = static_cast<uint32_t>(i);
    RedactedInput r;
    if (!FindRedacted(e.redacted, ordinal, &r)) {
      if (none[i] || !which(i)) continue;
      if (forgotten == 0) RequireHolds(e);
      const std::string_view input = View(DatumGetTextPP(inputs[i]));
      r = {ordinal,
           FoldOfInput(false, LedgerHash(e.key, input)) ^ MaskOfRedacted(e.key, e.row.key, ordinal),
           CommitInput(SaltOfInput(e.key, e.row.key, ordinal), InUtf8(input))};
      none[i] = true;
      forgotten++;
    }
    PutRedacted(r, next);
    next += kRedactedBytes;
  }
  if (forgotten == 0) return 0;
  int dims[1] = {e.inputs_count}, bounds[1] = {1};
  Query q(owner);
  q.Add(TEXTARRAYOID, PointerGetDatum(construct_md_array(inputs, none, 1, dims, bounds, TEXTOID, -1,
                                                         false, TYPALIGN_INT)))
      .Bytes(redacted, static_cast<size_t>(next - redacted))
      .Number(static_cast<int64_t>(e.row.key.definition))
      .Add(INT4OID, Int32GetDatum(e.row.key.node))
      .Add(INT4OID, Int32GetDatum(e.row.key.worker))
      .Number(e.entry)
      .Number(static_cast<int64_t>(e.row.digest));
  q.Write(
      "UPDATE detid._ledger SET inputs = $1, redacted = $2 WHERE definition = $3 AND node = $4 AND "
      "worker = $5 AND position = $6 AND digest = $7",
      SPI_OK_UPDATE);
  if (SPI_processed != 1) elog(ERROR, "an entry of the ledger was changed meanwhile");
  return forgotten;
}

// Calls redact(owner) with what is committed now as the active snapshot, as the one session that
// forgets (I3). Returns what it does.
template <typename Redact>
int64_t Redacting(Redact redact) {
  PreventCommandIfReadOnly("redact_inputs()");
  // An older snapshot would not change rows that are there now.
  if (IsolationUsesXactSnapshot()) Raise(Error::kRedactSnapshot);
  const Oid owner = OwnerOf({"_ledger", "claims"});
  LockRelationOid(LedgerTable(), ShareUpdateExclusiveLock);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  PushCopiedSnapshot(GetLatestSnapshot());
  volatile int64_t forgotten = 0;
  PG_TRY();
  {
    changing_ledger = true;
    forgotten = redact(owner);
  }
  PG_FINALLY();
  { changing_ledger = false; }
  PG_END_TRY();
  PopActiveSnapshot();
  SPI_finish();
  ereport(LOG, (errmsg("redact_inputs() forgot %lld inputs", static_cast<long long>(forgotten)),
                errhidestmt(true)));
  return forgotten;
}

// Of all entries that are wanted, the inputs that are `sought`; null: all.
int64_t ForgetEach(Oid owner, const Wanted& wanted, const text* sought) {
  int64_t forgotten = 0;
  EachEntry(wanted, [&](const Entry& e) {
    forgotten += Forget(owner, e, [&](int i) {
      return sought == nullptr || View(DatumGetTextPP(e.inputs[i])) == View(sought);
    });
    return true;
  });
  return forgotten;
}

}  // namespace

// redact_inputs(input text) -> bigint
DETID_FUNCTION(detid_redact_input) {
  const text* input = PG_GETARG_TEXT_PP(0);
  PG_RETURN_INT64(Redacting([&](Oid owner) { return ForgetEach(owner, Wanted{}, input); }));
}

// redact_inputs(generator regclass, since timestamptz, until timestamptz) -> bigint
DETID_FUNCTION(detid_redact_inputs_within) {
  const Wanted wanted = {PG_GETARG_OID(0), PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2)};
  PG_RETURN_INT64(Redacting([&](Oid owner) { return ForgetEach(owner, wanted, nullptr); }));
}

// redact_inputs(generator regclass, ids text[]) -> bigint
DETID_FUNCTION(detid_redact_inputs_of) {
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(1);
  Datum* ids;
  bool* null;
  int count;
  deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &ids, &null, &count);
  PG_RETURN_INT64(Redacting([&](Oid owner) {
    int64_t forgotten = 0;
    EntryReader* reader = OpenEntries();
    for (int k = 0; k < count; k++) {
      if (null[k]) continue;
      FindEntry(reader, generator, d, IdOfText(View(DatumGetTextPP(ids[k])), d),
                [&](const Entry& e, int ordinal) {
                  forgotten +=
                      Forget(owner, e, [&](int i) { return e.attempt >= 0 || i == ordinal; });
                });
      CommandCounterIncrement();  // the next id may be of the same row
      UpdateActiveSnapshotCommandId();
    }
    CloseEntries(reader);
    return forgotten;
  }));
}

}  // namespace detid
