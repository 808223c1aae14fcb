// SPDX-License-Identifier: PostgreSQL
//
// Bits: an unsigned integer of up to 160 bits, least significant word first. Every id, whatever
// its type, is one of these while core handles it.

#pragma once

#include <compare>
#include <cstdint>

namespace detid {

inline constexpr int kMaxIdBits = 160;

struct Bits {
  uint64_t word[3] = {0, 0, 0};

  friend bool operator==(const Bits&, const Bits&) = default;

  // Numeric order.
  friend std::strong_ordering operator<=>(const Bits& a, const Bits& b) {
    for (int i = 2; i > 0; i--)
      if (a.word[i] != b.word[i]) return a.word[i] <=> b.word[i];
    return a.word[0] <=> b.word[0];
  }
};

// The lowest n bits set, 0 <= n <= 64.
constexpr uint64_t LowMask(int n) {
  return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1;
}

// The n bits of `from` that begin at bit `shift`. REQUIRES: 1 <= n <= 64, shift + n <= 192.
constexpr uint64_t GetBits(const Bits& from, int shift, int n) {
  const int w = shift / 64, s = shift % 64;
  uint64_t v = from.word[w] >> s;
  if (s + n > 64) v |= from.word[w + 1] << (64 - s);
  return v & LowMask(n);
}

// Ors the low n bits of v into `to` at bit `shift`. REQUIRES: as GetBits, and those bits are 0.
constexpr void PutBits(Bits* to, int shift, int n, uint64_t v) {
  const int w = shift / 64, s = shift % 64;
  v &= LowMask(n);
  to->word[w] |= v << s;
  if (s + n > 64) to->word[w + 1] |= v >> (64 - s);
}

}  // namespace detid
