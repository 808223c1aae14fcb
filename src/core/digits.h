// SPDX-License-Identifier: PostgreSQL
//
// Alphabets of one's own, and numbers as digits of them. The radix is known only when running; the
// codecs, which have theirs in the code, use radix.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ascii.h"
#include "core/bits.h"
#include "core/status.h"

namespace detid {

inline constexpr int kMaxLetters = '~' - '!' + 1;  // printable ASCII without the space

// What long work calls now and then, so that it can be cancelled; it may leave by longjmp. May be
// null.
using Poll = void (*)();

constexpr uint32_t CodeOf(char c) {
  return static_cast<unsigned char>(c);
}

// Errors: kAlphabetInvalid unless `letters` are at least `least` different printable ASCII
// characters, of which the space is none.
Status CheckAlphabet(std::string_view letters, int least);

// The error of an alphabet whose character `at`, from 0 on, cannot be used, and why.
Status AlphabetError(std::string_view letters, size_t at, const char* why);

// Writes a number with as few digits as it has, at least one, the highest first. Returns the end of
// what was written. REQUIRES: at least 2 digits.
char* WriteNumber(uint64_t number, std::string_view digits, char* out);

// How many digits WriteNumber writes.
size_t NumberLength(uint64_t number, size_t radix);

// False if it does not fit 63 bits, or the text has other characters.
bool ReadNumber(std::string_view text, std::string_view digits, int64_t* number);

// How many digits a number of up to kMaxIdBits bits has; 0 has none.
int DigitCount(size_t radix, const Bits& number);

// The most bits whose numbers have no more than so many digits; beyond kMaxIdBits, kMaxIdBits + 1.
int BitsOfDigits(size_t radix, int digits);

// Writes a number as `count` digits. REQUIRES: it has no more.
void WriteDigits(Bits number, std::string_view digits, int count, char* out);

// Returns the place of the first character that is no digit, and -1 if there is none.
// REQUIRES: the number of the greatest digits fits 192 bits.
int ReadDigits(std::string_view text, std::string_view digits, Bits* number);

}  // namespace detid
