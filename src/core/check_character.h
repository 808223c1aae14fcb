// SPDX-License-Identifier: PostgreSQL
//
// Check characters: one character behind an id's digits, by which most typing errors are noticed.
//
//   mod37_36   ISO 7064 MOD 37,36: each wrong character, and nearly all swaps of neighbours. For
//              digits of 0-9 and letters of one case, of which the character is one.
//   luhn       Luhn mod N, N being the number of the codec's digits (10: Luhn's own): each wrong
//              character, and all swaps of neighbours but that of the first digit and the last. The
//              character is a digit of the codec.
//
// Both run over the digits of the text as it is written, leading zeros included, without a prefix.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/codec.h"

namespace detid {

enum class CheckCharacter : uint8_t { kNone, kMod37_36, kLuhn };

// "", "mod37_36", "luhn".
std::string_view CheckName(CheckCharacter check);
// False for what is none of these but "".
bool ParseCheck(std::string_view name, CheckCharacter* check);

// Whether texts of the codec, or of digits of an alphabet, can have the check character. luhn takes
// an even number of digits: with an odd one, two of them doubled are alike.
bool TakesCheck(const Codec& codec, CheckCharacter check);
bool TakesCheck(std::string_view alphabet, CheckCharacter check);

// The check character of a text of digits. REQUIRES: TakesCheck; check is not kNone.
char CheckCharacterOf(std::string_view alphabet, CheckCharacter check, std::string_view text);

// Whether `c` is the check character `is`, in either case if the codec reads both.
bool SameCheckCharacter(const Codec& codec, CheckCharacter check, char c, char is);

// ISO 7064 MOD 37,36: the value, 0 to 35, of the check character of a text of 0-9, A-Z and a-z.
int Mod37_36(std::string_view text);

// Luhn mod N: the place in `alphabet` of the check character of a text of its characters.
int LuhnModN(std::string_view text, std::string_view alphabet);

}  // namespace detid
