// SPDX-License-Identifier: PostgreSQL
//
// derive_uuid, derive_id and their keyed forms; uuid3, uuid5: ids that follow from their input.

#include "core/derive.h"

#include "core/id_text.h"
#include "fn/ids.h"
#include "fn/inputs.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/namespace_secret.h"

extern "C" {
#include "common/cryptohash.h"
#include "common/md5.h"
#include "common/sha1.h"
}

namespace detid {
namespace {

// What a call site remembers.
struct Site {
  InputKind namespace_kind;
  InputSite inputs;
  // Of the keyed forms: the secret last used, and whose it is.
  uint64_t secret_seen;  // namespace_changes when it was found; 0: none yet
  size_t name_length;
  char name[kMaxNamespace];
  Seed secret;
};

Site* SiteOf(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) [[unlikely]] {
    Site* site = static_cast<Site*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site)));
    site->namespace_kind = KindOfArgument(fcinfo, 0);
    FindInputs(fcinfo, 1, &site->inputs);
    fcinfo->flinfo->fn_extra = site;
  }
  return static_cast<Site*>(fcinfo->flinfo->fn_extra);
}

[[noreturn]] void RaiseNoSecret(std::string_view name) {
  Raise(Error::kNamespaceNoSecret, "The namespace is \"%.*s\".", Clip(name, 80), name.data());
}

const Seed* SecretOf(Site* site, std::string_view name) {
  if (site->secret_seen == namespace_changes &&
      name == std::string_view(site->name, site->name_length)) [[likely]]
    return &site->secret;
  if (name.size() > kMaxNamespace) RaiseNoSecret(name);
  site->secret_seen = 0;
  uint64_t changes;
  do {  // the look-up lets invalidations in
    changes = namespace_changes;
    if (!FindNamespaceSecret(name, &site->secret)) RaiseNoSecret(name);
  } while (changes != namespace_changes);
  site->name_length = name.copy(site->name, sizeof site->name);
  site->secret_seen = changes;
  return &site->secret;
}

// False where the result is NULL.
bool Derive(FunctionCallInfo fcinfo, Derived what, bool keyed, Bits* id) {
  Site* site = SiteOf(fcinfo);
  const std::string_view name = NamespaceText(ReadInput(site->namespace_kind, PG_GETARG_DATUM(0)));
  Inputs inputs;
  ReadInputs(fcinfo, 1, site->inputs, &inputs);
  if (inputs.any_null) return false;
  Deriver deriver;
  deriver.Begin(what, keyed ? SecretOf(site, name) : nullptr);
  deriver.Add(name);
  for (int i = 0; i < inputs.count; i++) deriver.Add(inputs.field[i]);
  *id = deriver.End();
  return true;
}

Datum DeriveUuid(FunctionCallInfo fcinfo, bool keyed) {
  Bits id;
  if (!Derive(fcinfo, Derived::kUuid, keyed, &id)) PG_RETURN_NULL();
  return UuidDatum(id);
}

Datum DeriveId(FunctionCallInfo fcinfo, bool keyed) {
  Bits id;
  if (!Derive(fcinfo, Derived::kId, keyed, &id)) PG_RETURN_NULL();
  PG_RETURN_INT64(static_cast<int64_t>(id.word[0]));
}

// The namespaces of RFC 9562 section 6.6, which differ in one digit.
struct KnownNamespace {
  const char* name;
  uint8_t fourth_byte;
};
constexpr KnownNamespace kKnown[] = {{"dns", 0x10}, {"url", 0x11}, {"oid", 0x12}, {"x500", 0x14}};
constexpr uint8_t kKnownBytes[kUuidBytes] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                             0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

void NamespaceBytes(FunctionCallInfo fcinfo, uint8_t* bytes) {
  if (KindOfArgument(fcinfo, 0) == InputKind::kUuid) {
    memcpy(bytes, PG_GETARG_UUID_P(0)->data, kUuidBytes);
    return;
  }
  const std::string_view name = View(PG_GETARG_TEXT_PP(0));
  memcpy(bytes, kKnownBytes, kUuidBytes);
  for (const KnownNamespace& known : kKnown) {
    bytes[3] = known.fourth_byte;
    if (name == known.name) return;
  }
  const Result<Bits> uuid = ParseUuid(name);
  if (!uuid.ok())
    Raise(Error::kNamespaceInvalid, "\"%.*s\" is neither a uuid nor one of dns, url, oid and x500.",
          Clip(name, 80), name.data());
  ToUuidBytes(uuid.value, bytes);
}

// A uuid of a name: the first 16 bytes of a hash of both, but for version and variant.
template <int kDigestBytes>
Datum UuidOfName(FunctionCallInfo fcinfo, pg_cryptohash_type hash, uint8_t version) {
  uint8_t space[kUuidBytes], digest[kDigestBytes];
  NamespaceBytes(fcinfo, space);
  const std::string_view name = InputOfText(PG_GETARG_TEXT_PP(1));
  pg_cryptohash_ctx* context = pg_cryptohash_create(hash);
  if (pg_cryptohash_init(context) < 0 || pg_cryptohash_update(context, space, sizeof space) < 0 ||
      pg_cryptohash_update(context, reinterpret_cast<const uint8*>(name.data()), name.size()) < 0 ||
      pg_cryptohash_final(context, digest, sizeof digest) < 0)
    elog(ERROR, "could not compute hash: %s", pg_cryptohash_error(context));
  pg_cryptohash_free(context);
  digest[6] = static_cast<uint8_t>((digest[6] & 0x0F) | version << 4);
  digest[8] = static_cast<uint8_t>((digest[8] & 0x3F) | 0x80);
  return UuidDatum(FromUuidBytes(digest));
}

}  // namespace

// derive_uuid(namespace text|uuid, VARIADIC input "any") -> uuid
DETID_FUNCTION(detid_derive_uuid) {
  return DeriveUuid(fcinfo, false);
}

// derive_id(namespace text|uuid, VARIADIC input "any") -> bigint
DETID_FUNCTION(detid_derive_id) {
  return DeriveId(fcinfo, false);
}

// derive_uuid_keyed(namespace text|uuid, VARIADIC input "any") -> uuid
DETID_FUNCTION(detid_derive_uuid_keyed) {
  return DeriveUuid(fcinfo, true);
}

// derive_id_keyed(namespace text|uuid, VARIADIC input "any") -> bigint
DETID_FUNCTION(detid_derive_id_keyed) {
  return DeriveId(fcinfo, true);
}

// uuid3(namespace text|uuid, name text) -> uuid: RFC 9562 section 5.3
DETID_FUNCTION(detid_uuid3) {
  return UuidOfName<MD5_DIGEST_LENGTH>(fcinfo, PG_MD5, 3);
}

// uuid5(namespace text|uuid, name text) -> uuid: RFC 9562 section 5.5
DETID_FUNCTION(detid_uuid5) {
  return UuidOfName<SHA1_DIGEST_LENGTH>(fcinfo, PG_SHA1, 5);
}

}  // namespace detid
