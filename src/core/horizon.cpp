// SPDX-License-Identifier: PostgreSQL

#include "core/horizon.h"

#include "core/no_postgres.h"

namespace detid {

Move MoveOf(const Origin& stored, const Origin& now) {
  if (stored.instance == 0 || stored.SamePlace(now)) return Move::kNone;
  if (stored.instance == now.instance && stored.database != now.database)
    return Move::kDatabaseCopied;
  if (now.timeline > stored.timeline) return Move::kPromoted;
  const bool here = stored.SameDatabase(now) && stored.timeline == now.timeline;
  return here ? Move::kRemade : Move::kServerCopied;
}

Provenance ProvenanceOf(const HorizonRecord& stored, const Origin& now) {
  Provenance o = {MoveOf(stored.origin, now), 0, false, false};
  int32_t node = stored.origin.node;
  if (o.move == Move::kNone || StaysSuspected(stored, o.move, now)) {
    o = {stored.moved, stored.moved_us, false, false};
    node = stored.moved_node;
  }
  const bool same = node >= 0 && node == now.node;
  o.suspected = same && IsCopy(o.move);
  o.unaccepted = same && o.move == Move::kPromoted;
  return o;
}

Beginning BeginningOf(const HorizonRecord& stored, const Origin& now, int64_t node_us,
                      int64_t system_us, const HorizonRules& rules, const Sibling& sibling) {
  const Move move = MoveOf(stored.origin, now);
  const bool within = move == Move::kDatabaseCopied || move == Move::kRemade;
  if (within && sibling.known)
    return {true, sibling.end_us - node_us, move, 0, sibling.end_us, false};
  Beginning b = {true, stored.horizon_us - node_us, move, stored.horizon_us, 0, false};
  // As far ahead the horizon may be without any step of the clock.
  const int64_t usual = rules.window_us + rules.ahead_us + rules.guard_us;
  b.believed = b.lead_us <= rules.max_step_us + usual;
  if (within) b.floor_us = sibling.end_us;
  b.guarded = move != Move::kNone && !(within && sibling.made_here);
  if (b.guarded)
    b.start_us = std::max(stored.horizon_us, std::min(node_us, system_us)) + rules.guard_us;
  return b;
}

}  // namespace detid
