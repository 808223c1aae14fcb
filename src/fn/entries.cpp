// SPDX-License-Identifier: PostgreSQL

#include "fn/entries.h"

#include "core/derive.h"
#include "core/duplicate.h"
#include "fn/inputs.h"
#include "pg/errors.h"
#include "state/claim.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/ledger_row.h"
#include "state/ledger_table.h"
#include "state/seed.h"

namespace detid {
namespace {

constexpr char kNoGenerator[] = "the generator is gone or was made anew";
constexpr char kNoSeed[] = "the seed is not at hand";
constexpr char kNoInput[] = "the input was not recorded";
constexpr char kDamaged[] = "the entry is damaged";
constexpr char kTooMany[] = "the entry counts more ids than an entry can hold";
constexpr char kNoContext[] = "the entry's context is missing";
constexpr char kOtherContext[] = "the entry's context was changed";
constexpr char kChanged[] = "the entry was changed";
constexpr char kIdsChanged[] = "the entry's count, ids or inputs were changed";
constexpr char kWhoChanged[] = "the entry's context, transaction or tag was changed";

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

Datum* Elements(ArrayType* array, Oid type, bool** nulls, int* n) {
  *n = 0;
  if (array == nullptr) return nullptr;
  Datum* values;
  if (type == TEXTOID)
    deconstruct_array(array, type, -1, false, TYPALIGN_INT, &values, nulls, n);
  else
    deconstruct_array(array, type, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, nulls,
                      n);
  return values;
}

bool AnyTrue(const bool* flags, int n) {
  for (int i = 0; i < n; i++)
    if (flags[i]) return true;
  return false;
}

// How many ids the row has as such.
int IdsIn(const Entry& e) {
  const int bytes = BytesOfId(e.layout.bits);
  const int size = static_cast<int>(VARSIZE_ANY_EXHDR(e.ids));
  return size % bytes == 0 ? size / bytes : -1;
}

// Whether rows of its layout have ids: where they do not follow from positions, and of claims.
bool KeepsIds(const Entry& e) {
  return e.attempt >= 0 || e.layout.shows(Kind::kRandom) || e.layout.shows(Kind::kHash);
}

bool IsDamagedClaim(const Entry& e) {
  return e.count != 1 || e.row.claim == nullptr ||
         VARSIZE_ANY_EXHDR(e.row.claim) != sizeof(ClaimKey) ||
         (e.inputs != nullptr && (e.inputs_count == 0 || AnyTrue(e.no_input, e.inputs_count)));
}

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

RowContext WhoMinted(const Entry& e) {
  return {e.row.xact, e.row.context, e.row.tag != nullptr ? LedgerHash(e.key, View(e.row.tag)) : 0};
}

// By the lower half of the digest.
bool WhoHolds(const Entry& e) {
  return SameContext(DigestOfRow(e.key, e.row.key, RowIds{}, WhoMinted(e)), e.row.digest);
}

// Errors: the caller may not read the ledger. Who may read the view sees all of it.
void RequireReader() {
  const Oid view = FindTable("ledger");
  if (!OidIsValid(view)) Raise(Error::kLedgerUnreadable, "There is no view detid.ledger.");
  if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, "ledger");
}

}  // namespace

namespace {

// What is known of the rows of a context and a definition.
struct Source {
  struct Key {
    uint64_t context, definition;
  } key;
  const LedgerContext* context;  // null: there is none
  Hash context_hash;
  Oid generator;
  Definition definition;
  bool has_key, context_holds, other_seed;
  GeneratorKey generator_key;
  LedgerKey ledger_key;
};

}  // namespace

struct EntryReader {
  ContextReader* contexts;
  HTAB* sources;
  Source* at;  // of the last row
};

