// SPDX-License-Identifier: PostgreSQL
//
// Ids as text: decimal for bigints, the usual 36 characters for uuids, lower-case hexadecimal of
// fixed width for other widths (whose text then sorts as their numbers do).

#pragma once

#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/layout.h"
#include "core/status.h"

namespace detid {

inline constexpr int kUuidBytes = 16;
inline constexpr int kUuidText = 36;
inline constexpr int kMaxUuidText = 48;  // "urn:uuid:", 32 digits, 7 hyphens
inline constexpr int kMaxIdText = 48;  // with the terminating zero

// All of a Bits as 24 bytes, big-endian.
inline constexpr int kBitsBytes = 24;
void ToBytes(const Bits& id, uint8_t* bytes);
Bits FromBytes(const uint8_t* bytes);

// Big-endian, as RFC 9562 stores them.
void ToUuidBytes(const Bits& id, uint8_t* bytes);
Bits FromUuidBytes(const uint8_t* bytes);

// REQUIRES: size >= kMaxIdText. Returns the length.
int FormatId(int id_bits, const Bits& id, char* out, int size);
int FormatUuid(const Bits& id, char* out, int size);
int FormatHex(const Bits& value, int bits, char* out, int size);

// Errors: kIdSyntax for a text that is no id of the layout's type.
Result<Bits> ParseId(const Layout& layout, std::string_view text);

// Reads all that PostgreSQL reads as a uuid: 32 digits in either case, behind each group of 4 of them
// a hyphen or none, all of it in braces or not; and besides "urn:uuid:" (RFC 9562 section 4) before
// the digits. Errors: kIdSyntax.
Result<Bits> ParseUuid(std::string_view text);

// True if ParseUuid reads the text.
bool LooksLikeUuid(std::string_view text);

}  // namespace detid
