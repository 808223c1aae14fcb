// SPDX-License-Identifier: PostgreSQL
//
// The text form of a generator's ids: a prefix with an underscore behind it, if the generator has
// one, and the id in the generator's codec, or in digits of its alphabet. next_text returns it, and
// decode takes it.
//
//   ord_01h455vb4pex5vsknk084sn02q
//
// A check character may be behind it (check_character.h). All ids of a generator have the same
// length, but in decimal and base58.

#pragma once

#include <string_view>

#include "core/bits.h"
#include "core/definition.h"
#include "core/status.h"

namespace detid {

// Of an alphabet of two letters.
inline constexpr int kMaxDigits = kMaxIdBits;

// Longest text form, without a terminating zero.
inline constexpr int kMaxTextForm = kMaxPrefix + 1 + kMaxDigits + 1;

// REQUIRES: room for kMaxTextForm + 1. Returns the length.
int FormatTextForm(const Definition& definition, const Bits& id, char* out);

// Liberal: the text form, as DecodeLiberal reads it (digits of an own alphabet as they are
// written); and for 128 bits what ParseUuid reads. With a check character, all digits must be
// there. Errors: kIdSyntax; kMistyped if it does not fit. The id may still not be of the layout
// (Decompose).
Result<Bits> ParseTextForm(const Definition& definition, std::string_view text,
                           bool unpadded = true);

struct TypeId {
  std::string_view prefix;  // empty if there is none
  Bits uuid;
};

// A TypeID, exactly as its specification 0.3 has it. Errors: kIdSyntax.
Result<TypeId> ParseTypeId(std::string_view text);

}  // namespace detid
