// SPDX-License-Identifier: PostgreSQL
//
// What a heartbeat says, and what is answered, as one table each. The statement and its parameters
// (state/registry/heartbeat_wire.h), the arguments and the row (fn/heartbeat.cpp), their ranges and
// what is signed (heartbeat_signature.h) follow from these tables. The function's declaration is in
// sql/install/77-heartbeat.sql: its arguments have these names, in this order.

#pragma once

#include <optional>
#include <string_view>

#include "core/columns.h"
#include "core/prf.h"
#include "core/registry.h"
#include "core/topology.h"

namespace detid {

// What travels with what is asked. What is absent is not told.
struct HeartbeatReport {
  std::optional<Commitment> proof;  // of the seed
  std::optional<int64_t> ids;       // minted in this incarnation
  // Of the last heartbeat that was answered: the coordinator's clock minus node time, at the middle
  // of the round trip, and how long that took.
  std::optional<int64_t> offset_us, round_trip_us;
  // The node's newest checkpoint (core/checkpoint.h), if the coordinator has not heard of it: a
  // text that ends with a zero byte. Without data: not told.
  std::string_view checkpoint;
};
inline constexpr size_t kMaxWitnessed = 2048;  // of a checkpoint

struct HeartbeatMessage {
  Heartbeat heartbeat;
  HeartbeatReport report;
};

// Half of what a bigint holds leaves room to add.
inline constexpr int64_t kMostSane = kMostNumber / 2;

// clang-format off
inline constexpr std::tuple kHeartbeatColumns{
    Column{"old_counter", [](auto& m) -> auto& { return m.heartbeat.old.counter; }, 0, kMostSane},
    Column{"old_bits", [](auto& m) -> auto& { return m.heartbeat.old.bits; }},
    Column{"next_counter", [](auto& m) -> auto& { return m.heartbeat.next.counter; }},
    Column{"next_bits", [](auto& m) -> auto& { return m.heartbeat.next.bits; }},
    Column{"mode", [](auto& m) -> auto& { return m.heartbeat.mode; }},
    Column{"asked_node", [](auto& m) -> auto& { return m.heartbeat.node; }, kAnyNode, INT32_MAX},
    Column{"instance", [](auto& m) -> auto& { return m.heartbeat.instance; }},
    Column{"asked_incarnation", [](auto& m) -> auto& { return m.heartbeat.incarnation; }},
    Column{"timeline", [](auto& m) -> auto& { return m.heartbeat.timeline; }},
    Column{"node_us", [](auto& m) -> auto& { return m.heartbeat.node_us; }, 0, kMostSane},
    Column{"granted_us", [](auto& m) -> auto& { return m.heartbeat.granted_us; }, 0, kMostSane},
    Column{"horizon_us", [](auto& m) -> auto& { return m.heartbeat.horizon_us; }, 0, kMostSane},
    Column{"since_us", [](auto& m) -> auto& { return m.heartbeat.since_us; }, 0, kMostSane},
    Column{"claims", [](auto& m) -> auto& { return m.heartbeat.claims; }},
    Column{"retires", [](auto& m) -> auto& { return m.heartbeat.retires; }},
    Column{"stops", [](auto& m) -> auto& { return m.heartbeat.stops; }},
    Column{"began", [](auto& m) -> auto& { return m.heartbeat.began; }},
    Column{"challenge_answered", [](auto& m) -> auto& { return m.heartbeat.challenge; }},
    Column{"seed", [](auto& m) -> auto& { return m.report.proof; }},
    Column{"ids", [](auto& m) -> auto& { return m.report.ids; }, 0, kMostSane},
    Column{"offset_us", [](auto& m) -> auto& { return m.report.offset_us; }, -kMostSane, kMostSane},
    Column{"round_trip_us", [](auto& m) -> auto& { return m.report.round_trip_us; }, 0, kMostSane},
    Column{"checkpoint", [](auto& m) -> auto& { return m.report.checkpoint; }},
};
// clang-format on
// A field that is in no row is neither sent nor signed. A nonce has two.
static_assert(CountOf(kHeartbeatColumns) ==
              MembersOf<Heartbeat>() + 2 + MembersOf<HeartbeatReport>());

// Whether all numbers are within their ranges, and the fields fit each other.
bool IsSane(const HeartbeatMessage& message);

struct Reply {
  Decision decision;
  int64_t coordinator_us = 0;  // its clock
  int64_t heartbeat_us = 0;    // when to come again
  char path[kMaxPath + 1] = {};
};

// The interval and what goes with it are NULL where nothing is granted.
// clang-format off
inline constexpr std::tuple kGrantColumns{
    Column{"node", [](auto& r) -> auto& { return r.interval.node; }},
    Column{"start_us", [](auto& r) -> auto& { return r.interval.start_us; }},
    Column{"limit_us", [](auto& r) -> auto& { return r.interval.limit_us; }},
    Column{"counter", [](auto& r) -> auto& { return r.current.counter; }},
    Column{"bits", [](auto& r) -> auto& { return r.current.bits; }},
    Column{"incarnation", [](auto& r) -> auto& { return r.incarnation; }},
};
inline constexpr std::tuple kReplyColumns{
    Column{"outcome", [](auto& r) -> auto& { return r.decision.outcome; }},
    Column{"reason", [](auto& r) -> auto& { return r.decision.reason; }},
    Column{"challenge", [](auto& r) -> auto& { return r.decision.challenge; }},
    Column{"coordinator_us", [](auto& r) -> auto& { return r.coordinator_us; }},
    Column{"heartbeat_us", [](auto& r) -> auto& { return r.heartbeat_us; }},
    Column{"path", [](auto& r) -> auto& { return r.path; }},
};
// clang-format on

}  // namespace detid
