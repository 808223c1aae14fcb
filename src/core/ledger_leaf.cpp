// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_leaf.h"

#include <sodium.h>

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kSaltPersonal[] = "detid-input-salt";
static_assert(sizeof kSaltPersonal - 1 == crypto_generichash_blake2b_PERSONALBYTES);

crypto_hash_sha256_state* State(uint8_t* bytes) {
  return reinterpret_cast<crypto_hash_sha256_state*>(bytes);
}

}  // namespace

InputSalt SaltOfInput(const LedgerKey& key, const RowKey& row, uint32_t ordinal) {
  struct {
    uint64_t definition, position;
    int32_t node, worker;
    uint32_t ordinal, zero;
  } const what = {row.definition, row.position, row.node, row.worker, ordinal, 0};
  InputSalt salt;
  crypto_generichash_blake2b_salt_personal(
      salt.byte, sizeof salt.byte, reinterpret_cast<const uint8_t*>(&what), 28, key.byte,
      sizeof key.byte, nullptr, reinterpret_cast<const uint8_t*>(kSaltPersonal));
  return salt;
}

Hash CommitInput(const InputSalt& salt, std::string_view input) {
  crypto_hash_sha256_state state;
  Hash hash;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, salt.byte, sizeof salt.byte);
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(input.data()), input.size());
  crypto_hash_sha256_final(&state, hash.byte);
  return hash;
}

Hash HashOfContext(const LedgerContext& context) {
  crypto_hash_sha256_state state;
  Hash hash;
  crypto_hash_sha256_init(&state);
  HashFields(context, [&](const void* bytes, size_t size) {
    crypto_hash_sha256_update(&state, static_cast<const uint8_t*>(bytes), size);
  });
  crypto_hash_sha256_final(&state, hash.byte);
  return hash;
}

void RestHash::Begin() {
  static_assert(sizeof(crypto_hash_sha256_state) <= sizeof state_);
  if (any_) return;
  any_ = true;
  crypto_hash_sha256_init(State(state_));
}

void RestHash::Add(char letter, std::string_view bytes) {
  Begin();
  const uint64_t size = bytes.size();
  crypto_hash_sha256_update(State(state_), reinterpret_cast<const uint8_t*>(&letter), 1);
  crypto_hash_sha256_update(State(state_), reinterpret_cast<const uint8_t*>(&size), sizeof size);
  crypto_hash_sha256_update(State(state_), reinterpret_cast<const uint8_t*>(bytes.data()),
                            bytes.size());
}

Hash RestHash::End() {
  Hash hash{};
  if (any_) crypto_hash_sha256_final(State(state_), hash.byte);
  return hash;
}

Hash LeafOf(const LeafRow& row) {
  struct {
    uint64_t definition, position;
    int32_t node, worker, count, attempt;
    uint64_t xact, digest;
    Hash context, rest;
  } const data = {row.key.definition, row.key.position, row.key.node, row.key.worker, row.count,
                  row.attempt,        row.xact,         row.digest,   row.context,    row.rest};
  static_assert(sizeof data == 112, "no padding between the fields");
  return LeafHash({reinterpret_cast<const char*>(&data), sizeof data});
}

}  // namespace detid
