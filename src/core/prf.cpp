// SPDX-License-Identifier: PostgreSQL

#include "core/prf.h"

#include <sodium.h>

#include <bit>
#include <cstring>
#include <limits>

#include "core/no_postgres.h"

static_assert(std::endian::native == std::endian::little,
              "ids are the same on every machine: a big-endian port must swap here");

namespace detid {
namespace {

constexpr char kGeneratorPersonal[] = "detid-generator1";
constexpr char kMaskPersonal[] = "detid-mask-key-1";
constexpr char kHashPersonal[] = "detid-hash-v1\0\0";
constexpr char kCommitmentPersonal[] = "detid-commitment";
constexpr char kRegistryPersonal[] = "detid-registry-1";
static_assert(sizeof kGeneratorPersonal - 1 == crypto_generichash_blake2b_PERSONALBYTES);
static_assert(sizeof kMaskPersonal - 1 == crypto_generichash_blake2b_PERSONALBYTES);
static_assert(sizeof kHashPersonal == crypto_generichash_blake2b_PERSONALBYTES);
static_assert(sizeof kCommitmentPersonal - 1 == crypto_generichash_blake2b_PERSONALBYTES);
static_assert(sizeof kRegistryPersonal - 1 == crypto_generichash_blake2b_PERSONALBYTES);

void Blake2b(uint8_t* out, size_t out_bytes, const void* in, size_t in_bytes, const uint8_t* key,
             size_t key_bytes, const char* personal) {
  crypto_generichash_blake2b_salt_personal(out, out_bytes, static_cast<const uint8_t*>(in),
                                           in_bytes, key, key_bytes, nullptr,
                                           reinterpret_cast<const uint8_t*>(personal));
}

Bits Truncate(Bits b, int bits) {
  for (int i = 0; i < 3; i++) {
    const int here = bits - i * 64;
    b.word[i] &= here <= 0 ? 0 : LowMask(here);
  }
  return b;
}

}  // namespace

bool StartCrypto() {
  return sodium_init() >= 0;
}

void FillRandom(void* to, size_t size) {
  randombytes_buf(to, size);
}

int64_t RandomBits63() {
  int64_t bits;
  FillRandom(&bits, sizeof bits);
  return bits & std::numeric_limits<int64_t>::max();
}

Seed NewSeed() {
  Seed seed;
  FillRandom(seed.byte, sizeof seed.byte);
  return seed;
}

Commitment Commit(const Seed& seed) {
  Commitment c;
  Blake2b(c.byte, sizeof c.byte, seed.byte, sizeof seed.byte, nullptr, 0, kCommitmentPersonal);
  return c;
}

Commitment ProofForRegistry(const Seed& seed) {
  Commitment c;
  Blake2b(c.byte, sizeof c.byte, seed.byte, sizeof seed.byte, nullptr, 0, kRegistryPersonal);
  return c;
}

GeneratorKey DeriveGeneratorKey(const Seed& seed, std::string_view salt) {
  GeneratorKey key;
  Blake2b(key.byte, sizeof key.byte, salt.data(), salt.size(), seed.byte, sizeof seed.byte,
          kGeneratorPersonal);
  return key;
}

MaskKey DeriveMaskKey(const Seed& seed, uint64_t salt) {
  uint8_t bytes[48];
  Blake2b(bytes, sizeof bytes, &salt, sizeof salt, seed.byte, sizeof seed.byte, kMaskPersonal);
  MaskKey key;
  static_assert(sizeof key == sizeof bytes, "no padding between the fields");
  std::memcpy(&key, bytes, sizeof key);
  sodium_memzero(bytes, sizeof bytes);
  return key;
}

void PrfBlock(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker, bool more,
              uint64_t* block) {
  struct {
    uint64_t position;
    uint32_t node, worker;
  } const message = {position, node | uint32_t{more} << 31, worker};
  static_assert(sizeof message == 16);
  crypto_shorthash_siphashx24(reinterpret_cast<uint8_t*>(block),
                              reinterpret_cast<const uint8_t*>(&message), sizeof message, key.byte);
}

uint64_t ScatterWord(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker) {
  uint64_t block[2];
  PrfBlock(key, position, node, worker | uint32_t{1} << 31, false, block);
  return block[0];
}

Bits RandomBits(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker,
                int bits) {
  uint64_t word[4] = {};
  PrfBlock(key, position, node, worker, false, word);
  if (bits > 128) PrfBlock(key, position, node, worker, true, word + 2);
  return Truncate({{word[0], word[1], word[2]}}, bits);
}

Bits HashBits(std::string_view input, int bits) {
  uint8_t digest[24] = {};
  Blake2b(digest, kMaxIdBits / 8, input.data(), input.size(), nullptr, 0, kHashPersonal);
  Bits result;
  std::memcpy(result.word, digest, sizeof digest);
  return Truncate(result, bits);
}

}  // namespace detid
