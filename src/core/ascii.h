// SPDX-License-Identifier: PostgreSQL
//
// Characters of ids and of definitions: ASCII, whatever the locale. Any other byte is neither a
// digit nor a letter, and has no case.

#pragma once

namespace detid {

constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool IsLetter(char c) {
  return IsLower(c) || IsUpper(c);
}

// Of an alphabet: printable, and not the space.
constexpr bool IsPrintable(char c) {
  return c >= '!' && c <= '~';
}

constexpr char ToLower(char c) {
  return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
// A letter in the other case; any other character as it is.
constexpr char ToOtherCase(char c) {
  return IsLower(c) ? static_cast<char>(c - 'a' + 'A') : ToLower(c);
}

// The digit's value in bases up to 36, the letters in lower case; -1 if it is none.
constexpr int LowerDigitValue(char c) {
  if (IsDigit(c)) return c - '0';
  return IsLower(c) ? c - 'a' + 10 : -1;
}
// The same in either case.
constexpr int DigitValue(char c) {
  return LowerDigitValue(ToLower(c));
}
// Of a hexadecimal digit; -1 if it is none.
constexpr int HexValue(char c) {
  const int value = DigitValue(c);
  return value < 16 ? value : -1;
}

}  // namespace detid
