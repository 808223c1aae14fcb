// SPDX-License-Identifier: PostgreSQL
//
// Instants as text: ISO 8601 dates and times with a zone, as settings and labels carry them. In
// core an instant is microseconds since 1970-01-01 00:00:00Z.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace detid {

// "2025-01-01T00:00:00Z", with a fraction of up to 6 digits where there is one. Years beyond 9999
// are written with more digits, and not read.
inline constexpr int kMaxInstantText = 40;

// Writes `us` in UTC; returns the length. REQUIRES: size >= kMaxInstantText.
int FormatInstant(int64_t us, char* out, int size);

// What can be written and read again: the years 0001 to 9999.
inline constexpr int64_t kMinInstantUs = -62135596800000000;
inline constexpr int64_t kMaxInstantUs = 253402300799999999;

// Parses YYYY-MM-DD[(T| )HH:MM[:SS[.ffffff]]](Z|+HH[:MM]|-HH[:MM]). The zone is required, so that
// the meaning hangs on no session. Errors: kInstantSyntax.
Result<int64_t> ParseInstant(std::string_view text);

}  // namespace detid
