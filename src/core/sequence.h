// SPDX-License-Identifier: PostgreSQL
//
// The shard's sequence: how a minting gets a position that nobody has used.
//
// A position is (tick, sequence) as one number (compose.h). It only grows, so the overflow of a
// sequence runs into the next tick by itself.
//
// Shard and Slot live in memory that all backends of one server share. A slot is written by its
// owner alone; `Shard::next` by all.
//
// Invariants:
//   S1  Shard::next is above every position that was ever leased from the shard, and never falls.
//   S2  Slot::next is above every position that this slot has given out, and never falls.
//   S3  a leased block [lease_next, lease_end) belongs to one slot, lies within one tick and below
//       Shard::next; so two slots never hold the same position (without a worker field).
//   S4  a position is given out only if it is below Limits::end and Limits::horizon, and at most
//       Limits::ahead above the position of the clock's tick. A block is checked when it is
//       leased: end and horizon do not fall, and ahead need not hold again as the clock only rises.
//   S5  with a worker field a position may be used by every slot once, as the slot's number is in
//       the id. The slot's number is the worker.
//   S6  a slot without a shard gives out only the rest of a tick that was leased for it alone
//       (Sequencer::TakeTick). It does not lease another by itself.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "core/bits.h"

namespace detid {

inline constexpr int kCacheLine = 64;

struct Slot {
  uint64_t next = 0;        // worker layouts: the first position not given out
  uint64_t lease_next = 0;  // others: what is left of the leased block
  uint64_t lease_end = 0;
  uint64_t last_tick = 0;  // tick of the last lease
  uint32_t block = 1;      // size of the next lease
  uint64_t minted = 0;     // how many were given out: for who looks, nothing hangs on it
};

// In memory that others write too.
struct alignas(kCacheLine) SharedSlot : Slot {};
static_assert(sizeof(SharedSlot) == kCacheLine);

struct alignas(kCacheLine) Shard {
  std::atomic<uint64_t> next{0};
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

struct Limits {
  uint64_t end = 0;      // exclusive: 2^(time_bits + sequence_bits)
  uint64_t horizon = 0;  // exclusive
  uint64_t ahead = 0;    // inclusive lead over the first position of the clock's tick
};

enum class Verdict : uint8_t {
  kGiven,
  kWait,     // the lead is used up: wait until the clock has moved on
  kRaise,    // the horizon must be raised first
  kEnd,      // the layout cannot hold more
  kNoShard,  // the slot has no shard, and nothing is left of its tick
};

// [first, first + count), all of them given out; `wanted` is the position that was refused.
struct Grant {
  Verdict verdict = Verdict::kGiven;
  uint64_t first = 0;
  uint32_t count = 0;
};

inline constexpr uint32_t kMaxBlock = 1024;

inline Verdict Judge(uint64_t position, uint64_t now, const Limits& limits) {
  if (position >= limits.end) return Verdict::kEnd;
  if (position > now && position - now > limits.ahead) return Verdict::kWait;
  if (position >= limits.horizon) return Verdict::kRaise;
  return Verdict::kGiven;
}

// The end of the tick that holds `position`, at most `count` positions on.
inline uint64_t BlockEnd(uint64_t position, uint64_t count, int sequence_bits) {
  return std::min(position + count, (position | LowMask(sequence_bits)) + 1);
}

// With a worker field: the slot's own sequence, no shared write. `now` is the first position of
// the clock's tick. Gives up to `wanted` consecutive positions of one tick.
inline Grant TakeOwn(Slot* slot, uint64_t now, uint32_t wanted, int sequence_bits,
                     const Limits& limits) {
  const uint64_t first = std::max(slot->next, now);
  if (const Verdict v = Judge(first, now, limits); v != Verdict::kGiven) [[unlikely]]
    return {v, first, 0};
  const uint64_t end = wanted == 1 ? first + 1 : BlockEnd(first, wanted, sequence_bits);
  slot->next = end;
  slot->minted += end - first;
  return {Verdict::kGiven, first, static_cast<uint32_t>(end - first)};
}

// One position in the common case, in a register: as TakeOwn or TakeLeased of one would give, if it
// is below `below`, which is at most Limits::end and Limits::horizon; else kNoPosition, and nothing
// has happened.
inline constexpr uint64_t kNoPosition = ~uint64_t{0};

inline uint64_t TakeOneOwn(Slot* slot, uint64_t now, uint64_t below, uint64_t ahead) {
  const uint64_t position = std::max(slot->next, now);
  if (position >= below || position - now > ahead) [[unlikely]]
    return kNoPosition;
  slot->next = position + 1;
  slot->minted++;
  return position;
}

inline uint64_t TakeOneLeased(Slot* slot, uint64_t now, uint64_t below) {
  const uint64_t position = slot->lease_next;
  if (position >= slot->lease_end || position < now || position >= below) [[unlikely]]
    return kNoPosition;
  slot->lease_next = position + 1;
  slot->minted++;
  return position;
}

// Leases a block of at least `wanted` positions (fewer only where the tick ends) from the shard.
inline Grant Lease(Shard* shard, Slot* slot, uint64_t now, uint32_t wanted, int sequence_bits,
                   const Limits& limits) {
  uint64_t next = shard->next.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t first = std::max(next, now);
    if (const Verdict v = Judge(first, now, limits); v != Verdict::kGiven) return {v, first, 0};
    const uint64_t tick = first >> sequence_bits;
    const uint32_t block = tick == slot->last_tick ? slot->block : 1;
    const uint64_t end = BlockEnd(first, std::max(block, wanted), sequence_bits);
    if (!shard->next.compare_exchange_weak(next, end, std::memory_order_relaxed)) continue;
    slot->last_tick = tick;
    slot->block = std::min(block * 2, kMaxBlock);
    slot->lease_next = first;
    slot->lease_end = end;
    return {Verdict::kGiven, first, static_cast<uint32_t>(end - first)};
  }
}

// Whether the slot's block is used up. A block whose tick the clock has passed is dropped.
inline bool NothingLeft(const Slot* slot, uint64_t now) {
  return slot->lease_next >= slot->lease_end || slot->lease_next < now;
}

// REQUIRES: something is left.
inline Grant TakeFromBlock(Slot* slot, uint32_t wanted) {
  const uint64_t first = slot->lease_next;
  slot->lease_next = std::min(first + wanted, slot->lease_end);
  slot->minted += slot->lease_next - first;
  return {Verdict::kGiven, first, static_cast<uint32_t>(slot->lease_next - first)};
}

// Without a worker field: from the slot's block, or a new one.
inline Grant TakeLeased(Shard* shard, Slot* slot, uint64_t now, uint32_t wanted, int sequence_bits,
                        const Limits& limits) {
  if (NothingLeft(slot, now)) {
    const Grant g = Lease(shard, slot, now, wanted, sequence_bits, limits);
    if (g.verdict != Verdict::kGiven) [[unlikely]]
      return g;
  }
  return TakeFromBlock(slot, wanted);
}

// Ordering 'node': straight from the shard, so that ids rise strictly across backends. The slot's
// own sequence goes along, and its block goes: a generator made anew with the other ordering goes
// on above (S2).
inline Grant TakeOrdered(Shard* shard, Slot* slot, uint64_t now, uint32_t wanted, int sequence_bits,
                         const Limits& limits) {
  uint64_t next = shard->next.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t first = std::max({next, slot->next, now});
    if (const Verdict v = Judge(first, now, limits); v != Verdict::kGiven) return {v, first, 0};
    const uint64_t end = BlockEnd(first, wanted, sequence_bits);
    if (!shard->next.compare_exchange_weak(next, end, std::memory_order_relaxed)) continue;
    slot->next = end;
    slot->lease_next = slot->lease_end = 0;
    slot->minted += end - first;
    return {Verdict::kGiven, first, static_cast<uint32_t>(end - first)};
  }
}

}  // namespace detid
