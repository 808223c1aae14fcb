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
static_assert(kMaxMaskBits <= 65, "multiply-shift is pairwise independent as far as this");

// The round function, of the half that stays; the caller takes as many low bits as the other has.
uint64_t RoundBits(const MaskKey& key, uint64_t half, int round, int bits) {
  const uint64_t message = half | static_cast<uint64_t>(round) << kRoundShift |
                           static_cast<uint64_t>(bits) << kBitsShift;
  static_assert(sizeof key.prf == crypto_shorthash_siphash24_KEYBYTES);
  uint64_t out;
  static_assert(sizeof out == crypto_shorthash_siphash24_BYTES);
  crypto_shorthash_siphash24(reinterpret_cast<uint8_t*>(&out),
                             reinterpret_cast<const uint8_t*>(&message), sizeof message, key.prf);
  return out;
}

// A number in its two halves. Every step undoes itself, so unmasking takes them in reverse.
class Halves {
 public:
  Halves(const MaskKey& key, uint64_t value, int bits)
      : key_(key),
        bits_(bits),
        low_bits_((bits + 1) / 2),
        high_bits_(bits - low_bits_),
        high_(value >> low_bits_),
        low_(value & LowMask(low_bits_)) {}

  void ChangeHigh(int round) { high_ ^= RoundBits(key_, low_, round, bits_) & LowMask(high_bits_); }
  void ChangeLow(int round) { low_ ^= RoundBits(key_, high_, round, bits_) & LowMask(low_bits_); }

  // REQUIRES: bits >= 2, for a word cannot be shifted by 64.
  void HashHigh(MaskKey::Hash hash) { high_ ^= (hash.a * low_ + hash.b) >> (64 - high_bits_); }

  uint64_t Joined() const { return high_ << low_bits_ | low_; }

 private:
  const MaskKey& key_;
  const int bits_, low_bits_, high_bits_;
  uint64_t high_, low_;
};

}  // namespace

uint64_t Permute(const MaskKey& key, uint64_t value, int bits) {
  Halves halves(key, value, bits);
  if (bits >= kMinHashedMaskBits) {
    halves.HashHigh(key.first);
    halves.ChangeLow(1);
    halves.ChangeHigh(2);
    halves.ChangeLow(3);
    halves.HashHigh(key.last);
    return halves.Joined();
  }
  const int rounds = NarrowMaskRounds(bits);
  for (int round = 0; round < rounds; round += 2) {
    halves.ChangeHigh(round);
    halves.ChangeLow(round + 1);
  }
  return halves.Joined();
}

uint64_t Unpermute(const MaskKey& key, uint64_t value, int bits) {
  Halves halves(key, value, bits);
  if (bits >= kMinHashedMaskBits) {
    halves.HashHigh(key.last);
    halves.ChangeLow(3);
    halves.ChangeHigh(2);
    halves.ChangeLow(1);
    halves.HashHigh(key.first);
    return halves.Joined();
  }
  for (int round = NarrowMaskRounds(bits) - 2; round >= 0; round -= 2) {
    halves.ChangeLow(round + 1);
    halves.ChangeHigh(round);
  }
  return halves.Joined();
}

}  // namespace detid
