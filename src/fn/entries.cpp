// SPDX-License-Identifier: PostgreSQL

#include "fn/entries.h"

#include "fn/inputs.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "state/claim.h"
#include "state/generator_catalog.h"
#include "state/ledger_row.h"
#include "state/ledger_table.h"
#include "state/seed.h"

extern "C" {
#include "utils/rls.h"
}

namespace detid {
namespace {

constexpr long kFetch = 1000;
constexpr char kNoGenerator[] = "the generator is gone or was made anew";
constexpr char kNoSeed[] = "the seed is not at hand";
constexpr char kNoInput[] = "the input was not recorded";
constexpr char kDamaged[] = "the entry is damaged";
constexpr char kTooMany[] = "the entry counts more ids than an entry can hold";

// Columns of the query below.
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
  kPositions,
  kAttempt
};
std::string_view TextAt(HeapTuple tuple, TupleDesc desc, int column) {
  bool null;
  const Datum datum = SPI_getbinval(tuple, desc, column, &null);
  return null ? std::string_view{} : View(DatumGetTextPP(datum));
}

// The relation of a qualified name; invalid if there is none, or it is no such name.
Oid GeneratorByName(std::string_view name) {
  List* parts = NIL;
  char* raw = pnstrdup(name.data(), name.size());  // cut into the parts
  if (!SplitIdentifierString(raw, '.', &parts) || list_length(parts) != 2) return InvalidOid;
  const Oid schema = get_namespace_oid(static_cast<const char*>(linitial(parts)), true);
  if (!OidIsValid(schema)) return InvalidOid;
  return get_relname_relid(static_cast<const char*>(lsecond(parts)), schema);
}

// Any generator of this database with that fingerprint: one that was renamed before a dump.
Oid GeneratorByFingerprint(uint64_t fingerprint, Definition* d) {
  Oid found = InvalidOid;
  EachGenerator([&](Oid oid, const Definition& other) {
    if (Fingerprint(other) != fingerprint) return true;
    found = oid;
    *d = other;
    return false;
  });
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

bool AnyTrue(const bool* flags, int n) {
  for (int i = 0; i < n; i++)
    if (flags[i]) return true;
  return false;
}

bool IsDamagedClaim(const Entry& e) {
  return e.count != 1 || e.ids != nullptr ||
         (e.inputs != nullptr && (e.inputs_count == 0 || AnyTrue(e.no_input, e.inputs_count)));
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
    e->definition = static_cast<uint64_t>(int64_at(kDefinition));
    e->first = {int32_at(kNode), int32_at(kWorker), int64_at(kTick), int64_at(kSequence)};
    e->count = int32_at(kCount);
    e->digest = int64_at(kDigest);
    e->first_id = TextAt(tuple, desc, kFirstId);
    e->last_id = TextAt(tuple, desc, kLastId);
    ResolveGenerator(DatumGetObjectId(SPI_getbinval(tuple, desc, kGenerator, &null)),
                     TextAt(tuple, desc, kName), e->definition);
    const int attempt = int32_at(kAttempt);
    e->attempt = null ? -1 : attempt;
    e->generator = generator_;
    e->reason = OidIsValid(generator_) ? nullptr : kNoGenerator;
    e->layout = definition_.layout;
    if (e->reason == nullptr) Prepare(tuple, desc, e);
    int ids = 0;
    bool *no_id = nullptr, *no_position = nullptr;
    e->ids = Elements(tuple, desc, kIds, TEXTOID, &no_id, &ids);
    e->inputs = Elements(tuple, desc, kInputs, TEXTOID, &e->no_input, &e->inputs_count);
    e->positions = Elements(tuple, desc, kPositions, INT8OID, &no_position, &e->positions_count);
    // Written by hand or brought by replication, it may hold anything.
    if (e->count < 1 || AnyTrue(no_id, ids) || AnyTrue(no_position, e->positions_count) ||
        (e->ids != nullptr && ids != e->count) || (e->attempt >= 0 && IsDamagedClaim(*e))) {
      e->reason = kDamaged;
      e->ids = nullptr;
      e->count = 1;  // one row says so
    } else if (e->count > kMaxRun) {
      // Nobody minted them: no verdict but this one, and no work that the row asks for.
      e->reason = kTooMany;
      e->refuted = true;
      e->ids = nullptr;
      e->count = 1;
    } else if (e->attempt >= 0 && e->inputs == nullptr && e->layout.shows(Kind::kHash)) {
      e->reason = kNoInput;
    }
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
    e->composer = Composer(definition_.layout, e->first.node, e->first.worker, &key_);
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

}  // namespace

namespace {

// What was hashed for an attempt at a claim.
std::string_view ClaimedMessage(const Entry& e, int32 attempt) {
  std::string_view* fields = static_cast<std::string_view*>(
      palloc(sizeof(std::string_view) * static_cast<Size>(e.inputs_count)));
  for (int i = 0; i < e.inputs_count; i++) fields[i] = InputOfText(DatumGetTextPP(e.inputs[i]));
  return ClaimMessage(fields, e.inputs_count, static_cast<uint64_t>(attempt));
}

std::string_view ArrayText(const Entry& e) {
  ArrayType* array = construct_array(e.inputs, e.inputs_count, TEXTOID, -1, false, TYPALIGN_INT);
  return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

}  // namespace

std::string_view InputOf(const Entry& e, int i) {
  if (e.attempt >= 0 && e.inputs_count > 1) return ArrayText(e);
  if (e.inputs == nullptr || i >= e.inputs_count || e.no_input[i]) return {};
  return View(DatumGetTextPP(e.inputs[i]));
}

Bits Regenerate(const Entry& e, int i) {
  if (e.attempt >= 0 && e.inputs != nullptr)
    return e.composer(PositionAt(e, i), ClaimedMessage(e, e.attempt));
  return e.composer(PositionAt(e, i), InputOf(e, i));
}

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
  if (e.count == 1 && e.last_id != e.first_id) return false;
  uint64_t digest = 0;
  if (e.attempt >= 0) {
    if (e.inputs == nullptr) return true;  // it is of them, too
    digest = DigestOfClaim(KeyOfClaim(e.definition, ClaimedMessage(e, 0)));
  }
  for (int i = 0; i < e.count; i++) {
    if (i % 65536 == 0) CHECK_FOR_INTERRUPTS();
    digest = AddToDigest(digest, Regenerate(e, i));
  }
  return digest == static_cast<uint64_t>(e.digest);
}

namespace {

constexpr LedgerColumn kRead[] = {
    kLedgerNode,      kLedgerEntry, kLedgerMintedAt, kLedgerGenerator, kLedgerGeneratorName,
    kLedgerDefinition, kLedgerWorker, kLedgerTick,   kLedgerSequence,  kLedgerCount,
    kLedgerFirstId,   kLedgerLastId, kLedgerDigest,  kLedgerSeed,      kLedgerIds,
    kLedgerInputs,    kLedgerPositions, kLedgerAttempt};

Oid OwnerOf(Oid table) {
  const Relation relation = table_open(table, AccessShareLock);
  const Oid owner = relation->rd_rel->relowner;
  table_close(relation, NoLock);
  return owner;
}

// As whom the ledger is read, claims along, for a caller who may read it: as the tables' owner (P1
// of pg/as_owner.h). Policies for rows count for the caller only if he reads it himself.
Oid ReaderOfLedger() {
  const Oid ledger = LedgerTable(), user = GetUserId();
  if (!OidIsValid(ledger)) Raise(Error::kNoExtension);
  if (pg_class_aclcheck(ledger, user, ACL_SELECT) != ACLCHECK_OK)
    for (const LedgerColumn column : kRead)
      if (pg_attribute_aclcheck(ledger, static_cast<AttrNumber>(column), user, ACL_SELECT) !=
          ACLCHECK_OK)
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, "ledger");
  if (check_enable_rls(ledger, InvalidOid, true) == RLS_ENABLED) return user;
  const Oid owner = OwnerOf(ledger);
  const Oid claims = get_relname_relid("claims", get_rel_namespace(ledger));
  if (OidIsValid(claims) && OwnerOf(claims) != owner)
    Raise(Error::kOwnersDiffer, "detid.ledger is %s's, detid.claims is %s's.",
          GetUserNameFromId(owner, false), GetUserNameFromId(OwnerOf(claims), false));
  return owner;
}

}  // namespace

void EachEntry(const char* condition, int n, Oid* types, Datum* values, const char* nulls,
               bool (*visit)(const Entry&, void*), void* context) {
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const char* query = psprintf(
      "SELECT node, entry, generator, generator_name, definition, worker, tick, sequence, count, "
      "first_id, last_id, digest, seed, ids, inputs, positions, attempt FROM detid.ledger WHERE %s "
      "ORDER BY node USING OPERATOR(pg_catalog.<), entry USING OPERATOR(pg_catalog.<)",
      condition);
  const Oid as = ReaderOfLedger();
  OwnerScope scope = Become(as);
  const Portal portal = SPI_cursor_open_with_args(nullptr, query, n, types, values, nulls, true, 0);
  Leave(scope);
  const MemoryContext work =
      AllocSetContextCreate(CurrentMemoryContext, "pg_detid replay", ALLOCSET_DEFAULT_SIZES);
  Reader reader;
  for (bool more = true; more;) {
    scope = Become(as);
    SPI_cursor_fetch(portal, true, kFetch);
    Leave(scope);
    const uint64 rows = SPI_processed;
    SPITupleTable* table = SPI_tuptable;
    more = rows > 0;
    for (uint64 i = 0; more && i < rows; i++) {
      CHECK_FOR_INTERRUPTS();
      const MemoryContext old = MemoryContextSwitchTo(work);
      Entry e{};
      reader.Read(table->vals[i], table->tupdesc, &e);
      const bool go_on = visit(e, context);
      MemoryContextSwitchTo(old);
      MemoryContextReset(work);
      more = go_on;
    }
    SPI_freetuptable(table);
  }
  SPI_cursor_close(portal);
  SPI_finish();
}

}  // namespace detid
