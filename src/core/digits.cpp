// SPDX-License-Identifier: PostgreSQL

#include "core/digits.h"

#include <algorithm>

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
    if (!IsLetter(c)) return AlphabetError(letters, i, "is not printable ASCII, or is a space");
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

}  // namespace detid
