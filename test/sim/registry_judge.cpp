// SPDX-License-Identifier: PostgreSQL
//
// The verdict: no position was given out by two servers under one number.
//
// What is allowed, and counted:
//   a copy of a virtual machine mints what its original does until the interval ends that both were
//   granted last (shared_until_us);
//   an assigned node and its copy, from the last heartbeat that was granted before it was copied
//   until each has been told; a leased node and a copy, of which a coordinator has lost that it was
//   there.

#include "registry_run.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace sim {

void RegistryRun::Judge() {
  std::sort(spans_.begin(), spans_.end());
  for (size_t i = 0; i < spans_.size(); i++)
    for (size_t j = i + 1; j < spans_.size() && spans_[j].number == spans_[i].number &&
                           spans_[j].first <= spans_[i].last;
         j++)
      JudgeOverlap(spans_[i], spans_[j]);
}

void RegistryRun::JudgeOverlap(const Span& a, const Span& b) {
  NodeServer& one = Server(std::min(a.server, b.server));
  NodeServer& other = Server(std::max(a.server, b.server));  // the copy, if one is
  const uint64_t from = b.first, to = std::min(a.last, b.last);
  const bool copies = one.registration == other.registration && one.index != other.index;
  const bool since_copied = from >= detid::PositionAt(setting_.definition, other.copied_us);
  // Each is told with its next heartbeat, and has done so then.
  const bool since_common = from >= detid::PositionAt(setting_.definition, other.common_us);
  if (copies && one.mode == detid::Mode::kAssigned && since_common &&
      to <= std::min(a.told, b.told)) {
    counts_.shared_assigned++;
    return;
  }
  if (copies && other.same_incarnation && a.incarnation == b.incarnation &&
      a.start_us == b.start_us && since_copied &&
      to <= detid::PositionAt(setting_.definition, other.shared_until_us)) {
    counts_.shared_vm++;
    return;
  }
  if (copies && lost_successions_.count(one.registration) != 0) {
    counts_.shared_lost++;
    return;
  }
  char text[400];
  std::snprintf(text, sizeof text,
                "positions %" PRIu64 " to %" PRIu64
                " of number %d are minted by servers %d and %d, of registrations %d and %d "
                "(intervals from %" PRId64 " and %" PRId64 ", %s, copied from %d)",
                from, to, a.number, a.server, b.server, Server(a.server).registration,
                Server(b.server).registration, a.start_us, b.start_us,
                a.incarnation == b.incarnation ? "one incarnation" : "two incarnations",
                other.copied_from);
  Fail(text);
}

}  // namespace sim
