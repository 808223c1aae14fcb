// SPDX-License-Identifier: PostgreSQL

#include "state/registry/heartbeat.h"

#include <algorithm>

#include "core/instant.h"
#include "core/prf.h"
#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/horizon.h"
#include "state/origin.h"
#include "state/registry/coordinator.h"
#include "state/registry/node_token.h"
#include "state/registry/owner_transaction.h"
#include "state/registry/registration.h"
#include "state/registry/server.h"
#include "state/seed.h"
#include "state/settings.h"
#include "state/shards.h"

namespace detid {
namespace {

constexpr int kFencedMs = 60000;
constexpr int kSoonMs = 200;

// For locks: half a heartbeat, unless the server waits for it.
int Patience(const RegistryClient* c) {
  if (c->stopping) return 200;
  return static_cast<int>(std::clamp<int64_t>(c->heartbeat_us / 2000, 50, 10000));
}

// False if somebody has locked the row, or has just dropped the extension, which the next heartbeat
// finds out.
bool Store(const RegistryClient* c, const StoredRegistration& stored, bool heard = false,
           bool without_end = false) {
  return InTransaction(without_end ? 0 : Patience(c), [&] { WriteRegistration(stored, heard); }) ==
         Done::kYes;
}

// Sessions that wait for the first interval need not wait longer, unless an operator has said
// something since: then it is asked for once more.
void EndRegistering(const RegistryClient* c) {
  if (c->commands < 0 || c->database->fence.count() == c->commands)
    c->database->registering.store(0, std::memory_order_relaxed);
}

// Says it once.
void NoteTrouble(RegistryClient* c, const char* trouble) {
  TellTrouble(c->database, trouble);
  EndRegistering(c);
  if (strcmp(trouble, c->last_trouble) == 0) return;
  CopyClipped(trouble, c->last_trouble, sizeof c->last_trouble);
  ereport(LOG, (errmsg("the registry has not answered this node with an interval"),
                errdetail_internal("%s", trouble)));
}

// Returns how long to wait.
int64_t NoteLocked(RegistryClient* c) {
  NoteTrouble(c,
              "A transaction that is still open keeps the registry client from "
              "detid._registration, or another of its tables: see pg_locks, and end it.");
  return std::clamp<int64_t>(c->heartbeat_us / 10000, 200, kIdleMs);
}

void NoteReason(RegistryClient* c, Reason reason) {
  char trouble[kMaxTrouble];
  snprintf(trouble, sizeof trouble, "The registry refuses this node: %s. %s", Explain(reason),
           AdviceOn(reason));
  NoteTrouble(c, trouble);
  c->misset = reason == Reason::kWrongMode || reason == Reason::kWrongNode;
}

uint64_t IdsHere(const RegistryClient* c) {
  return CountIds(c->database);
}

// --- Fencing ---

// Once a fence, and once a start.
void LogFence(RegistryClient* c, Reason reason) {
  if (c->fence_told) return;
  c->fence_told = true;
  if (reason == Reason::kRetired) {
    ereport(LOG, (errcode(kSqlStateFenced), errmsg("this node is retired and mints no more ids")));
    return;
  }
  const uint64_t ids = IdsHere(c) - c->database->answered_ids.load(std::memory_order_relaxed);
  const int64_t since_us = c->database->answered_us.load(std::memory_order_relaxed);
  char since[kMaxInstantText] = "";
  FormatInstant(since_us, since, sizeof since);
  ereport(LOG, (errcode(kSqlStateFenced),
                errmsg("this node is fenced and mints no more ids: %s", Explain(reason)),
                since_us == 0
                    ? errdetail("It has minted none since this server was started.")
                    : errdetail(
                          "It has minted %llu ids since %s, when the registry answered last. Of "
                          "which times ids may have been minted twice, the coordinator's log says.",
                          static_cast<unsigned long long>(ids), since),
                errhint("%s", AdviceOn(reason))));
}

// Stops minting at once, then stores it: whatever keeps it from that. If an operator has said
// something since the heartbeat began, which may be that it is not fenced, it asks again instead.
// Returns how long to wait.
int64_t FenceHere(RegistryClient* c, StoredRegistration* stored, Reason reason) {
  c->database->granted.Revoke();
  if (!c->database->fence.Take(stored->commands, true)) return kSoonMs;
  EndRegistering(c);
  stored->fenced = reason;
  TellTrouble(c->database, "This node is fenced.");
  LogFence(c, reason);
  EndAtOnce(true);
  Store(c, *stored, true, true);
  EndAtOnce(false);
  return kFencedMs;
}

// --- A heartbeat ---

Heartbeat HeartbeatFor(const RegistryClient* c, const StoredRegistration& stored,
                       const Origin& here) {
  Heartbeat b;
  b.mode = settings::node_id >= 0 ? Mode::kAssigned : Mode::kLeased;
  b.node = settings::node_id;
  b.instance = PlaceOf(here);
  b.incarnation = shared->incarnation;
  b.timeline = here.timeline;
  b.granted_us = stored.granted_us;
  b.horizon_us = c->database->horizon.published();
  const int64_t answered_us = c->database->answered_us.load(std::memory_order_relaxed);
  if (answered_us != 0)
    b.since_us = answered_us;
  else if (c->database->granted.Read().limit_us != 0)
    b.since_us = c->database->start_us.load(std::memory_order_relaxed);
  b.claims = stored.claims;
  b.retires = stored.retires;
  b.began = stored.began;
  return b;
}

// The pair to send: the one that was stored, until it is answered. How the server began is stored
// along. False if it cannot be stored now: then the pair is as it was.
bool ChoosePair(RegistryClient* c, StoredRegistration* stored, const Origin& here) {
  StoredRegistration chosen = *stored;
  const Began began = BeganHere(*stored, here);
  const bool known = began == stored->began &&
                     (began == Began::kPlainly || (stored->began_instance == PlaceOf(here) &&
                                                   stored->began_timeline == here.timeline));
  stored->began = chosen.began = began;
  chosen.began_instance = PlaceOf(here);
  chosen.began_timeline = here.timeline;
  if (c->answered)
    chosen.old = c->current;
  else if (stored->next.counter != 0 && known)
    return true;
  if (c->answered || stored->next.counter == 0)
    chosen.next = {chosen.old.counter + 1, RandomBits63()};
  if (!Store(c, chosen)) return false;
  c->answered = false;
  *stored = chosen;
  return true;
}

Adopted AdoptHere(const RegistryClient* c, const Decision& decision) {
  return Adopt(&c->database->granted, &shared->clock, ReadClocks(), decision, shared->incarnation,
               settings::max_clock_step_us());
}

// An assigned node that was confirmed here needs nobody to start.
void StartConfirmed(RegistryClient* c, const StoredRegistration& s, const Origin& here) {
  const bool confirmed =
      s.instance == PlaceOf(here) && s.timeline == here.timeline && s.node == settings::node_id;
  if (settings::node_id < 0 || !confirmed || s.retires) return;
  const Decision again = {
      Outcome::kGranted, Reason::kNone, {s.node, s.start_us, kForEver}, {}, shared->incarnation};
  if (AdoptHere(c, again) == Adopted::kYes) EndRegistering(c);
}

// False if it cannot be stored now.
bool StoreAnswer(RegistryClient* c, StoredRegistration* stored, const Heartbeat& heartbeat,
                 const Reply& reply) {
  const Interval& i = reply.decision.interval;
  c->answered = true;
  c->current = reply.decision.current;
  stored->old = heartbeat.old;
  stored->next = heartbeat.next;
  stored->instance = heartbeat.instance;
  stored->timeline = heartbeat.timeline;
  stored->node = i.limit_us == kForEver ? i.node : kAnyNode;  // N2
  stored->start_us = i.start_us;
  if (i.limit_us != kForEver) stored->granted_us = std::max(stored->granted_us, i.limit_us);
  strlcpy(stored->path, reply.path, sizeof stored->path);
  stored->claims = heartbeat.claims;
  stored->retires = false;  // FenceHere
  return Store(c, *stored, true);
}

// Returns how long to wait for the next heartbeat.
int64_t TakeGrant(RegistryClient* c, StoredRegistration* stored, const Heartbeat& heartbeat,
                  const Reply& reply, uint64_t ids) {
  const bool kept = StoreAnswer(c, stored, heartbeat, reply);
  if (heartbeat.retires) return FenceHere(c, stored, Reason::kRetired);
  if (!kept) return NoteLocked(c);
  const Adopted adopted = AdoptHere(c, reply.decision);
  if (adopted == Adopted::kOtherIncarnation) return 0;
  if (adopted != Adopted::kYes) {
    NoteTrouble(c, adopted == Adopted::kTooFar
                       ? "The interval that was granted begins too far ahead of the clock."
                       : "The interval that was granted begins before the last one ended.");
    return kIdleMs;
  }
  c->database->answered_ids.store(ids, std::memory_order_relaxed);
  c->database->answered_us.store(NodeTimeUs(), std::memory_order_relaxed);
  EndRegistering(c);
  if (!c->told || c->last_trouble[0] != '\0')
    ereport(LOG, (errmsg("this node is registered as %s, under number %d", reply.path,
                         reply.decision.interval.node)));
  c->told = true;
  c->last_trouble[0] = '\0';
  TellTrouble(c->database, nullptr);
  // The answer may be that to an earlier heartbeat, once more: what is left of it may not last a
  // heartbeat.
  const int64_t left_us = reply.decision.interval.limit_us - NodeTimeUs();
  return left_us < 2 * c->heartbeat_us ? std::min<int64_t>(c->heartbeat_us / 10000, 200)
                                       : c->heartbeat_us / 1000;
}

// One question; and while the answer is a challenge, another one, which tells it from a request
// that came late. What a challenge is bound to may move meanwhile, so there may be some.
Asked Ask(RegistryClient* c, Question* q, int timeout_ms, Reply* reply) {
  constexpr int kMostChallenges = 5;
  char trouble[kMaxTrouble] = "";
  for (int i = 0; i <= kMostChallenges; i++) {
    q->heartbeat.node_us = NodeTimeUs();
    const Asked asked = AskCoordinator(*q, timeout_ms, reply, trouble);
    if (asked != Asked::kAnswered) {
      NoteTrouble(c, trouble);
      return asked;
    }
    const int64_t now_us = NodeTimeUs();
    c->heartbeat_us = std::max<int64_t>(reply->heartbeat_us, 100000);
    c->round_trip_us = now_us - q->heartbeat.node_us;
    c->offset_us = reply->coordinator_us - (q->heartbeat.node_us + *c->round_trip_us / 2);
    const Decision& r = reply->decision;
    if (r.outcome != Outcome::kRefused || r.challenge == 0) break;
    q->heartbeat.challenge = r.challenge;
  }
  return Asked::kAnswered;
}

// Soon; but one that refuses is not asked over and over.
int64_t TimeToRetry(RegistryClient* c, Asked asked) {
  const int64_t soon_ms = std::clamp<int64_t>(c->heartbeat_us / 10000, 200, kIdleMs);
  return std::max(soon_ms, RefusedMs(c, asked, soon_ms));
}

// REQUIRES: RunAsOwner.
void ReadCheckpoint(RegistryClient* c) {
  c->checkpoint[0] = '\0';
  const int result = SPI_execute(
      "SELECT note FROM detid.checkpoints WHERE name = (SELECT name FROM detid._seal_key ORDER BY "
      "number DESC LIMIT 1) ORDER BY size DESC LIMIT 1",
      true, 1);
  if (result != SPI_OK_SELECT || SPI_processed == 0) return;
  const char* note = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
  if (note != nullptr && strlen(note) <= kMaxWitnessed)
    strlcpy(c->checkpoint, note, sizeof c->checkpoint);
}

enum class Prepared : uint8_t {
  kNo,     // the row is locked, or there is no token
  kAgain,  // somebody has locked the row: to what was asked last there is the same answer, or a
           // fence
  kStored,
};

Prepared Prepare(RegistryClient* c, StoredRegistration* stored, const Origin& here, Question* q) {
  char trouble[kMaxTrouble];
  if (!FindNodeToken(c->database_name, &q->token, trouble)) {
    NoteTrouble(c, trouble);
    return Prepared::kNo;
  }
  const bool chosen = ChoosePair(c, stored, here);
  if (!chosen && stored->next.counter == 0) return NoteLocked(c), Prepared::kNo;
  q->heartbeat = HeartbeatFor(c, *stored, here);
  q->heartbeat.old = stored->old;
  q->heartbeat.next = stored->next;
  const Done read = InTransaction(Patience(c), [&] {
    Seed mark;
    if (CurrentMark(&mark)) q->report.proof = ProofForRegistry(mark);
    explicit_bzero(&mark, sizeof mark);
    ReadCheckpoint(c);
  });
  if (read != Done::kYes) return NoteLocked(c), Prepared::kNo;
  q->report.ids = static_cast<int64_t>(IdsHere(c));
  q->report.offset_us = c->offset_us;
  q->report.round_trip_us = c->round_trip_us;
  if (strcmp(c->checkpoint, c->witnessed) != 0) q->report.checkpoint = c->checkpoint;
  return chosen ? Prepared::kStored : Prepared::kAgain;
}

int64_t AskOnce(RegistryClient* c, StoredRegistration* stored, const Origin& here) {
  Question q;
  const Prepared prepared = Prepare(c, stored, here, &q);
  if (prepared == Prepared::kNo) return TimeToRetry(c, Asked::kNoAnswer);
  const int timeout_ms = static_cast<int>(std::clamp<int64_t>(c->heartbeat_us / 2000, 500, 10000));
  Reply reply;
  const Asked asked = Ask(c, &q, timeout_ms, &reply);
  explicit_bzero(&q.token, sizeof q.token);
  const int64_t retry_ms = TimeToRetry(c, asked);
  if (asked != Asked::kAnswered) return retry_ms;
  switch (reply.decision.outcome) {
    case Outcome::kFenced:
      return FenceHere(c, stored, reply.decision.reason);
    case Outcome::kRefused:
      NoteReason(c, reply.decision.reason);
      // It may follow soon, or was not heard in time.
      if (reply.decision.reason == Reason::kNodeLives || reply.decision.challenge != 0)
        return retry_ms;
      return std::clamp<int64_t>(c->heartbeat_us / 1000, 200, kIdleMs);
    case Outcome::kGranted:
      if (q.report.checkpoint.data() != nullptr)
        strlcpy(c->witnessed, c->checkpoint, sizeof c->witnessed);
      break;
  }
  if (prepared != Prepared::kStored) return NoteLocked(c);
  return TakeGrant(c, stored, q.heartbeat, reply, static_cast<uint64_t>(*q.report.ids));
}

// Says it once.
void NoteNoExtension(RegistryClient* c) {
  if (c->noted_no_extension) return;
  c->noted_no_extension = true;
  ereport(LOG,
          (errmsg("database \"%s\" is to be a node of the registry, and has no extension pg_detid",
                  c->database_name),
           errhint("CREATE EXTENSION pg_detid; there, or take it out of "
                   "detid.registered_databases.")));
}

// Returns how many milliseconds to wait.
int64_t HeartbeatNow(RegistryClient* c) {
  StoredRegistration stored;
  bool there = false;
  Origin here;
  const Done read = InTransaction(Patience(c), [&] {
    there = ReadRegistration(&stored);
    if (!there) return;
    KnowFence(c->database);
    here = OriginHere();
    if (stored.fenced == Reason::kNone) LoadHorizon(c->database);
  });
  if (read == Done::kLocked) return NoteLocked(c);
  if (!there) {
    const bool installed = read == Done::kYes;
    if (!installed) NoteNoExtension(c);
    // It could not be fenced.
    c->database->granted.Revoke();
    c->database->registering.store(installed ? 0 : 1, std::memory_order_relaxed);
    TellTrouble(c->database,
                installed
                    ? "This node's row of detid._registration is gone."
                    : "The extension is not created in this database, or others than its owner "
                      "own its tables.");
    return kIdleMs;
  }
  // The COMMIT of a command is visible before it is in memory (FollowCommandAtCommit); and this
  // process may have been stopped since it read the row.
  c->commands = stored.commands;
  if (!TakeFence(c->database, stored)) return kSoonMs;
  if (stored.fenced != Reason::kNone) {
    c->database->granted.Revoke();
    EndRegistering(c);
    TellTrouble(c->database, "This node is fenced.");
    LogFence(c, stored.fenced);
    return kFencedMs;
  }
  c->fence_told = false;
  if (c->database->granted.Read().limit_us == 0) StartConfirmed(c, stored, here);
  return AskOnce(c, &stored, here);
}

}  // namespace

int64_t RefusedMs(RegistryClient* c, Asked asked, int64_t least_ms) {
  constexpr int64_t kMostMs = 60000;
  c->refused_ms = asked == Asked::kRefused ? std::clamp(2 * c->refused_ms, least_ms, kMostMs) : 0;
  return c->refused_ms;
}

NextHeartbeat HeartbeatOnce(RegistryClient* c) {
  c->misset = false;
  const int64_t wait_ms = HeartbeatNow(c);
  return {wait_ms, c->misset};
}

void SayStopped(RegistryClient* c) {
  constexpr int kMostMs = 1000;
  c->database->fence.Set(Fence::kShutdown);
  c->stopping = true;
  StoredRegistration stored;
  Origin here;
  bool there = false;
  const Done read = InTransaction(Patience(c), [&] {
    there = ReadRegistration(&stored);
    here = OriginHere();
  });
  if (read != Done::kYes || !there || StoppedBy(stored) != Reason::kNone || !c->told) return;
  Question q;
  Reply reply;
  if (Prepare(c, &stored, here, &q) == Prepared::kNo) return;
  q.heartbeat.stops = true;
  const Asked asked = Ask(c, &q, kMostMs, &reply);
  explicit_bzero(&q.token, sizeof q.token);
  if (asked == Asked::kAnswered && reply.decision.outcome == Outcome::kGranted)
    ereport(LOG, (errmsg("the registry knows that this node is stopped")));
}

}  // namespace detid
