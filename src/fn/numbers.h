// SPDX-License-Identifier: PostgreSQL
//
// Lists of numbers, as arguments and results of the functions that make short texts of them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/status.h"
#include "pg/pg.h"

namespace detid {

// What an array of bigint has room for.
inline constexpr size_t kMostNumbers = (MaxAllocSize - 100) / sizeof(int64_t);

// Errors: an array of several dimensions, or with a NULL; `what` says of what it is.
void RequireList(ArrayType* array, const char* what);

// The array's elements, where they lie. Errors: as RequireList.
std::span<const int64_t> NumbersArgument(FunctionCallInfo fcinfo, int argument);

// bigint[]
Datum NumbersDatum(const int64_t* numbers, size_t count);

// A text with room for the id of numbers, of so many characters. Errors: `code`, if none holds
// them.
text* TextOfLength(size_t length, Code code);

// For the Poll of core.
void CheckForInterrupts();

}  // namespace detid
