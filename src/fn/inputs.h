// SPDX-License-Identifier: PostgreSQL
//
// Inputs: what an id is derived from or claimed for, given as the variadic arguments of a function:
// texts, integers and uuids, mixed, or one array of them behind VARIADIC. Each counts as its text,
// in UTF-8: an integer in decimal, a uuid in the usual 36 characters.

#pragma once

#include "pg/pg.h"

namespace detid {

enum class InputKind : uint8_t { kText, kCString, kInt16, kInt32, kInt64, kUuid };

// What the call site says of its arguments, found out once a query.
struct InputSite {
  bool array;       // the last argument is an array
  int count;        // of arguments from `first` on
  InputKind* kind;  // of each; of the array's elements
};

struct Inputs {
  static constexpr int kInline = 8;
  int count = 0;
  bool any_null = false;  // an element of an array is NULL; then nothing else is set
  std::string_view* field = inline_field;
  std::string_view inline_field[kInline];

  Inputs() = default;
  Inputs(const Inputs&) = delete;
};

// The kinds of the arguments from `first` on. Errors: a type that is none of these.
void FindInputs(FunctionCallInfo fcinfo, int first, InputSite* site);

// The arguments from `first` on, none of which is NULL; valid while CurrentMemoryContext lives.
// Errors: an array without elements.
void ReadInputs(FunctionCallInfo fcinfo, int first, const InputSite& site, Inputs* inputs);

// The kind of one argument, and its text. Errors: as FindInputs.
InputKind KindOfArgument(FunctionCallInfo fcinfo, int argument);
std::string_view ReadInput(InputKind kind, Datum value);

// A text as it counts: in UTF-8.
std::string_view InputOfText(const text* t);

// A namespace as it counts: a name; or, if it reads as a uuid (ParseUuid), that uuid's 36 characters
// in lower case. Errors: empty.
std::string_view NamespaceText(std::string_view name);

}  // namespace detid
