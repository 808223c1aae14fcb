// SPDX-License-Identifier: PostgreSQL
//
// create_generator, drop_generator, set_audit, set_scatter, set_history, set_mask, and what the
// view detid.generators shows.

#include "core/history.h"
#include "core/instant.h"
#include "core/label.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/generator_catalog.h"
#include "state/salt.h"
#include "state/seed.h"
#include "state/settings.h"
#include "state/shared.h"

extern "C" {
#include "lib/stringinfo.h"
#include "utils/regproc.h"
#include "utils/varlena.h"
}

namespace detid {
namespace {

// Runs one utility command with the caller's privileges.
void Run(const char* command) {
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const int result = SPI_execute(command, false, 0);
  if (result != SPI_OK_UTILITY) elog(ERROR, "SPI_execute failed: %d", result);
  SPI_finish();
}

void SetLabel(const char* qualified, const Definition& d) {
  char label[kMaxLabelText];
  FormatLabel(d, label, sizeof label);
  Run(psprintf("SECURITY LABEL FOR %s ON SEQUENCE %s IS %s", kProvider, qualified,
               quote_literal_cstr(label)));
}

// The definition, and nobody changes it until the transaction ends: a label is written as a whole,
// so what somebody else changes meanwhile would be undone. Who may not is refused later.
Definition LockedDefinition(Oid generator) {
  DefinitionFor(generator);
  if (!XactReadOnly && compat::OwnsRelation(generator, GetUserId()))
    LockRelationOid(generator, ShareUpdateExclusiveLock);  // as SECURITY LABEL does
  return DefinitionFor(generator);
}

void Relabel(Oid generator, const Definition& d) {
  char name[kMaxQualifiedName];
  QualifiedName(generator, name);
  SetLabel(name, d);
}

std::string_view Required(FunctionCallInfo fcinfo, int argument, const char* name) {
  if (PG_ARGISNULL(argument)) Raise(Error::kArgumentInvalid, "The %s is null.", name);
  return View(PG_GETARG_TEXT_PP(argument));
}

// Schema and name that the text names, as CREATE SEQUENCE would take them.
const char* Qualify(std::string_view name) {
  List* parts =
      textToQualifiedNameList(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
  RangeVar* range = makeRangeVarFromNameList(parts);
  const Oid schema = RangeVarGetCreationNamespace(range);
  return quote_qualified_identifier(get_namespace_name(schema), range->relname);
}

Audit AuditArgument(std::string_view text) {
  Audit audit;
  if (!ParseAudit(text, &audit))
    Raise(Error::kArgumentInvalid, "audit is \"%.*s\"; it may be off, range or each.",
          static_cast<int>(text.size()), text.data());
  return audit;
}

// A time without a zone is one of the session's: what it is in UTC, the only thing that counts from
// here on, is told unless it is a day's beginning there.
void ReportEpoch(TimestampTz epoch, int64_t us) {
  constexpr int64_t kDayUs = USECS_PER_DAY;
  const pg_time_t second = timestamptz_to_time_t(epoch);
  const pg_tm* local = pg_localtime(&second, session_timezone);
  if (us % kDayUs == 0 || local == nullptr || local->tm_gmtoff == 0) return;
  char text[kMaxInstantText];
  FormatInstant(us, text, sizeof text);
  ereport(NOTICE,
          (errmsg("the epoch is %s, in UTC", text),
           errdetail("A time that names no zone is one of the zone %s.",
                     pg_get_timezone_name(session_timezone)),
           errhint("To mean UTC, put a Z behind it: '2025-01-01Z'.")));
}

void SetPastEpoch(Definition* d, TimestampTz epoch) {
  SetEpoch(d, epoch);
  char text[kMaxInstantText];
  FormatInstant(d->epoch_us, text, sizeof text);
  if (epoch > GetCurrentTimestamp())
    Raise(Error::kEpochInvalid, "The epoch %s is in the future.", text);
  ReportEpoch(epoch, d->epoch_us);
}

// Whether there is time left in which ids can be minted: by the pinned clock, if there is one.
void RequireTimeLeft(const Definition& d) {
  const int64_t end_us = EndOfEpochUs(d);
  const int64_t now_us =
      settings::pinned ? settings::pinned_us : GetCurrentTimestamp() + kPostgresEpochUs;
  if (end_us > now_us) return;
  char epoch[kMaxInstantText], end[kMaxInstantText];
  FormatInstant(d.epoch_us, epoch, sizeof epoch);
  FormatInstant(end_us, end, sizeof end);
  Raise(Error::kEpochInvalid, "With the epoch %s, the layout's time ended at %s.", epoch, end);
}

void RaiseUnlessOk(const Status& status) {
  if (!status.ok()) Raise(status);
}

// Arguments 6, 7, 10 and 11: prefix, codec, check character and alphabet of the text form.
void SetText(FunctionCallInfo fcinfo, Definition* d) {
  if (!PG_ARGISNULL(6)) {
    const Status status = SetPrefix(View(PG_GETARG_TEXT_PP(6)), d);
    if (!status.ok()) Raise(Error::kArgumentInvalid, "%s", status.detail);
  }
  if (!PG_ARGISNULL(7)) {
    const Status status = SetCodec(View(PG_GETARG_TEXT_PP(7)), d);
    if (!status.ok()) Raise(Error::kArgumentInvalid, "%s", status.detail);
  }
  if (!PG_ARGISNULL(11) && !d->has_own_alphabet()) {
    const Status status = SetAlphabet(View(PG_GETARG_TEXT_PP(11)), d);
    if (!status.ok()) Raise(Error::kArgumentInvalid, "%s", status.detail);
  }
  if (!PG_ARGISNULL(10)) {
    const Status status = SetCheck(View(PG_GETARG_TEXT_PP(10)), d);
    if (!status.ok()) Raise(Error::kArgumentInvalid, "%s", status.detail);
  }
  const Status status = CheckTextForm(*d);
  if (!status.ok()) Raise(Error::kArgumentInvalid, "%s", status.detail);
}

void SetHistory(Definition* d, int32_t ids) {
  if (ids < 0 || ids > static_cast<int32_t>(kMaxHistory))
    Raise(Error::kArgumentInvalid, "The history is %d ids; it may be 0 to %u.", ids, kMaxHistory);
  d->history = static_cast<uint32_t>(ids);
  if (ids > 0) RaiseUnlessOk(CheckHistory(d->layout, d->history));
}

// Arguments 1, 11 and 12: the layout; of a Nano ID, by the alphabet and the length of its texts.
Result<Definition> LayoutArguments(FunctionCallInfo fcinfo) {
  const std::string_view layout = Required(fcinfo, 1, "layout");
  const bool own = !PG_ARGISNULL(11) || !PG_ARGISNULL(12);
  if (!PG_ARGISNULL(11) && !PG_ARGISNULL(7))
    Raise(Error::kArgumentInvalid, "There is a codec or an alphabet, not both.");
  if (own && layout == "nanoid" && PG_ARGISNULL(7)) {
    const Result<Definition> nano =
        NanoIdOf(PG_ARGISNULL(11) ? kNanoIdAlphabet : View(PG_GETARG_TEXT_PP(11)),
                 PG_ARGISNULL(12) ? kNanoIdLength : PG_GETARG_INT32(12));
    if (!nano.ok()) Raise(Error::kArgumentInvalid, "%s", nano.status.detail);
    return nano;
  }
  if (!PG_ARGISNULL(12))
    Raise(Error::kArgumentInvalid,
          "A length is given with the layout nanoid and without a codec; other texts have as many "
          "digits as the layout's bits need.");
  return DefinitionOf(layout);
}

Definition DefinitionArguments(FunctionCallInfo fcinfo) {
  const Result<Definition> parsed = LayoutArguments(fcinfo);
  if (!parsed.ok()) Raise(parsed.status);
  Definition d = parsed.value;
  if (!PG_ARGISNULL(2)) SetPastEpoch(&d, PG_GETARG_TIMESTAMPTZ(2));
  d.audit = AuditArgument(Required(fcinfo, 3, "audit level"));
  const std::string_view ordering = Required(fcinfo, 4, "ordering");
  if (!ParseOrdering(ordering, &d.ordering))
    Raise(Error::kArgumentInvalid, "ordering is \"%.*s\"; it may be backend or node.",
          static_cast<int>(ordering.size()), ordering.data());
  SetText(fcinfo, &d);
  d.scatter = !PG_ARGISNULL(8) && PG_GETARG_BOOL(8);
  if (d.scatter) RaiseUnlessOk(CheckScatter(d.layout));
  if (!PG_ARGISNULL(9)) SetHistory(&d, PG_GETARG_INT32(9));
  RaiseUnlessOk(CheckOrdering(d.layout, d.ordering));
  if (d.layout.shows(Kind::kWorker) &&
      static_cast<uint64_t>(MaxBackends) > LowMask(d.layout.bits_of(Kind::kWorker)) + 1)
    Raise(Error::kWorkerTooNarrow, "The layout has %d worker bits; the server has %d backends.",
          d.layout.bits_of(Kind::kWorker), MaxBackends);
  return d;
}

// What exists under the name already must be what was asked for.
void RequireSame(Oid existing, const char* qualified, const Definition& wanted) {
  const Definition& is = DefinitionFor(existing);
  Definition same = wanted;
  same.salt = is.salt;
  same.has_mask = is.has_mask;
  same.mask = is.mask;
  if (MayBecome(is, same)) return;
  char label[kMaxLabelText];
  FormatLabel(is, label, sizeof label);
  Raise(Error::kLabelFixed, "%s exists with the label \"%s\".", qualified, label);
}

// The salt of the name. If a generator of the caller's that was created under it is still there, the
// next one, with a word. Never the next because the salt is somebody else's: one script would make
// other generators here than on other nodes.
uint64_t FreeSalt(const char* qualified) {
  const char* name = qualified;
  for (int n = 2;; n++) {
    const uint64_t salt = SaltOf(name);
    if (!IsSaltInUse(salt, GetUserId())) {
      if (name != qualified)
        ereport(NOTICE, (errmsg("generator %s is given the salt of \"%s\"", qualified, name),
                         errdetail("One that was created under its name before, and renamed, is "
                                   "still there and keeps its salt.")));
      return salt;
    }
    name = psprintf("%s#%d", qualified, n);
  }
}

}  // namespace

// create_generator(name, layout, epoch, audit, ordering, if_not_exists, prefix, codec, scatter,
//   history, check_character, alphabet, length) -> regclass
DETID_FUNCTION(detid_create_generator) {
  const char* qualified = Qualify(Required(fcinfo, 0, "name"));
  Definition d = DefinitionArguments(fcinfo);
  const bool if_not_exists = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);
  const auto find = [&] {
    RangeVar* range = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(qualified)));
    return RangeVarGetRelid(range, NoLock, true);
  };
  const Oid existing = find();
  if (OidIsValid(existing)) {
    if (!if_not_exists) Raise(Error::kNameTaken, "There is a relation %s.", qualified);
    RequireSame(existing, qualified, d);
    ereport(NOTICE, (errcode(ERRCODE_DUPLICATE_TABLE),
                     errmsg("generator %s already exists, skipping", qualified)));
    PG_RETURN_OID(existing);
  }
  RequireTimeLeft(d);
  Run(psprintf("CREATE SEQUENCE %s %s", qualified, kSequenceOptions));
  d.salt = FreeSalt(qualified);
  SetLabel(qualified, d);
  PG_RETURN_OID(find());
}

