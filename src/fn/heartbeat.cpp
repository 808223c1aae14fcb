// SPDX-License-Identifier: PostgreSQL
//
// _heartbeat: what nodes ask the coordinator. What a heartbeat means is decided by core/registry.h;
// here it is read, locked, and stored with the answer.
//
// Who asks is known by his role and by the signature of a node over all that he says
// (core/heartbeat_signature.h): nobody else learns anything, changes anything or waits for a lock.
// A heartbeat locks the node's own row, and changes no other's, but where two nodes have one seed.
// That of a standby locks and changes nothing.

#include <algorithm>
#include <functional>

#include "core/heartbeat_signature.h"
#include "core/instant.h"
#include "core/registry_text.h"
#include "fn/nodes.h"
#include "fn/patience.h"
#include "fn/record.h"
#include "fn/witness.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "state/settings.h"

namespace detid {
namespace {

constexpr int kKey = 0, kSignature = 1, kFirstColumn = 2;  // arguments

// False if the argument has not just as many bytes.
template <size_t kBytes>
bool ReadBytes(FunctionCallInfo fcinfo, int argument, uint8_t (&byte)[kBytes]) {
  if (PG_ARGISNULL(argument)) return false;
  const bytea* value = PG_GETARG_BYTEA_PP(argument);
  if (VARSIZE_ANY_EXHDR(value) != kBytes) return false;
  memcpy(byte, VARDATA_ANY(value), kBytes);
  return true;
}

// Takes the arguments into the fields of a message. Sound: each has a value of its type, and is
// NULL only where it may be absent.
class Arguments {
 public:
  explicit Arguments(FunctionCallInfo call) : fcinfo(call) {}
  template <typename C, typename T>
  void operator()(const C&, T& value) {
    if (PG_ARGISNULL(at_))
      sound_ = sound_ && MayBeAbsent(value);
    else
      Take(&value);
    at_++;
  }
  bool sound() const { return sound_; }

 private:
  template <typename T>
  static bool MayBeAbsent(const T&) {
    return false;
  }
  template <typename T>
  static bool MayBeAbsent(const std::optional<T>&) {
    return true;
  }
  static bool MayBeAbsent(const std::string_view&) { return true; }

  void Take(int64_t* number) { *number = PG_GETARG_INT64(at_); }
  void Take(int32_t* number) {
    *number = static_cast<int32_t>(PG_GETARG_INT64(at_));
    sound_ = sound_ && *number == PG_GETARG_INT64(at_);
  }
  void Take(bool* flag) { *flag = PG_GETARG_BOOL(at_); }
  void Take(Mode* mode) { sound_ = FromName(View(PG_GETARG_TEXT_PP(at_)), mode) && sound_; }
  void Take(Began* began) { sound_ = FromName(View(PG_GETARG_TEXT_PP(at_)), began) && sound_; }
  void Take(Commitment* proof) { sound_ = ReadBytes(fcinfo, at_, proof->byte) && sound_; }
  void Take(std::string_view* told) { *told = View(PG_GETARG_TEXT_PP(at_)); }
  template <typename T>
  void Take(std::optional<T>* value) {
    Take(&value->emplace());
  }

