// SPDX-License-Identifier: PostgreSQL

#include "fn/entries.h"

#include "core/derive.h"
#include "core/duplicate.h"
#include "core/redaction.h"
#include "fn/inputs.h"
#include "pg/errors.h"
#include "state/claim.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/ledger_row.h"
#include "state/ledger_table.h"

namespace detid {
namespace {

constexpr char kNoInput[] = "the input was not recorded";
constexpr char kRedacted[] = "an input was redacted";
constexpr char kOtherRecorded[] = "another id was recorded";
constexpr char kDamaged[] = "the entry is damaged";
constexpr char kTooMany[] = "the entry counts more ids than an entry can hold";
constexpr char kIdsChanged[] = "the entry's count, ids or inputs were changed";
constexpr char kWhoChanged[] = "the entry's context, transaction or tag was changed";

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

// Whether each input that was forgotten is none of those that are there.
bool IsDamagedRedaction(const Entry& e) {
  if (!IsRedaction(e.redacted, static_cast<uint32_t>(e.inputs_count))) return true;
  for (size_t i = 0; i < e.redacted.size() / kRedactedBytes; i++)
    if (!e.no_input[RedactedAt(e.redacted, i).ordinal]) return true;
  return false;
}

bool IsDamagedClaim(const Entry& e) {
  return e.count != 1 || e.row.claim == nullptr ||
         VARSIZE_ANY_EXHDR(e.row.claim) != sizeof(ClaimKey) ||
         (e.inputs != nullptr && (e.inputs_count == 0 || (AnyTrue(e.no_input, e.inputs_count) &&
                                                          e.row.redacted == nullptr)));
}

// What was hashed for an attempt at a claim.
std::string_view ClaimedMessage(const Entry& e, int32 attempt) {
  std::string_view* fields = static_cast<std::string_view*>(
      palloc(sizeof(std::string_view) * static_cast<Size>(e.inputs_count)));
  for (int i = 0; i < e.inputs_count; i++) fields[i] = InputOfText(DatumGetTextPP(e.inputs[i]));
  return ClaimMessage(fields, e.inputs_count, static_cast<uint64_t>(attempt));
}

std::string_view ArrayText(const Entry& e) {
  int dims[1] = {e.inputs_count}, bounds[1] = {1};
  ArrayType* array =
      construct_md_array(e.inputs, e.no_input, 1, dims, bounds, TEXTOID, -1, false, TYPALIGN_INT);
  return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

RowContext WhoMinted(const Entry& e) {
  return {e.row.xact, e.row.context, e.row.tag != nullptr ? LedgerHash(e.key, View(e.row.tag)) : 0};
}

// By the lower half of the digest.
bool WhoHolds(const Entry& e) {
  return SameContext(DigestOfRow(e.key, e.row.key, RowIds{}, WhoMinted(e)), e.row.digest);
}

// Whether the input that the id was made of is.
bool IsForgotten(const Entry& e, int i) {
  RedactedInput r;
  return !e.redacted.empty() &&
         (e.attempt >= 0 || FindRedacted(e.redacted, static_cast<uint32_t>(i), &r));
}

// Whether an id was recorded that is not the one that its input makes, of those that are there.
bool IsOtherRecorded(const Entry& e) {
  Bits recorded;
  for (int i = 0; i < e.count; i++)
    if (!IsForgotten(e, i) && Recorded(e, i, &recorded) && !(recorded == Regenerate(e, i)))
      return true;
  return false;
}

// Errors: the caller may not read the ledger. Who may read the view sees all of it.
void RequireReader() {
  const Oid view = FindTable("ledger");
  if (!OidIsValid(view)) Raise(Error::kLedgerUnreadable, "There is no view detid.ledger.");
  if (pg_class_aclcheck(view, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, "ledger");
}

}  // namespace

EntryReader* OpenEntries() {
  RequireReader();
  return OpenSources();
}

void CloseEntries(EntryReader* r) {
  CloseSources(r);
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
  if (row.redacted != nullptr) e->redacted = View(row.redacted);
  e->positions = Elements(row.positions, INT8OID, &no_position, &e->positions_count);
  if (e->layout.bits == 0) e->ids = nullptr;  // nobody knows how wide they are
  if (e->layout.bits > 0) {
    SetPosition(e->layout, e->row.key.position, &e->first);
    if (e->layout.shows(Kind::kWorker) &&
        (worker < 0 || !CheckCoordinates(e->layout, e->first).ok()))
      e->count = 0;  // damaged
  }
  const auto compose = [&] {
    e->composer = Composer(e->layout, e->first.node, e->first.worker, &s.generator_key);
  };
  const bool each = e->count > 0 && e->count <= kMaxEach;
  // Written by hand or brought by replication, it may hold anything; what we wrote is not damaged.
  if (e->count < 1 || AnyTrue(no_position, e->positions_count) ||
      (e->positions != nullptr && (!each || e->positions_count != e->count)) ||
      (e->attempt < 0 && e->inputs != nullptr && (!each || e->inputs_count != e->count)) ||
      (e->attempt >= 0 && IsDamagedClaim(*e)) ||
      (row.redacted != nullptr && IsDamagedRedaction(*e)) ||
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
  } else if (e->reason == nullptr && e->layout.shows(Kind::kHash) &&
             (e->inputs == nullptr || row.redacted != nullptr)) {
    compose();
    e->reason = Altered(*e);
    e->refuted = e->reason != nullptr;
    if (!e->refuted) e->reason = row.redacted != nullptr ? kRedacted : kNoInput;
    if (e->reason == kRedacted && IsOtherRecorded(*e)) {
      e->reason = kOtherRecorded;
      e->refuted = true;
    }
  }
  // Ids that follow from their coordinates are made again without the generator and its seed.
  e->made_again = e->reason == nullptr || ((e->reason == kNoSeed || e->reason == kNoGenerator) &&
                                           e->layout.bits > 0 && !KeepsIds(*e));
  if (e->made_again) compose();
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
  if (e.attempt >= 0 && e.inputs != nullptr && e.redacted.empty())
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
    Bits id{};  // where the input is not at hand, what was recorded
    const bool forgotten =
        e.layout.shows(Kind::kHash) && (e.inputs == nullptr || IsForgotten(e, i));
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
    if (e.inputs != nullptr && e.redacted.empty()) {
      const ClaimKey of_inputs = KeyOfClaim(e.row.key.definition, ClaimedMessage(e, 0));
      same_claim = memcmp(&of_inputs, &claim, sizeof claim) == 0;
    }
  } else if (e.inputs != nullptr) {
    for (int i = 0; i < e.count; i++) {
      RedactedInput r;
      ids.inputs =
          Fold(ids.inputs, FindRedacted(e.redacted, static_cast<uint32_t>(i), &r)
                               ? r.fold ^ MaskOfRedacted(e.key, e.row.key, r.ordinal)
                           : e.no_input[i] ? FoldOfInput(true, 0)
                                           : FoldOfInput(false, LedgerHash(e.key, InputOf(e, i))));
    }
  }
  const uint64_t digest = DigestOfRow(e.key, e.row.key, ids, WhoMinted(e));
  const bool same_ids = same_claim && SameIds(digest, e.row.digest);
  if (!SameContext(digest, e.row.digest)) return same_ids ? kWhoChanged : kChanged;
  return same_ids ? nullptr : kIdsChanged;
}

namespace {

[[noreturn]] void RaiseAltered(const Entry& e, const char* why) {
  Raise(Error::kLedgerAltered, "Entry %lld of definition %lld, node %d, worker %d: %s.",
        static_cast<long long>(e.entry), static_cast<long long>(e.row.key.definition),
        e.row.key.node, e.row.key.worker, why);
}

}  // namespace

void RequireHolds(const Entry& e) {
  if (e.refuted) RaiseAltered(e, e.reason);
  if (!e.has_key)
    Raise(Status::Error(Code::kSeedMissing, "It is that of entry %lld of definition %lld.",
                        static_cast<long long>(e.entry),
                        static_cast<long long>(e.row.key.definition)));
  if (e.reason != nullptr) return;  // what can be said of it was (ReadEntry)
  if (const char* why = Altered(e)) RaiseAltered(e, why);
  Bits recorded;
  for (int i = 0; e.ids != nullptr && i < e.count; i++)
    if (Recorded(e, i, &recorded) && !(recorded == Regenerate(e, i)))
      RaiseAltered(e, "another id was recorded");
}

bool XactOf(EntryReader* r, const LedgerRow& row, uint64_t* xact) {
  const Source& s = SourceOf(r, row);
  if (s.context == nullptr) return false;
  *xact = uint64_t{static_cast<uint32_t>(s.context->xact_epoch)} << 32 | row.xact;
  return true;
}

}  // namespace detid
