// SPDX-License-Identifier: PostgreSQL

#include "core/history.h"

#include <algorithm>
#include <new>

#include "core/no_postgres.h"

namespace detid {

void History::Begin(HistoryBucket* buckets, int bits) {
  for (uint64_t i = 0; i < uint64_t{1} << bits; i++) new (&buckets[i]) HistoryBucket{};
  buckets_ = buckets;
  bits_ = bits;
  minted_ = 0;
}

// All cells of a bucket, and then `minted_` (W1).
uint64_t History::Read(const HistoryBucket& bucket, uint64_t* cells) const {
  for (int i = 0; i < HistoryBucket::kCells; i++) cells[i] = bucket.cell[i];
  return minted_;
}

// Whether the fingerprint is in a live cell other than `but`.
bool History::Holds(const uint64_t* cells, uint64_t fingerprint, uint64_t generation, int but) {
  const uint64_t now = CellOf(fingerprint, generation);
  for (int i = 0; i < HistoryBucket::kCells; i++)
    if (i != but && (cells[i] ^ now) >> (kHistoryStampBits + 1) == 0 &&
        IsLive(cells[i], generation))
      return true;
  return false;
}

// One id more in the generation of `minted`, which is set to the count before it; false if that
// generation is over.
bool History::Count(uint64_t* minted, uint32_t chunk) {
  const uint64_t generation = GenerationOf(*minted);
  for (;;) {
    const bool last = (*minted & LowMask(kCountBits)) + 1 >= chunk;
    const uint64_t next = last ? (generation + 1) << kCountBits : *minted + 1;
    if (minted_.compare_exchange_weak(*minted, next)) {
      if (last) Sweep(generation + 1);
      return true;
    }
    if (GenerationOf(*minted) != generation) return false;
  }
}

// Empties the expired cells of some buckets: of all, in a quarter of the generations that a stamp
// takes to come again.
void History::Sweep(uint64_t generation) {
  const int block_bits = std::max(bits_ - (kHistoryStampBits - 2), 0);
  const uint64_t first = (generation << block_bits) & LowMask(bits_);
  for (uint64_t i = first; i < first + (uint64_t{1} << block_bits); i++) {
    HistoryBucket& bucket = buckets_[i];
    uint64_t cells[HistoryBucket::kCells];
    const uint64_t now = GenerationOf(Read(bucket, cells));
    for (int c = 0; c < HistoryBucket::kCells; c++)
      if (cells[c] != 0 && !IsLive(cells[c], now))
        bucket.cell[c].compare_exchange_strong(cells[c], 0);
  }
}

Recall History::Remember(uint64_t fingerprint, uint32_t chunk, uint64_t* order) {
  HistoryBucket& bucket = buckets_[fingerprint >> (64 - bits_)];
  for (;;) {
    uint64_t cells[HistoryBucket::kCells];
    uint64_t generation = GenerationOf(Read(bucket, cells));
    if (Holds(cells, fingerprint, generation, -1)) return Recall::kRecent;
    int mine = 0;
    while (mine < HistoryBucket::kCells && IsLive(cells[mine], generation)) mine++;
    if (mine == HistoryBucket::kCells) return Recall::kFull;
    uint64_t own = CellOf(fingerprint, generation);
    bool held = bucket.cell[mine].compare_exchange_strong(cells[mine], own);
    while (held) {
      uint64_t minted = Read(bucket, cells);
      if (GenerationOf(minted) != generation) {
        // Somebody may have taken the cell, if it has expired: then begin anew.
        generation = GenerationOf(minted);
        const uint64_t renewed = CellOf(fingerprint, generation);
        held = bucket.cell[mine].compare_exchange_strong(own, renewed);
        own = renewed;
      } else if (Holds(cells, fingerprint, generation, mine)) {
        bucket.cell[mine].compare_exchange_strong(own, 0);
        return Recall::kRecent;
      } else if (Count(&minted, chunk)) {
        if (order != nullptr) *order = minted;
        return Recall::kNew;
      }
    }
  }
}

}  // namespace detid