  FunctionCallInfo fcinfo;  // as PG_GETARG_... calls it
  int at_ = kFirstColumn;
  bool sound_ = true;
};

// What it tells, and whether that is sound.
HeartbeatMessage MessageOf(FunctionCallInfo fcinfo, bool* sound) {
  HeartbeatMessage message;
  Arguments arguments(fcinfo);
  EachColumn(kHeartbeatColumns, message, std::ref(arguments));
  *sound = arguments.sound();
  return message;
}

// Errors: a NULL where there is to be a value, a value that makes no sense, or a signature that is
// not the key's over all of them.
HeartbeatMessage RequireSigned(FunctionCallInfo fcinfo) {
  bool sound = false;
  const HeartbeatMessage message = MessageOf(fcinfo, &sound);
  NodeKey key;
  Signature signature;
  if (!sound || !IsSane(message) || !ReadBytes(fcinfo, kKey, key.byte) ||
      !ReadBytes(fcinfo, kSignature, signature.byte) || !IsSigned(key, signature, message))
    Raise(Error::kRefusedByRegistry);
  return message;
}

// The node of this key and role; if it `locks`, its row is locked from here on. Errors: there is
// none; which of the two is wrong is not told.
Node Authenticate(FunctionCallInfo fcinfo, bool locks) {
  static SPIPlanPtr plans[2] = {};
  SPIPlanPtr& plan = plans[locks];
  char sql[1024];
  snprintf(sql, sizeof sql, "SELECT %s FROM detid._nodes WHERE key = $1 AND role = $2%s",
           NodeColumns(), locks ? " FOR NO KEY UPDATE" : "");
  const uint64_t rows = Query()
                            .Add(BYTEAOID, PG_GETARG_DATUM(kKey))
                            .Add(OIDOID, ObjectIdGetDatum(GetSessionUserId()))
                            .Change(sql, &plan);
  if (rows != 1) Raise(Error::kRefusedByRegistry);
  return NodeAt(0);
}

// Whether another node has shown this seed.
bool SharesSeed(const HeartbeatReport& report, const Node& n) {
  static SPIPlanPtr plan = nullptr;
  if (!report.proof || n.r.state == NodeState::kRetired) return false;
  const uint64_t rows = Query()
                            .Bytes(report.proof->byte)
                            .Text(n.id)
                            .Change(
                                "SELECT id, path FROM detid._nodes "
                                "WHERE seed = $1 AND id <> $2::uuid AND state <> 'retired'",
                                &plan);
  return rows > 0;
}

// What both may have minted: of who asks, what he has since he was answered last; and if somebody
// else was taken for the node since, what that one had by then.
void LogFence(const Node& n, const Heartbeat& b, Reason reason, bool both, int64_t now_us) {
  int64_t since_us = b.since_us;
  if (b.incarnation != n.r.incarnation && n.incarnation_us > since_us)
    since_us = std::min(since_us, n.since_us);
  int64_t until_us = std::max({now_us, b.node_us, n.node_us}) +
                     std::max(n.r.heartbeat_us, RulesFor(n).heartbeat_us());
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
void StoreSameSeed(const Commitment& proof, const Node& n) {
  const uint64_t rows =
      Query()
          .Bytes(proof.byte)
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

void StoreGrant(const Node& before, Node* n, const HeartbeatMessage& m) {
  n->r.reason = Reason::kNone;
  n->node_us = m.heartbeat.node_us;
  if (n->r.incarnation != before.r.incarnation) {
    n->incarnation_us = m.heartbeat.node_us;
    n->since_us = m.heartbeat.since_us;
  }
  StoreNode(*n, m);
  if (m.heartbeat.node_us > before.node_us) Witness(*n, m.report.checkpoint);  // not one that is late
  if (n->r.state == NodeState::kRetired) GiveBackNumber(*n, RulesFor(*n).quarantine_us);
}

void StoreRefusal(const Node& n, Reason reason) {
  Query()
      .Text(n.id)
      .Text(NameOf(reason))
      .Number(n.r.heard_us)
      .Write("UPDATE detid._nodes SET refused = $2, heard_us = $3 WHERE id = $1::uuid",
             SPI_OK_UPDATE);
}

// `before`: the node as it was when it asked.
void Store(const Node& before, Node* n, const HeartbeatMessage& m, const Reply& reply) {
  const Decision& decision = reply.decision;
  const bool stood = before.r.state != NodeState::kFenced && before.r.state != NodeState::kRetired;
  switch (decision.outcome) {
    case Outcome::kGranted:
      StoreGrant(before, n, m);
      break;
    case Outcome::kRefused:
      if (!IsGraveReason(decision.reason) && decision.challenge == 0)
        StoreRefusal(*n, decision.reason);
      break;
    case Outcome::kFenced:
      if (decision.fences_both) StoreFence(n->id, decision.reason);
      if (stood)
        LogFence(before, m.heartbeat, decision.reason, decision.fences_both, reply.coordinator_us);
      if (decision.fences_both && decision.reason == Reason::kSameSeed)
        StoreSameSeed(*m.report.proof, *n);
      break;
  }
}

// A node that hears nothing goes away and comes again; its heartbeat would wait on, and the next
// beside it. Nor may a node that leaves its transaction open keep for long what others look for.
void WaitNotLong() {
  LimitThisTransaction();
  const int ms = HeartbeatLockMs();
  if (LockTimeout > 0 && LockTimeout <= ms) return;
  SetLocally("lock_timeout", psprintf("%d", ms));
}

// One column after the other, of each field.
class Columns {
 public:
  template <typename C, typename T>
  void operator()(const C&, const T& value) {
    Put(value);
  }
  Record<CountOf(kReplyColumns) + CountOf(kGrantColumns)> record;

 private:
  void Put(int64_t number) { record.Add(Int64GetDatum(number)); }
  void Put(int32_t number) { record.Add(Int32GetDatum(number)); }
  void Put(Outcome outcome) { record.AddText(NameOf(outcome)); }
  void Put(Reason reason) { record.AddText(NameOf(reason)); }
  void Put(const char* text) { record.AddText(text); }
};

Datum Return(FunctionCallInfo fcinfo, const Reply& reply) {
  Columns columns;
  EachColumn(kReplyColumns, reply, std::ref(columns));
  if (reply.decision.outcome == Outcome::kGranted)
    EachColumn(kGrantColumns, reply.decision, std::ref(columns));
  else
    columns.record.Skip(CountOf(kGrantColumns));
  return columns.record.Return(fcinfo);
}

}  // namespace

// _heartbeat(...): see core/registry.h.
DETID_FUNCTION(detid_heartbeat) {
  PreventCommandIfReadOnly("_heartbeat()");
  // What others were granted is to be seen once the locks are had.
  if (IsolationUsesXactSnapshot()) Raise(Error::kRefusedByRegistry);
  const HeartbeatMessage message = RequireSigned(fcinfo);
  WaitNotLong();
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const bool stores = message.heartbeat.began != Began::kNotYet;
  Node n = Authenticate(fcinfo, stores);
  if (stores) {
    CommitDurably();
    NoteCoordinator(&n);
    FindNumber(&n);
  }
  const bool same_seed = stores && SharesSeed(message.report, n);
  const Node before = n;
  Reply reply;
  reply.coordinator_us = ClockUs();
  reply.heartbeat_us = RulesFor(n).heartbeat_us();
  strlcpy(reply.path, n.path, sizeof reply.path);
  reply.decision = Decide(&n.r, message.heartbeat, same_seed, RulesFor(n), reply.coordinator_us);
  if (stores) Store(before, &n, message, reply);
  SPI_finish();
  return Return(fcinfo, reply);
}

// sign_heartbeat(token bytea, NULL, old_counter bigint, ...) -> key bytea, signature bytea, for the
// rest of _heartbeat's arguments. The install script does not declare it, and tokens have no
// business in a query: tests and benchmarks do, as superusers, to play nodes.
DETID_FUNCTION(detid_sign_heartbeat) {
  Token token = {};
  ReadBytes(fcinfo, kKey, token.byte);
  bool sound = false;  // they play what is unsound, too
  const NodeKey key = KeyOf(token);
  const Signature signature = Sign(token, MessageOf(fcinfo, &sound));
  Record<2> row;
  row.Add(BytesDatum(key.byte, sizeof key));
  row.Add(BytesDatum(signature.byte, sizeof signature));
  return row.Return(fcinfo);
}

}  // namespace detid
