// SPDX-License-Identifier: PostgreSQL
//
// replay, verify_replay, and the search behind trace: recorded outputs made again from recorded
// inputs, and compared.
//
// An entry is never judged by a generator or a seed other than its own: the generator is found by
// oid or by name, and must have the fingerprint that the entry recorded; the seed is found by its
// commitment. Where either is not at hand, the verdict is NULL and says why.

#include <algorithm>

#include "core/compose.h"
#include "core/id_text.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator.h"
#include "state/ledger.h"

extern "C" {
#include "utils/varlena.h"
}

namespace detid {
namespace {

constexpr long kFetch = 1000;
constexpr char kNoGenerator[] = "the generator is gone or was made anew";
constexpr char kNoSeed[] = "the seed is not at hand";

// Columns of the queries below.
enum Column {
  kNode = 1,
  kEntry,
  kGenerator,
  kName,
  kDefinition,
  kWorker,
  kTick,
  kSequence,
  kCount,
  kFirstId,
  kLastId,
  kDigest,
  kSeed,
  kIds,
  kInputs,
  kPositions
};
#define DETID_ENTRY_COLUMNS                                                             \
  "node, entry, generator, generator_name, definition, worker, tick, sequence, count, " \
  "first_id, last_id, digest, seed, ids, inputs, positions"

constexpr char kReplayQuery[] =
    "SELECT " DETID_ENTRY_COLUMNS
    " FROM detid.ledger WHERE ($1 IS NULL OR generator OPERATOR(pg_catalog.=) $1 OR "
    "generator_name OPERATOR(pg_catalog.=) $2 OR definition OPERATOR(pg_catalog.=) $5) AND "
    "minted_at OPERATOR(pg_catalog.>=) $3 AND minted_at OPERATOR(pg_catalog.<) $4 "
    "ORDER BY node USING OPERATOR(pg_catalog.<), entry USING OPERATOR(pg_catalog.<)";

// A run lasts one second at the most (state/ledger.cpp), and its first tick may have begun a tick
// earlier.
constexpr char kTraceQuery[] =
    "SELECT " DETID_ENTRY_COLUMNS
    " FROM detid.ledger WHERE definition OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR (minted_at "
    "OPERATOR(pg_catalog.>=) ($2 OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => 2)) AND "
    "minted_at OPERATOR(pg_catalog.<=) $2)) "
    "ORDER BY node USING OPERATOR(pg_catalog.<), entry USING OPERATOR(pg_catalog.<)";

// One row of the ledger.
struct Entry {
  int64 entry;
  Coordinates first;
  int32 count;
  int64 digest;
  std::string_view first_id, last_id;
  Oid generator;       // resolved; invalid if it is not at hand
  const char* reason;  // static text; null if the entry can be replayed
  Composer composer;
  Layout layout;
  Datum* ids;  // null for a run
  Datum* inputs;
  bool* no_input;
  Datum* positions;
  int inputs_count, positions_count;
};

std::string_view TextAt(HeapTuple tuple, TupleDesc desc, int column) {
  bool null;
  const Datum datum = SPI_getbinval(tuple, desc, column, &null);
  return null ? std::string_view{} : View(DatumGetTextPP(datum));
}

Oid GeneratorByName(std::string_view name) {
  List* parts =
      textToQualifiedNameList(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
  return RangeVarGetRelid(makeRangeVarFromNameList(parts), NoLock, true);
}

// Any generator of this database with that fingerprint: one that was renamed before a dump.
Oid GeneratorByFingerprint(uint64_t fingerprint, Definition* d) {
  Oid found = InvalidOid;
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  SPI_execute(
      "SELECT objoid FROM pg_catalog.pg_seclabel WHERE provider OPERATOR(pg_catalog.=) 'detid' AND "
      "classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass",
      true, 0);
  for (uint64 i = 0; i < SPI_processed && !OidIsValid(found); i++) {
    bool null;
    const char* why = nullptr;
    const Oid oid =
        DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
    if (TryDefinition(oid, d, &why) && Fingerprint(*d) == fingerprint) found = oid;
  }
  SPI_finish();
  return found;
}

// The generator of an entry: the relation of that oid, or of that name, or any, if it has the
// definition that the entry was made under.
Oid Resolve(Oid oid, std::string_view name, uint64_t fingerprint, Definition* d) {
  const char* why = nullptr;
  if (TryDefinition(oid, d, &why) && Fingerprint(*d) == fingerprint) return oid;
  const Oid other = GeneratorByName(name);
  if (OidIsValid(other) && TryDefinition(other, d, &why) && Fingerprint(*d) == fingerprint)
    return other;
  return GeneratorByFingerprint(fingerprint, d);
}

Datum* Elements(HeapTuple tuple, TupleDesc desc, int column, Oid type, bool** nulls, int* n) {
  bool null;
  const Datum datum = SPI_getbinval(tuple, desc, column, &null);
  *n = 0;
  if (null) return nullptr;
  Datum* values;
  if (type == TEXTOID)
    deconstruct_array(DatumGetArrayTypeP(datum), type, -1, false, TYPALIGN_INT, &values, nulls, n);
  else
    deconstruct_array(DatumGetArrayTypeP(datum), type, sizeof(int64), FLOAT8PASSBYVAL,
                      TYPALIGN_DOUBLE, &values, nulls, n);
  return values;
}

// Resolves generators and keys, remembering the last: entries come in runs of the same.
class Reader {
 public:
  void Read(HeapTuple tuple, TupleDesc desc, Entry* e) {
    bool null;
    const auto int32_at = [&](int c) {
      return DatumGetInt32(SPI_getbinval(tuple, desc, c, &null));
    };
    const auto int64_at = [&](int c) {
      return DatumGetInt64(SPI_getbinval(tuple, desc, c, &null));
    };
    e->entry = int64_at(kEntry);
    e->first = {int32_at(kNode), int32_at(kWorker), int64_at(kTick), int64_at(kSequence)};
    e->count = int32_at(kCount);
    e->digest = int64_at(kDigest);
    e->first_id = TextAt(tuple, desc, kFirstId);
    e->last_id = TextAt(tuple, desc, kLastId);
    ResolveGenerator(DatumGetObjectId(SPI_getbinval(tuple, desc, kGenerator, &null)),
                     TextAt(tuple, desc, kName), static_cast<uint64_t>(int64_at(kDefinition)));
    e->generator = generator_;
    e->reason = OidIsValid(generator_) ? nullptr : kNoGenerator;
    e->layout = definition_.layout;
    if (e->reason == nullptr) Prepare(tuple, desc, e);
    bool* nulls;
    int n;
    e->ids = Elements(tuple, desc, kIds, TEXTOID, &nulls, &n);
    if (e->ids != nullptr) e->count = n;
    e->inputs = Elements(tuple, desc, kInputs, TEXTOID, &e->no_input, &e->inputs_count);
    e->positions = Elements(tuple, desc, kPositions, INT8OID, &nulls, &e->positions_count);
  }

 private:
  void ResolveGenerator(Oid oid, std::string_view name, uint64_t fingerprint) {
    if (known_ && oid == oid_ && fingerprint == fingerprint_) return;
    generator_ = Resolve(oid, name, fingerprint, &definition_);
    known_ = true;
    oid_ = oid;
    fingerprint_ = fingerprint;
    has_key_ = false;
  }

  void Prepare(HeapTuple tuple, TupleDesc desc, Entry* e) {
    if (definition_.layout.shows(Kind::kRandom)) {
      bool null;
      const Datum datum = SPI_getbinval(tuple, desc, kSeed, &null);
      Commitment wanted{};
      if (!null && VARSIZE_ANY_EXHDR(DatumGetByteaPP(datum)) == sizeof wanted.byte)
        memcpy(wanted.byte, VARDATA_ANY(DatumGetByteaPP(datum)), sizeof wanted.byte);
      if (!has_key_ || !(commitment_ == wanted)) {
        Commitment used;
        has_key_ = !null && KeyFor(definition_, &wanted, &key_, &used);
        commitment_ = wanted;
      }
      if (!has_key_) {
        e->reason = kNoSeed;
        return;
      }
    }
    const int32 worker = definition_.layout.shows(Kind::kWorker) ? e->first.worker : 0;
    e->composer = Composer(definition_.layout, e->first.node, worker, &key_);
  }

  bool known_ = false, has_key_ = false;
  Oid oid_ = InvalidOid, generator_ = InvalidOid;
  uint64_t fingerprint_ = 0;
  Definition definition_;
  GeneratorKey key_{};
  Commitment commitment_{};
};

uint64_t PositionAt(const Entry& e, int i) {
  return e.positions != nullptr && i < e.positions_count
             ? static_cast<uint64_t>(DatumGetInt64(e.positions[i]))
             : PositionOf(e.layout, e.first) + static_cast<uint64_t>(i);
}

Bits Regenerate(const Entry& e, int i) {
  std::string_view input = "";
  if (e.inputs != nullptr && i < e.inputs_count && !e.no_input[i])
    input = View(DatumGetTextPP(e.inputs[i]));
  return e.composer(PositionAt(e, i), input);
}

// The recorded text of ordinal i; data() is null within a run, where the digest stands for it.
std::string_view Recorded(const Entry& e, int i) {
  if (e.ids != nullptr) return View(DatumGetTextPP(e.ids[i]));
  if (i == 0) return e.first_id;
  return i == e.count - 1 ? e.last_id : std::string_view{};
}

bool SameText(const Entry& e, const Bits& id, std::string_view recorded) {
  char text[kMaxIdText];
  const int n = FormatId(e.layout.bits, id, text, sizeof text);
  return recorded == std::string_view(text, static_cast<size_t>(n));
}

bool DigestHolds(const Entry& e) {
  if (e.ids != nullptr) return true;
  uint64_t digest = 0;
  for (int i = 0; i < e.count; i++) digest = AddToDigest(digest, Regenerate(e, i));
  return digest == static_cast<uint64_t>(e.digest);
}

// Calls visit(entry) for each row that the query finds.
template <typename Visit>
void EachEntry(const char* query, int n, Oid* types, Datum* values, const char* nulls,
               Visit visit) {
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const Portal portal = SPI_cursor_open_with_args(nullptr, query, n, types, values, nulls, true, 0);
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid replay", ALLOCSET_DEFAULT_SIZES);
  Reader reader;
  for (bool more = true; more;) {
    SPI_cursor_fetch(portal, true, kFetch);
    const uint64 rows = SPI_processed;
    SPITupleTable* table = SPI_tuptable;
    more = rows > 0;
    for (uint64 i = 0; more && i < rows; i++) {
      CHECK_FOR_INTERRUPTS();
      const MemoryContext old = MemoryContextSwitchTo(work);
      Entry e{};
      reader.Read(table->vals[i], table->tupdesc, &e);
      const bool go_on = visit(e);
      MemoryContextSwitchTo(old);
      MemoryContextReset(work);
      more = go_on;
    }
    SPI_freetuptable(table);
  }
  SPI_cursor_close(portal);
  SPI_finish();
}

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
  EachEntry(kReplayQuery, 5, types, values, OidIsValid(wanted) ? "     " : "nn  n",
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
  if (e.reason != nullptr) {
    t->unverified += e.count;
    return;
  }
  int64 mismatches = 0;
  if (e.ids != nullptr) {
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

namespace {

// The ordinal of `id` in the entry, or -1. Where the layout shows its coordinates, they tell.
int OrdinalOf(const Entry& e, const Bits& id, std::string_view text, const Coordinates& shown) {
  if (e.ids != nullptr) {
    for (int i = 0; i < e.count; i++)
      if (Recorded(e, i) == text) return i;
    return -1;
  }
  if (e.layout.shows(Kind::kNode) && shown.node != e.first.node) return -1;
  if (e.layout.shows(Kind::kWorker) && shown.worker != e.first.worker) return -1;
  if (e.layout.shows(Kind::kTime)) {
    const uint64_t first = PositionOf(e.layout, e.first), at = PositionOf(e.layout, shown);
    return at >= first && at - first < static_cast<uint64_t>(e.count) ? static_cast<int>(at - first)
                                                                      : -1;
  }
  for (int i = 0; e.reason == nullptr && i < e.count; i++)
    if (Regenerate(e, i) == id) return i;
  return -1;
}

}  // namespace

// _find_entry(generator regclass, id text) -> setof (node, entry, ordinal, input, matches, reason):
// the ledger's entry that holds the id, if there is one, and replay's verdict.
DETID_FUNCTION(detid_find_entry) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  const Bits id = IdArgument(fcinfo, 1, TEXTOID, d.layout);
  char text[kMaxIdText];
  FormatId(d.layout.bits, id, text, sizeof text);
  const Coordinates shown = DecomposeOrRaise(d, id).coordinates;
  const bool timed = d.layout.shows(Kind::kTime);
  Oid types[] = {INT8OID, TIMESTAMPTZOID};
  Datum values[] = {Int64GetDatum(static_cast<int64_t>(Fingerprint(d))),
                    timed ? TimestampTzGetDatum(TimestampOfTick(d, shown.tick)) : Datum{0}};
  EachEntry(kTraceQuery, 2, types, values, timed ? "  " : " n", [&](const Entry& e) {
    if (e.generator != generator) return true;
    const int i = OrdinalOf(e, id, text, shown);
    if (i < 0) return true;
    Record<6> row;
    row.Add(Int32GetDatum(e.first.node));
    row.Add(Int64GetDatum(e.entry));
    row.Add(Int32GetDatum(i + 1));
    if (e.inputs != nullptr && i < e.inputs_count && !e.no_input[i])
      row.Add(e.inputs[i]);
    else
      row.Skip();
    if (e.reason == nullptr) {
      row.Add(BoolGetDatum(Regenerate(e, i) == id));
      row.Skip();
    } else {
      row.Skip();
      row.AddText(e.reason);
    }
    row.Put(set);
    return false;
  });
  return Datum{0};
}

}  // namespace detid
