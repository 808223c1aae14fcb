// SPDX-License-Identifier: PostgreSQL

#include "state/settings.h"

#include <climits>

#include "core/instant.h"
#include "pg/pg.h"

namespace detid::settings {

int node_id = -1;
int max_ahead_ms = 1000;
int horizon_window_ms = 3000;
int max_clock_step_s = 600;
int failover_guard_ms = 10000;
int max_generators = 1024;
int history_memory_kb = 1024;
bool allow_manual_clock = false;
bool allow_schema_changes = false;
char* coordinator = nullptr;
char* registered_databases = nullptr;
char* node_token_file = nullptr;
int lease_s = 30;
int quarantine_s = 3600;
int seal_interval_s = 0;
char* tag = nullptr;
int on_duplicate = kReport;
bool pinned = false;
int64_t pinned_us = 0;
uint64_t tag_changes = 0;
void (*on_change)() = [] {};

namespace {

char* clock_text = nullptr;

constexpr config_enum_entry kOnDuplicate[] = {
    {"report", kReport, false}, {"stop", kStop, false}, {nullptr, 0, false}};

// What is a property of the server or the database, never of a role or a session: what a plain SET,
// a function's SET clause, ALTER ROLE or a client's start packet asks for is refused.
bool OfServerOrDatabase(GucSource source) {
  switch (source) {
    case PGC_S_DEFAULT:
    case PGC_S_DYNAMIC_DEFAULT:
    case PGC_S_ENV_VAR:
    case PGC_S_FILE:
    case PGC_S_ARGV:
    case PGC_S_DATABASE:
    case PGC_S_OVERRIDE:
    case PGC_S_TEST:
      return true;  // ALTER DATABASE or ALTER ROLE, which the next session tells
    default:
      return false;
  }
}

bool CheckNodeId(int*, void**, GucSource source) {
  if (OfServerOrDatabase(source)) return true;
  GUC_check_errcode(ERRCODE_CANT_CHANGE_RUNTIME_PARAM);
  GUC_check_errmsg("detid.node_id cannot be set for a session or a role");
  GUC_check_errhint(
      "Use ALTER SYSTEM SET detid.node_id = 1; SELECT pg_reload_conf(); or ALTER DATABASE mydb SET "
      "detid.node_id = 1;");
  return false;
}

void AssignInt(int, void*) {
  on_change();
}

struct PinnedClock {
  bool pinned;
  int64_t us;
};

bool CheckClock(char** value, void** extra, GucSource source) {
  PinnedClock* clock = static_cast<PinnedClock*>(compat::AllocateExtra(sizeof(PinnedClock)));
  if (clock == nullptr) return false;
  *extra = clock;
  clock->pinned = strcmp(*value, "system") != 0;
  clock->us = 0;
  if (!clock->pinned) return true;
  const Result<int64_t> parsed = ParseInstant(*value);
  if (!parsed.ok()) {
    GUC_check_errdetail("%s", parsed.status.detail);
    GUC_check_errhint("Use 'system', or a time with its zone: '2025-06-01T00:00:00Z'.");
    return false;
  }
  if (!allow_manual_clock && source != PGC_S_TEST) {
    GUC_check_errcode(ERRCODE_CANT_CHANGE_RUNTIME_PARAM);
    GUC_check_errmsg("detid.clock cannot be pinned on this server");
    GUC_check_errhint(
        "On a test server: ALTER SYSTEM SET detid.allow_manual_clock = on; then restart it.");
    return false;
  }
  clock->us = parsed.value;
  return true;
}

void AssignClock(const char*, void* extra) {
  const PinnedClock* clock = static_cast<const PinnedClock*>(extra);
  pinned = clock != nullptr && clock->pinned;
  pinned_us = pinned ? clock->us : 0;
  on_change();
}

void AssignTag(const char*, void*) {
  tag_changes++;
}

}  // namespace

void Define(bool preloading) {
  DefineCustomIntVariable(
      "detid.node_id", "The number of this node, its own among all that mint ids for one purpose.",
      "0 is legal; -1 means that it is not set, and nothing is minted.", &node_id, -1, -1, INT_MAX,
      PGC_SUSET, 0, CheckNodeId, AssignInt, nullptr);
  DefineCustomIntVariable("detid.max_ahead",
                          "How far ids may run ahead of node time under overload.",
                          "Beyond it a backend waits.", &max_ahead_ms, max_ahead_ms, 0, 60000,
                          PGC_SIGHUP, GUC_UNIT_MS, nullptr, AssignInt, nullptr);
  DefineCustomIntVariable("detid.horizon_window", "How far ahead of use the horizon is raised.",
                          "A restart may put node time ahead of the system clock by as much.",
                          &horizon_window_ms, horizon_window_ms, 100, 60000, PGC_SIGHUP,
                          GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("detid.max_clock_step",
                          "Steps of the system clock larger than this are not believed.", nullptr,
                          &max_clock_step_s, max_clock_step_s, 1, INT_MAX, PGC_SIGHUP, GUC_UNIT_S,
                          nullptr, nullptr, nullptr);
  DefineCustomIntVariable("detid.failover_guard",
                          "How far above the horizon node time starts after a failover.", nullptr,
                          &failover_guard_ms, failover_guard_ms, 0, 3600000, PGC_SIGHUP,
                          GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("detid.tag", "A text that goes into the ledger with each id.",
                             "Say a request's number: SET LOCAL detid.tag = 'req-8f2'.", &tag, "",
                             PGC_USERSET, 0, nullptr, AssignTag, nullptr);
  DefineCustomStringVariable(
      "detid.node_token_file", "The file with the tokens of this server's nodes.",
      "A line is what detid.enroll_node returned, or database=token.", &node_token_file, "",
      PGC_SIGHUP, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("detid.allow_schema_changes",
                           "Allows changes to the definitions of the extension's own objects.",
                           "Only a superuser can set it. Without it they are refused to all.",
                           &allow_schema_changes, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("detid.lease", "How long the intervals are that this coordinator grants.",
                          "Nodes ask three times as often.", &lease_s, lease_s, 1, 120, PGC_SIGHUP,
                          GUC_UNIT_S, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "detid.quarantine",
      "How long after its last interval a node number may be granted to another node.", nullptr,
      &quarantine_s, quarantine_s, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("detid.seal_interval", "How often the sealer seals the ledger.",
                          "0: there is no sealer. Started or not, with the server.",
                          &seal_interval_s, seal_interval_s, 0, 86400, PGC_SIGHUP, GUC_UNIT_S,
                          nullptr, nullptr, nullptr);
  DefineCustomEnumVariable(
      "detid.on_duplicate", "What a proof of a second node of this number does.",
      "It is reported; with 'stop', minting stops here until detid.accept_copy().", &on_duplicate,
      kReport, kOnDuplicate, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  if (preloading) {
    DefineCustomStringVariable("detid.coordinator",
                               "The connection string of the registry of nodes.",
                               "Empty: there is none, and detid.node_id counts.", &coordinator, "",
                               PGC_POSTMASTER, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("detid.registered_databases",
                               "The databases of this server that are nodes of the registry.",
                               "A list. With detid.coordinator, others do not mint.",
                               &registered_databases, "", PGC_POSTMASTER, GUC_LIST_INPUT, nullptr,
                               nullptr, nullptr);
    DefineCustomIntVariable(
        "detid.max_generators", "How many generators may be in use at the same time.", nullptr,
        &max_generators, max_generators, 8, 65536, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("detid.history_memory",
                            "Shared memory for the last ids of generators that have a history.",
                            nullptr, &history_memory_kb, history_memory_kb, 0, MAX_KILOBYTES,
                            PGC_POSTMASTER, GUC_UNIT_KB, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "detid.allow_manual_clock", "Allows sessions to pin detid.clock. For test servers only.",
        nullptr, &allow_manual_clock, false, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
  }
  DefineCustomStringVariable("detid.clock", "'system', or a time to which node time is pinned.",
                             "For tests; ids minted under it are marked in the ledger.",
                             &clock_text, "system", PGC_USERSET, 0, CheckClock, AssignClock,
                             nullptr);
  MarkGUCPrefixReserved("detid");
}

}  // namespace detid::settings
