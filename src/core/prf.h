// SPDX-License-Identifier: PostgreSQL
//
// What libsodium computes for us: the PRF behind `random` fields, the hash behind `hash` fields,
// and the keys and commitments of seeds.
//
//   generator key  = BLAKE2b-128, key: the seed, personal "detid-generator1", of the salt
//   random bits    = SipHash-2-4-128, key: the generator key, of position || node || worker
//                    (64 + 32 + 32 bits, little-endian; bit 31 of the node set for the bits above
//                    the 128th; worker 0 where the layout shows none), taken as a little-endian
//                    number
//   scatter        = SipHash-2-4-128 as for random bits, with bit 31 of the worker set
//   mask key       = BLAKE2b-384, key: the seed, personal "detid-mask-key-1", of the salt's 8
//                    bytes, little-endian: 16 bytes of SipHash key, then four little-endian
//                    numbers of 8 bytes, a and b of the first hash and a and b of the last
//                    (permutation.h)
//   hash bits      = BLAKE2b-160, no key, personal "detid-hash-v1", of the input, taken as a
//                    little-endian number
//   commitment     = BLAKE2b-128, no key, personal "detid-commitment", of the seed
//   proof          = the same, personal "detid-registry-1": what the registry knows a seed by
//
// The salt (the name that a generator was created under) keeps two generators of one node apart:
// without it, equal coordinates would make equal ids in both. None of this ever changes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/bits.h"

namespace detid {

inline constexpr int kSeedBytes = 32;
inline constexpr int kCommitmentBytes = 16;

struct Seed {
  uint8_t byte[kSeedBytes];
};
struct Commitment {
  uint8_t byte[kCommitmentBytes];
  friend bool operator==(const Commitment&, const Commitment&) = default;
};
struct GeneratorKey {
  uint8_t byte[16];
};
struct MaskKey {
  struct Hash {
    uint64_t a, b;
  };
  uint8_t prf[16];
  Hash first, last;
};

// Must be called once before anything else here; false if libsodium cannot start.
bool StartCrypto();

// From libsodium's random source (the kernel's). Does not fail.
void FillRandom(void* to, size_t size);
int64_t RandomBits63();
Seed NewSeed();

Commitment Commit(const Seed& seed);

// As a commitment, but told to nobody but the registry: who shows it has the seed.
Commitment ProofForRegistry(const Seed& seed);

GeneratorKey DeriveGeneratorKey(const Seed& seed, std::string_view salt);

// The key of the permutation that masks numbers. One salt, one permutation of each width: who wants
// two that tell nothing of each other takes two salts.
MaskKey DeriveMaskKey(const Seed& seed, uint64_t salt);

// 128 bits of the PRF into block[0..1]; `more`: those above the 128th.
void PrfBlock(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker, bool more,
              uint64_t* block);

// 64 bits of the PRF that no id shows as random bits: where the sequence of the tick at `position`
// begins. REQUIRES: worker < 2^31.
uint64_t ScatterWord(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker);

// The lowest `bits` bits of the PRF at these coordinates. REQUIRES: bits <= 160, node < 2^31.
Bits RandomBits(const GeneratorKey& key, uint64_t position, uint32_t node, uint32_t worker,
                int bits);

// The lowest `bits` bits of the hash of `input`. REQUIRES: bits <= 160.
Bits HashBits(std::string_view input, int bits);

}  // namespace detid
