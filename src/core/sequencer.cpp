// SPDX-License-Identifier: PostgreSQL

#include "core/sequencer.h"

#include <algorithm>
#include <limits>

#include "core/no_postgres.h"

namespace detid {

uint64_t PositionAt(const Definition& d, int64_t us) {
  if (us <= d.epoch_us) return 0;
  return static_cast<uint64_t>(TickAt(d.layout, d.epoch_us, us)) << d.layout.sequence_bits();
}

int64_t EndOfTickUs(const Definition& d, uint64_t position) {
  const int64_t tick = static_cast<int64_t>(position >> d.layout.sequence_bits()) + 1;
  return d.epoch_us + (tick * int64_t{d.layout.unit} + 9) / 10;
}

uint64_t FirstPosition(const Definition& d, int64_t start_us, int64_t evicted_us) {
  // The end of a tick may lie within one of another length, which has been used then.
  const int64_t evicted = evicted_us == 0 ? 0 : evicted_us + (int64_t{d.layout.unit} + 9) / 10;
  return PositionAt(d, std::max(start_us, evicted));
}

void Sequencer::Prepare(const Definition& d, int64_t max_ahead_us) {
  const uint32_t unit = d.layout.unit;
  worker = d.layout.shows(Kind::kWorker);
  ordered = d.ordering == Ordering::kNode;
  sequence_bits = static_cast<uint8_t>(d.layout.sequence_bits());
  unit_us = unit % 10 == 0 ? unit / 10 : 0;
  tick_us = std::numeric_limits<int64_t>::min() / 2;
  limits.end = uint64_t{1} << (d.layout.time_bits() + sequence_bits);
  limits.ahead =
      static_cast<uint64_t>(max_ahead_us * 10 / unit) << sequence_bits | LowMask(sequence_bits);
  limits.horizon = 0;
  renew = 0;
  start = 0;
  granted = 0;
}

void Sequencer::PrepareScatter(const Definition& d, const GeneratorKey& key, int32_t node,
                               int32_t worker_number) {
  const bool room = limits.ahead >> sequence_bits > 0;
  scatter_mask = d.scatter && room ? LowMask(sequence_bits - 1) : 0;
  // The lead counts from where the tick begins, wherever that is.
  limits.ahead -= scatter_mask;
  if (scatter_mask == 0) return;
  scatter_key = key;
  scatter_node = static_cast<uint32_t>(node);
  scatter_worker = worker ? static_cast<uint32_t>(worker_number) : 0;
}

void Sequencer::SetHorizon(const Definition& d, int64_t published_us, const Interval& i) {
  granted = i.limit_us == kForEver ? kNoPosition : PositionAt(d, i.limit_us);
  limits.horizon = std::min(PositionAt(d, published_us), granted);
  const uint64_t first = i.start_us == 0 ? 0 : FirstPosition(d, 0, i.start_us);
  if (first == start) return;
  start = first;
  tick_us = std::numeric_limits<int64_t>::min() / 2;  // node time's tick is another
}

uint64_t Sequencer::MoveTick(const Definition& d, int64_t now_us) {
  if (now_us < d.epoch_us) return kNoPosition;
  const int64_t tick = TickAt(d.layout, d.epoch_us, now_us);
  if (static_cast<uint64_t>(tick) > LowMask(d.layout.time_bits())) return kNoPosition;
  tick_position = static_cast<uint64_t>(tick) << sequence_bits;
  if (scatter_mask != 0)
    tick_position |=
        scatter_mask & ScatterWord(scatter_key, tick_position, scatter_node, scatter_worker);
  tick_position = std::max(tick_position, start);
  tick_us = d.epoch_us + tick * static_cast<int64_t>(unit_us);
  return tick_position;
}

void Sequencer::GoWithoutShard(Slot* s) {
  shard = nullptr;
  slot = s;
  *slot = {};
  worker = false;  // its ticks are leased, too
}

Grant Sequencer::TakeTick(const Definition& d, int64_t start_us, std::atomic<int64_t>* evicted_us,
                          uint64_t now, uint32_t wanted) {
  slot->lease_next = slot->lease_end = 0;
  int64_t evicted = evicted_us->load(std::memory_order_relaxed);
  uint64_t first;
  do {
    first = std::max(FirstPosition(d, start_us, evicted), now);
    if (const Verdict v = Judge(first, now, limits); v != Verdict::kGiven) return {v, first, 0};
  } while (!evicted_us->compare_exchange_weak(evicted, EndOfTickUs(d, first)));
  slot->lease_next = first;
  slot->lease_end = (first | LowMask(sequence_bits)) + 1;
  const Grant grant = TakeFromBlock(slot, wanted);
  // Others may take higher ones before the next call.
  if (ordered) slot->lease_next = slot->lease_end;
  return grant;
}

int64_t Sequencer::GivenAtUs(const Definition& d, uint64_t position) const {
  // The first tick that permits it wherever in its lower half it may begin.
  const uint64_t tick = (position - limits.ahead + LowMask(sequence_bits)) >> sequence_bits;
  int64_t us = 0;
  TimeOfTick(d.layout, d.epoch_us, static_cast<int64_t>(tick), &us);
  return us;
}

}  // namespace detid
