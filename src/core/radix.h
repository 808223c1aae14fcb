// SPDX-License-Identifier: PostgreSQL
//
// Numbers of up to 166 bits as digits of a radix that is known when compiling. The number is cut
// into chunks of as many digits as fit a word, so that all but a few steps work on single words and
// divide by constants. A radix that is a power of two needs nothing else: there the compiler
// makes shifts of the divisions.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/bits.h"

namespace detid {

using Wide = unsigned __int128;

// True if v < 2^bits. REQUIRES: 0 <= bits < 192.
constexpr bool FitsBits(const Bits& v, int bits) {
  const int w = bits / 64;
  uint64_t above = v.word[w] >> (bits % 64);
  for (int i = w + 1; i < 3; i++) above |= v.word[i];
  return above == 0;
}

// The place of the highest bit set, from 1; 0 for 0.
constexpr int BitWidth(const Bits& v) {
  int w = 2;
  while (w > 0 && v.word[w] == 0) w--;
  return 64 * w + 64 - std::countl_zero(v.word[w]);
}

// v * factor + summand, modulo 2^192.
constexpr Bits MultiplyAdd(const Bits& v, uint64_t factor, uint64_t summand) {
  Bits product;
  for (int i = 0; i < 3; i++) {
    const Wide t = Wide{v.word[i]} * factor + summand;
    product.word[i] = static_cast<uint64_t>(t);
    summand = static_cast<uint64_t>(t >> 64);
  }
  return product;
}

// Divides by a constant without the machine's division, which is slow for two words: N. Moeller,
// T. Granlund, "Improved division by invariant integers", 2011, algorithm 4.
template <uint64_t kDivisor>
struct Divider {
  static constexpr int kShift = std::countl_zero(kDivisor);
  static constexpr uint64_t kNormal = kDivisor << kShift;
  static constexpr uint64_t kReciprocal = static_cast<uint64_t>(~Wide{0} / kNormal);

  // Replaces *word by the quotient of (*rest * 2^64 + *word) / kDivisor, and *rest by its rest.
  // REQUIRES: *rest < kDivisor.
  static constexpr void Step(uint64_t* rest, uint64_t* word) {
    const Wide dividend = (Wide{*rest} << 64 | *word) << kShift;
    const uint64_t high = static_cast<uint64_t>(dividend >> 64);
    const uint64_t low = static_cast<uint64_t>(dividend);
    const Wide guess = Wide{kReciprocal} * high + dividend;
    uint64_t quotient = static_cast<uint64_t>(guess >> 64) + 1;
    uint64_t r = low - quotient * kNormal;
    if (r > static_cast<uint64_t>(guess)) {
      quotient--;
      r += kNormal;
    }
    if (r >= kNormal) {
      quotient++;
      r -= kNormal;
    }
    *word = quotient;
    *rest = r >> kShift;
  }
};

// Divides v and returns the rest.
template <uint64_t kDivisor>
constexpr uint64_t DivideBy(Bits* v) {
  int w = 2;
  while (w > 0 && v->word[w] == 0) w--;
  uint64_t rest = v->word[w] % kDivisor;
  v->word[w] /= kDivisor;
  while (--w >= 0) Divider<kDivisor>::Step(&rest, &v->word[w]);
  return rest;
}

template <unsigned kRadix>
struct DigitsOf {
  static constexpr uint64_t Power(int digits) {
    uint64_t power = 1;
    for (int i = 0; i < digits; i++) power *= kRadix;
    return power;
  }

  // Half a chunk is below 2^32, so that WriteHalf can do without divisions.
  static constexpr int kHalf = [] {
    int digits = 0;
    while (Power(digits + 1) < uint64_t{1} << 32) digits++;
    return digits;
  }();
  static constexpr int kChunk = 2 * kHalf;
  static constexpr uint64_t kHalfPower = Power(kHalf), kChunkPower = Power(kChunk);

  // 2^64 / kRadix^n, rounded up; 0 for n = 0, where there is nothing to write.
  static constexpr std::array<uint64_t, kHalf + 1> kInverse = [] {
    std::array<uint64_t, kHalf + 1> inverse{};
    for (int n = 1; n <= kHalf; n++)
      inverse[n] = static_cast<uint64_t>(((Wide{1} << 64) + Power(n) - 1) / Power(n));
    return inverse;
  }();

  // Digits of 2^bits - 1, by bits.
  static constexpr std::array<uint8_t, kMaxIdBits + 1> kCount = [] {
    std::array<uint8_t, kMaxIdBits + 1> count{};
    Bits power = {{1, 0, 0}};
    uint8_t digits = 0;
    for (int bits = 1; bits <= kMaxIdBits; bits++) {
      for (; FitsBits(power, bits); digits++) power = MultiplyAdd(power, kRadix, 0);
      count[bits] = digits;
    }
    return count;
  }();

