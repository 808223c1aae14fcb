// SPDX-License-Identifier: PostgreSQL
//
// The text form of a generator's ids: a prefix with an underscore behind it, if the generator has
// one, and the id in the generator's codec. next_text returns it, and decode takes it.
//
//   ord_01h455vb4pex5vsknk084sn02q
//
// A bigint is written as its 64 bits, so that every bigint in a codec has the same length.

#pragma once

#include <string_view>

#include "core/bits.h"
#include "core/definition.h"
#include "core/status.h"

namespace detid {

// Longest text form, without a terminating zero.
inline constexpr int kMaxTextForm = kMaxPrefix + 1 + kMaxEncoded;

// REQUIRES: room for kMaxTextForm + 1. Returns the length.
int FormatTextForm(const Definition& definition, const Bits& id, char* out);

// Strict: the text form, and besides it only the form of a uuid for 128 bits. Errors: kIdSyntax.
// The id may still not be of the layout (Decompose).
Result<Bits> ParseTextForm(const Definition& definition, std::string_view text);

}  // namespace detid
