// SPDX-License-Identifier: PostgreSQL
//
// One heartbeat of a node: the registry is asked, and what it answers becomes this node's. The
// order of its steps, and what holds in between, is at the head of client.h.

#pragma once

#include <optional>

#include "core/heartbeat_columns.h"
#include "state/registry/coordinator.h"
#include "state/shared.h"

namespace detid {

inline constexpr int kIdleMs = 5000;  // until there is something to do

// What the process keeps from one heartbeat to the next. One that is promoted begins with another
// one.
struct RegistryClient {
  const char* database_name = nullptr;
  Database* database = nullptr;
  bool standby = false;  // the server was one, with the last heartbeat

  // The pair of nonces.
  bool answered = false;  // that was stored last
  Nonce current;          // then: what to present next

  // What was answered.
  int64_t heartbeat_us = 10000000;
  std::optional<int64_t> offset_us, round_trip_us;
  int64_t foretell_ms = kIdleMs;  // as a standby: how often to ask
  int64_t refused_ms = 0;         // how long to wait, while the coordinator refuses to answer

  // The newest checkpoint of the ledger, and the one that the coordinator has heard of.
  char checkpoint[kMaxWitnessed + 1] = "";
  char witnessed[kMaxWitnessed + 1] = "";

  // This heartbeat.
  int64_t commands = 0;   // the row's count of operators' commands as it began
  bool misset = false;    // it was refused for what is set
  bool stopping = false;  // the server waits for it

  // What the log was told.
  bool told = false;  // that this incarnation is registered
  bool fence_told = false;
  bool noted_no_extension = false;
  char last_trouble[kMaxTrouble] = "";
};

// How long to wait, at least `least_ms`, before one that refuses to answer is asked again: longer
// each time; 0 if it does not refuse.
int64_t RefusedMs(RegistryClient* client, Asked asked, int64_t least_ms);

struct NextHeartbeat {
  int64_t wait_ms;  // until the next one
  bool misset;      // it was refused for detid.node_id, which may be set right for the database
};

// REQUIRES: the registry client's process, outside a transaction. Errors: the server's.
NextHeartbeat HeartbeatOnce(RegistryClient* client);

// Tells the registry that this server is being shut down, and waits about a second for its answer.
// Before that, minting here is closed in memory, so that nothing is minted once the registry
// believes it. REQUIRES: as HeartbeatOnce; the server is being shut down.
void SayStopped(RegistryClient* client);

}  // namespace detid
