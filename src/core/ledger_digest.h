// SPDX-License-Identifier: PostgreSQL
//
// The digest of a ledger row: a MAC under the node's seed, in two halves, so that whoever verifies
// says which part of a row was changed.
//
//   ledger key  = BLAKE2b-128, key: the seed, personal "detid-ledger-v1", of nothing
//   upper half  = SipHash-2-4 of the row's key, its count, the fold of its ids and that of its
//                 inputs
//   lower half  = SipHash-2-4 of the row's key, its context, its transaction and the hash of its
//                 tag; of both the 32 lowest bits
//
// Numbers are little-endian. None of this ever changes.
//
// Invariants:
//   A1  every column of a row is bound: what the id was (worker, position, count, ids, inputs) by
//       the upper half, who minted it and when by the lower, the row's key by both.
//   A2  inputs and tags are bound by their keyed hashes alone. So they can be forgotten, and nobody
//       without the seed finds out a short one by trying.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/prf.h"

namespace detid {

struct LedgerKey {
  uint8_t byte[16];
};
LedgerKey DeriveLedgerKey(const Seed& seed);

// Of a text that a row has: an input, a tag.
uint64_t LedgerHash(const LedgerKey& key, std::string_view text);

// What a row is found by.
struct RowKey {
  int32_t node = 0;
  int32_t worker = 0;  // kNoWorker where the layout shows none; lower ones are of pinned clocks
  uint64_t definition = 0;
  uint64_t position = 0;  // of the first id

  friend bool operator==(const RowKey&, const RowKey&) = default;
};
inline constexpr int32_t kNoWorker = -1;

// What was minted.
struct RowIds {
  int32_t count = 0;
  int32_t attempt = -1;  // of a claim; -1: it is none
  uint64_t ids = 0;      // the fold of the ids, and
  uint64_t inputs = 0;   // that of the hashes of their inputs
};

// By whom.
struct RowContext {
  uint32_t xact = 0;
  uint64_t context = 0;
  uint64_t tag = 0;  // its hash; 0: the row has none
};

uint64_t DigestOfRow(const LedgerKey& key, const RowKey& row, const RowIds& ids,
                     const RowContext& context);

// Which halves of two digests differ.
constexpr bool SameIds(uint64_t a, uint64_t b) {
  return a >> 32 == b >> 32;
}
constexpr bool SameContext(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>(a) == static_cast<uint32_t>(b);
}

// Adds one word, or one id, to a fold.
constexpr uint64_t Fold(uint64_t fold, uint64_t word) {
  return (fold ^ word) * 0x9E3779B97F4A7C15u + 1;
}
constexpr uint64_t Fold(uint64_t fold, const Bits& id) {
  return Fold(fold, id.word[0] ^ id.word[1] ^ id.word[2]);
}

// What stands for an input in the fold; where there was none, a number that no hash is.
constexpr uint64_t FoldOfInput(bool none, uint64_t hash) {
  return none ? 0 : hash | 1;
}

}  // namespace detid
