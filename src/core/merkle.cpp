// SPDX-License-Identifier: PostgreSQL

#include "core/merkle.h"

#include <sodium.h>

#include "core/no_postgres.h"

namespace detid {
namespace {

// The size of the left subtree. REQUIRES: size > 1.
uint64_t LeftSize(uint64_t size) {
  return uint64_t{1} << (63 - __builtin_clzll(size - 1));
}

struct Source {
  ReadSubtree read;
  void* context;
};

// The root of `size` leaves that begin at `first`, a multiple of all perfect subtrees in it.
// REQUIRES: size > 0.
bool RootOf(const Source& s, uint64_t first, uint64_t size, Hash* root) {
  // From the smallest perfect subtree, the last one, to the largest.
  uint64_t end = first + size;
  bool any = false;
  for (uint64_t left = size; left != 0; left &= left - 1) {
    const int level = __builtin_ctzll(left);
    end -= uint64_t{1} << level;
    Hash peak;
    if (!s.read(s.context, level, end >> level, &peak)) return false;
    *root = any ? NodeHash(peak, *root) : peak;
    any = true;
  }
  return true;
}

bool Add(const Source& s, uint64_t first, uint64_t size, Proof* proof) {
  return RootOf(s, first, size, &proof->hash[proof->count]) && (proof->count++, true);
}

void Reverse(Proof* p) {
  for (int i = 0, j = p->count - 1; i < j; i++, j--) {
    const Hash h = p->hash[i];
    p->hash[i] = p->hash[j];
    p->hash[j] = h;
  }
}

// The way from a node to the root, level by level, beside the last node of each level, as RFC 9162
// section 2.1.3.2 goes it.
struct Climb {
  uint64_t node, last;

  bool at_root() const { return last == 0; }
  // Whether the proof's next hash stands left of the node. Then the node may be the last of its
  // level without a sibling, also on some levels above.
  bool joins_left() const { return (node & 1) != 0 || node == last; }
  void Up() {
    if (joins_left())
      while ((node & 1) == 0 && node != 0) Halve();
    Halve();
  }
  void Halve() {
    node >>= 1;
    last >>= 1;
  }
};

}  // namespace

Hash LeafHash(std::string_view data) {
  constexpr uint8_t kLeaf = 0;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, &kLeaf, 1);
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(data.data()), data.size());
  Hash hash;
  crypto_hash_sha256_final(&state, hash.byte);
  return hash;
}

Hash NodeHash(const Hash& left, const Hash& right) {
  uint8_t data[1 + 2 * kHashBytes] = {1};
  std::memcpy(data + 1, left.byte, kHashBytes);
  std::memcpy(data + 1 + kHashBytes, right.byte, kHashBytes);
  Hash hash;
  crypto_hash_sha256(hash.byte, data, sizeof data);
  return hash;
}

Hash MerkleTree::Root() const {
  int n = __builtin_popcountll(size);
  Hash root;
  if (n == 0) {
    crypto_hash_sha256(root.byte, nullptr, 0);
    return root;
  }
  root = peaks[--n];
  while (n > 0) root = NodeHash(peaks[--n], root);
  return root;
}

bool ProveInclusion(uint64_t index, uint64_t size, ReadSubtree read, void* context, Proof* proof) {
  const Source source = {read, context};
  proof->count = 0;
  uint64_t first = 0;
  while (size > 1) {
    const uint64_t left = LeftSize(size);
    if (index - first < left) {
      if (!Add(source, first + left, size - left, proof)) return false;
      size = left;
    } else {
      if (!Add(source, first, left, proof)) return false;
      first += left;
      size -= left;
    }
  }
  Reverse(proof);
  return true;
}

bool ProveConsistency(uint64_t old_size, uint64_t size, ReadSubtree read, void* context,
                      Proof* proof) {
  const Source source = {read, context};
  proof->count = 0;
  if (old_size == 0 || old_size == size) return true;
  uint64_t first = 0, end = old_size;  // what of the old tree is in the present subtree
  bool whole = true;                   // the subtree begins where the old tree does
  while (end - first != size) {
    const uint64_t left = LeftSize(size);
    if (end - first <= left) {
      if (!Add(source, first + left, size - left, proof)) return false;
      size = left;
    } else {
      if (!Add(source, first, left, proof)) return false;
      first += left;
      size -= left;
      whole = false;
    }
  }
  if (!whole && !Add(source, first, size, proof)) return false;
  Reverse(proof);
  return true;
}

bool Includes(const Hash& leaf, uint64_t index, uint64_t size, const Proof& proof,
              const Hash& root) {
  if (index >= size) return false;
  Hash hash = leaf;
  Climb at = {index, size - 1};
  for (int i = 0; i < proof.count; i++) {
    if (at.at_root()) return false;
    hash = at.joins_left() ? NodeHash(proof.hash[i], hash) : NodeHash(hash, proof.hash[i]);
    at.Up();
  }
  return at.at_root() && hash == root;
}

bool Continues(uint64_t old_size, const Hash& old_root, uint64_t size, const Hash& root,
               const Proof& proof) {
  if (old_size > size) return false;
  if (old_size == size) return proof.count == 0 && old_root == root;
  if (old_size == 0) return proof.count == 0 && old_root == MerkleTree{}.Root();
  Climb at = {old_size - 1, size - 1};
  while ((at.node & 1) != 0) at.Halve();
  int i = 0;
  // A perfect old tree is in the proof by its root alone.
  if (at.node != 0 && proof.count == 0) return false;
  Hash before = at.node != 0 ? proof.hash[i++] : old_root;
  Hash now = before;
  for (; i < proof.count; i++) {
    if (at.at_root()) return false;
    if (at.joins_left()) {
      before = NodeHash(proof.hash[i], before);
      now = NodeHash(proof.hash[i], now);
    } else {
      now = NodeHash(now, proof.hash[i]);
    }
    at.Up();
  }
  return at.at_root() && before == old_root && now == root;
}

}  // namespace detid
