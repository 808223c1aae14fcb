// SPDX-License-Identifier: PostgreSQL

#include "state/registry/foretell.h"

#include <algorithm>

#include "core/prf.h"
#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/registry/coordinator.h"
#include "state/registry/node_token.h"
#include "state/settings.h"

namespace detid {
namespace {

constexpr int kTimeoutMs = 5000;

// Null: there is none. Says it once.
void NoteTrouble(RegistryClient* c, const char* trouble) {
  TellTrouble(c->database, trouble);
  if (trouble == nullptr) trouble = "";
  if (strcmp(trouble, c->last_trouble) == 0) return;
  CopyClipped(trouble, c->last_trouble, sizeof c->last_trouble);
  if (trouble[0] != '\0')
    ereport(
        LOG,
        (errmsg(
             "promoted now, this standby would not be answered by the registry with an interval"),
         errdetail_internal("%s", trouble)));
}

Heartbeat HeartbeatOfStandby() {
  Heartbeat b;
  b.next = {1, RandomBits63()};
  b.mode = settings::node_id >= 0 ? Mode::kAssigned : Mode::kLeased;
  b.node = std::max(settings::node_id, kAnyNode);
  b.incarnation = shared->incarnation;
  b.node_us = NodeTimeUs();
  b.began = Began::kNotYet;
  return b;
}

}  // namespace

NextHeartbeat ForetellOnce(RegistryClient* c) {
  Question q;
  Reply reply;
  char trouble[kMaxTrouble] = "";
  if (!FindNodeToken(c->database_name, &q.token, trouble)) {
    NoteTrouble(c, trouble);
    return {kIdleMs, false};
  }
  q.heartbeat = HeartbeatOfStandby();
  q.report.ids = 0;
  const Asked asked = AskCoordinator(q, kTimeoutMs, &reply, trouble);
  explicit_bzero(&q.token, sizeof q.token);
  if (asked != Asked::kAnswered) {
    NoteTrouble(c, trouble);
    return {std::max(c->foretell_ms, RefusedMs(c, asked, c->foretell_ms)), false};
  }
  c->refused_ms = 0;
  c->foretell_ms = std::max<int64_t>(reply.heartbeat_us / 1000, 1000);
  c->database->foretold_us.store(q.heartbeat.node_us, std::memory_order_relaxed);
  const Reason reason = reply.decision.reason;
  if (reply.decision.outcome == Outcome::kGranted) {
    NoteTrouble(c, nullptr);
    return {c->foretell_ms, false};
  }
  snprintf(trouble, sizeof trouble, "The registry would %s this node: %s. %s",
           reply.decision.outcome == Outcome::kFenced ? "fence" : "refuse", Explain(reason),
           AdviceOn(reason));
  NoteTrouble(c, trouble);
  return {c->foretell_ms, reason == Reason::kWrongMode || reason == Reason::kWrongNode};
}

}  // namespace detid
