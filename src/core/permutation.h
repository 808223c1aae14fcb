// SPDX-License-Identifier: PostgreSQL
//
// A keyed permutation of the numbers of 1 to 63 bits: the face that bigint keys show in public, so
// that two of them do not tell how many rows lie between.
//
// Promised:
//   * a bijection of 0 .. 2^bits - 1 for every key and width, for ever the same on every machine;
//   * as long as SipHash-2-4 is a PRF: who has no key cannot tell it from a random permutation, not
//     even with numbers of their choice masked and unmasked for them, from far fewer than 2^(n/2)
//     pairs where bits >= 48 (at 63 bits, far fewer than 46 thousand; at 48, than 4 thousand), and
//     than 2^n where it is less (8 million at 47 bits, 65 thousand at 32), n = bits / 2 rounded
//     down. As little do permutations of different keys or widths tell of each other. Beyond these
//     numbers nothing is proven, but no practical attack is known that unmasks.
//
// Not promised:
//   * that a number is genuine: every number unmasks to something, so look the row up and check
//     what its reader may see. A mask is no permission;
//   * anything in a small range: who can have all of its numbers masked has a table. Who sees many
//     masks of a narrow range learns its size. From 4 bits on the permutation is an even one, so
//     that all pairs but two give those two;
//   * that equal numbers look different: a number has one mask for a key and a width.
//
// The construction is an alternating Feistel network. The number is cut into a high half of n bits
// and a low half of the rest. Rounds count from 0: an even one changes the high half by what it
// makes of the low one, high ^= F(low), an odd one the low, low ^= F(high), where
//
//   F(half) = SipHash-2-4 (64 bits), key: the mask key's first 16 bytes, of the 8 bytes of the
//             little-endian number half | round << 32 | bits << 40, taken as a little-endian
//             number, of which as many low bits count as the half it is xored to has
//
// and the halves are put together again as they were cut. A high half of 0 bits (width 1) stays 0.
//
//   bits >= 48    5 rounds, of which the first and the last do high ^= H(low), where
//                 H(low) = ((a * low + b) mod 2^64) >> (64 - n), each with an a and b of its own
//   bits >= 20   10 rounds, as FF1 of NIST SP 800-38G, whose revision 1 wants 10^6 values
//   bits >= 8    32 rounds
//   below       128 rounds, as here somebody may see the whole table. Exact counts for ideal round
//               functions: the statistical distance from a random permutation is 4/3 x 2^-rounds
//               at 2 bits; at 3 bits 0.27 after 10 rounds, 0.0045 after 32, and every two rounds
//               more multiply it by 0.69
//
// Wide numbers, where speed counts: H is multiply-shift, pairwise independent as the bits of low
// and n are at most 65 together (Dietzfelbinger, "Universal hashing and k-wise independent random
// variables via integer arithmetic without primes", 1996). Between two such hashes 2 rounds of a
// PRF have the bound of 4 (Naor and Reingold, "On the construction of pseudorandom permutations:
// Luby-Rackoff revisited", 1999); the third is margin. The bound holds with it too: unless two of q
// pairs meet in the high half after round 0 or before round 4 (2^-n for any two) or in the low half
// between rounds 1 and 3 (2^-n at most), F sees fresh inputs in rounds 1 and 3, and the pairs are
// as likely as random ones. So the advantage of who sees q pairs is at most 1.5 x q^2 / 2^n. No
// use is known for two pairs that meet only once, and to meet twice takes about 2^n pairs; that is
// no proof.
//
// Narrower ones: 6 and more rounds with ideal round functions are secure against numbers chosen
// either way up to far fewer than 2^n (Patarin, "Security of random Feistel schemes with 5 or more
// rounds", 2004, for equal halves; Hoang and Rogaway, "On generalized Feistel networks", 2010, for
// unequal ones and enough rounds), and where n is small more are advised (Patarin, "Generic attacks
// on Feistel schemes", 2001).

#pragma once

#include <cstdint>

#include "core/prf.h"

namespace detid {

inline constexpr int kMaxMaskBits = 63;

// From here on two of the rounds are hashes.
inline constexpr int kMinHashedMaskBits = 48;

// Of the narrower widths; even for each. REQUIRES: bits < kMinHashedMaskBits.
constexpr int NarrowMaskRounds(int bits) {
  return bits >= 20 ? 10 : bits >= 8 ? 32 : 128;
}

// The mask of `value`. REQUIRES: 1 <= bits <= kMaxMaskBits, value < 2^bits.
uint64_t Permute(const MaskKey& key, uint64_t value, int bits);

// The number whose mask is `value`. REQUIRES: as Permute.
uint64_t Unpermute(const MaskKey& key, uint64_t value, int bits);

}  // namespace detid
