// SPDX-License-Identifier: PostgreSQL
//
// The picture of an id: one line a field, with the field's bits where they stand in the id.

#pragma once

#include "core/bits.h"
#include "core/definition.h"
#include "core/status.h"

namespace detid {

inline constexpr int kMaxPicture = (kMaxFields + 3) * 320;

// Draws `id` into `out`, lines separated by \n, none after the last. Bits of other fields are
// dots; ids of up to 63 bits are drawn in binary, wider ones by the digits of their text.
// Errors: kNotOfLayout. REQUIRES: size >= kMaxPicture.
Status DrawPicture(const Definition& definition, const Bits& id, char* out, int size);

}  // namespace detid
