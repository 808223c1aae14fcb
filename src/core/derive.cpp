// SPDX-License-Identifier: PostgreSQL

#include "core/derive.h"

#include <sodium.h>

#include <cstring>

#include "core/id_text.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kDomain[] = "detid-derive-v1";
constexpr char kClaimPersonal[] = "detid-claim-v1\0";
static_assert(sizeof kClaimPersonal == crypto_generichash_blake2b_PERSONALBYTES);

constexpr int kDigestBytes = 64;

struct Number {
  uint8_t byte[8];
};

Number LittleEndian(uint64_t n) {
  Number number;
  for (int i = 0; i < 8; i++) number.byte[i] = static_cast<uint8_t>(n >> 8 * i);
  return number;
}

crypto_generichash_blake2b_state* StateIn(uint8_t* bytes) {
  return reinterpret_cast<crypto_generichash_blake2b_state*>(bytes);
}

}  // namespace

void Deriver::Begin(Derived what, const Seed* secret) {
  static_assert(sizeof state_ >= sizeof(crypto_generichash_blake2b_state));
  static_assert(alignof(crypto_generichash_blake2b_state) <= 64);
  what_ = what;
  crypto_generichash_blake2b_init(StateIn(state_), secret != nullptr ? secret->byte : nullptr,
                                  secret != nullptr ? sizeof secret->byte : 0, kDigestBytes);
  uint8_t head[sizeof kDomain];
  std::memcpy(head, kDomain, sizeof kDomain - 1);
  head[sizeof kDomain - 1] = static_cast<uint8_t>(what);
  crypto_generichash_blake2b_update(StateIn(state_), head, sizeof head);
}

void Deriver::Add(std::string_view field) {
  const Number length = LittleEndian(field.size());
  crypto_generichash_blake2b_update(StateIn(state_), length.byte, sizeof length.byte);
  crypto_generichash_blake2b_update(StateIn(state_), reinterpret_cast<const uint8_t*>(field.data()),
                                    field.size());
}

Bits Deriver::End() {
  uint8_t digest[kDigestBytes];
  crypto_generichash_blake2b_final(StateIn(state_), digest, sizeof digest);
  Bits id = FromUuidBytes(digest);
  if (what_ == Derived::kId) return {{id.word[1] >> 1, 0, 0}};
  id.word[1] = (id.word[1] & ~uint64_t{0xF000}) | 0x8000;
  id.word[0] = (id.word[0] & LowMask(62)) | uint64_t{2} << 62;
  return id;
}

size_t ClaimBytes(const std::string_view* fields, int count, uint64_t attempt) {
  if (count == 1 && attempt == 0) return fields[0].size();
  size_t bytes = attempt > 0 ? sizeof(Number) : 0;
  for (int i = 0; i < count; i++) bytes += sizeof(Number) + fields[i].size();
  return bytes;
}

void WriteClaim(const std::string_view* fields, int count, uint64_t attempt, char* out) {
  if (count == 1 && attempt == 0) {
    fields[0].copy(out, fields[0].size());
    return;
  }
  const auto put = [&](uint64_t n) {
    const Number number = LittleEndian(n);
    std::memcpy(out, number.byte, sizeof number.byte);
    out += sizeof number.byte;
  };
  for (int i = 0; i < count; i++) {
    put(fields[i].size());
    out += fields[i].copy(out, fields[i].size());
  }
  if (attempt > 0) put(attempt);
}

ClaimKey KeyOfClaim(uint64_t definition, std::string_view claim) {
  ClaimKey key;
  uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {};
  const Number bytes = LittleEndian(definition);
  std::memcpy(salt, bytes.byte, sizeof bytes.byte);
  crypto_generichash_blake2b_salt_personal(
      key.byte, sizeof key.byte, reinterpret_cast<const uint8_t*>(claim.data()), claim.size(),
      nullptr, 0, salt, reinterpret_cast<const uint8_t*>(kClaimPersonal));
  return key;
}

}  // namespace detid