// drop_generator(generator regclass)
DETID_FUNCTION(detid_drop_generator) {
  const Oid generator = PG_GETARG_OID(0);
  DefinitionFor(generator);
  char name[kMaxQualifiedName];
  QualifiedName(generator, name);
  Run(psprintf("DROP SEQUENCE %s", name));
  PG_RETURN_VOID();
}

// set_audit(generator regclass, audit text)
DETID_FUNCTION(detid_set_audit) {
  Definition d = LockedDefinition(PG_GETARG_OID(0));
  d.audit = AuditArgument(View(PG_GETARG_TEXT_PP(1)));
  Relabel(PG_GETARG_OID(0), d);
  PG_RETURN_VOID();
}

// set_scatter(generator regclass, scatter boolean)
DETID_FUNCTION(detid_set_scatter) {
  Definition d = LockedDefinition(PG_GETARG_OID(0));
  d.scatter = PG_GETARG_BOOL(1);
  if (d.scatter) RaiseUnlessOk(CheckScatter(d.layout));
  Relabel(PG_GETARG_OID(0), d);
  PG_RETURN_VOID();
}

// set_history(generator regclass, ids integer)
DETID_FUNCTION(detid_set_history) {
  Definition d = LockedDefinition(PG_GETARG_OID(0));
  SetHistory(&d, PG_GETARG_INT32(1));
  Relabel(PG_GETARG_OID(0), d);
  PG_RETURN_VOID();
}

