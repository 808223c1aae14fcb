// SPDX-License-Identifier: PostgreSQL
//
// Sequencer: what a backend needs of one generator to choose positions: the layout's numbers, its
// slot and shard (sequence.h), and the limits that follow from the horizon (horizon.h) and from the
// interval that was granted (granted.h).
//
// Whoever owns one reads the clock, takes, and where that is refused waits or raises the horizon:
//
//   position = TakeOne(now)            the common case
//   grant = Take(now, wanted)          otherwise: given, or the reason why not
//   from `renew` on                    the horizon wants a look, well before it is reached
//
// Positions lie in ticks that lie wholly in the interval: the limit cuts what can be taken off, and
// the tick that holds the start is taken for the next one.
//
// Scatter: while little is minted, every tick's sequence begins at 0, and the low bits of ids are
// nearly always 0, which ruins `id % n` as a shard's number. A generator that scatters begins a
// tick at a place in the lower half of the sequence that the PRF chooses. As positions still only
// grow, order is what it was; and as what does not fit into a tick runs on into the next as ever,
// so is what can be minted in a while. A tick's ids run into the next tick from half of them on,
// instead of from all of them. So it takes a permitted lead of a tick at the least, and less than
// half a tick of the lead is lost to it.
//
// A sequence of b bits so fills 2^(b-1) buckets evenly. The places below the beginning of a tick
// are lost where nothing runs into it; only of the last tick of the epoch does one notice, which
// has half of its ids at the least.

// Without a shard: shared memory has room for so many shards. A backend that finds none for its
// generator, and no room, leases the rest of a tick from the time of the whole database (TakeTick),
// which is as if it made a shard, took what is left of the tick, and had the shard evicted at once.
//
// Invariant:
//   S7  a tick is leased from a database only while the generator has no shard there, by raising
//       what new shards begin above, `evicted_us`, over the end of the tick in one step. So the
//       tick lies above all that the generator gave out before, and its later shards and ticks
//       above it.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/compose.h"
#include "core/definition.h"
#include "core/granted.h"
#include "core/sequence.h"

namespace detid {

// The first position of the tick that contains `us`; 0 before the epoch.
uint64_t PositionAt(const Definition& definition, int64_t us);

// The end of the tick that holds `position`: the first microsecond that is not in it.
int64_t EndOfTickUs(const Definition& definition, uint64_t position);

// Where a shard that is found absent begins: above everything minted before. `start_us` is node
// time that nothing was minted at, `evicted_us` (0: none) the end of what forgotten shards gave
// out, in ticks of other lengths perhaps.
uint64_t FirstPosition(const Definition& definition, int64_t start_us, int64_t evicted_us);

struct Sequencer {
  bool worker = false;   // the layout has a worker field
  bool ordered = false;  // Ordering::kNode
  uint8_t sequence_bits = 0;
  Slot* slot = nullptr;
  Shard* shard = nullptr;
  uint64_t unit_us = 0;        // of a tick; 0 if it is not a whole number
  int64_t tick_us = 0;         // beginning of the tick last seen, and
  uint64_t tick_position = 0;  // where it begins
  Limits limits;
  uint64_t renew = 0;    // at most what the limits allow
  uint64_t start = 0;    // of the interval that was granted, and
  uint64_t granted = 0;  // its end; limits.horizon is not above it

  // Where ticks begin, if the generator scatters. Backends that share a sequence have one key and
  // one worker number, 0.
  uint64_t scatter_mask = 0;  // 0: it does not
  uint32_t scatter_node = 0, scatter_worker = 0;
  GeneratorKey scatter_key{};

  // Everything but slot and shard. The first take looks after the horizon.
  void Prepare(const Definition& definition, int64_t max_ahead_us);

  // After Prepare. `key` is not used unless the definition scatters.
  void PrepareScatter(const Definition& definition, const GeneratorKey& key, int32_t node,
                      int32_t worker_number);

  // What follows from the published horizon, and from the interval that was granted.
  void SetHorizon(const Definition& definition, int64_t published_us, const Interval& interval);

