// SPDX-License-Identifier: PostgreSQL

#include "core/permutation.h"

#include <sodium.h>

#include <bit>

#include "core/bits.h"
#include "core/no_postgres.h"

static_assert(std::endian::native == std::endian::little,
              "masks are the same on every machine: a big-endian port must swap here");

namespace detid {
namespace {

constexpr int kRoundShift = 32, kBitsShift = 40;  // within the hashed word
static_assert((kMaxMaskBits + 1) / 2 <= kRoundShift, "a half must not reach the round number");

// The round function, of the half that stays; the caller takes as many low bits as the other has.
uint64_t RoundBits(const MaskKey& key, uint64_t half, int round, int bits) {
  const uint64_t message = half | static_cast<uint64_t>(round) << kRoundShift |
                           static_cast<uint64_t>(bits) << kBitsShift;
  static_assert(sizeof key.byte == crypto_shorthash_siphash24_KEYBYTES);
  uint64_t out;
  static_assert(sizeof out == crypto_shorthash_siphash24_BYTES);
  crypto_shorthash_siphash24(reinterpret_cast<uint8_t*>(&out),
                             reinterpret_cast<const uint8_t*>(&message), sizeof message, key.byte);
  return out;
}

}  // namespace

uint64_t Permute(const MaskKey& key, uint64_t value, int bits) {
  const int low_bits = (bits + 1) / 2;
  const uint64_t low_mask = LowMask(low_bits), high_mask = LowMask(bits - low_bits);
  uint64_t high = value >> low_bits, low = value & low_mask;
  const int rounds = MaskRounds(bits);
  for (int round = 0; round < rounds; round += 2) {
    high ^= RoundBits(key, low, round, bits) & high_mask;
    low ^= RoundBits(key, high, round + 1, bits) & low_mask;
  }
  return high << low_bits | low;
}

uint64_t Unpermute(const MaskKey& key, uint64_t value, int bits) {
  const int low_bits = (bits + 1) / 2;
  const uint64_t low_mask = LowMask(low_bits), high_mask = LowMask(bits - low_bits);
  uint64_t high = value >> low_bits, low = value & low_mask;
  for (int round = MaskRounds(bits) - 2; round >= 0; round -= 2) {
    low ^= RoundBits(key, high, round + 1, bits) & low_mask;
    high ^= RoundBits(key, low, round, bits) & high_mask;
  }
  return high << low_bits | low;
}

}  // namespace detid
