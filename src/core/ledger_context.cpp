// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_context.h"

#include <sodium.h>

#include <algorithm>

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kPersonal[] = "detid-context1\0";
static_assert(sizeof kPersonal == crypto_generichash_blake2b_PERSONALBYTES);

struct Hasher {
  crypto_generichash_blake2b_state state;

  void Add(int64_t number) {
    crypto_generichash_blake2b_update(&state, reinterpret_cast<const uint8_t*>(&number),
                                      sizeof number);
  }
  void Add(uint32_t number) { Add(int64_t{number}); }
  void Add(int32_t number) { Add(int64_t{number}); }
  void Add(bool flag) { Add(int64_t{flag}); }
  void Add(Instant instant) { Add(instant.us); }
  void Add(std::string_view text) {
    Add(text.data() == nullptr ? int64_t{-1} : static_cast<int64_t>(text.size()));
    crypto_generichash_blake2b_update(&state, reinterpret_cast<const uint8_t*>(text.data()),
                                      text.size());
  }
  void Add(const Commitment& c) {
    crypto_generichash_blake2b_update(&state, c.byte, sizeof c.byte);
  }
};

}  // namespace

uint64_t NumberOf(const LedgerKey& key, const LedgerContext& context) {
  Hasher hasher;
  uint64_t number[2];
  crypto_generichash_blake2b_init_salt_personal(&hasher.state, key.byte, sizeof key.byte,
                                                sizeof number, nullptr,
                                                reinterpret_cast<const uint8_t*>(kPersonal));
  EachColumn(kContextColumns, context, [&](const auto&, const auto& value) { hasher.Add(value); });
  crypto_generichash_blake2b_final(&hasher.state, reinterpret_cast<uint8_t*>(number),
                                   sizeof number);
  return std::max<uint64_t>(number[0] & INT64_MAX, 1);
}

bool MayHaveNumber(const LedgerKey& key, const LedgerContext& context, uint64_t number) {
  return ((number - NumberOf(key, context)) & INT64_MAX) < kContextTries;
}

}  // namespace detid
