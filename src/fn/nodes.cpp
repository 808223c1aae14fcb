// SPDX-License-Identifier: PostgreSQL

#include "fn/nodes.h"

#include <algorithm>

#include "core/prf.h"
#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "state/databases.h"
#include "state/registry/coordinator_note.h"
#include "state/settings.h"
#include "state/shared.h"
#include "state/witness.h"

namespace detid {

const char kNodeColumns[] =
    "id, path, mode, state, reason, node::int8, counter, bits, asked_old_counter, asked_old_bits, "
    "asked_next_counter, asked_next_bits, instance, life, timeline, start_us, limit_us, end_us, "
    "lower(pool)::int8, coalesce(upper(pool)::int8, 2147483648) - 1, role::oid::int8, "
    "beat_us, node_us, life_us, since_us, heard_us, stopped";

Node NodeAt(uint64_t row) {
  Node n = {};
  strlcpy(n.id, TextAt(row, 1), sizeof n.id);
  strlcpy(n.path, TextAt(row, 2), sizeof n.path);
  const char* reason = TextAt(row, 5);
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
  n.r.beat_us = NumberAt(row, 22);
  n.node_us = TextAt(row, 23) == nullptr ? 0 : NumberAt(row, 23);
  n.life_us = NumberAt(row, 24);
  n.since_us = NumberAt(row, 25);
  n.r.heard_us = NumberAt(row, 26);
  n.r.stopped = strcmp(TextAt(row, 27), "t") == 0;
  return n;
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
  if (place == 0) place = PlaceOf(WitnessHere());
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
