// SPDX-License-Identifier: PostgreSQL
//
// Texts of groups of digits, each a number of its own (codec.h).

#pragma once

#include <span>
#include <string_view>

#include "core/bits.h"
#include "core/codec.h"

namespace detid {

int GroupedLength(std::span<const DigitGroup> groups);

// Writes the groups with a terminating zero; returns the length. REQUIRES: each number has no more
// digits than its group.
int WriteGroups(std::span<const DigitGroup> groups, const Bits& value, char* out);

// Returns the place of the first character that cannot be there, or where the text ends too early
// or too late; -1 if there is none. REQUIRES: *value is 0.
int ReadGroups(std::span<const DigitGroup> groups, std::string_view text, Bits* value);

}  // namespace detid