namespace {

void LookUp(EntryReader* r, Source* s) {
  const Source::Key key = s->key;
  s = new (s) Source{};
  s->key = key;
  s->context = ReadContext(r->contexts, key.context);
  const Oid oid = s->context != nullptr ? s->context->generator : InvalidOid;
  const std::string_view name =
      s->context != nullptr ? s->context->generator_name : std::string_view{};
  s->generator = Resolve(oid, name, key.definition, &s->definition);
  if (s->context == nullptr) return;
  if (!OidIsValid(s->generator)) {  // what a dropped one recorded can be shown all the same
    const Result<Layout> layout = ParseLayout(s->context->layout);
    if (layout.ok()) s->definition.layout = layout.value;
    s->definition.epoch_us = s->context->epoch.us;
  }
  LedgerContext utf8 = *s->context;
  EachColumn(kContextColumns, utf8, [](const auto&, auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
      value = InUtf8(value);
  });
  s->context_hash = HashOfContext(utf8);
  s->has_key = LedgerKeyFor(s->context->seed, &s->ledger_key);
  s->context_holds = s->has_key && MayHaveNumber(s->ledger_key, *s->context, key.context);
  Commitment used;
  if (s->has_key && OidIsValid(s->generator))
    KeyFor(s->definition, &s->context->seed, &s->generator_key, &used);
  if (s->has_key) return;
  // Is it one of ours that names another seed?
  EachSeed([&](int, const Commitment& commitment, const Seed& seed) {
    LedgerContext context = *s->context;
    context.seed = commitment;
    s->other_seed |= MayHaveNumber(DeriveLedgerKey(seed), context, key.context);
  });
}

const Source& SourceOf(EntryReader* r, const LedgerRow& row) {
  const Source::Key key = {row.context, row.key.definition};
  if (r->at != nullptr && r->at->key.context == key.context &&
      r->at->key.definition == key.definition)
    return *r->at;
  bool known = false;
  r->at = static_cast<Source*>(hash_search(r->sources, &key, HASH_ENTER, &known));
  if (!known) LookUp(r, r->at);
  return *r->at;
}

// Why there is no verdict, or only one (`refuted`), whatever the rest of the row says; null: none.
const char* ReasonOf(const Source& s, bool* refuted) {
  *refuted = true;
  if (s.context == nullptr) return kNoContext;
  if (s.other_seed || (s.has_key && !s.context_holds)) return kOtherContext;
  if (s.has_key && static_cast<uint64_t>(s.context->definition) != s.key.definition)
    return kChanged;
  *refuted = false;
  if (!OidIsValid(s.generator)) return kNoGenerator;
  return s.has_key ? nullptr : kNoSeed;
}

}  // namespace

std::string_view InUtf8(std::string_view text) {
  if (text.data() == nullptr) return text;
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return text;
  const char* utf8 = pg_server_to_any(text.data(), static_cast<int>(text.size()), PG_UTF8);
  return utf8 == text.data() ? text : std::string_view(utf8);
}

