// SPDX-License-Identifier: PostgreSQL
//
// The extension's settings, all under `detid.`.

#pragma once

#include <cstdint>

namespace detid::settings {

extern int node_id;            // -1: unset
extern int max_ahead_ms;       // lead over node time before a backend waits
extern int horizon_window_ms;  // how far the horizon is raised ahead of use
extern int max_clock_step_s;   // larger steps of the system clock are not believed
extern int failover_guard_ms;  // start this far above the horizon after a failover
extern int max_generators;     // shards in shared memory
extern int history_memory_kb;  // for the last ids of generators
extern bool allow_manual_clock;
extern bool allow_schema_changes;  // of what belongs to the extension, by others
extern char* coordinator;  // the registry's connection string; empty: there is none
extern char* registered_databases;
extern char* node_token_file;
extern int lease_s;       // of the coordinator: length of an interval
extern int quarantine_s;  // of the coordinator
extern char* tag;  // goes into the ledger
enum OnDuplicate : int { kReport, kStop };
extern int seal_interval_s;  // of the sealer; 0: there is none
extern int on_duplicate;  // what a proof of a second node of this number does

// detid.clock: whether node time is pinned in this session, and to what (us since 1970).
extern bool pinned;
extern int64_t pinned_us;

// Rises with each change of the tag, so that a change is seen without comparing texts.
extern uint64_t tag_changes;

inline int64_t max_ahead_us() {
  return int64_t{max_ahead_ms} * 1000;
}
inline int64_t horizon_window_us() {
  return int64_t{horizon_window_ms} * 1000;
}
inline int64_t max_clock_step_us() {
  return int64_t{max_clock_step_s} * 1000000;
}
inline int64_t failover_guard_us() {
  return int64_t{failover_guard_ms} * 1000;
}

// Whether nodes here register: then nothing is minted without what a registry granted.
inline bool registers() {
  return coordinator != nullptr && coordinator[0] != '\0';
}

// Called from _PG_init. Settings that size shared memory exist only where it can still be sized.
// Called when a setting changes that minters were filled with; module.cpp says by whom.
extern void (*on_change)();

void Define(bool preloading);

}  // namespace detid::settings