// set_mask(generator regclass [, commitment text]): masks are keyed by the seed with that
// commitment, or by the one that makes ids now.
DETID_FUNCTION(detid_set_mask) {
  Definition d = LockedDefinition(PG_GETARG_OID(0));
  if (!d.layout.is_bigint())
    Raise(Error::kWrongType, "Its layout has %d bits; only bigints are masked.", d.layout.bits);
  const Definition is = d;
  Seed seed;
  if (PG_NARGS() > 1) {
    const std::string_view commitment = View(PG_GETARG_TEXT_PP(1));
    if (!ParseCommitment(commitment, &d.mask))
      Raise(Error::kArgumentInvalid, "The commitment \"%.*s\" is not 32 hexadecimal digits.",
            Clip(commitment, 60), commitment.data());
  } else if (!CurrentSeed(&seed, &d.mask)) {
    Raise(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
  }
  explicit_bzero(&seed, sizeof seed);
  if (!compat::OwnsRelation(PG_GETARG_OID(0), GetUserId()))
    aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SEQUENCE, get_rel_name(PG_GETARG_OID(0)));
  if (is.has_mask && !(is.mask == d.mask)) {
    char set[kCommitmentText + 1];
    FormatCommitment(is.mask, set);
    Raise(Error::kMaskFixed, "Its seed has the commitment %s.", set);
  }
  d.has_mask = true;
  Relabel(PG_GETARG_OID(0), d);
  PG_RETURN_VOID();
}

