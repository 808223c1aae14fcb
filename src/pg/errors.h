// SPDX-License-Identifier: PostgreSQL
//
// Errors: every error that the extension raises is a row of one table (error_table.h), which gives
// its SQLSTATE, primary message and hint. Core's codes come from a Status; the rest are these.

#pragma once

#include "core/status.h"
#include "pg/error_table.h"

namespace detid {

// The primary message of an error.
const char* MessageOf(Error error);
const char* HintOf(Error error);  // null if there is none

// Raise an error; the detail is formatted as by printf and may be null. Never returns.
[[noreturn]] void Raise(Error error, const char* detail = nullptr, ...)
    __attribute__((format(printf, 2, 3)));

// As Raise, for a core status that is not Ok.
[[noreturn]] void Raise(const Status& status);

// An error that is not raised yet: a rule returns it, so that minting raises what check() tells.
struct Refusal {
  bool refused = false;  // false: there is none, and the rest means nothing
  int sqlstate;
  const char* message;
  const char* hint;  // null if there is none
  char detail[512];  // empty if there is none

  Refusal() { detail[0] = '\0'; }
};

Refusal Refuse(Error error, const char* detail = nullptr, ...)
    __attribute__((format(printf, 2, 3)));
Refusal Refuse(const Status& status);

// Raises a refusal, if it is one.
void Require(const Refusal& refusal);

}  // namespace detid
