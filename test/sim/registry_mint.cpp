// SPDX-License-Identifier: PostgreSQL
//
// A backend mints, and what it gave out is recorded in spans.

#include "registry_run.h"

#include <algorithm>

namespace sim {

void RegistryRun::Mint(NodeServer& s) {
  if (!s.minting) Look(s);
  // Often, around where the interval ends or has begun.
  In(random_.LogBetween(kSecond, 20 * kSecond), What::kMint, s.index);
}

bool RegistryRun::MustNotMint(const NodeServer& s) const {
  return s.retiring || (s.disk.fenced && options_.broken != RegistryBreak::kIgnoreFence);
}

// Reads what is granted, and the clock. It may be stopped then.
void RegistryRun::Look(NodeServer& s) {
  if (MustNotMint(s)) return;
  const detid::Definition& d = setting_.definition;
  s.read = s.granted.Read();
  if (s.read.limit_us == 0) return;
  if (options_.broken == RegistryBreak::kIgnoreLimit) s.read.limit_us = detid::kForEver;
  const int64_t now_us = s.NodeTime(now_);
  if (s.read.limit_us <= now_us) counts_.lapses++;
  if (s.read.node != s.shard_number) {
    s.shard.next.store(detid::FirstPosition(d, now_us, 0));
    s.slot = detid::Slot{};
    s.slot.next = s.shard.next.load();
    s.shard_number = s.read.node;
    s.span = -1;
  }
  s.sequencer.SetHorizon(d, s.horizon_us, s.read);
  s.now_position = s.sequencer.Now(d, now_us);
  s.minting = true;
  if (!random_.Chance(0.01)) return Give(s);
  counts_.backend_stops++;
  In(random_.LogBetween(10 * kMs, 3 * kMinute), What::kGive, s.index);
}

// False if it is another interval.
bool RegistryRun::Reread(NodeServer& s) {
  detid::Interval i = s.granted.Read();
  if (options_.broken == RegistryBreak::kIgnoreLimit) i.limit_us = detid::kForEver;
  if (i.limit_us == 0 || i.node != s.read.node || i.start_us != s.read.start_us) return false;
  s.read = i;
  return true;
}

void RegistryRun::Give(NodeServer& s) {
  const detid::Definition& d = setting_.definition;
  s.minting = false;
  for (int64_t left = random_.LogBetween(1, 30); left > 0;) {
    const detid::Grant g = s.sequencer.Take(s.now_position, static_cast<uint32_t>(left));
    if (g.verdict == detid::Verdict::kRaise && g.first < s.sequencer.granted) {
      // As TakeSlowly: the fence, and what is granted, are looked at again.
      if (MustNotMint(s) || !Reread(s)) return;
      s.RaiseHorizon(detid::EndOfTickUs(d, g.first) + kHorizonWindow);
      s.sequencer.SetHorizon(d, s.horizon_us, s.read);
      s.now_position = std::max(s.now_position, s.sequencer.Now(d, s.NodeTime(now_)));
      continue;
    }
    if (g.verdict != detid::Verdict::kGiven) return;
    left -= g.count;
    Record(s, g.first, g.count);
  }
}

void RegistryRun::Record(NodeServer& s, uint64_t first, uint32_t count) {
  counts_.ids += count;
  Span* span = s.span < 0 ? nullptr : &spans_[static_cast<size_t>(s.span)];
  if (span == nullptr || span->start_us != s.read.start_us || span->number != s.read.node) {
    s.span = static_cast<int>(spans_.size());
    spans_.push_back(
        {s.read.node, s.index, s.incarnation, s.read.start_us, first, first, detid::kNoPosition});
    span = &spans_.back();
  }
  if (first < span->last) Fail("server " + std::to_string(s.index) + " goes back");
  span->last = first + count - 1;
}

}  // namespace sim
