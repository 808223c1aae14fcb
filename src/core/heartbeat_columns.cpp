// SPDX-License-Identifier: PostgreSQL

#include "core/heartbeat_columns.h"

#include <type_traits>

#include "core/no_postgres.h"

namespace detid {
namespace {

// Of what is no number, each value is one.
template <typename Get, typename T>
bool IsWithin(const Column<Get>& column, const T& value) {
  if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, int32_t>)
    return value >= column.least && value <= column.most;
  else if constexpr (std::is_same_v<T, std::optional<int64_t>>)
    return !value || IsWithin(column, *value);
  else if constexpr (std::is_same_v<T, std::string_view>)
    return value.size() <= kMaxWitnessed;
  else
    return true;
}

}  // namespace

bool IsSane(const HeartbeatMessage& m) {
  bool sane = true;
  EachColumn(kHeartbeatColumns, m, [&](const auto& column, const auto& value) {
    sane = sane && IsWithin(column, value);
  });
  // A horizon is above node time by a few seconds, two minutes at the most; whoever has the number
  // next begins above.
  constexpr int64_t kHourUs = int64_t{3600} * 1000000;
  return sane && m.heartbeat.next.counter == m.heartbeat.old.counter + 1 &&
         m.heartbeat.horizon_us <= m.heartbeat.node_us + kHourUs &&
         m.report.offset_us.has_value() == m.report.round_trip_us.has_value();
}

}  // namespace detid
