// SPDX-License-Identifier: PostgreSQL
//
// _heartbeat: what nodes ask the coordinator. What a beat means is decided by core/registry.h; here
// it is read, locked, and stored with the answer.
//
// Who asks is known by his role and by the signature of a node over all that he says
// (core/beat_signature.h): nobody else learns anything, changes anything or waits for a lock. A
// beat locks the node's own row, and changes no other's, but where two nodes have one seed. That of
// a standby locks and changes nothing.

#include <algorithm>

#include "core/beat_signature.h"
#include "core/instant.h"
#include "core/registry_text.h"
#include "fn/nodes.h"
#include "fn/patience.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "state/settings.h"

namespace detid {
namespace {

enum Argument {
  kKey,
  kSignature,
  kOldCounter,
  kOldBits,
  kNextCounter,
  kNextBits,
  kMode,
  kNode,
  kInstance,
  kLife,
  kTimeline,
  kNodeUs,
  kGrantedUs,
  kHorizonUs,
  kSinceUs,
  kClaims,
  kRetires,
  kStops,
  kBegan,
  kChallenge,
  kSeed,
  kIds,
  kOffsetUs,
  kRoundTripUs
};

// False if the argument has not just as many bytes.
template <int kBytes>
bool ReadBytes(FunctionCallInfo fcinfo, int argument, uint8_t (&byte)[kBytes]) {
  if (PG_ARGISNULL(argument)) return false;
  const bytea* value = PG_GETARG_BYTEA_PP(argument);
  if (VARSIZE_ANY_EXHDR(value) != kBytes) return false;
  memcpy(byte, VARDATA_ANY(value), kBytes);
  return true;
}

// What it tells, as far as it is told; RequireSane judges it.
BeatReport ReportOf(FunctionCallInfo fcinfo) {
  BeatReport r;
  r.has_proof = ReadBytes(fcinfo, kSeed, r.proof.byte);
  if (!PG_ARGISNULL(kIds)) r.ids = PG_GETARG_INT64(kIds);
  if (!PG_ARGISNULL(kOffsetUs)) r.offset_us = PG_GETARG_INT64(kOffsetUs);
  if (!PG_ARGISNULL(kRoundTripUs)) r.round_trip_us = PG_GETARG_INT64(kRoundTripUs);
  return r;
}

// The same of the beat; of what is no number, 0.
Beat BeatOf(FunctionCallInfo fcinfo) {
  const auto number = [&](int i) { return PG_ARGISNULL(i) ? 0 : PG_GETARG_INT64(i); };
  Beat b;
  if (!PG_ARGISNULL(kMode)) FromName(View(PG_GETARG_TEXT_PP(kMode)), &b.mode);
  b.old = {number(kOldCounter), number(kOldBits)};
  b.next = {number(kNextCounter), number(kNextBits)};
  b.node = static_cast<int32_t>(number(kNode));
  b.instance = number(kInstance);
  b.life = number(kLife);
  b.timeline = number(kTimeline);
  b.node_us = number(kNodeUs);
  b.granted_us = number(kGrantedUs);
  b.horizon_us = number(kHorizonUs);
  b.since_us = number(kSinceUs);
  const auto flag = [&](int i) { return !PG_ARGISNULL(i) && PG_GETARG_BOOL(i); };
  b.claims = flag(kClaims);
  b.retires = flag(kRetires);
  b.stops = flag(kStops);
  b.challenge = number(kChallenge);
  if (!PG_ARGISNULL(kBegan)) FromName(View(PG_GETARG_TEXT_PP(kBegan)), &b.began);
  return b;
}

// Errors: a NULL where there is to be a value, a value that makes no sense, or a signature that is
// not the key's over all of them.
void RequireSigned(FunctionCallInfo fcinfo, const Beat& b, const BeatReport& r) {
  for (int i = kKey; i <= kChallenge; i++)
    if (PG_ARGISNULL(i)) Raise(Error::kRefusedByRegistry);
  const auto number = [&](int i) { return PG_GETARG_INT64(i); };
  const int64_t node = number(kNode);
  Mode mode;
  Began began;
  BeatKey key;
  Signature signature;
  // Half of what a bigint holds leaves room to add.
  constexpr int64_t kMost = PG_INT64_MAX / 2;
  const auto sane = [](int64_t n) { return n >= 0 && n <= kMost; };
  const auto told = [&](int i) { return PG_ARGISNULL(i) || sane(number(i)); };
  const bool offset_sane =
      PG_ARGISNULL(kOffsetUs) || (number(kOffsetUs) >= -kMost && number(kOffsetUs) <= kMost);
  // A horizon is above node time by a few seconds, two minutes at the most; whoever has the number
  // next begins above.
  constexpr int64_t kHour = int64_t{3600} * 1000000;
  if (!FromName(View(PG_GETARG_TEXT_PP(kMode)), &mode) ||
      !FromName(View(PG_GETARG_TEXT_PP(kBegan)), &began) || !sane(b.old.counter) ||
      b.next.counter != b.old.counter + 1 || node < kAnyNode || node > PG_INT32_MAX ||
      !sane(b.node_us) || !sane(b.granted_us) || !sane(b.horizon_us) || !sane(b.since_us) ||
      b.horizon_us > b.node_us + kHour || !told(kIds) || !told(kRoundTripUs) || !offset_sane ||
      PG_ARGISNULL(kOffsetUs) != PG_ARGISNULL(kRoundTripUs) ||
      (!PG_ARGISNULL(kSeed) && !r.has_proof) || !ReadBytes(fcinfo, kKey, key.byte) ||
      !ReadBytes(fcinfo, kSignature, signature.byte) || !IsSigned(key, signature, b, r))
    Raise(Error::kRefusedByRegistry);
}

// The node of this key and role; if it `locks`, its row is locked from here on. Errors: there is
// none; which of the two is wrong is not told.
Node Authenticate(FunctionCallInfo fcinfo, bool locks) {
  static SPIPlanPtr plans[2] = {};
  SPIPlanPtr& plan = plans[locks];
  char sql[1024];
  snprintf(sql, sizeof sql, "SELECT %s FROM detid._nodes WHERE key = $1 AND role = $2%s",
           kNodeColumns, locks ? " FOR NO KEY UPDATE" : "");
  const uint64_t rows = Query()
                            .Add(BYTEAOID, PG_GETARG_DATUM(kKey))
                            .Add(OIDOID, ObjectIdGetDatum(GetSessionUserId()))
                            .Change(sql, &plan);
  if (rows != 1) Raise(Error::kRefusedByRegistry);
  return NodeAt(0);
}

// Whether another node has shown this seed.
bool SharesSeed(FunctionCallInfo fcinfo, const Node& n) {
  static SPIPlanPtr plan = nullptr;
  if (PG_ARGISNULL(kSeed) || n.r.state == NodeState::kRetired) return false;
  const uint64_t rows = Query()
                            .Add(BYTEAOID, PG_GETARG_DATUM(kSeed))
                            .Text(n.id)
                            .Change(
                                "SELECT id, path FROM detid._nodes "
                                "WHERE seed = $1 AND id <> $2::uuid AND state <> 'retired'",
                                &plan);
  return rows > 0;
}

// What both may have minted: of who asks, what he has since he was answered last; and if somebody
// else was taken for the node since, what that one had by then.
void LogFence(const Node& n, const Beat& b, Reason reason, bool both, int64_t now_us) {
  int64_t since_us = b.since_us;
  if (b.life != n.r.life && n.life_us > since_us) since_us = std::min(since_us, n.since_us);
  int64_t until_us =
      std::max({now_us, b.node_us, n.node_us}) + std::max(n.r.beat_us, RulesFor(n).beat_us());
  if (n.r.mode == Mode::kLeased) until_us = n.r.interval.limit_us;
  char since[kMaxInstantText] = "", until[kMaxInstantText];
  FormatInstant(since_us, since, sizeof since);
  FormatInstant(until_us, until, sizeof until);
  ereport(LOG,
          (errcode(kSqlStateFenced), errhidestmt(true),
           errmsg(both ? "node %s (number %d) is fenced: %s"
                       : "a server that shows the token of node %s (number %d) is fenced: %s",
                  n.path, n.r.interval.node, Explain(reason)),
           since_us == 0 || since_us >= until_us
               ? errdetail("It has minted nothing that the node can have minted, too.")
               : errdetail("Ids with times from %s to %s may have been minted twice, no others.",
                           since, until),
           errhint("%s", AdviceOn(reason))));
}

void StoreFence(const char* id, Reason reason) {
  Query()
      .Text(id)
      .Text(NameOf(reason))
      .Write(
          "UPDATE detid._nodes SET state = 'fenced', reason = $2, fenced_at = now() "
          "WHERE id = $1::uuid AND state <> 'retired'",
          SPI_OK_UPDATE);
}

// Both of two nodes with one seed.
void StoreSameSeed(FunctionCallInfo fcinfo, const Node& n) {
  const uint64_t rows =
      Query()
          .Add(BYTEAOID, PG_GETARG_DATUM(kSeed))
          .Text(n.id)
          .Text(NameOf(Reason::kSameSeed))
          .Change(
              "UPDATE detid._nodes SET state = 'fenced', reason = $3, fenced_at = now() "
              "WHERE seed = $1 AND id <> $2::uuid AND state NOT IN ('retired', 'fenced') "
              "RETURNING path, node");
  for (uint64_t i = 0; i < rows; i++)
    ereport(LOG,
            (errcode(kSqlStateFenced), errhidestmt(true),
             errmsg("node %s (number %s) is fenced: %s", TextAt(i, 1),
                    TextAt(i, 2) == nullptr ? "none" : TextAt(i, 2), Explain(Reason::kSameSeed)),
             errdetail("The other one is %s. Their ids differ where the layout shows the node.",
                       n.path),
             errhint("%s", AdviceOn(Reason::kSameSeed))));
}

void StoreGrant(FunctionCallInfo fcinfo, const Node& n, const Beat& b) {
  static SPIPlanPtr plan = nullptr;
  const Registration& r = n.r;
  Query()
      .Text(n.id)
      .Text(NameOf(r.state))
      .Number(r.interval.node)
      .Number(r.current.counter)
      .Number(r.current.bits)
      .Number(b.old.counter)
      .Number(b.old.bits)
      .Number(b.next.counter)
      .Number(b.next.bits)
      .Number(r.instance)
      .Number(r.life)
      .Number(r.timeline)
      .Number(r.interval.start_us)
      .Number(r.interval.limit_us)
      .Number(r.end_us)
      .Number(b.node_us)
      .Number(b.horizon_us)
      .Add(INT8OID, PG_GETARG_DATUM(kIds), PG_ARGISNULL(kIds))
      .Add(INT8OID, PG_GETARG_DATUM(kOffsetUs), PG_ARGISNULL(kOffsetUs))
      .Add(INT8OID, PG_GETARG_DATUM(kRoundTripUs), PG_ARGISNULL(kRoundTripUs))
      .Add(BYTEAOID, PG_GETARG_DATUM(kSeed), PG_ARGISNULL(kSeed))
      .Number(b.since_us)
      .Number(r.beat_us)
      .Number(r.heard_us)
      .Add(BOOLOID, BoolGetDatum(r.stopped))
      .Change(
          "UPDATE detid._nodes SET state = $2, node = $3, counter = $4, bits = $5, "
          "asked_old_counter = $6, asked_old_bits = $7, asked_next_counter = $8, "
          "asked_next_bits = $9, instance = $10, life = $11, timeline = $12, start_us = $13, "
          "limit_us = $14, end_us = $15, node_us = $16, horizon_us = $17, ids = $18, "
          "offset_us = coalesce($19, offset_us), round_trip_us = coalesce($20, round_trip_us), "
          "seed = $21, life_us = CASE WHEN life = $11 THEN life_us ELSE $16 END, "
          "since_us = CASE WHEN life = $11 THEN since_us ELSE $22 END, beat_us = $23, "
          "heard_us = $24, stopped = $25, "
          "seen_at = now(), refused = NULL, reason = NULL, fenced_at = NULL "
          "WHERE id = $1::uuid RETURNING 1",
          &plan);
  if (r.state == NodeState::kRetired) GiveBackNumber(n, RulesFor(n).quarantine_us);
}

void StoreRefusal(const Node& n, Reason reason) {
  Query()
      .Text(n.id)
      .Text(NameOf(reason))
      .Number(n.r.heard_us)
      .Write("UPDATE detid._nodes SET refused = $2, heard_us = $3 WHERE id = $1::uuid",
             SPI_OK_UPDATE);
}

// A node that hears nothing goes away and comes again; its beat would wait on, and the next beside
// it. Nor may a node that leaves its transaction open keep for long what others look for.
void WaitNotLong() {
  LimitThisTransaction();
  const int ms = BeatLockMs();
  if (LockTimeout > 0 && LockTimeout <= ms) return;
  SetLocally("lock_timeout", psprintf("%d", ms));
}

}  // namespace

// _heartbeat(...): see core/registry.h.
DETID_FUNCTION(detid_heartbeat) {
  PreventCommandIfReadOnly("_heartbeat()");
  // What others were granted is to be seen once the locks are had.
  if (IsolationUsesXactSnapshot()) Raise(Error::kRefusedByRegistry);
  const Beat beat = BeatOf(fcinfo);
  RequireSigned(fcinfo, beat, ReportOf(fcinfo));
  WaitNotLong();
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const bool stores = beat.began != Began::kNotYet;
  Node n = Authenticate(fcinfo, stores);
  if (stores) {
    CommitDurably();
    NoteCoordinator(&n);
    FindNumber(&n);
  }
  const bool same_seed = stores && SharesSeed(fcinfo, n);
  const int64_t now_us = ClockUs();
  const Node before = n;
  const Ruling ruling = Rule(&n.r, beat, same_seed, RulesFor(n), now_us);
  if (stores) switch (ruling.outcome) {
      case Outcome::kGranted:
        StoreGrant(fcinfo, n, beat);
        break;
      case Outcome::kRefused:
        if (!IsGraveReason(ruling.reason) && ruling.challenge == 0) StoreRefusal(n, ruling.reason);
        break;
      case Outcome::kFenced:
        if (ruling.fences_both) StoreFence(n.id, ruling.reason);
        if (before.r.state != NodeState::kFenced && before.r.state != NodeState::kRetired)
          LogFence(before, beat, ruling.reason, ruling.fences_both, now_us);
        if (ruling.fences_both && ruling.reason == Reason::kSameSeed) StoreSameSeed(fcinfo, n);
        break;
    }
  SPI_finish();
  Record<12> row;
  row.AddText(NameOf(ruling.outcome));
  row.AddText(NameOf(ruling.reason));
  if (ruling.outcome == Outcome::kGranted) {
    row.Add(Int32GetDatum(ruling.interval.node));
    row.Add(Int64GetDatum(ruling.interval.start_us));
    row.Add(Int64GetDatum(ruling.interval.limit_us));
    row.Add(Int64GetDatum(ruling.current.counter));
    row.Add(Int64GetDatum(ruling.current.bits));
    row.Add(Int64GetDatum(ruling.life));
  } else {
    row.Skip(6);
  }
  row.Add(Int64GetDatum(now_us));
  row.Add(Int64GetDatum(RulesFor(n).beat_us()));
  row.AddText(n.path);
  row.Add(Int64GetDatum(ruling.challenge));
  return row.Return(fcinfo);
}

// sign_beat(token bytea, NULL, old_counter bigint, ...) -> key bytea, signature bytea, for the rest of
// _heartbeat's arguments. The install script does not declare it, and tokens have no business in a
// query: tests and benchmarks do, as superusers, to play nodes.
DETID_FUNCTION(detid_sign_beat) {
  Token token = {};
  ReadBytes(fcinfo, kKey, token.byte);
  const BeatKey key = KeyOf(token);
  const Signature signature = Sign(token, BeatOf(fcinfo), ReportOf(fcinfo));
  const auto datum = [](const uint8_t* bytes, int size) {
    return PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char*>(bytes), size));
  };
  Record<2> row;
  row.Add(datum(key.byte, sizeof key));
  row.Add(datum(signature.byte, sizeof signature));
  return row.Return(fcinfo);
}

}  // namespace detid
