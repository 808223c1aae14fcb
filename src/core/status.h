// SPDX-License-Identifier: PostgreSQL
//
// Status and Result: how core reports. Core never throws and never calls the backend; the SQL
// functions turn a Status into an error through the one table in src/pg/errors.cpp.

#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>

namespace detid {

enum class Code : uint8_t {
  kOk = 0,
  // Definitions: layouts and labels.
  kLayoutSyntax,      // the layout text does not parse; detail says where
  kLayoutInvalid,     // it parses, but names no usable layout
  kLabelSyntax,       // a generator's label does not parse
  kInstantSyntax,     // a time that is not ISO 8601 with a zone
  // Coordinates and ids.
  kOutOfRange,        // a coordinate that its field cannot hold
  kEpochEnd,          // past the last tick that the layout can hold
  kBeforeEpoch,       // a time before the generator's epoch
  kNotOfLayout,       // an id that the layout cannot have made
  kIdSyntax,          // a text that is no id
  kInputMissing,      // the layout hashes an input and none was given
  kSeedMissing,       // the layout has random fields and no seed is at hand
};

// A code and one line of detail with the offending value. Trivially destructible, so that a
// function which holds one may be left by longjmp.
struct Status {
  Code code = Code::kOk;
  char detail[200] = {};

  bool ok() const { return code == Code::kOk; }

  static Status Ok() { return Status{}; }

  [[gnu::format(printf, 2, 3)]] static Status Error(Code code, const char* format, ...) {
    Status status;
    status.code = code;
    va_list args;
    va_start(args, format);
    std::vsnprintf(status.detail, sizeof status.detail, format, args);
    va_end(args);
    return status;
  }
};

// A value, or why there is none. `value` is meaningful only when ok().
template <typename T>
struct Result {
  Status status;
  T value{};

  Result(const T& v) : value(v) {}                // NOLINT: a value is a result
  Result(const Status& s) : status(s) {}          // NOLINT: so is an error
  bool ok() const { return status.ok(); }
};

}  // namespace detid
