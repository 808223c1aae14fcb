// SPDX-License-Identifier: PostgreSQL
//
// Texts of groups of digits, each a number of its own (codec.h).

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/bits.h"

namespace detid {

// Digits that stand for a number of their own, the highest first: so many bits of the id.
struct DigitGroup {
  std::string_view alphabet;
  uint8_t digits;
  uint8_t bits;  // the least that hold all of their numbers; 0 of one digit that is always the same
};

int GroupedLength(std::span<const DigitGroup> groups);

// Writes the groups with a terminating zero; returns the length. REQUIRES: each number has no more
// digits than its group.
int WriteGroups(std::span<const DigitGroup> groups, const Bits& value, char* out);

// Whether each group has digits enough for its part of `greatest`.
bool GroupsHold(std::span<const DigitGroup> groups, const Bits& greatest);

// Returns the place of the first character that cannot be there, or where the text ends too early
// or too late; -1 if there is none. REQUIRES: *value is 0.
int ReadGroups(std::span<const DigitGroup> groups, std::string_view text, Bits* value);

}  // namespace detid
