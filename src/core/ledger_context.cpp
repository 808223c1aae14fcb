// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_context.h"

#include <sodium.h>

#include <algorithm>

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kPersonal[] = "detid-context1\0";
static_assert(sizeof kPersonal == crypto_generichash_blake2b_PERSONALBYTES);

}  // namespace

uint64_t NumberOf(const LedgerKey& key, const LedgerContext& context) {
  crypto_generichash_blake2b_state state;
  uint64_t number[2];
  crypto_generichash_blake2b_init_salt_personal(&state, key.byte, sizeof key.byte, sizeof number,
                                                nullptr,
                                                reinterpret_cast<const uint8_t*>(kPersonal));
  HashFields(context, [&](const void* bytes, size_t size) {
    crypto_generichash_blake2b_update(&state, static_cast<const uint8_t*>(bytes), size);
  });
  crypto_generichash_blake2b_final(&state, reinterpret_cast<uint8_t*>(number), sizeof number);
  return std::max<uint64_t>(number[0] & INT64_MAX, 1);
}

bool MayHaveNumber(const LedgerKey& key, const LedgerContext& context, uint64_t number) {
  return ((number - NumberOf(key, context)) & INT64_MAX) < kContextNumbers;
}

}  // namespace detid
