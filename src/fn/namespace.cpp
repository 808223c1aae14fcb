// SPDX-License-Identifier: PostgreSQL
//
// set_namespace_secret, export_namespace_secret: the secrets of keyed derivation, for their owner
// alone.

#include "fn/secret.h"
#include "fn/inputs.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/namespace_secret.h"

namespace detid {
namespace {

constexpr char kHead[] = "detid-secret-1-";

std::string_view NameArgument(FunctionCallInfo fcinfo) {
  const std::string_view name = NamespaceText(InputOfText(PG_GETARG_TEXT_PP(0)));
  if (name.size() > kMaxNamespace)
    Raise(Error::kNamespaceInvalid, "It has %zu bytes; %zu are permitted to one with a secret.",
          name.size(), kMaxNamespace);
  return name;
}

// Adds the secret unless it is there; returns its commitment. Errors: there is another.
Datum AddSecret(std::string_view name, const Seed& secret) {
  const Relation relation = OpenSecrets(NamespaceRelation(), "set_namespace_secret()");
  const Commitment commitment = Commit(secret);
  Seed there;
  const bool found = FindNamespaceSecret(name, &there);
  const bool same = found && memcmp(there.byte, secret.byte, sizeof there.byte) == 0;
  explicit_bzero(&there, sizeof there);
  if (found && !same)
    Raise(Error::kNamespaceSecretFixed, "The namespace is \"%.*s\".", static_cast<int>(name.size()),
          name.data());
  const Datum key =
      PointerGetDatum(cstring_to_text_with_len(name.data(), static_cast<int>(name.size())));
  if (!found) AddSecretRow(relation, TEXTOID, key, commitment, secret);
  table_close(relation, NoLock);
  return CommitmentDatum(commitment);
}

}  // namespace

// set_namespace_secret(namespace text [, secret text]) -> text: a fresh one from libsodium's random
// source, or one that export_namespace_secret has returned. Returns its commitment.
DETID_FUNCTION(detid_set_namespace_secret) {
  const std::string_view name = NameArgument(fcinfo);
  Seed secret = PG_NARGS() == 1 ? NewSeed()
                                : ParseExported(kHead, "detid.export_namespace_secret",
                                                View(PG_GETARG_TEXT_PP(1)));
  const Datum commitment = AddSecret(name, secret);
  explicit_bzero(&secret, sizeof secret);
  return commitment;
}

// export_namespace_secret(namespace text) -> text
DETID_FUNCTION(detid_export_namespace_secret) {
  const std::string_view name = NameArgument(fcinfo);
  Seed secret;
  if (!FindNamespaceSecret(name, &secret))
    Raise(Error::kNamespaceNoSecret, "The namespace is \"%.*s\".", static_cast<int>(name.size()),
          name.data());
  const Datum exported = ExportedDatum(kHead, secret);
  explicit_bzero(&secret, sizeof secret);
  return exported;
}

}  // namespace detid