  // Where the tick that contains `now_us` begins; kNoPosition if the layout has none.
  uint64_t Now(const Definition& definition, int64_t now_us) {
    if (static_cast<uint64_t>(now_us - tick_us) < unit_us) [[likely]]
      return tick_position;
    return MoveTick(definition, now_us);
  }

  // One position below `renew`; kNoPosition, and nothing has happened, where that is not the common
  // case.
  uint64_t TakeOne(uint64_t now) {
    return worker ? TakeOneOwn(slot, now, renew, limits.ahead) : TakeOneLeased(slot, now, renew);
  }

  // Up to `wanted` consecutive positions, or the position that was refused and why.
  Grant Take(uint64_t now, uint32_t wanted) {
    if (shard == nullptr) [[unlikely]]
      return TakeRest(now, wanted);
    if (ordered) return TakeOrdered(shard, slot, now, wanted, sequence_bits, limits);
    if (worker) return TakeOwn(slot, now, wanted, sequence_bits, limits);
    return TakeLeased(shard, slot, now, wanted, sequence_bits, limits);
  }

  // From here on `s`, a slot of the caller's alone, and no shard. After Prepare and PrepareScatter.
  void GoWithoutShard(Slot* s);

  // Up to `wanted` positions of a new tick, of which the slot keeps the rest unless ids are ordered
  // across backends; or why not (not kNoShard). REQUIRES: no shard, and the generator has none in
  // the database whose `start_us` and `evicted_us` these are (S7), nor gets one meanwhile.
  Grant TakeTick(const Definition& definition, int64_t start_us, std::atomic<int64_t>* evicted_us,
                 uint64_t now, uint32_t wanted);

  // The node time at which a position that was refused with kWait will be given, if not before: the
  // beginning of a tick that is not the clock's.
  int64_t GivenAtUs(const Definition& definition, uint64_t position) const;

  // Looks after the horizon again from node time `again_us` on.
  void SetRenewal(const Definition& definition, int64_t again_us) {
    renew = std::min({PositionAt(definition, again_us), limits.horizon, limits.end});
  }

 private:
  uint64_t MoveTick(const Definition& definition, int64_t now_us);

  Grant TakeRest(uint64_t now, uint32_t wanted) {
    if (NothingLeft(slot, now)) return {Verdict::kNoShard, now, 0};
    return TakeFromBlock(slot, wanted);
  }
};

// What follows a grant that is not the common case. A Host has
//   void CheckFence()           fails if the node is fenced
//   uint64_t Now()              the first position of node time's tick
//   void ReadHorizon()          SetHorizon with what is published
//   void Raise(position)        raises the horizon above the position's tick, durably
//   void AwaitGrant(position)   fails, unless an interval that holds it is granted soon
//   void Renew(position)        looks after the horizon, and sets `renew`
//   void Wait(position)         for the clock, a while; interruptibly, outside all locks
//   void Ready()                sees to what changed meanwhile
//   Grant TakeWithoutShard(wanted)  by TakeTick, or by Take if there is a shard now
//   void End()                  fails: the layout cannot hold more
template <typename Host>
Grant TakeSlowly(Sequencer* s, Host& host, uint32_t wanted, Grant grant) {
  for (;;) {
    host.CheckFence();
    switch (grant.verdict) {
      case Verdict::kGiven:
        if (grant.first >= s->renew) host.Renew(grant.first);
        return grant;
      case Verdict::kWait:
        host.Wait(grant.first);
        break;
      case Verdict::kNoShard:
        grant = host.TakeWithoutShard(wanted);
        continue;
      case Verdict::kRaise:
        host.ReadHorizon();
        if (grant.first >= s->limits.horizon) {
          if (grant.first >= s->granted)
            host.AwaitGrant(grant.first);
          else
            host.Raise(grant.first);
          host.ReadHorizon();
        }
        break;
      case Verdict::kEnd:
        host.End();
    }
    host.Ready();
    grant = s->Take(host.Now(), wanted);
  }
}

}  // namespace detid
