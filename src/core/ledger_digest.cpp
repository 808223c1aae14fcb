// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_digest.h"

#include <sodium.h>

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kPersonal[] = "detid-ledger-v1";
static_assert(sizeof kPersonal == crypto_generichash_blake2b_PERSONALBYTES);

uint64_t SipHash(const LedgerKey& key, const void* bytes, size_t size) {
  uint64_t hash;
  static_assert(sizeof hash == crypto_shorthash_siphash24_BYTES);
  static_assert(sizeof key.byte == crypto_shorthash_siphash24_KEYBYTES);
  crypto_shorthash_siphash24(reinterpret_cast<uint8_t*>(&hash), static_cast<const uint8_t*>(bytes),
                             size, key.byte);
  return hash;
}

}  // namespace

LedgerKey DeriveLedgerKey(const Seed& seed) {
  LedgerKey key;
  crypto_generichash_blake2b_salt_personal(key.byte, sizeof key.byte, nullptr, 0, seed.byte,
                                           sizeof seed.byte, nullptr,
                                           reinterpret_cast<const uint8_t*>(kPersonal));
  return key;
}

uint64_t LedgerHash(const LedgerKey& key, std::string_view text) {
  return SipHash(key, text.data(), text.size());
}

uint64_t DigestOfRow(const LedgerKey& key, const RowKey& row, const RowIds& ids,
                     const RowContext& context) {
  struct {
    RowKey row;
    RowIds ids;
  } const what = {row, ids};
  struct {
    RowKey row;
    uint64_t context, tag;
    uint64_t xact;
  } const who = {row, context.context, context.tag, context.xact};
  static_assert(sizeof what == 48 && sizeof who == 48, "no padding between the fields");
  return SipHash(key, &what, sizeof what) << 32 |
         static_cast<uint32_t>(SipHash(key, &who, sizeof who));
}

}  // namespace detid
