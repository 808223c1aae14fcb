// SPDX-License-Identifier: PostgreSQL

#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace detid {

inline std::string Hex(const uint8_t* bytes, size_t n) {
  std::string text;
  for (size_t i = 0; i < n; i++) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

}  // namespace detid
