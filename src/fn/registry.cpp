// SPDX-License-Identifier: PostgreSQL
//
// enroll_node, new_token, unfence, retire_node and move_node of the coordinator: what its operators
// say of nodes. What nodes ask is in heartbeat.cpp.

#include <algorithm>

#include "core/heartbeat_signature.h"
#include "core/registry_text.h"
#include "core/topology.h"
#include "fn/nodes.h"
#include "fn/patience.h"
#include "fn/prefixes.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/query.h"

namespace detid {
namespace {

// What is returned of it, this once.
Datum TokenDatum(Token* token) {
  char text[2 * kTokenBytes + 1];
  text[hex_encode(reinterpret_cast<const char*>(token->byte), kTokenBytes, text)] = '\0';
  const Datum result = CStringGetTextDatum(text);
  explicit_bzero(text, sizeof text);
  explicit_bzero(token, sizeof *token);
  return result;
}

// As BeginWriting, of tables that nodes hang on.
void BeginChange(const char* function) {
  BeginWriting(function);
  RequireRights("_nodes", ACL_INSERT | ACL_UPDATE);
  RequireRights("_numbers", ACL_INSERT | ACL_UPDATE);
  RequireRights("prefixes", ACL_INSERT | ACL_UPDATE);
  CommitDurably();
}

// Who has said what of a node, for those who look for it later.
void LogCommand(std::string_view path, const char* what) {
  ereport(LOG, (errhidestmt(true), errhidecontext(true),
                errmsg("node %.*s is %s by %s", Clip(path, 200), path.data(), what,
                       GetUserNameFromId(GetSessionUserId(), false))));
}

// The node that is enrolled under a path and not retired. Its row is locked.
bool FindNode(std::string_view path, Node* n) {
  constexpr char kWhere[] = "path = $1 AND state <> 'retired'";
  char now[1040], later[1024], holder[512];
  snprintf(later, sizeof later, "SELECT %s FROM detid._nodes WHERE %s FOR UPDATE", NodeColumns(),
           kWhere);
  snprintf(now, sizeof now, "%s SKIP LOCKED", later);
  uint64_t rows = Query().Text(path).Change(now);
  if (rows == 0) {
    snprintf(holder, sizeof holder, kHolderOfRow, "_nodes", "r.path = $1 AND r.state <> 'retired'");
    const Holder who = HolderFound(Query().Text(path).Read(holder, Seen::kNow));
    Patiently(who, [&] { rows = Query().Text(path).Change(later); });
  }
  if (rows == 0) return false;
  *n = NodeAt(0);
  return true;
}

Node RequireNode(std::string_view path) {
  Node n;
  if (FindNode(path, &n)) return n;
  const bool was =
      Query().Text(path).Change("SELECT FROM detid._nodes WHERE path = $1 LIMIT 1") > 0;
  Raise(Error::kNotEnrolled, was ? "\"%.*s\" is retired." : "\"%.*s\" is not enrolled.",
        Clip(path, 200), path.data());
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
  Query().AsCaller(psprintf("GRANT USAGE ON SCHEMA detid TO %s", name), SPI_OK_UTILITY);
  Query().AsCaller(psprintf("GRANT EXECUTE ON FUNCTION detid._heartbeat TO %s", name),
                   SPI_OK_UTILITY);
}

void Enroll(std::string_view path, Mode mode, Oid role, const Nodes& pool, const Registration& r,
            const Token& token) {
  // Of the token the key is kept: no query, and so no log, ever has the token itself.
  const bool has_number = r.interval.node != kAnyNode;
  Query()
      .Text(path)
      .Text(NameOf(mode))
      .Add(OIDOID, ObjectIdGetDatum(role))
      .Bytes(KeyOf(token).byte)
      .Number(pool.first)
      .Add(INT8OID, Int64GetDatum(pool.last + 1), pool.last == PG_INT32_MAX)
      .Add(INT4OID, Int32GetDatum(r.interval.node), !has_number)
      .Number(r.end_us)
      .Write(
          "INSERT INTO detid._nodes (path, mode, role, key, pool, node, end_us) VALUES "
          "($1, $2, $3, $4, int4range($5::int4, $6::int4), $7, $8)",
          SPI_OK_INSERT);
  LetAsk(role);
  // Rows of nodes are secrets: from the first on, dumps of this database are a superuser's.
  Query().AsCaller("REVOKE SELECT ON detid._nodes FROM pg_database_owner", SPI_OK_UTILITY);
}

// The numbers of an assigned node: those of its prefix, which is assigned if it is not.
Nodes NodesOfPath(std::string_view path, const Topology& topology, int levels) {
  if (levels != topology.count)
    Raise(Error::kArgumentInvalid,
          "An assigned node has a path of all %d levels; \"%.*s\" has %d names.", topology.count,
          Clip(path, 200), path.data(), levels);
  Nodes nodes;
  if (!FindPrefix(path, Seen::kNow, &nodes)) {
    Query().Text(path).AsCaller("SELECT detid.assign_prefix($1)", SPI_OK_SELECT);
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
  BeginChange("enroll_node()");
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
  LogCommand(name, "enrolled");
  SPI_finish();
  return TokenDatum(&token);
}

// new_token(path text) -> text
DETID_FUNCTION(detid_new_token) {
  BeginChange("new_token()");
  const Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  Token token = NewToken();
  Query()
      .Text(n.id)
      .Bytes(KeyOf(token).byte)
      .Write("UPDATE detid._nodes SET key = $2 WHERE id = $1::uuid", SPI_OK_UPDATE);
  LogCommand(n.path, "given another token");
  SPI_finish();
  return TokenDatum(&token);
}

// unfence(path text): the nonce stays where it is, so that who comes next is the only one.
DETID_FUNCTION(detid_unfence_path) {
  BeginChange("unfence()");
  const Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  Query().Text(n.id).Write(
      "UPDATE detid._nodes SET state = 'expected', reason = NULL, fenced_at = NULL, seed = NULL "
      "WHERE id = $1::uuid",
      SPI_OK_UPDATE);
  LogCommand(n.path, "unfenced");
  SPI_finish();
  PG_RETURN_VOID();
}

namespace {

// Ends a node: if it lives on, it is fenced with its next heartbeat.
void Retire(const Node& n, int64_t free_in_us) {
  Query().Text(n.id).Write(
      "UPDATE detid._nodes SET state = 'retired', reason = NULL, refused = NULL "
      "WHERE id = $1::uuid",
      SPI_OK_UPDATE);
  GiveBackNumber(n, free_in_us);
}

// Above everything that the node may have minted. One that is assigned may mint until it hears of
// its end.
Registration Successor(const Node& n, int64_t now_us) {
  Registration r;
  r.interval.node = n.r.interval.node;
  r.end_us = n.r.end_us;
  if (n.r.mode == Mode::kAssigned && n.r.current.counter != 0)
    r.end_us = std::max(r.end_us, now_us) + RulesFor(n).until_heard_us(n.r);
  return r;
}

}  // namespace

// retire_node(path text)
DETID_FUNCTION(detid_retire_path) {
  BeginChange("retire_node()");
  Node n = RequireNode(View(PG_GETARG_TEXT_PP(0)));
  n.r.end_us = Successor(n, ClockUs()).end_us;
  Retire(n, RulesFor(n).quarantine_us);
  LogCommand(n.path, "retired");
  SPI_finish();
  PG_RETURN_VOID();
}

// _explain_reason(reason text) -> text
DETID_FUNCTION(detid_explain_reason) {
  const std::string_view name = View(PG_GETARG_TEXT_PP(0));
  Reason reason;
  if (!FromName(name, &reason)) PG_RETURN_DATUM(PG_GETARG_DATUM(0));
  return CStringGetTextDatum(Explain(reason));
}

// move_node(path text, "to" text) -> text, the successor's token
DETID_FUNCTION(detid_move_node) {
  const std::string_view from = View(PG_GETARG_TEXT_PP(0)), to = View(PG_GETARG_TEXT_PP(1));
  const Result<Path> from_path = ParsePath(from), to_path = ParsePath(to);
  if (!from_path.ok()) Raise(from_path.status);
  if (!to_path.ok()) Raise(to_path.status);
  BeginChange("move_node()");
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
  LogCommand(from, psprintf("moved to %.*s", Clip(to, 200), to.data()));
  SPI_finish();
  return TokenDatum(&token);
}

}  // namespace detid