  // Digits that never lie across two words: of hexadecimal.
  static constexpr int kInWord = std::has_single_bit(kRadix) && 64 % std::countr_zero(kRadix) == 0
                                     ? 64 / std::countr_zero(kRadix)
                                     : 0;

  // Powers of the radix, by exponent, as far as 160 bits go.
  static constexpr auto kPowers = [] {
    std::array<Bits, kCount[kMaxIdBits]> powers{};
    powers[0] = {{1, 0, 0}};
    for (size_t n = 1; n < powers.size(); n++) powers[n] = MultiplyAdd(powers[n - 1], kRadix, 0);
    return powers;
  }();

  // The number of digits of v without leading zeros; 0 has none. REQUIRES: v < 2^160.
  static int Digits(const Bits& v) {
    const int bits = BitWidth(v);
    if (bits == 0) return 0;
    const int most = kCount[static_cast<size_t>(bits)];
    return v < kPowers[static_cast<size_t>(most - 1)] ? most - 1 : most;
  }

  // Writes v as `count` digits. REQUIRES: v < kRadix^count.
  static void Write(Bits v, int count, const char* alphabet, char* out) {
    if constexpr (kInWord > 0) {
      for (int left = count; left > 0;) {
        const int here = (left - 1) % kInWord + 1;
        left -= here;
        WriteWord(v.word[left / kInWord], here, alphabet, out);
        out += here;
      }
      return;
    }
    for (; count > kChunk; count -= kChunk)
      WriteChunk(DivideBy<kChunkPower>(&v), kChunk, alphabet, out + count - kChunk);
    WriteChunk(v.word[0], count, alphabet, out);
  }

  // From the highest digit on, each shifted to the top. REQUIRES: 1 <= count <= kInWord.
  static void WriteWord(uint64_t v, int count, const char* alphabet, char* out) {
    constexpr int kDigitBits = std::countr_zero(kRadix);
    v <<= 64 - kDigitBits * count;
#pragma GCC unroll 16
    for (int i = 0; i < count; i++, v <<= kDigitBits) out[i] = alphabet[v >> (64 - kDigitBits)];
  }

  static void WriteChunk(uint64_t v, int count, const char* alphabet, char* out) {
    const int high = count > kHalf ? count - kHalf : 0;
    WriteHalf(v / kHalfPower, high, alphabet, out);
    WriteHalf(v % kHalfPower, count - high, alphabet, out + high);
  }

  // The highest digit first: v / kRadix^count is a fraction in 64 bits, and each multiplication
  // moves a digit of it above the point. Rounding the inverse up adds less than v / 2^64 to the
  // fraction, and so less than one in the last digit, as v < kRadix^count < 2^32.
  static void WriteHalf(uint64_t v, int count, const char* alphabet, char* out) {
    if constexpr (std::has_single_bit(kRadix)) {
      for (; count > 0; v /= kRadix) out[--count] = alphabet[v % kRadix];
      return;
    }
    uint64_t fraction = v * kInverse[count];
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) {
      const Wide t = Wide{fraction} * kRadix;
      out[i] = alphabet[static_cast<uint64_t>(t >> 64)];
      fraction = static_cast<uint64_t>(t);
    }
  }

  // Reads `count` digits; false if one of them has a negative value. REQUIRES: they are no more
  // than kCount[kMaxIdBits].
  static bool Read(const char* text, int count, const int8_t* values, Bits* v) {
    int signs = 0;
    const auto chunk = [&](int digits) {
      uint64_t sum = 0;
      for (int i = 0; i < digits; i++) {
        const int digit = values[static_cast<uint8_t>(*text++)];
        signs |= digit;
        sum = sum * kRadix + static_cast<uint64_t>(digit);
      }
      return sum;
    };
    if constexpr (kInWord > 0) {
      for (int left = count; left > 0;) {
        const int here = (left - 1) % kInWord + 1;
        left -= here;
        v->word[left / kInWord] = chunk(here);
      }
      return signs >= 0;
    }
    *v = {{chunk(count % kChunk), 0, 0}};
    for (count /= kChunk; count > 0; count--) *v = MultiplyAdd(*v, kChunkPower, chunk(kChunk));
    return signs >= 0;
  }
};

// The same for a radix that is known only when running.
struct Radix {
  void (*write)(Bits v, int count, const char* alphabet, char* out);
  bool (*read)(const char* text, int count, const int8_t* values, Bits* v);
  int (*digits)(const Bits& v);
  const uint8_t* count;  // digits of 2^bits - 1, by bits
};

template <unsigned kRadix>
inline constexpr Radix kRadixOf = {DigitsOf<kRadix>::Write, DigitsOf<kRadix>::Read,
                                   DigitsOf<kRadix>::Digits, DigitsOf<kRadix>::kCount.data()};

}  // namespace detid
