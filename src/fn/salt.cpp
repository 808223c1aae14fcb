// SPDX-License-Identifier: PostgreSQL
//
// give_salt: an operator's command on whose a salt is. _merge_salt, _adopt_salt: what a dump and an
// earlier installation bring. _check_salts: conflicts, for check().

#include "state/salt.h"

#include <charconv>

#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/generator_catalog.h"

extern "C" {
#include "utils/regproc.h"
}

namespace detid {
namespace {

constexpr std::string_view kSaltKey = "salt=";
constexpr int kSaltDigits = 16;

// What give_salt is given: salt=..., as errors and labels have it, or the name of a generator; if
// there is none of that name, the salt that one created under it would have.
uint64_t SaltArgument(std::string_view text, const char** name) {
  uint64_t salt = 0;
  if (text.starts_with(kSaltKey)) {
    const std::string_view digits = text.substr(kSaltKey.size());
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, salt, 16);
    if (digits.size() != kSaltDigits || error != std::errc() || at != end)
      Raise(Error::kArgumentInvalid, "\"%.*s\" is not \"salt=\" and 16 hexadecimal digits.",
            Clip(text, 60), text.data());
    *name = pnstrdup(text.data(), text.size());
    return salt;
  }
  RangeVar* range = makeRangeVarFromNameList(textToQualifiedNameList(
      cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))));
  Definition d;
  const char* why = nullptr;
  const Oid generator = RangeVarGetRelid(range, NoLock, true);
  char* qualified = static_cast<char*>(palloc(kMaxQualifiedName));
  *name = qualified;
  if (OidIsValid(generator) && QualifiedName(generator, qualified))
    return TryDefinition(generator, &d, &why) ? d.salt : SaltOf(qualified);
  const char* schema = range->schemaname != nullptr
                           ? range->schemaname
                           : get_namespace_name(RangeVarGetCreationNamespace(range));
  strlcpy(qualified, quote_qualified_identifier(schema, range->relname), kMaxQualifiedName);
  return SaltOf(qualified);
}

void Put(ReturnSetInfo* set, bool ok, const char* detail, const char* hint) {
  Record<4> row;
  row.AddText("salts");
  row.Add(BoolGetDatum(ok));
  row.AddText(detail);
  if (ok)
    row.Skip();
  else
    row.AddText(hint);
  row.Put(set);
}

// Two generators with one salt have the same random bits and masks, whoever is granted which. One
// that may not use it is named by itself.
bool PutTwins(ReturnSetInfo* set, Oid generator, uint64_t salt) {
  Oid twin = InvalidOid;
  EachGenerator([&](Oid other, const Definition& d) {
    if (d.salt == salt && other > generator && !SaltRule(other, salt).refused) twin = other;
    return !OidIsValid(twin);
  });
  char one[kMaxQualifiedName], two[kMaxQualifiedName], text[kMaxSaltText];
  if (!OidIsValid(twin) || !QualifiedName(generator, one) || !QualifiedName(twin, two))
    return false;
  FormatSalt(salt, text);
  Put(set, false,
      psprintf(
          "%s and %s have one salt, \"%s\": a role that may use one can forge ids of the other",
          one, two, text),
      "Create another generator in place of one of them.");
  return true;
}

bool PutForeign(ReturnSetInfo* set, Oid generator, uint64_t salt) {
  const Refusal r = SaltRule(generator, salt);
  if (!r.refused) return false;
  Put(set, false, psprintf("%s It mints nothing.", r.detail), r.hint);
  return true;
}

}  // namespace

// give_salt(generator text, owner regrole)
DETID_FUNCTION(detid_give_salt) {
  const char* name = nullptr;
  PreventCommandIfReadOnly("give_salt()");
  const uint64_t salt = SaltArgument(View(PG_GETARG_TEXT_PP(0)), &name);
  GetUserNameFromId(PG_GETARG_OID(1), false);  // an error if there is no such role
  GiveSalt(salt, name, PG_GETARG_OID(1));
  PG_RETURN_VOID();
}

// _adopt_salt(generator regclass) -> boolean, for the install script.
DETID_FUNCTION(detid_adopt_salt) {
  Definition d;
  const char* why = nullptr;
  const Oid generator = PG_GETARG_OID(0);
  PG_RETURN_BOOL(TryDefinition(generator, &d, &why) && AdoptSalt(generator, d.salt));
}

// _check_salts() -> setof (check, ok, detail, hint)
DETID_FUNCTION(detid_check_salts) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const char* why = nullptr;
  const Relation salts = TryOpenSalts(AccessShareLock, &why);
  if (salts == nullptr) {
    Put(set, false, "detid._salt cannot be read: nothing can be minted",
        "Somebody has renamed or altered it. Undo that.");
    return Datum{0};
  }
  int generators = 0, conflicts = 0;
  EachGenerator([&](Oid generator, const Definition& d) {
    if (IsReservedSalt(d.salt)) return true;
    generators++;
    conflicts += PutForeign(set, generator, d.salt) || PutTwins(set, generator, d.salt);
    return true;
  });
  EachSalt(salts, [&](const SaltRow& row) {
    if (row.other[0] == '\0') return;
    char text[kMaxSaltText];
    FormatSalt(row.salt, text);
    conflicts++;
    Put(set, false,
        psprintf(
            "\"%s\" of %s is of the role \"%s\" here, and of \"%s\" in a dump that was restored",
            text, row.generator, row.role, row.other),
        "Say whose it is: SELECT detid.give_salt('name', 'role');");
  });
  table_close(salts, AccessShareLock);
  if (conflicts == 0)
    Put(set, true, psprintf("the salts of %d generators are their owners'", generators), nullptr);
  return Datum{0};
}

}  // namespace detid
