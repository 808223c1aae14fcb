// SPDX-License-Identifier: PostgreSQL
//
// The label provider "detid": what SECURITY LABEL may say of a sequence.

#pragma once

#include <cstdint>

namespace detid {

inline constexpr char kProvider[] = "detid";

// The parameters of a generator's sequence. Its own values mean nothing: the range holds two
// numbers, so that nextval and any setval that a program would try is an error.
inline constexpr char kSequenceOptions[] =
    "AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807 START "
    "-9223372036854775807 CACHE 1 NO CYCLE";

// The same range, which setval leaves spent.
inline constexpr int64_t kSequenceMin = INT64_MIN;
inline constexpr int64_t kSequenceMax = kSequenceMin + 1;
inline constexpr int64_t kSequenceIncrement = 2;

void RegisterLabelProvider();

}  // namespace detid