// _describe(generator regclass) -> the columns of the view
DETID_FUNCTION(detid_describe) {
  Definition d;
  const char* why = nullptr;
  if (!TryDefinition(PG_GETARG_OID(0), &d, &why)) PG_RETURN_NULL();
  char fields[kMaxLayoutText + 1];
  FormatLayout(d.layout, fields, sizeof fields);
  const double rate = IdsPerSecond(d.layout);
  Record<16> row;
  if (d.preset != nullptr)
    row.AddText(d.preset->name.data());
  else
    row.Skip();
  row.AddText(fields);
  row.Add(Int32GetDatum(d.layout.bits));
  row.AddText(TypeOf(d.layout));
  row.Add(TimestampDatum(d.epoch_us));
  row.Add(TimestampDatum(EndOfEpochUs(d)));
  if (rate > 0)
    row.Add(Int64GetDatum(static_cast<int64_t>(rate < 9e18 ? rate : 9e18)));
  else
    row.Skip();
  row.AddText(AuditName(d.audit).data());
  row.AddText(OrderingName(d.ordering).data());
  if (d.has_own_alphabet()) {
    row.Skip();
    row.Add(PointerGetDatum(cstring_to_text_with_len(d.own_alphabet, d.own_digits)));
  } else {
    row.AddText(d.codec->name.data());
    row.Skip();
  }
  if (d.prefix_length > 0)
    row.Add(PointerGetDatum(cstring_to_text_with_len(d.prefix, d.prefix_length)));
  else
    row.Skip();
  if (d.check != CheckCharacter::kNone)
    row.AddText(CheckName(d.check).data());
  else
    row.Skip();
  row.Add(BoolGetDatum(d.scatter));
  row.Add(BoolGetDatum(d.has_mask));
  row.Add(Int32GetDatum(static_cast<int32>(d.history)));
  return row.Return(fcinfo);
}

}  // namespace detid
