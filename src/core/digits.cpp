// SPDX-License-Identifier: PostgreSQL

#include "core/digits.h"

#include <algorithm>

#include "core/bits.h"
#include "core/radix.h"
#include "core/no_postgres.h"

namespace detid {

Status AlphabetError(std::string_view letters, size_t at, const char* why) {
  constexpr size_t kShown = 60;
  return Status::Error(Code::kAlphabetInvalid, "Character %zu of \"%.*s\"%s %s.", at + 1,
                       Clip(letters, kShown), letters.data(), letters.size() > kShown ? "..." : "",
                       why);
}

Status CheckAlphabet(std::string_view letters, int least) {
  bool seen[256] = {};
  for (size_t i = 0; i < letters.size(); i++) {
    const char c = letters[i];
    if (!IsPrintable(c)) return AlphabetError(letters, i, "is not printable ASCII, or is a space");
    if (seen[CodeOf(c)]) return AlphabetError(letters, i, "occurs before");
    seen[CodeOf(c)] = true;
  }
  if (letters.size() < static_cast<size_t>(least))
    return Status::Error(Code::kAlphabetInvalid, "\"%.*s\" has %zu characters; %d are the least.",
                         static_cast<int>(letters.size()), letters.data(), letters.size(), least);
  return Status::Ok();
}

char* WriteNumber(uint64_t number, std::string_view digits, char* out) {
  char* end = out;
  do {
    *end++ = digits[number % digits.size()];
    number /= digits.size();
  } while (number > 0);
  std::reverse(out, end);
  return end;
}

size_t NumberLength(uint64_t number, size_t radix) {
  size_t length = 1;
  while ((number /= radix) > 0) length++;
  return length;
}

bool ReadNumber(std::string_view text, std::string_view digits, int64_t* number) {
  *number = 0;
  for (const char c : text) {
    const size_t digit = digits.find(c);
    if (digit == std::string_view::npos ||
        __builtin_mul_overflow(*number, static_cast<int64_t>(digits.size()), number) ||
        __builtin_add_overflow(*number, static_cast<int64_t>(digit), number))
      return false;
  }
  return true;
}

namespace {

// Divides by a small number, and returns the rest. In halves of words, so that no division is of
// two words.
uint32_t DivideBySmall(Bits* v, uint32_t divisor) {
  uint64_t rest = 0;
  for (int w = 2; w >= 0; w--) {
    const uint64_t high = rest << 32 | v->word[w] >> 32;
    const uint64_t low = (high % divisor) << 32 | (v->word[w] & LowMask(32));
    v->word[w] = (high / divisor) << 32 | low / divisor;
    rest = low % divisor;
  }
  return static_cast<uint32_t>(rest);
}

}  // namespace

int DigitCount(size_t radix, const Bits& number) {
  Bits power = {{1, 0, 0}};
  int digits = 0;
  for (; power <= number; digits++) power = MultiplyAdd(power, radix, 0);
  return digits;
}

int BitsOfDigits(size_t radix, int digits) {
  Bits power = {{1, 0, 0}};
  for (int i = 0; i < digits; i++) {
    power = MultiplyAdd(power, radix, 0);
    if (BitWidth(power) > kMaxIdBits + 1) return kMaxIdBits + 1;
  }
  return BitWidth(power) - 1;
}

void WriteDigits(Bits number, std::string_view digits, int count, char* out) {
  // As many digits at once as a half word holds.
  const auto radix = static_cast<uint32_t>(digits.size());
  uint32_t chunk = radix;
  int in_chunk = 1;
  while (uint64_t{chunk} * radix <= LowMask(32)) {
    chunk *= radix;
    in_chunk++;
  }
  while (count > 0) {
    uint32_t rest = DivideBySmall(&number, chunk);
    for (int i = 0; i < in_chunk && count > 0; i++, rest /= radix)
      out[--count] = digits[rest % radix];
  }
}

int ReadDigits(std::string_view text, std::string_view digits, Bits* number) {
  *number = {};
  for (size_t i = 0; i < text.size(); i++) {
    const size_t digit = digits.find(text[i]);
    if (digit == std::string_view::npos) return static_cast<int>(i);
    *number = MultiplyAdd(*number, digits.size(), digit);
  }
  return -1;
}

}  // namespace detid
