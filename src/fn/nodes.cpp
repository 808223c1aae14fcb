// SPDX-License-Identifier: PostgreSQL

#include "fn/nodes.h"

#include <algorithm>
#include <functional>

#include "core/prf.h"
#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg/sql_text.h"
#include "state/databases.h"
#include "state/origin.h"
#include "state/registry/coordinator_note.h"
#include "state/settings.h"
#include "state/shared.h"

namespace detid {

namespace {

// The columns of detid._nodes that change with heartbeats.
// clang-format off
constexpr std::tuple kNodeColumns{
    Column{"mode", [](auto& n) -> auto& { return n.r.mode; }},
    Column{"state", [](auto& n) -> auto& { return n.r.state; }},
    Column{"reason", [](auto& n) -> auto& { return n.r.reason; }},
    Column{"counter", [](auto& n) -> auto& { return n.r.current.counter; }},
    Column{"bits", [](auto& n) -> auto& { return n.r.current.bits; }},
    Column{"asked_old_counter", [](auto& n) -> auto& { return n.r.asked_old.counter; }},
    Column{"asked_old_bits", [](auto& n) -> auto& { return n.r.asked_old.bits; }},
    Column{"asked_next_counter", [](auto& n) -> auto& { return n.r.asked_next.counter; }},
    Column{"asked_next_bits", [](auto& n) -> auto& { return n.r.asked_next.bits; }},
    Column{"instance", [](auto& n) -> auto& { return n.r.instance; }},
    Column{"incarnation", [](auto& n) -> auto& { return n.r.incarnation; }},
    Column{"timeline", [](auto& n) -> auto& { return n.r.timeline; }},
    Column{"node", [](auto& n) -> auto& { return n.r.interval.node; }},
    Column{"start_us", [](auto& n) -> auto& { return n.r.interval.start_us; }},
    Column{"limit_us", [](auto& n) -> auto& { return n.r.interval.limit_us; }},
    Column{"end_us", [](auto& n) -> auto& { return n.r.end_us; }},
    Column{"heartbeat_us", [](auto& n) -> auto& { return n.r.heartbeat_us; }},
    Column{"heard_us", [](auto& n) -> auto& { return n.r.heard_us; }},
    Column{"stopped", [](auto& n) -> auto& { return n.r.stopped; }},
    Column{"node_us", [](auto& n) -> auto& { return n.node_us; }},
    Column{"incarnation_us", [](auto& n) -> auto& { return n.incarnation_us; }},
    Column{"since_us", [](auto& n) -> auto& { return n.since_us; }},
};
// clang-format on
// All of a registration, whose three nonces have two columns each and whose interval has three; and
// three of the node's.
static_assert(CountOf(kNodeColumns) == MembersOf<Registration>() + 3 + 2 + 3);

// Columns that are read alone, behind those.
constexpr char kColumnsBehind[] =
    "id, path, lower(pool)::int8, coalesce(upper(pool)::int8, 2147483648) - 1, role::oid::int8";
constexpr int kFirstBehind = static_cast<int>(CountOf(kNodeColumns)) + 1;

class ColumnsOfRow {
 public:
  explicit ColumnsOfRow(uint64_t row) : row_(row) {}
  template <typename C, typename T>
  void operator()(const C&, T& value) {
    const char* text = TextAt(row_, column_);
    if (text != nullptr) Take(text, &value);
    column_++;
  }

 private:
  void Take(const char*, int64_t* number) { *number = NumberAt(row_, column_); }
  void Take(const char*, int32_t* number) {
    *number = static_cast<int32_t>(NumberAt(row_, column_));
  }
  void Take(const char* text, bool* flag) { *flag = strcmp(text, "t") == 0; }
  template <typename Word>
  void Take(const char* text, Word* word) {
    if (!FromName(text, word)) elog(ERROR, "detid._nodes has a row with a word that is not known");
  }

  uint64_t row_;
  int column_ = 1;
};

// "column = $1, ...", and the values of the parameters.
class Assignments {
 public:
  template <typename C, typename T>
  void operator()(const C& column, const T& value) {
    Set(column.name, value);
  }
  template <typename T>
  void Set(const char* column, const T& value) {
    Put(value);
    sql.Append("%s%s = $%d", query.count() == 1 ? "" : ", ", column, query.count());
  }
  // What is not told stays as it is.
  template <typename T>
  void Keep(const char* column, const std::optional<T>& value) {
    Put(value);
    sql.Append(", %s = coalesce($%d, %s)", column, query.count(), column);
  }

