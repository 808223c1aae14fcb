// SPDX-License-Identifier: PostgreSQL
//
// The text form of a definition, the security label of its sequence:
//
//   layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; salt=5f0e...
//
// `layout` is a preset's name or a layout's text. These keys must be there once, in any order.
// Others may be:
//
//   codec=crockford   of the text form (codec.h)
//   alphabet=abcdef   in place of a codec: the digits of the text form
//   prefix=ord        before it, and an underscore between
//   check=luhn        a check character behind it (check_character.h)
//   scatter=on        each tick's sequence begins at a place of its own (sequencer.h)
//   mask=5f0e...      commitment of the seed that keys the public faces of its ids (permutation.h)
//   history=1000      none of so many ids before is handed out again (history.h)

#pragma once

#include <string_view>

#include "core/definition.h"
#include "core/prf.h"
#include "core/status.h"

namespace detid {

inline constexpr int kMaxLabelText = kMaxLayoutText + 520;

// Errors: kLabelSyntax, and those of ParseLayout and ParseInstant.
Result<Definition> ParseLabel(std::string_view label);

// REQUIRES: size >= kMaxLabelText. Returns the length.
int FormatLabel(const Definition& definition, char* out, int size);

// A commitment as 32 hexadecimal digits.
inline constexpr int kCommitmentText = 2 * kCommitmentBytes;
// REQUIRES: room for kCommitmentText + 1.
void FormatCommitment(const Commitment& commitment, char* out);
bool ParseCommitment(std::string_view text, Commitment* commitment);

}  // namespace detid
