// SPDX-License-Identifier: PostgreSQL
//
// The coordinator's side of the registry: enroll_node, new_token, unfence, retire_node and
// move_node for its operators, and _heartbeat for nodes. What a beat means is decided by
// core/registry.h; here it is read, locked, and stored with the answer.
//
// Who asks is known by his role and by a token: nobody else learns anything, changes anything or
// waits for a lock. A beat locks the node's own row, and changes no other's, but where two nodes
// have one seed. What it stored is flushed, on the standbys too if there are synchronous ones,
// before the client has the answer.

#include <algorithm>

#include "core/instant.h"
#include "core/registry_text.h"
#include "core/topology.h"
#include "fn/prefixes.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "pg/query.h"
#include "state/settings.h"
#include "state/witness.h"

namespace detid {
namespace {

int64_t ClockUs() {
  return GetCurrentTimestamp() + kPostgresEpochUs;
}

// A row of detid._nodes.
struct Node {
  char id[40];
  char path[kMaxPath + 1];
  Registration r;
  Nodes pool;
  Oid role;
  int64_t floor_us;
  int64_t node_us;  // what it told with its last beat
  int64_t life_us;   // node time when its life was first heard of, and
  int64_t since_us;  // from when on that life may have minted
  char refused[32];
};

constexpr char kColumns[] =
    "id, path, mode, state, reason, node::int8, counter, bits, asked_old_counter, asked_old_bits, "
    "asked_next_counter, asked_next_bits, instance, life, timeline, start_us, limit_us, end_us, "
    "lower(pool)::int8, coalesce(upper(pool)::int8, 2147483648) - 1, role::oid::int8, "
    "(SELECT floor_us FROM detid._coordinator), node_us, refused, life_us, since_us";

// The row of the last query.
Node NodeAt(uint64_t row) {
  Node n = {};
  strlcpy(n.id, TextAt(row, 1), sizeof n.id);
  strlcpy(n.path, TextAt(row, 2), sizeof n.path);
  const char* reason = TextAt(row, 5);
  const char* refused = TextAt(row, 24);
  if (!FromName(TextAt(row, 3), &n.r.mode) || !FromName(TextAt(row, 4), &n.r.state) ||
      (reason != nullptr && !FromName(reason, &n.r.reason)))
    elog(ERROR, "detid._nodes has a row with a word that is not known");
  n.r.interval.node = TextAt(row, 6) == nullptr ? kAnyNode : static_cast<int32_t>(NumberAt(row, 6));
  n.r.current = {NumberAt(row, 7), NumberAt(row, 8)};
  n.r.asked_old = {NumberAt(row, 9), NumberAt(row, 10)};
  n.r.asked_next = {NumberAt(row, 11), NumberAt(row, 12)};
  n.r.instance = NumberAt(row, 13);
  n.r.life = NumberAt(row, 14);
  n.r.timeline = NumberAt(row, 15);
  n.r.interval.start_us = NumberAt(row, 16);
  n.r.interval.limit_us = NumberAt(row, 17);
  n.r.end_us = NumberAt(row, 18);
  n.pool = {NumberAt(row, 19), NumberAt(row, 20)};
  n.role = static_cast<Oid>(NumberAt(row, 21));
  n.floor_us = TextAt(row, 22) == nullptr ? 0 : NumberAt(row, 22);
  n.node_us = TextAt(row, 23) == nullptr ? 0 : NumberAt(row, 23);
  n.life_us = NumberAt(row, 25);
  n.since_us = NumberAt(row, 26);
  strlcpy(n.refused, refused == nullptr ? "" : refused, sizeof n.refused);
  return n;
}

RegistryRules Rules(const Node& n) {
  return {int64_t{settings::lease_s} * 1000000, int64_t{settings::quarantine_s} * 1000000,
          n.floor_us};
}

// --- Numbers of leased nodes ---

// What was granted of a number that its node has no longer: others begin above.
constexpr char kGiveBack[] =
    "INSERT INTO detid._numbers AS n (node, end_us, free_at) "
    "VALUES ($1::int4, $2, now() + $3 * interval '1 microsecond') "
    "ON CONFLICT (node) DO UPDATE SET end_us = greatest(n.end_us, excluded.end_us), "
    "free_at = greatest(n.free_at, excluded.free_at)";

void GiveBack(const Registration& r, int64_t free_in_us) {
  if (r.interval.node == kAnyNode) return;
  Query()
      .Number(r.interval.node)
      .Number(r.end_us)
      .Number(free_in_us)
      .Write(kGiveBack, SPI_OK_INSERT);
}

int64_t EndOfNumber(int32_t number) {
  return Query().Number(number).Change("SELECT end_us FROM detid._numbers WHERE node = $1") > 0
             ? NumberAt(0, 1)
             : 0;
}

// The lowest number of the pool that nobody has or is about to be given, and that is not in
// quarantine. Whoever is given one holds a lock of its own on it, so that many nodes that are new do
// not wait for each other.
int32_t FreeNumber(const Nodes& pool) {
  for (;;) {
    // So many numbers from the first one on hold 1024 that are free.
    if (Query().Number(pool.first).Number(pool.last).Change(
            "SELECT n FROM (SELECT n FROM generate_series($1, least($2, $1 + 1023 + "
            "(SELECT count(*) FROM detid._nodes WHERE state <> 'retired') + "
            "(SELECT count(*) FROM detid._numbers WHERE free_at > now()))) AS n "
            "WHERE NOT EXISTS (SELECT FROM detid._nodes WHERE node = n AND state <> 'retired') "
            "AND NOT EXISTS (SELECT FROM detid._numbers WHERE node = n AND free_at > now()) "
            "ORDER BY n OFFSET 0) AS free "
            "WHERE pg_try_advisory_xact_lock(1684370532, n::int4) LIMIT 1") == 0)
      return kAnyNode;
    const int64_t number = NumberAt(0, 1);
    // Somebody may have been given it before the lock was had.
    if (Query().Number(number).Change(
            "SELECT FROM detid._nodes WHERE node = $1 AND state <> 'retired'") == 0)
      return static_cast<int32_t>(number);
    CHECK_FOR_INTERRUPTS();
  }
}

// Takes the numbers of nodes whose interval ended before the quarantine, and that have been silent
// for as long: one with a slow clock is not, though its intervals are in the past.
void TakeBackNumbers(const Nodes& pool) {
  Query()
      .Number(pool.first)
      .Number(pool.last)
      .Number(ClockUs() - int64_t{settings::quarantine_s} * 1000000)
      .Number(int64_t{settings::lease_s} + settings::quarantine_s)
      .Change(
          "WITH silent AS ("
          "  SELECT id, node, end_us FROM detid._nodes WHERE mode = 'leased' AND state <> "
          "'retired' "
          "  AND node BETWEEN $1 AND $2 AND limit_us <= $3 "
          "  AND coalesce(seen_at, enrolled_at) <= now() - $4 * interval '1 second' "
          "  FOR UPDATE SKIP LOCKED"
          "), taken AS ("
          "  UPDATE detid._nodes n SET node = NULL, start_us = 0, limit_us = 0, end_us = 0 "
          "  FROM silent s WHERE n.id = s.id RETURNING s.node, s.end_us) "
          "INSERT INTO detid._numbers AS n (node, end_us, free_at) "
          "SELECT node, end_us, now() FROM taken "
          "ON CONFLICT (node) DO UPDATE SET end_us = greatest(n.end_us, excluded.end_us) "
          "RETURNING 1");
}

// Gives a leased node a number if it has none.
void FindNumber(Node* n) {
  if (n->r.mode != Mode::kLeased || n->r.interval.node != kAnyNode) return;
  int32_t number = FreeNumber(n->pool);
  if (number == kAnyNode) {
    TakeBackNumbers(n->pool);
    number = FreeNumber(n->pool);
  }
  if (number == kAnyNode) return;
  n->r.interval = {number, 0, 0};
  n->r.end_us = EndOfNumber(number);
}

// --- A beat ---

enum Argument {
  kToken,
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
  kTentative,
  kSeed,
  kIds,
  kOffsetUs,
  kRoundTripUs
};

// Errors: a NULL where there is to be a number, or a number that makes no sense.
Beat BeatOf(FunctionCallInfo fcinfo) {
  for (int i = kToken; i <= kTentative; i++)
    if (PG_ARGISNULL(i)) Raise(Error::kRefusedByRegistry);
  const auto number = [&](int i) { return PG_GETARG_INT64(i); };
  Beat b;
  b.old = {number(kOldCounter), number(kOldBits)};
  b.next = {number(kNextCounter), number(kNextBits)};
  const int64_t node = number(kNode);
  b.node = static_cast<int32_t>(node);
  b.instance = number(kInstance);
  b.life = number(kLife);
  b.timeline = number(kTimeline);
  b.node_us = number(kNodeUs);
  b.granted_us = number(kGrantedUs);
  b.horizon_us = number(kHorizonUs);
  b.since_us = number(kSinceUs);
  b.claims = PG_GETARG_BOOL(kClaims);
  b.retires = PG_GETARG_BOOL(kRetires);
  b.tentative = PG_GETARG_BOOL(kTentative);
  // Half of what a bigint holds leaves room to add.
  constexpr int64_t kMost = PG_INT64_MAX / 2;
  const auto sane = [](int64_t n) { return n >= 0 && n <= kMost; };
  if (!FromName(View(PG_GETARG_TEXT_PP(kMode)), &b.mode) || !sane(b.old.counter) ||
      b.next.counter != b.old.counter + 1 || node < kAnyNode || node > PG_INT32_MAX ||
      !sane(b.node_us) || !sane(b.granted_us) || !sane(b.horizon_us) || !sane(b.since_us))
    Raise(Error::kRefusedByRegistry);
  return b;
}

// The node of this token and role. Its row is locked from here on. Errors: there is none; which of
// the two is wrong is not told.
Node Authenticate(FunctionCallInfo fcinfo) {
  static SPIPlanPtr plan = nullptr;
  static char sql[1024];
  if (sql[0] == '\0')
    snprintf(sql, sizeof sql,
             "SELECT %s FROM detid._nodes WHERE token = sha256(convert_to($1, 'UTF8')) "
             "AND role = $2 FOR NO KEY UPDATE",
             kColumns);
  const uint64_t rows = Query()
                            .Add(TEXTOID, PG_GETARG_DATUM(kToken))
                            .Add(OIDOID, ObjectIdGetDatum(GetSessionUserId()))
                            .Change(sql, &plan);
  if (rows != 1) Raise(Error::kRefusedByRegistry);
  return NodeAt(0);
}

// A coordinator that was promoted, restored or copied may lack the last that was granted. The first
// enrollment notes where the registry begins, so where there are nodes and no note, they are of a
// dump.
void NoteCoordinator(Node* n) {
  static uint32_t known_timeline = 0;
  const uint32_t timeline = GetWALInsertionTimeLine();
  if (timeline == known_timeline) return;
  const Witness here = WitnessHere();
  const uint64_t rows =
      Query()
          .Number(PlaceOf(here))
          .Number(timeline)
          .Number(Rules(*n).FloorAt(ClockUs()))
          .Change(
              "UPDATE detid._coordinator SET instance = $1, timeline = $2, "
              "floor_us = CASE WHEN timeline = 0 AND NOT EXISTS (SELECT FROM detid._nodes) THEN 0 "
              "ELSE greatest(floor_us, $3) END "
              "WHERE (instance, timeline) <> ($1, $2) RETURNING floor_us");
  // Somebody else may have noted it while this statement waited.
  if (rows == 0 && Query().Change("SELECT floor_us FROM detid._coordinator") == 0)
    elog(ERROR, "detid._coordinator is empty");
  n->floor_us = NumberAt(0, 1);
  // If this transaction rolls back, the next one looks again.
  if (rows == 0) known_timeline = timeline;
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
  int64_t until_us = std::max({now_us, b.node_us, n.node_us}) + Rules(n).beat_us();
  if (n.r.mode == Mode::kLeased) until_us = n.r.interval.limit_us;
  char since[kMaxInstantText] = "", until[kMaxInstantText];
  FormatInstant(since_us, since, sizeof since);
  FormatInstant(until_us, until, sizeof until);
  ereport(LOG,
          (errcode(kSqlStateFenced),
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
            (errcode(kSqlStateFenced),
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
      .Change(
          "UPDATE detid._nodes SET state = $2, node = $3, counter = $4, bits = $5, "
          "asked_old_counter = $6, asked_old_bits = $7, asked_next_counter = $8, "
          "asked_next_bits = $9, instance = $10, life = $11, timeline = $12, start_us = $13, "
          "limit_us = $14, end_us = $15, node_us = $16, horizon_us = $17, ids = $18, "
          "offset_us = coalesce($19, offset_us), round_trip_us = coalesce($20, round_trip_us), "
          "seed = $21, life_us = CASE WHEN life = $11 THEN life_us ELSE $16 END, "
          "since_us = CASE WHEN life = $11 THEN since_us ELSE $22 END, seen_at = now(), refused = NULL, reason = NULL, fenced_at = NULL "
          "WHERE id = $1::uuid RETURNING 1",
          &plan);
  if (r.state == NodeState::kRetired) GiveBack(r, int64_t{settings::quarantine_s} * 1000000);
}

void SetLocally(const char* setting, const char* value) {
  set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

// The answer is lost with this server unless its commit is durable, on its standbys too. Where the
// wait for those is cancelled, the node knows by the warning.
void CommitDurably() {
  if (synchronous_commit < SYNCHRONOUS_COMMIT_REMOTE_FLUSH) SetLocally("synchronous_commit", "on");
  if (client_min_messages > WARNING) SetLocally("client_min_messages", "warning");
}

// A node that hears nothing goes away and comes again; its beat would wait on, and the next beside
// it.
void WaitNotLong() {
  const int64_t ms = std::clamp<int64_t>(int64_t{settings::lease_s} * 1000 / 6, 500, 10000);
  if (LockTimeout > 0 && LockTimeout <= ms) return;
  SetLocally("lock_timeout", psprintf("%d", static_cast<int>(ms)));
}

}  // namespace

// _heartbeat(...): see core/registry.h.
DETID_FUNCTION(detid_heartbeat) {
  PreventCommandIfReadOnly("_heartbeat()");
  // What others were granted is to be seen once the locks are had.
  if (IsolationUsesXactSnapshot()) Raise(Error::kRefusedByRegistry);
  const Beat beat = BeatOf(fcinfo);
  WaitNotLong();
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  Node n = Authenticate(fcinfo);
  CommitDurably();
  NoteCoordinator(&n);
  FindNumber(&n);
  const bool same_seed = SharesSeed(fcinfo, n);
  const int64_t now_us = ClockUs();
  const Node before = n;
  const Ruling ruling = Rule(&n.r, beat, same_seed, Rules(n), now_us);
  switch (ruling.outcome) {
    case Outcome::kGranted:
      StoreGrant(fcinfo, n, beat);
      break;
    case Outcome::kRefused:
      if (!IsGraveReason(ruling.reason))
        Query()
            .Text(n.id)
            .Text(NameOf(ruling.reason))
            .Write("UPDATE detid._nodes SET refused = $2 WHERE id = $1::uuid", SPI_OK_UPDATE);
      break;
    case Outcome::kFenced:
      if (ruling.fences_both) StoreFence(n.id, ruling.reason);
      if (before.r.state != NodeState::kFenced && before.r.state != NodeState::kRetired)
        LogFence(before, beat, ruling.reason, ruling.fences_both, now_us);
      if (ruling.fences_both && ruling.reason == Reason::kSameSeed) StoreSameSeed(fcinfo, n);
      break;
  }
  SPI_finish();
  Record<11> row;
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
  row.Add(Int64GetDatum(Rules(n).beat_us()));
  row.AddText(n.path);
  return row.Return(fcinfo);
}

namespace {

// --- Operators ---

// A fresh token, and what is kept of it. 256 random bits need no slow hash.
struct Token {
  char text[65];
};

Token NewToken() {
  uint8_t bytes[32];
  if (!pg_strong_random(bytes, sizeof bytes))
    ereport(ERROR, (errmsg("could not obtain random values")));
  Token token;
  token.text[hex_encode(reinterpret_cast<const char*>(bytes), sizeof bytes, token.text)] = '\0';
  explicit_bzero(bytes, sizeof bytes);
  return token;
}

// The node that is enrolled under a path and not retired. Its row is locked.
bool FindNode(std::string_view path, Node* n) {
  char sql[1024];
  snprintf(sql, sizeof sql,
           "SELECT %s FROM detid._nodes WHERE path = $1 AND state <> 'retired' FOR UPDATE",
           kColumns);
  if (Query().Text(path).Change(sql) == 0) return false;
  *n = NodeAt(0);
  return true;
}

Node RequireNode(std::string_view path) {
  Node n;
  if (!FindNode(path, &n))
    Raise(Error::kNotEnrolled, "\"%.*s\" is not enrolled.", Clip(path, 200), path.data());
  return n;
}

void RequireNew(std::string_view path) {
  Node n;
  if (FindNode(path, &n))
    Raise(Error::kEnrolledAlready, "\"%.*s\" is %s.", Clip(path, 200), path.data(),
          NameOf(n.r.state));
}

// Nodes that ask call this function in the role's name.
void LetAsk(Oid role) {
  const char* name = quote_identifier(GetUserNameFromId(role, false));
  if (superuser_arg(role)) return;
  Query().Write(psprintf("GRANT USAGE ON SCHEMA detid TO %s", name), SPI_OK_UTILITY);
  Query().Write(psprintf("GRANT EXECUTE ON FUNCTION detid._heartbeat(text, bigint, bigint, bigint, "
                         "bigint, text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, "
                         "boolean, boolean, boolean, bytea, bigint, bigint, bigint) TO %s",
                         name),
                SPI_OK_UTILITY);
}

void Enroll(std::string_view path, Mode mode, Oid role, const Nodes& pool, const Registration& r,
            const Token& token) {
  const bool has_number = r.interval.node != kAnyNode;
  Query()
      .Text(path)
      .Text(NameOf(mode))
      .Add(OIDOID, ObjectIdGetDatum(role))
      .Text(token.text)
      .Number(pool.first)
      .Add(INT8OID, Int64GetDatum(pool.last + 1), pool.last == PG_INT32_MAX)
      .Add(INT4OID, Int32GetDatum(r.interval.node), !has_number)
      .Number(r.end_us)
      .Write(
          "INSERT INTO detid._nodes (path, mode, role, token, pool, node, end_us) VALUES "
          "($1, $2, $3, sha256(convert_to($4, 'UTF8')), int4range($5::int4, $6::int4), $7, $8)",
          SPI_OK_INSERT);
  LetAsk(role);
}

// The numbers of an assigned node: those of its prefix, which is assigned if it is not.
Nodes NodesOfPath(std::string_view path, const Topology& topology, int levels) {
  if (levels != topology.count)
    Raise(Error::kArgumentInvalid,
          "An assigned node has a path of all %d levels; \"%.*s\" has %d names.", topology.count,
          Clip(path, 200), path.data(), levels);
  Nodes nodes;
  if (!FindPrefix(path, Seen::kNow, &nodes)) {
    Query().Text(path).Change("SELECT detid.assign_prefix($1)");
    nodes = RequireAssigned(path, Seen::kNow);
  }
  return nodes;
}

// The numbers that a leased node may be given: those of the prefix above it, which is for leased
// nodes alone.
Nodes PoolOf(const Path& path, const Topology& topology) {
  Nodes pool = topology.all();
  if (path.count > 1) pool = RequireAssigned(path.parent, Seen::kNow);
  if (Query()
          .Number(pool.first)
          .Number(pool.last)
          .Text(path.parent)
          .Change("SELECT path FROM detid.prefixes WHERE lower(nodes) BETWEEN $1 AND $2 AND "
                  "path <> $3 AND ($3 = '' OR starts_with(path, $3 || '/')) LIMIT 1") > 0)
    Raise(Error::kPrefixInUse,
          "Leased nodes take any number of \"%.*s\"; \"%.200s\" is assigned within.",
          Clip(path.parent, 200), path.parent.data(), TextAt(0, 1));
  return pool;
}

}  // namespace

// enroll_node(path text, mode text, role regrole) -> text, its token
DETID_FUNCTION(detid_enroll_node) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const std::string_view name = View(PG_GETARG_TEXT_PP(0));
  Mode mode = Mode::kAssigned;
  if (!PG_ARGISNULL(1) && !FromName(View(PG_GETARG_TEXT_PP(1)), &mode))
    Raise(Error::kArgumentInvalid, "The mode is 'assigned' or 'leased'.");
  const Oid role = PG_ARGISNULL(2) ? GetUserId() : PG_GETARG_OID(2);
  const Result<Path> path = ParsePath(name);
  if (!path.ok()) Raise(path.status);
  BeginWriting("enroll_node()");
  CommitDurably();
  Topology topology;
  if (!ReadTopology(&topology)) Raise(Error::kNoTopology);
  RequireNew(name);
  Node nobody = {};
  NoteCoordinator(&nobody);
  Registration r;
  Nodes pool;
  if (mode == Mode::kAssigned) {
    pool = NodesOfPath(name, topology, path.value.count);
    r.interval.node = static_cast<int32_t>(pool.first);
    r.end_us = EndOfNumber(r.interval.node);
  } else {
    pool = PoolOf(path.value, topology);
  }
  Token token = NewToken();
  Enroll(name, mode, role, pool, r, token);
  SPI_finish();
  const Datum result = CStringGetTextDatum(token.text);
  explicit_bzero(&token, sizeof token);
  return result;
}

// new_token(path text) -> text
DETID_FUNCTION(detid_new_token) {
  BeginWriting("new_token()");
  CommitDurably();
  const Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  Token token = NewToken();
  Query()
      .Text(n.id)
      .Text(token.text)
      .Write("UPDATE detid._nodes SET token = sha256(convert_to($2, 'UTF8')) WHERE id = $1::uuid",
             SPI_OK_UPDATE);
  SPI_finish();
  const Datum result = CStringGetTextDatum(token.text);
  explicit_bzero(&token, sizeof token);
  return result;
}

// unfence(path text): the nonce stays where it is, so that who comes next is the only one.
DETID_FUNCTION(detid_unfence_path) {
  BeginWriting("unfence()");
  CommitDurably();
  const Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  Query().Text(n.id).Write(
      "UPDATE detid._nodes SET state = 'expected', reason = NULL, fenced_at = NULL, seed = NULL "
      "WHERE id = $1::uuid",
      SPI_OK_UPDATE);
  SPI_finish();
  PG_RETURN_VOID();
}

namespace {

// Ends a node: if it lives on, it is fenced with its next beat.
void Retire(const Node& n, int64_t free_in_us) {
  Query().Text(n.id).Write(
      "UPDATE detid._nodes SET state = 'retired', reason = NULL, refused = NULL "
      "WHERE id = $1::uuid",
      SPI_OK_UPDATE);
  GiveBack(n.r, free_in_us);
}

// Above everything that the node may have minted. One that is assigned may mint until it hears of
// its end.
Registration Successor(const Node& n, int64_t now_us) {
  Registration r;
  r.interval.node = n.r.interval.node;
  r.end_us = n.r.end_us;
  if (n.r.mode == Mode::kAssigned && n.r.current.counter != 0)
    r.end_us = std::max(r.end_us, now_us) + 2 * Rules(n).beat_us();
  return r;
}

}  // namespace

// retire_node(path text)
DETID_FUNCTION(detid_retire_path) {
  BeginWriting("retire_node()");
  CommitDurably();
  Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  n.r.end_us = Successor(n, ClockUs()).end_us;
  Retire(n, int64_t{settings::quarantine_s} * 1000000);
  SPI_finish();
  PG_RETURN_VOID();
}

// move_node(path text, "to" text) -> text, the successor's token
DETID_FUNCTION(detid_move_node) {
  const std::string_view from = View(PG_GETARG_TEXT_PP(0)), to = View(PG_GETARG_TEXT_PP(1));
  const Result<Path> from_path = ParsePath(from), to_path = ParsePath(to);
  if (!from_path.ok()) Raise(from_path.status);
  if (!to_path.ok()) Raise(to_path.status);
  BeginWriting("move_node()");
  CommitDurably();
  const Node n = RequireNode(from);
  RequireNew(to);
  if (from_path.value.parent != to_path.value.parent)
    Raise(Error::kArgumentInvalid,
          "The number is of \"%.*s\", so the successor's path is to be within it.",
          Clip(from_path.value.parent, 200), from_path.value.parent.data());
  Retire(n, 0);
  if (n.r.mode == Mode::kAssigned) {
    Nodes taken;
    if (FindPrefix(to, Seen::kNow, &taken))
      Raise(Error::kPrefixTaken, "\"%.*s\" has the nodes %lld to %lld.", Clip(to, 200), to.data(),
            static_cast<long long>(taken.first), static_cast<long long>(taken.last));
    Query().Text(from).Text(to).Write("UPDATE detid.prefixes SET path = $2 WHERE path = $1",
                                      SPI_OK_UPDATE);
  }
  Token token = NewToken();
  Enroll(to, n.r.mode, n.role, n.pool, Successor(n, ClockUs()), token);
  SPI_finish();
  const Datum result = CStringGetTextDatum(token.text);
  explicit_bzero(&token, sizeof token);
  return result;
}

}  // namespace detid
