// SPDX-License-Identifier: PostgreSQL
//
// History: the last ids of a shard, so that none of them is handed out again. For layouts whose ids
// are random and show no time: all others are unique by construction.
//
// A window is an array of 2^k buckets of one cache line, 8 cells each, in memory that all backends
// share. An id is known by a fingerprint of 64 bits: its highest k bits say which bucket, its
// lowest 47, the tag, are in the cell.
//
//   63                            17               1   0
//   +-----------------------------+----------------+---+
//   |             tag             |      stamp     | 1 |     0: an empty cell
//   +-----------------------------+----------------+---+
//
// `minted_` counts the ids that were accepted: chunk = ceil(N / 4) of them are one generation, and
// the stamp is the generation that an id was counted in, modulo 2^16. A cell is live up to an age
// of 4 generations. So of a history of N ids, as long as N stays the same,
//
//   at least the last N accepted ids are refused, and at most the last 5 * ceil(N / 4).
//
// Invariants:
//   W1  a cell is judged by a `minted_` that is read after the cell. No stamp is newer than that,
//       so the age is right, however long a backend was stopped. (A stamp that is 2^16 generations
//       old would look new; Sweep removes it long before.)
//   W2  a cell is written by compare-and-swap only: over what was judged to be empty or expired, or
//       by the backend that has written it.
//   W3  an id is accepted by counting it, by compare-and-swap in the generation of its stamp, after
//       a look at all other cells of its bucket that came after the stamp was written. If the
//       generation has moved on meanwhile, the stamp is renewed and the look repeated.
//
// Why no two of N + 1 accepted ids in a row are the same: let A and B have one fingerprint, A be
// counted first, at most N before B. Their stamps differ by 4 at the most, as that is how many
// chunks were completed in between; so neither cell expires before B is counted. All accesses are
// sequentially consistent, so either A's stamp was written before B's last look, which then found
// it live, or B's was written before A's last look. Whoever finds the other yields. (Both may: then
// two candidates are refused where one would have done.) Compare-and-swap may be deceived by a word
// that has come again: for a mistake a backend must be stopped between two of its accesses until
// just 2^16 generations have gone by, or a multiple, and the same id been minted again into the
// cell.
//
// What is refused without need: an id that has tag and bucket of another one, fewer than 1 in 2^45;
// and one that finds 8 live cells in its bucket, so that it could not be remembered, fewer than 1
// in 200. A bucket has 2.5 live cells on average, at the most.
//
// Room: the smallest k with 2^k >= N / 2, at least 9. So 32 kB for up to 1024 ids, above that 32 to
// 64 bytes an id, 512 MB at the most.

#pragma once

#include <atomic>
#include <cstdint>

#include "core/bits.h"
#include "core/sequence.h"

namespace detid {

inline constexpr uint32_t kMaxHistory = 1 << 24;  // ids
inline constexpr int kMinHistoryBits = 9;         // of buckets
inline constexpr int kHistoryGenerations = 4;     // that a cell outlives its own
inline constexpr int kHistoryStampBits = 16;

// Ids accepted in one generation. REQUIRES: 1 <= ids <= kMaxHistory.
constexpr uint32_t HistoryChunk(uint32_t ids) {
  return (ids + kHistoryGenerations - 1) / kHistoryGenerations;
}

// k of a window for that many ids.
constexpr int HistoryBits(uint32_t ids) {
  int k = kMinHistoryBits;
  while (uint64_t{2} << k < ids) k++;
  return k;
}

// MurmurHash3's finalizer: no two numbers have the same result.
constexpr uint64_t MixBits(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

// 64 bits that stand for an id.
constexpr uint64_t HistoryFingerprint(const Bits& id) {
  return MixBits(id.word[0] ^ MixBits(id.word[1] ^ MixBits(id.word[2])));
}

struct alignas(kCacheLine) HistoryBucket {
  static constexpr int kCells = 8;
  std::atomic<uint64_t> cell[kCells];
};
static_assert(sizeof(HistoryBucket) == kCacheLine);

enum class Recall : uint8_t {
  kNew,     // remembered from here on
  kRecent,  // among the last
  kFull,    // perhaps new, but there is no room to remember it
};

class History {
 public:
  // Begins empty, in 2^bits buckets. REQUIRES: bits >= kMinHistoryBits; nobody uses it.
  void Begin(HistoryBucket* buckets, int bits);

  // Whether an id may be handed out. `chunk` is HistoryChunk of a number of ids that the window is
  // large enough for; it may differ from call to call, and decides about the ids from then on. Of
  // a new id `order`, if it is given, is set to its place among all: it rises, with gaps where the
  // generation does.
  Recall Remember(uint64_t fingerprint, uint32_t chunk, uint64_t* order = nullptr);

  int bits() const { return bits_; }

 private:
  // The count of the current generation, and the generation above it.
  static constexpr int kCountBits = 24;

  static uint64_t GenerationOf(uint64_t minted) { return minted >> kCountBits; }

  static uint64_t CellOf(uint64_t fingerprint, uint64_t generation) {
    return fingerprint << (kHistoryStampBits + 1) | (generation & LowMask(kHistoryStampBits)) << 1 |
           1;
  }
  static bool IsLive(uint64_t cell, uint64_t generation) {
    return cell != 0 &&
           ((generation - (cell >> 1)) & LowMask(kHistoryStampBits)) <= kHistoryGenerations;
  }
  static bool Holds(const uint64_t* cells, uint64_t fingerprint, uint64_t generation, int but);

  uint64_t Read(const HistoryBucket& bucket, uint64_t* cells) const;
  bool Count(uint64_t* minted, uint32_t chunk);
  void Sweep(uint64_t generation);

  std::atomic<uint64_t> minted_{0};
  HistoryBucket* buckets_ = nullptr;
  int bits_ = 0;
};

}  // namespace detid
