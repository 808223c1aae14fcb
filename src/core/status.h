// SPDX-License-Identifier: PostgreSQL
//
// Status and Result: how core reports. Core never throws and never calls the backend; the SQL
// functions turn a Status into an error through the one table in src/pg/errors.cpp.

#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace detid {

enum class Code : uint8_t {
  kOk = 0,
  // Definitions: layouts and labels.
  kLayoutSyntax,   // the layout text does not parse; detail says where
  kNoSuchLayout,   // a word that is no layout's name; detail has the nearest name
  kLayoutInvalid,  // it parses, but names no usable layout
  kLabelSyntax,    // a generator's label does not parse
  kInstantSyntax,  // a time that is not ISO 8601 with a zone
  // Coordinates and ids.
  kOutOfRange,    // a coordinate that its field cannot hold
  kEpochEnd,      // past the last tick that the layout can hold
  kBeforeEpoch,   // a time before the generator's epoch
  kNotOfLayout,   // an id that the layout cannot have made
  kIdSyntax,      // a text that is no id
  kMistyped,      // a text whose check character is that of other characters
  kTextSyntax,    // a text that is not of its codec
  kInputMissing,  // the layout hashes an input and none was given
  kSeedMissing,   // the layout has random fields and no seed is at hand
  // Topologies.
  kTopologySyntax,   // the levels do not parse; detail says where
  kTopologyInvalid,  // they parse, but cannot be the levels of a node number
  kPathSyntax,       // a path does not parse; detail says where
  // Sqids, Hashids.
  kAlphabetInvalid,  // an alphabet that is too short, or repeats a character, or is not ASCII
  kSqidsInvalid,     // numbers or a length that cannot be encoded
  kSqidsBlocked,     // the block list holds all ids of the numbers
  kHashidsInvalid,   // numbers, a length or a salt that cannot be encoded
};

// The longest beginning of `text` of up to `most` bytes that ends with a whole UTF-8 character, for
// use as the precision of a \"%.*s\".
constexpr int Clip(std::string_view text, size_t most) {
  if (text.size() <= most) return static_cast<int>(text.size());
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) most--;
  return static_cast<int>(most);
}

// What the format says, as far as it fits in whole characters. REQUIRES: size > 0.
[[gnu::format(printf, 3, 0)]] inline void FormatClipped(char* out, size_t size, const char* format,
                                                        va_list args) {
  char whole[1024];
  std::vsnprintf(whole, sizeof whole, format, args);
  std::snprintf(out, size, "%.*s", Clip(whole, size - 1), whole);
}

[[gnu::format(printf, 3, 4)]] inline void PrintClipped(char* out, size_t size, const char* format,
                                                       ...) {
  va_list args;
  va_start(args, format);
  FormatClipped(out, size, format, args);
  va_end(args);
}

// The text, as far as it fits in whole characters. REQUIRES: size > 0.
inline void CopyClipped(std::string_view text, char* out, size_t size) {
  std::snprintf(out, size, "%.*s", Clip(text, size - 1), text.data());
}

// A code and one line of detail with the offending value. Trivially destructible, so that a
// function which holds one may be left by longjmp.
struct Status {
  Code code = Code::kOk;
  char detail[200];  // empty if ok

  Status() { detail[0] = '\0'; }
  // An Ok costs no copy: it is on the way of every value.
  Status(const Status& other) { *this = other; }
  Status& operator=(const Status& other) {
    code = other.code;
    if (ok())
      detail[0] = '\0';
    else
      __builtin_memcpy(detail, other.detail, sizeof detail);
    return *this;
  }

  bool ok() const { return code == Code::kOk; }

  static Status Ok() { return Status{}; }

  [[gnu::format(printf, 2, 3)]] static Status Error(Code code, const char* format, ...) {
    Status status;
    status.code = code;
    va_list args;
    va_start(args, format);
    FormatClipped(status.detail, sizeof status.detail, format, args);
    va_end(args);
    return status;
  }
};

// A value, or why there is none. `value` is meaningful only when ok().
template <typename T>
struct Result {
  Status status;
  T value{};

  Result(const T& v) : value(v) {}        // NOLINT: a value is a result
  Result(const Status& s) : status(s) {}  // NOLINT: so is an error
  bool ok() const { return status.ok(); }
};

}  // namespace detid
