// SPDX-License-Identifier: PostgreSQL
//
// Tables of columns: what the fields of a struct are called where it is sent, stored or signed, and
// in which order. A visitor does with each what its type asks for, so no place counts positions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>

namespace detid {

inline constexpr int64_t kLeastNumber = INT64_MIN, kMostNumber = INT64_MAX;

// `get` gives the field of a row that it is given, const or not. Numbers are within `least` and
// `most`, which are included.
template <typename Get>
struct Column {
  const char* name;
  Get get;
  int64_t least = kLeastNumber, most = kMostNumber;
};
template <typename Get>
Column(const char*, Get) -> Column<Get>;
template <typename Get>
Column(const char*, Get, int64_t, int64_t) -> Column<Get>;

// Calls visit(column, value) for each, in their order.
template <typename Columns, typename Row, typename Visit>
void EachColumn(const Columns& columns, Row& row, Visit visit) {
  std::apply([&](const auto&... column) { (visit(column, column.get(row)), ...); }, columns);
}

template <typename Columns>
constexpr size_t CountOf(const Columns&) {
  return std::tuple_size_v<Columns>;
}

// How many members an aggregate has, so that a table can be compared with its struct.
struct AnyMember {
  template <typename T>
  operator T() const;
};
template <typename T, typename... Known>
consteval size_t MembersOf() {
  if constexpr (requires { T{Known{}..., AnyMember{}}; })
    return MembersOf<T, Known..., AnyMember>();
  else
    return sizeof...(Known);
}

}  // namespace detid
