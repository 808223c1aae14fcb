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
constexpr int64_t kMaxRefusedMs = 60000;

// Null: there is none. Says it once.
void NoteTrouble(Database* database, const char* trouble) {
  static char last[kMaxTrouble];
  TellTrouble(database, trouble);
  if (trouble == nullptr) trouble = "";
  if (strcmp(trouble, last) == 0) return;
  CopyClipped(trouble, last, sizeof last);
  if (last[0] != '\0')
    ereport(
        LOG,
        (errmsg(
             "promoted now, this standby would not be answered by the registry with an interval"),
         errdetail_internal("%s", last)));
}

Beat BeatOfStandby() {
  Beat b;
  b.next = {1, RandomBits63()};
  b.mode = settings::node_id >= 0 ? Mode::kAssigned : Mode::kLeased;
  b.node = std::max(settings::node_id, kAnyNode);
  b.life = shared->life;
  b.node_us = NodeTimeUs();
  b.began = Began::kNotYet;
  return b;
}

}  // namespace

Beaten ForetellOnce(const char* name, Database* database) {
  static int64_t wait_ms = kIdleMs, refused_ms = 0;
  Question q;
  Reply reply;
  char trouble[kMaxTrouble] = "";
  if (!FindNodeToken(name, &q.token, trouble)) {
    NoteTrouble(database, trouble);
    return {kIdleMs, false};
  }
  q.beat = BeatOfStandby();
  q.report.ids = 0;
  const Asked asked = AskCoordinator(q, kTimeoutMs, &reply, trouble);
  explicit_bzero(&q.token, sizeof q.token);
  if (asked != Asked::kAnswered) {
    NoteTrouble(database, trouble);
    // As a node: one that refuses is not asked over and over.
    refused_ms = asked == Asked::kRefused ? std::clamp(2 * refused_ms, wait_ms, kMaxRefusedMs) : 0;
    return {std::max(wait_ms, refused_ms), false};
  }
  refused_ms = 0;
  wait_ms = std::max<int64_t>(reply.beat_us / 1000, 1000);
  database->foretold_us.store(q.beat.node_us, std::memory_order_relaxed);
  const Reason reason = reply.ruling.reason;
  if (reply.ruling.outcome == Outcome::kGranted) {
    NoteTrouble(database, nullptr);
    return {wait_ms, false};
  }
  snprintf(trouble, sizeof trouble, "The registry would %s this node: %s. %s",
           reply.ruling.outcome == Outcome::kFenced ? "fence" : "refuse", Explain(reason),
           AdviceOn(reason));
  NoteTrouble(database, trouble);
  return {wait_ms, reason == Reason::kWrongMode || reason == Reason::kWrongNode};
}

}  // namespace detid
