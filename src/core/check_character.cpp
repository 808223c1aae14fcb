// SPDX-License-Identifier: PostgreSQL

#include "core/check_character.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr std::string_view kCheckNames[] = {"", "mod37_36", "luhn"};

}  // namespace

std::string_view CheckName(CheckCharacter check) {
  return kCheckNames[static_cast<int>(check)];
}

bool ParseCheck(std::string_view name, CheckCharacter* check) {
  for (const CheckCharacter c :
       {CheckCharacter::kNone, CheckCharacter::kMod37_36, CheckCharacter::kLuhn})
    if (CheckName(c) == name) {
      *check = c;
      return true;
    }
  return false;
}

bool TakesCheck(const Codec& codec, CheckCharacter check) {
  return check == CheckCharacter::kNone ||
         (codec.hyphens == 0 && TakesCheck(codec.alphabet, check));
}

bool TakesCheck(std::string_view a, CheckCharacter check) {
  if (check == CheckCharacter::kNone) return true;
  if (check == CheckCharacter::kLuhn) return a.size() % 2 == 0;
  return std::ranges::all_of(a, [](char c) { return DigitValue(c) >= 0; }) &&
         !(std::ranges::any_of(a, IsLower) && std::ranges::any_of(a, IsUpper));
}

char CheckCharacterOf(std::string_view alphabet, CheckCharacter check, std::string_view text) {
  if (check == CheckCharacter::kLuhn)
    return alphabet[static_cast<size_t>(LuhnModN(text, alphabet))];
  const bool lower = std::ranges::any_of(alphabet, IsLower);
  const std::string_view letters =
      lower ? "0123456789abcdefghijklmnopqrstuvwxyz" : "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return letters[static_cast<size_t>(Mod37_36(text))];
}

bool SameCheckCharacter(const Codec& codec, CheckCharacter check, char c, char is) {
  if (c == is) return true;
  // Of Luhn the codec's own digits, so with its look-alikes.
  if (check == CheckCharacter::kLuhn) {
    const int8_t value = codec.values[static_cast<uint8_t>(c)];
    return value >= 0 && value == codec.values[static_cast<uint8_t>(is)];
  }
  return codec.folds_case && ToLower(c) == ToLower(is);
}

// The hybrid system with two moduli, ISO 7064 section 8: begins with 36; adds a character modulo
// 36, 36 standing for 0, and doubles modulo 37. The check character makes the sum 1.
int Mod37_36(std::string_view text) {
  int product = 36;
  for (const char c : text) {
    int sum = (product + DigitValue(c)) % 36;
    if (sum == 0) sum = 36;
    product = 2 * sum % 37;
  }
  return (36 + 1 - product % 36) % 36;
}

// From the last character on, every other value is doubled, and the two digits of that, to the
// base N, are added.
int LuhnModN(std::string_view text, std::string_view alphabet) {
  const size_t n = alphabet.size();
  size_t sum = 0;
  bool doubled = true;
  for (size_t i = text.size(); i-- > 0; doubled = !doubled) {
    const size_t value = alphabet.find(text[i]);
    const size_t addend = doubled ? 2 * value : value;
    sum += addend / n + addend % n;
  }
  return static_cast<int>((n - sum % n) % n);
}

}  // namespace detid
