// SPDX-License-Identifier: PostgreSQL
//
// Merkle trees of RFC 6962 section 2.1, with SHA-256: what seals a ledger.
//
//   leaf  = SHA-256(0x00 || data)
//   node  = SHA-256(0x01 || left || right)
//
// The left subtree of n leaves has as many as the largest power of two below n; the tree of no leaf
// has the root SHA-256(""). A perfect subtree, of 2^level leaves that begin at a multiple of
// 2^level, never changes once it is full: a tree of any size is made of one for each bit of its
// size, its peaks. To append, the peaks are enough; proofs read perfect subtrees from wherever they
// are kept.
//
// Invariants:
//   X1  a proof is accepted only if its hashes, all of them and in their order, make the roots: of
//       the wrong length, with a leaf beyond the size, or with one bit changed, it is refused.
//   X2  nothing here depends on how leaves came: a tree of the same leaves has the same root.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace detid {

inline constexpr int kHashBytes = 32;

struct Hash {
  uint8_t byte[kHashBytes];
  friend bool operator==(const Hash& a, const Hash& b) {
    return std::memcmp(a.byte, b.byte, kHashBytes) == 0;
  }
};

// Trees have fewer than 2^63 leaves, so proofs are no longer than this: two paths of one tree.
inline constexpr int kMaxTreeLevels = 63;
inline constexpr int kMaxProof = 2 * kMaxTreeLevels;

Hash LeafHash(std::string_view data);
Hash NodeHash(const Hash& left, const Hash& right);

// A tree that grows: its size and its peaks, the largest first. Bytes, to be kept as they are.
struct MerkleTree {
  uint64_t size = 0;
  Hash peaks[kMaxTreeLevels];

  // Calls made(level, index, hash) with each perfect subtree that the leaf completes, itself as
  // level 0 first.
  template <typename Made>
  void Append(const Hash& leaf, Made made) {
    Hash hash = leaf;
    int n = __builtin_popcountll(size);
    made(0, size, hash);
    for (int level = 0; (size >> level & 1) != 0; level++) {
      hash = NodeHash(peaks[--n], hash);
      made(level + 1, size >> (level + 1), hash);
    }
    peaks[n] = hash;
    size++;
  }
  void Append(const Hash& leaf) {
    Append(leaf, [](int, uint64_t, const Hash&) {});
  }

  Hash Root() const;
};

// Where perfect subtrees are kept: false if that one is not. `index` counts the subtrees of a level
// from 0 on.
using ReadSubtree = bool (*)(void* context, int level, uint64_t index, Hash* hash);

struct Proof {
  int count = 0;
  Hash hash[kMaxProof];
};

// The hashes that lead from the leaf to the root of `size` leaves (RFC 6962 section 2.1.1), and
// those that lead from the root of `old_size` leaves to that of `size` (section 2.1.2). False if a
// subtree is not at hand. REQUIRES: index < size; old_size <= size.
bool ProveInclusion(uint64_t index, uint64_t size, ReadSubtree read, void* context, Proof* proof);
bool ProveConsistency(uint64_t old_size, uint64_t size, ReadSubtree read, void* context,
                      Proof* proof);

// Whether the leaf is at `index` of the tree of `size` leaves with that root.
bool Includes(const Hash& leaf, uint64_t index, uint64_t size, const Proof& proof,
              const Hash& root);

// Whether the tree of `size` leaves begins with the one of `old_size`.
bool Continues(uint64_t old_size, const Hash& old_root, uint64_t size, const Hash& root,
               const Proof& proof);

}  // namespace detid
