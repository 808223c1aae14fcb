// SPDX-License-Identifier: PostgreSQL
//
// Base64 of RFC 4648 section 4, padded, of a fixed number of bytes: as signed notes have it.

#pragma once

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace detid {

// With its terminating zero.
constexpr size_t Base64Size(size_t bytes) {
  return sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL);
}

template <size_t size>
void ToBase64(const uint8_t (&bytes)[size], char (&text)[Base64Size(size)]) {
  sodium_bin2base64(text, sizeof text, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

// False unless the text is that of exactly `size` bytes.
template <size_t size>
bool FromBase64(std::string_view text, uint8_t (&bytes)[size]) {
  size_t n = 0;
  const char* end = nullptr;
  return sodium_base642bin(bytes, size, text.data(), text.size(), nullptr, &n, &end,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         n == size && end == text.data() + text.size();
}

}  // namespace detid
