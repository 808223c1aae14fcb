// SPDX-License-Identifier: PostgreSQL
//
// Merkle trees against RFC 6962's own definitions, written down here once more, and against the
// roots that implementations of Certificate Transparency publish.

#include "core/merkle.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <string>
#include <vector>

#include "hex.h"

namespace detid {
namespace {

std::string Bytes(const Hash& h) {
  return {reinterpret_cast<const char*>(h.byte), kHashBytes};
}

Hash Sha256(const std::string& data) {
  Hash h;
  crypto_hash_sha256(h.byte, reinterpret_cast<const uint8_t*>(data.data()), data.size());
  return h;
}

// MTH(D[n]) of section 2.1.
Hash Mth(const std::vector<std::string>& d) {
  if (d.empty()) return Sha256("");
  if (d.size() == 1) return Sha256(std::string(1, '\0') + d[0]);
  size_t k = 1;
  while (k * 2 < d.size()) k *= 2;
  const auto middle = d.begin() + static_cast<std::ptrdiff_t>(k);
  return Sha256("\x01" + Bytes(Mth({d.begin(), middle})) + Bytes(Mth({middle, d.end()})));
}

// PATH(m, D[n]) of section 2.1.1.
std::vector<Hash> Path(size_t m, const std::vector<std::string>& d) {
  if (d.size() <= 1) return {};
  size_t k = 1;
  while (k * 2 < d.size()) k *= 2;
  const auto middle = d.begin() + static_cast<std::ptrdiff_t>(k);
  const std::vector<std::string> left(d.begin(), middle), right(middle, d.end());
  std::vector<Hash> path = m < k ? Path(m, left) : Path(m - k, right);
  path.push_back(Mth(m < k ? right : left));
  return path;
}

// SUBPROOF(m, D[n], b) of section 2.1.2.
std::vector<Hash> Subproof(size_t m, const std::vector<std::string>& d, bool b) {
  if (m == d.size()) return b ? std::vector<Hash>{} : std::vector<Hash>{Mth(d)};
  size_t k = 1;
  while (k * 2 < d.size()) k *= 2;
  const auto middle = d.begin() + static_cast<std::ptrdiff_t>(k);
  const std::vector<std::string> left(d.begin(), middle), right(middle, d.end());
  std::vector<Hash> proof = m <= k ? Subproof(m, left, b) : Subproof(m - k, right, false);
  proof.push_back(Mth(m <= k ? right : left));
  return proof;
}

std::vector<Hash> Hashes(const Proof& p) {
  return {p.hash, p.hash + p.count};
}

// A tree with all its perfect subtrees.
struct Kept {
  MerkleTree tree;
  std::vector<std::vector<Hash>> level;

