// SPDX-License-Identifier: PostgreSQL

#include "fn/secret.h"

#include "core/codec.h"
#include "core/label.h"
#include "core/id_text.h"
#include "pg/as_owner.h"
#include "pg/errors.h"

namespace detid {
namespace {

constexpr int kHalfDigits = kSeedBytes;  // of half a secret
constexpr int kCheckDigits = 8;
constexpr size_t kDigits = 2 * kHalfDigits + 1 + kCheckDigits;
constexpr size_t kMaxHead = 20;

// Returns the length.
size_t Format(const char* head, const Seed& secret, char* out) {
  const size_t head_length = strlen(head);
  Assert(head_length <= kMaxHead);
  memcpy(out, head, head_length);
  char* at = out + head_length;
  for (int half = 0; half < 2; half++) {
    FormatHex(FromUuidBytes(secret.byte + 16 * half), 128, at, kHalfDigits + 1);
    at += kHalfDigits;
  }
  char commitment[kCommitmentText + 1];
  FormatCommitment(Commit(secret), commitment);
  snprintf(at, 1 + kCheckDigits + 1, "-%.*s", kCheckDigits, commitment);
  return head_length + kDigits;
}

}  // namespace

Datum ExportedDatum(const char* head, const Seed& secret) {
  char text[kMaxHead + kDigits + 1];
  const size_t length = Format(head, secret, text);
  return PointerGetDatum(cstring_to_text_with_len(text, static_cast<int>(length)));
}

Seed ParseExported(const char* head, const char* exporter, std::string_view text) {
  Seed secret;
  const size_t head_length = strlen(head);
  bool right = text.size() == head_length + kDigits && text.substr(0, head_length) == head;
  const Codec& hex = *FindCodec("hex");
  for (int half = 0; half < 2 && right; half++) {
    const size_t at = head_length + static_cast<size_t>(half) * kHalfDigits;
    const Result<Bits> bits = Decode(hex, text.substr(at, kHalfDigits), 128);
    right = bits.ok();
    if (right) ToUuidBytes(bits.value, secret.byte + 16 * half);
  }
  if (right) {
    char again[kMaxHead + kDigits + 1];
    right = text == std::string_view(again, Format(head, secret, again));
  }
  if (!right)
    Raise(Error::kArgumentInvalid, "The text is not what %s has returned; it has %zu characters.",
          exporter, text.size());
  return secret;
}

Datum CommitmentDatum(const Commitment& c) {
  char text[kCommitmentText + 1];
  FormatCommitment(c, text);
  return CStringGetTextDatum(text);
}

Relation OpenSecrets(Oid table, const char* command) {
  PreventCommandIfReadOnly(command);
  PreventCommandIfParallelMode(command);
  if (pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
  return table_open(table, ShareRowExclusiveLock);
}

void AddSecretRow(Relation table, Oid key_type, Datum key, const Commitment& commitment,
                  const Seed& secret, const Seed* mark) {
  const Datum values[] = {key, BytesDatum(commitment.byte, kCommitmentBytes),
                          BytesDatum(secret.byte, kSeedBytes),
                          TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
                          mark == nullptr ? Datum{0} : BytesDatum(mark->byte, kSeedBytes)};
  const Oid types[] = {key_type, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, BYTEAOID};
  InsertAsOwner(table, static_cast<int>(std::size(values)) - (mark == nullptr ? 1 : 0), types,
                values);
  CacheInvalidateRelcache(table);
  CommandCounterIncrement();
}

}  // namespace detid