EntryReader* OpenEntries() {
  RequireReader();
  EntryReader* r = static_cast<EntryReader*>(palloc0(sizeof(EntryReader)));
  r->contexts = OpenContexts();
  HASHCTL control = {};
  control.keysize = sizeof(Source::Key);
  control.entrysize = sizeof(Source);
  control.hcxt = CurrentMemoryContext;
  r->sources = hash_create("pg_detid sources", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  return r;
}

void CloseEntries(EntryReader* r) {
  hash_destroy(r->sources);
  CloseContexts(r->contexts);
  pfree(r);
}

void ReadEntry(EntryReader* r, const LedgerRow& row, Entry* e) {
  const Source& s = SourceOf(r, row);
  e->row = row;
  e->ids = row.ids;
  e->entry = static_cast<int64>(row.key.position);
  if (e->entry < 0) e->row.key.position = static_cast<uint64_t>(AsideOf(e->entry));
  e->context = s.context;
  e->context_hash = &s.context_hash;
  e->count = row.count;
  e->attempt = row.attempt;
  e->generator = s.generator;
  e->layout = s.definition.layout;
  e->has_key = s.has_key;
  e->key = s.ledger_key;
  e->reason = ReasonOf(s, &e->refuted);
  const int32_t worker =
      row.key.worker >= 0 || e->context == nullptr ? row.key.worker : e->context->worker;
  e->first = {row.key.node, worker, 0, 0};
  bool* no_position = nullptr;
  e->inputs = Elements(row.inputs, TEXTOID, &e->no_input, &e->inputs_count);
  e->positions = Elements(row.positions, INT8OID, &no_position, &e->positions_count);
  if (e->layout.bits == 0) e->ids = nullptr;  // nobody knows how wide they are
  if (e->layout.bits > 0) {
    SetPosition(e->layout, e->row.key.position, &e->first);
    if (e->layout.shows(Kind::kWorker) &&
        (worker < 0 || !CheckCoordinates(e->layout, e->first).ok()))
      e->count = 0;  // damaged
  }
  const bool each = e->count > 0 && e->count <= kMaxEach;
  // Written by hand or brought by replication, it may hold anything; what we wrote is not damaged.
  if (e->count < 1 || AnyTrue(no_position, e->positions_count) ||
      (e->positions != nullptr && (!each || e->positions_count != e->count)) ||
      (e->attempt < 0 && e->inputs != nullptr && (!each || e->inputs_count != e->count)) ||
      (e->attempt >= 0 && IsDamagedClaim(*e)) ||
      (e->reason == nullptr && row.ids != nullptr && IdsIn(*e) != e->count &&
       IdsIn(*e) != (e->count < 2 ? e->count : 2)) ||
      (e->reason == nullptr && (row.ids != nullptr) != KeepsIds(*e)) ||
      (e->reason == nullptr && e->attempt < 0 && e->layout.shows(Kind::kHash) &&
       e->inputs == nullptr)) {
    e->refuted |= e->reason == nullptr;
    if (e->reason == nullptr) e->reason = kDamaged;
    e->count = 1;  // one row says so
    e->ids = nullptr;
  } else if (e->count > kMaxRun) {
    // Nobody minted them: no verdict but this one, and no work that the row asks for.
    e->reason = kTooMany;
    e->refuted = true;
    e->count = 1;
    e->ids = nullptr;
  } else if (e->reason == nullptr && e->layout.shows(Kind::kHash) && e->inputs == nullptr) {
    e->reason = Altered(*e);
    e->refuted = e->reason != nullptr;
    if (!e->refuted) e->reason = kNoInput;
  }
  // Ids that follow from their coordinates are made again without the generator and its seed.
  e->made_again = e->reason == nullptr || ((e->reason == kNoSeed || e->reason == kNoGenerator) &&
                                           e->layout.bits > 0 && !KeepsIds(*e));
  if (e->made_again)
    e->composer = Composer(e->layout, e->first.node, e->first.worker, &s.generator_key);
  // Who minted is bound also where nobody can make the ids any more.
  if (e->reason == kNoGenerator && e->has_key) {
    const char* why = e->made_again ? Altered(*e) : WhoHolds(*e) ? nullptr : kWhoChanged;
    e->refuted = why != nullptr;
    if (e->refuted) e->reason = why;
  }
}

bool IsOfInstance(EntryReader* r, const LedgerRow& row, int64_t instance) {
  const Source& s = SourceOf(r, row);
  return s.context != nullptr && s.context->instance == instance;
}

uint64_t PositionAt(const Entry& e, int i) {
  return e.positions != nullptr && i < e.positions_count
             ? static_cast<uint64_t>(DatumGetInt64(e.positions[i]))
             : e.row.key.position + static_cast<uint64_t>(i);
}

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

bool Recorded(const Entry& e, int i, Bits* id) {
  if (e.ids == nullptr) return false;
  const int has = IdsIn(e);
  int at = i;
  if (has != e.count) {  // of a run, the first and the last
    if (i != 0 && i != e.count - 1) return false;
    at = i == 0 ? 0 : 1;
  }
  if (at >= has) return false;
  *id = IdInBytes(e.ids, e.layout.bits, at);
  return true;
}

const char* Altered(const Entry& e) {
  RowIds ids = {e.count, e.attempt, 0, 0};
  for (int i = 0; i < e.count; i++) {
    if (i % 65536 == 0) CHECK_FOR_INTERRUPTS();
    Bits id{};  // of a claim whose input was not recorded, what was
    const bool forgotten = e.inputs == nullptr && e.layout.shows(Kind::kHash);
    if (!forgotten || !Recorded(e, i, &id)) id = Regenerate(e, i);
    ids.ids = Fold(ids.ids, id);
  }
  if (e.positions != nullptr)
    for (int i = 0; i < e.count; i++) ids.ids = Fold(ids.ids, PositionAt(e, i));
  bool same_claim = true;
  if (e.attempt >= 0) {
    ClaimKey claim;
    memcpy(claim.byte, VARDATA_ANY(e.row.claim), sizeof claim.byte);
    ids.inputs = FoldOfClaim(claim);
    if (e.inputs != nullptr) {
      const ClaimKey of_inputs = KeyOfClaim(e.row.key.definition, ClaimedMessage(e, 0));
      same_claim = memcmp(&of_inputs, &claim, sizeof claim) == 0;
    }
  } else if (e.inputs != nullptr) {
    for (int i = 0; i < e.count; i++)
      ids.inputs =
          Fold(ids.inputs,
               FoldOfInput(e.no_input[i], e.no_input[i] ? 0 : LedgerHash(e.key, InputOf(e, i))));
  }
  const uint64_t digest = DigestOfRow(e.key, e.row.key, ids, WhoMinted(e));
  const bool same_ids = same_claim && SameIds(digest, e.row.digest);
  if (!SameContext(digest, e.row.digest)) return same_ids ? kWhoChanged : kChanged;
  return same_ids ? nullptr : kIdsChanged;
}

namespace {

// What of a definition tells times from positions; false if nobody knows it.
bool LayoutOf(EntryReader* r, const LedgerRow& row, Definition* d) {
  *d = SourceOf(r, row).definition;
  return d->layout.bits > 0;
}

}  // namespace

bool XactOf(EntryReader* r, const LedgerRow& row, uint64_t* xact) {
  const Source& s = SourceOf(r, row);
  if (s.context == nullptr) return false;
  *xact = uint64_t{static_cast<uint32_t>(s.context->xact_epoch)} << 32 | row.xact;
  return true;
}

bool PositionAtTime(EntryReader* r, LedgerScan* scan, const Stream& stream, TimestampTz at,
                    Tick from, int64_t* position) {
  LedgerRow last;
  Definition d;
  if (!FindLast(scan, stream, INT64_MAX, &last) || !LayoutOf(r, last, &d)) return false;
  const int64_t us = at + kPostgresEpochUs;
  if (us <= d.epoch_us) {
    *position = 0;
  } else if (us >= EndOfEpochUs(d)) {
    *position = INT64_MAX;
  } else {
    int64_t tick = TickAt(d.layout, d.epoch_us, us), begins_us = 0;
    if (from == Tick::kFrom && TimeOfTick(d.layout, d.epoch_us, tick, &begins_us) && begins_us < us)
      tick++;
    *position = static_cast<int64_t>(static_cast<uint64_t>(tick) << d.layout.sequence_bits());
  }
  return true;
}

namespace {

// The definitions whose entries may be the generator's: its own, and those that its oid or its name
// had once.
struct Definitions {
  int count = 0;
  uint64_t number[1024];

  void Add(uint64_t d) {
    for (int i = 0; i < count; i++)
      if (number[i] == d) return;
    if (count < static_cast<int>(lengthof(number))) number[count++] = d;
  }
  bool Has(uint64_t d) const {
    for (int i = 0; i < count; i++)
      if (number[i] == d) return true;
    return false;
  }
};

}  // namespace

void EachEntry(const Wanted& wanted, bool (*visit)(const Entry&, void*), void* context) {
  EntryReader* reader = OpenEntries();
  Definitions definitions;
  char name[kMaxQualifiedName] = "";
  if (OidIsValid(wanted.generator)) {
    definitions.Add(Fingerprint(DefinitionFor(wanted.generator)));
    QualifiedName(wanted.generator, name);
    EachContext(reader->contexts, [&](const LedgerContext& c) {
      if (c.generator == wanted.generator || c.generator_name == name)
        definitions.Add(static_cast<uint64_t>(c.definition));
    });
  }
  bool more = true;
  const auto read = [&](const LedgerRow& row) {
    Entry e{};
    ReadEntry(reader, row, &e);
    if (OidIsValid(wanted.generator) && OidIsValid(e.generator) && e.generator != wanted.generator)
      return true;
    if (OidIsValid(wanted.generator) && !OidIsValid(e.generator) && e.context != nullptr &&
        e.context->generator != wanted.generator && e.context->generator_name != name)
      return true;
    return more = visit(e, context);
  };
  ListCell* cell;
  foreach (cell, LedgerTables()) {
    if (!more) break;
    LedgerScan* scan = OpenLedgerScan(lfirst_oid(cell));
    for (Stream stream; more && NextStream(scan, &stream);) {
      if (OidIsValid(wanted.generator) && !definitions.Has(stream.definition)) continue;
      int64_t from = 0, until = INT64_MAX;
      if (!TIMESTAMP_IS_NOBEGIN(wanted.since))
        PositionAtTime(reader, scan, stream, wanted.since, Tick::kFrom, &from);
      if (!TIMESTAMP_IS_NOEND(wanted.until))
        PositionAtTime(reader, scan, stream, wanted.until, Tick::kFrom, &until);
      if (from >= until) continue;
      // Those that are kept aside first: they have negative positions (core/duplicate.h).
      const int64_t aside = until == INT64_MAX ? INT64_MIN : -until;
      EachRow(scan, stream, static_cast<uint64_t>(aside), static_cast<uint64_t>(-from), read);
      if (more)
        EachRow(scan, stream, static_cast<uint64_t>(from), static_cast<uint64_t>(until), read);
    }
    CloseLedgerScan(scan);
  }
  CloseEntries(reader);
}

}  // namespace detid