  Query query;
  SqlText sql;

 private:
  void Put(int64_t number) { query.Number(number); }
  void Put(int32_t number) { query.Add(INT4OID, Int32GetDatum(number), number == kAnyNode); }
  void Put(bool flag) { query.Add(BOOLOID, BoolGetDatum(flag)); }
  void Put(Mode mode) { query.Text(NameOf(mode)); }
  void Put(NodeState state) { query.Text(NameOf(state)); }
  void Put(Reason reason) {
    const bool none = reason == Reason::kNone;
    query.Add(TEXTOID, none ? Datum{0} : CStringGetTextDatum(NameOf(reason)), none);
  }
  void Put(const std::optional<int64_t>& number) {
    query.Add(INT8OID, Int64GetDatum(number.value_or(0)), !number);
  }
  void Put(const std::optional<Commitment>& proof) {
    if (proof)
      query.Bytes(proof->byte);
    else
      query.Add(BYTEAOID, Datum{0}, true);
  }
};

}  // namespace

const char* NodeColumns() {
  static SqlText sql;
  if (sql.text()[0] != '\0') return sql.text();
  const Node n = {};
  EachColumn(kNodeColumns, n, [](const auto& column, const auto& value) {
    constexpr bool kShort = sizeof value == sizeof(int32_t);
    sql.Append(kShort ? "%s::int8, " : "%s, ", column.name);
  });
  sql.Append("%s", kColumnsBehind);
  return sql.text();
}

Node NodeAt(uint64_t row) {
  Node n = {};
  ColumnsOfRow columns(row);
  EachColumn(kNodeColumns, n, std::ref(columns));
  strlcpy(n.id, TextAt(row, kFirstBehind), sizeof n.id);
  strlcpy(n.path, TextAt(row, kFirstBehind + 1), sizeof n.path);
  n.pool = {NumberAt(row, kFirstBehind + 2), NumberAt(row, kFirstBehind + 3)};
  n.role = static_cast<Oid>(NumberAt(row, kFirstBehind + 4));
  return n;
}

void StoreNode(const Node& n, const HeartbeatMessage& m) {
  static SPIPlanPtr plan = nullptr;
  Assignments set;
  EachColumn(kNodeColumns, n, std::ref(set));
  set.Set("horizon_us", m.heartbeat.horizon_us);
  set.Set("ids", m.report.ids);
  set.Set("seed", m.report.proof);
  set.Keep("offset_us", m.report.offset_us);
  set.Keep("round_trip_us", m.report.round_trip_us);
  set.query.Text(n.id);
  SqlText update;
  update.Append(
      "UPDATE detid._nodes SET %s, seen_at = now(), refused = NULL, fenced_at = NULL "
      "WHERE id = $%d::uuid RETURNING 1",
      set.sql.text(), set.query.count());
  set.query.Change(update.text(), &plan);
}

RegistryRules RulesFor(const Node& n) {
  return {int64_t{settings::lease_s} * 1000000,
          int64_t{settings::quarantine_s} * 1000000,
          n.floor_us,
          n.silent_floor_us,
          n.noted_us,
          n.secret};
}

void GiveBackNumber(const Node& n, int64_t free_in_us) {
  if (n.r.interval.node == kAnyNode) return;
  Query()
      .Number(n.r.interval.node)
      .Number(n.r.end_us)
      .Number(free_in_us)
      .Write(
          "INSERT INTO detid._numbers AS n (node, end_us, free_at) "
          "VALUES ($1::int4, $2, now() + $3 * interval '1 microsecond') "
          "ON CONFLICT (node) DO UPDATE SET end_us = greatest(n.end_us, excluded.end_us), "
          "free_at = greatest(n.free_at, excluded.free_at)",
          SPI_OK_INSERT);
}

int64_t EndOfNumber(int32_t number) {
  return Query().Number(number).Change("SELECT end_us FROM detid._numbers WHERE node = $1") > 0
             ? NumberAt(0, 1)
             : 0;
}

namespace {

// Of this transaction, if nobody else has it. It is no lock that a statement can take: with those,
// whoever may connect could keep numbers from nodes.
bool LockNumber(int32_t number) {
  constexpr uint32_t kNumbers = 1684370532;
  constexpr uint16_t kNotOfStatements = 3;
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, kNumbers, static_cast<uint32_t>(number),
                       kNotOfStatements);
  return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

// The lowest number of the pool that nobody has or is about to be given, and that is not in
// quarantine. Whoever is given one holds a lock of its own on it, so that many nodes that are new
// do not wait for each other.
int32_t FreeNumber(const Nodes& pool) {
  // So many numbers from the first one on hold 1024 that are free.
  const uint64_t count =
      Query()
          .Number(pool.first)
          .Number(pool.last)
          .Change(
              "SELECT n FROM generate_series($1, least($2, $1 + 1023 + "
              "(SELECT count(*) FROM detid._nodes WHERE state <> 'retired') + "
              "(SELECT count(*) FROM detid._numbers WHERE free_at > now()))) AS n "
              "WHERE NOT EXISTS (SELECT FROM detid._nodes WHERE node = n AND state <> 'retired') "
              "AND NOT EXISTS (SELECT FROM detid._numbers WHERE node = n AND free_at > now()) "
              "ORDER BY n LIMIT 1024");
  int64_t* numbers = static_cast<int64_t*>(palloc(sizeof(int64_t) * 1024));
  for (uint64_t i = 0; i < count; i++) numbers[i] = NumberAt(i, 1);
  for (uint64_t i = 0; i < count; i++) {
    const int32_t number = static_cast<int32_t>(numbers[i]);
    // Somebody may have been given it before the lock was had.
    if (LockNumber(number) &&
        Query().Number(number).Change(
            "SELECT FROM detid._nodes WHERE node = $1 AND state <> 'retired'") == 0)
      return number;
    CHECK_FOR_INTERRUPTS();
  }
  return kAnyNode;
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

}  // namespace

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

// The first enrollment notes where the registry begins, so where there are nodes and no note, they
// are of a dump.
void NoteCoordinator(Node* n) {
  static SPIPlanPtr plan = nullptr;
  static int64_t place = 0;
  if (place == 0) place = PlaceOf(OriginHere());
  const int64_t timeline = GetWALInsertionTimeLine();
  const int64_t started_us = PgStartTime + kPostgresEpochUs;
  if (Query().Change(
          "SELECT instance, timeline, started_us, floor_us, silent_floor_us, noted_us, secret, "
          "timeline = 0 AND NOT EXISTS (SELECT FROM detid._nodes), xmin::text::int8 "
          "FROM detid._coordinator",
          &plan) == 0)
    elog(ERROR, "detid._coordinator is empty");
  const bool same_place = NumberAt(0, 1) == place && NumberAt(0, 2) == timeline;
  n->floor_us = NumberAt(0, 4);
  n->silent_floor_us = NumberAt(0, 5);
  n->noted_us = NumberAt(0, 6);
  n->secret = NumberAt(0, 7);
  if (same_place && NumberAt(0, 3) == started_us) return;
  const bool first = strcmp(TextAt(0, 8), "t") == 0;
  int64_t* floor_us = same_place ? &n->silent_floor_us : &n->floor_us;
  CoordinatorNote note = {NumberAt(0, 9), RulesFor(*n).FloorAt(ClockUs()), ClockUs(),
                          RandomBits63()};
  if (Database* database = shared == nullptr ? nullptr : AttachDatabase(MyDatabaseId)) {
    note = FirstNote(database, note);
    Detach(database);
  }
  if (!first) *floor_us = std::max(*floor_us, note.floor_us);
  n->noted_us = note.noted_us;
  n->secret = note.secret;
  Query()
      .Number(place)
      .Number(timeline)
      .Number(started_us)
      .Number(n->floor_us)
      .Number(n->silent_floor_us)
      .Number(n->noted_us)
      .Number(n->secret)
      .Change(
          "UPDATE detid._coordinator c SET instance = $1, timeline = $2, started_us = $3, "
          "floor_us = greatest(c.floor_us, $4), silent_floor_us = greatest(c.silent_floor_us, $5), "
          "noted_us = $6, secret = $7 "
          "FROM (SELECT only_row FROM detid._coordinator "
          "  WHERE (instance, timeline, started_us) <> ($1, $2, $3) "
          "  FOR NO KEY UPDATE SKIP LOCKED) l "
          "WHERE c.only_row = l.only_row RETURNING 1");
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

}  // namespace detid
