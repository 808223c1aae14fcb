// SPDX-License-Identifier: PostgreSQL

#include "core/codec_groups.h"

#include <algorithm>

#include "core/digits.h"
#include "core/radix.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr int kWord = 64;

// The `bits` bits of `from` that begin at bit `shift`.
Bits Part(const Bits& from, int shift, int bits) {
  Bits part;
  for (int i = 0; i < bits; i += kWord)
    part.word[i / kWord] = GetBits(from, shift + i, std::min(kWord, bits - i));
  return part;
}

// REQUIRES: those bits are 0.
void PutPart(Bits* to, int shift, int bits, const Bits& part) {
  for (int i = 0; i < bits; i += kWord)
    PutBits(to, shift + i, std::min(kWord, bits - i), part.word[i / kWord]);
}

Bits GreatestNumber(const DigitGroup& group) {
  Bits number;
  for (int i = 0; i < group.digits; i++)
    number = MultiplyAdd(number, group.alphabet.size(), group.alphabet.size() - 1);
  return number;
}

}  // namespace

int GroupedLength(std::span<const DigitGroup> groups) {
  int length = 0;
  for (const DigitGroup& group : groups) length += group.digits;
  return length;
}

int WriteGroups(std::span<const DigitGroup> groups, const Bits& value, char* out) {
  const int length = GroupedLength(groups);
  out[length] = '\0';
  int at = length, shift = 0;
  for (size_t i = groups.size(); i-- > 0;) {
    const DigitGroup& group = groups[i];
    at -= group.digits;
    if (group.bits == 0)
      out[at] = group.alphabet[0];
    else
      WriteDigits(Part(value, shift, group.bits), group.alphabet, group.digits, out + at);
    shift += group.bits;
  }
  return length;
}

int ReadGroups(std::span<const DigitGroup> groups, std::string_view text, Bits* value) {
  int at = 0, shift = 0;
  for (const DigitGroup& group : groups) shift += group.bits;
  for (const DigitGroup& group : groups) {
    const std::string_view part = text.substr(0, group.digits);
    text.remove_prefix(part.size());
    Bits number;
    const int foreign = ReadDigits(part, group.alphabet, &number);
    if (foreign >= 0) return at + foreign;
    at += static_cast<int>(part.size());
    if (part.size() < group.digits) return at;
    shift -= group.bits;
    PutPart(value, shift, group.bits, number);
  }
  return text.empty() ? -1 : at;
}

bool GroupsHold(std::span<const DigitGroup> groups, const Bits& greatest) {
  int shift = 0;
  for (const DigitGroup& group : groups) shift += group.bits;
  for (const DigitGroup& group : groups) {
    shift -= group.bits;
    if (Part(greatest, shift, group.bits) > GreatestNumber(group)) return false;
  }
  return true;
}

}  // namespace detid