  void Append(const std::string& data) {
    tree.Append(LeafHash(data), [&](int l, uint64_t index, const Hash& hash) {
      const size_t at = static_cast<size_t>(l);
      if (level.size() <= at) level.resize(at + 1);
      ASSERT_EQ(level[at].size(), index);
      level[at].push_back(hash);
    });
  }
  static bool Read(void* context, int l, uint64_t index, Hash* hash) {
    const Kept* kept = static_cast<const Kept*>(context);
    const size_t at = static_cast<size_t>(l);
    if (at >= kept->level.size() || index >= kept->level[at].size()) return false;
    *hash = kept->level[at][index];
    return true;
  }
};

constexpr size_t kMost = 70;

std::vector<std::string> SomeData(size_t n) {
  std::vector<std::string> data;
  for (size_t i = 0; i < n; i++) data.push_back("row " + std::to_string(i));
  return data;
}

TEST(Merkle, HasThePublishedRoots) {
  const std::string data[] = {
      "",
      std::string(1, '\0'),
      "\x10",
      "\x20\x21",
      "\x30\x31",
      "\x40\x41\x42\x43",
      "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
  };
  const char* roots[] = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  };
  MerkleTree tree;
  EXPECT_EQ(Hex(tree.Root().byte, kHashBytes),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (size_t i = 0; i < 8; i++) {
    tree.Append(LeafHash(data[i]));
    EXPECT_EQ(Hex(tree.Root().byte, kHashBytes), roots[i]) << i;
  }
}

TEST(Merkle, RootsAndProofsAreThoseOfTheRfc) {
  Kept kept;
  const std::vector<std::string> data = SomeData(kMost);
  for (size_t n = 1; n <= kMost; n++) {
    kept.Append(data[n - 1]);
    const std::vector<std::string> d(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    ASSERT_EQ(kept.tree.Root(), Mth(d)) << n;
    Proof proof;
    for (size_t m = 0; m < n; m++) {
      ASSERT_TRUE(ProveInclusion(m, n, Kept::Read, &kept, &proof));
      ASSERT_EQ(Hashes(proof), Path(m, d)) << m << " of " << n;
    }
    for (size_t m = 1; m <= n; m++) {
      ASSERT_TRUE(ProveConsistency(m, n, Kept::Read, &kept, &proof));
      ASSERT_EQ(Hashes(proof), Subproof(m, d, true)) << m << " of " << n;
    }
  }
}

// X1.
TEST(Merkle, AcceptsAnInclusionOnlyWhereItIs) {
  Kept kept;
  std::vector<Hash> root(1, kept.tree.Root());
  const std::vector<std::string> data = SomeData(kMost);
  for (const std::string& d : data) {
    kept.Append(d);
    root.push_back(kept.tree.Root());
  }
  for (uint64_t n = 1; n <= kMost; n++) {
    for (uint64_t m = 0; m < n; m++) {
      const Hash leaf = LeafHash(data[m]);
      Proof proof;
      ASSERT_TRUE(ProveInclusion(m, n, Kept::Read, &kept, &proof));
      ASSERT_TRUE(Includes(leaf, m, n, proof, root[n])) << m << " of " << n;
      for (uint64_t other = 0; other < kMost; other++)
        if (other != m) {
          ASSERT_FALSE(Includes(leaf, other, n, proof, root[n])) << m << " at " << other;
        }
      ASSERT_FALSE(Includes(leaf, m, n, proof, root[n - 1]));
      ASSERT_FALSE(Includes(LeafHash("another"), m, n, proof, root[n]));
      for (int i = 0; i < proof.count; i++) {
        Proof changed = proof;
        changed.hash[i].byte[i % kHashBytes] ^= 1;
        ASSERT_FALSE(Includes(leaf, m, n, changed, root[n]));
      }
      Proof longer = proof;
      longer.hash[longer.count++] = root[n];
      ASSERT_FALSE(Includes(leaf, m, n, longer, root[n]));
      if (proof.count > 0) {
        Proof shorter = proof;
        shorter.count--;
        ASSERT_FALSE(Includes(leaf, m, n, shorter, root[n]));
      }
    }
  }
}

TEST(Merkle, AcceptsAConsistencyOnlyOfTheTwo) {
  Kept kept;
  std::vector<Hash> root(1, kept.tree.Root());
  for (const std::string& d : SomeData(kMost)) {
    kept.Append(d);
    root.push_back(kept.tree.Root());
  }
  for (uint64_t n = 0; n <= kMost; n++) {
    for (uint64_t m = 0; m <= n; m++) {
      Proof proof;
      ASSERT_TRUE(ProveConsistency(m, n, Kept::Read, &kept, &proof));
      ASSERT_TRUE(Continues(m, root[m], n, root[n], proof)) << m << " of " << n;
      Hash other = root[m];
      other.byte[0] ^= 1;
      ASSERT_FALSE(Continues(m, other, n, root[n], proof));
      if (m > 0 && m < n) {
        other = root[n];
        other.byte[31] ^= 1;
        ASSERT_FALSE(Continues(m, root[m], n, other, proof));
        ASSERT_FALSE(Continues(m, root[m - 1], n, root[n], proof));
        ASSERT_FALSE(Continues(n, root[n], m, root[m], proof));
        for (uint64_t size = 0; size <= kMost; size++)
          if (size != m) {
            ASSERT_FALSE(Continues(size, root[m], n, root[n], proof)) << m << " as " << size;
          }
      }
      for (int i = 0; i < proof.count; i++) {
        Proof changed = proof;
        changed.hash[i].byte[i % kHashBytes] ^= 1;
        ASSERT_FALSE(Continues(m, root[m], n, root[n], changed));
      }
      Proof longer = proof;
      longer.hash[longer.count++] = root[n];
      ASSERT_FALSE(Continues(m, root[m], n, root[n], longer));
      if (proof.count > 0) {
        Proof shorter = proof;
        shorter.count--;
        ASSERT_FALSE(Continues(m, root[m], n, root[n], shorter));
      }
    }
  }
}

TEST(Merkle, SaysWhatIsNotAtHand) {
  Kept kept;
  for (const std::string& d : SomeData(5)) kept.Append(d);
  Proof proof;
  EXPECT_FALSE(ProveInclusion(0, 6, Kept::Read, &kept, &proof));
  EXPECT_FALSE(ProveConsistency(3, 6, Kept::Read, &kept, &proof));
}

TEST(Merkle, GrowsToAnySize) {
  MerkleTree tree;
  tree.size = (uint64_t{1} << 62) - 1;  // as many peaks as there can be, but one
  for (Hash& h : tree.peaks) h = LeafHash("peak");
  const Hash before = tree.Root();
  tree.Append(LeafHash("one more"));
  EXPECT_EQ(tree.size, uint64_t{1} << 62);
  EXPECT_FALSE(tree.Root() == before);
  EXPECT_EQ(tree.Root(), tree.peaks[0]);
}

}  // namespace
}  // namespace detid
