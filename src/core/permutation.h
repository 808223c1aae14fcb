// SPDX-License-Identifier: PostgreSQL
//
// A keyed permutation of the numbers of 1 to 63 bits: the face that bigint keys show in public, so
// that two of them do not tell how many rows lie between.
//
// Promised:
//   * a bijection of 0 .. 2^bits - 1 for every key and width, for ever the same on every machine;
//   * as long as SipHash-2-4 is a PRF: who has no key cannot tell it from a random permutation, not
//     even with numbers of their choice masked and unmasked for them, from far fewer than
//     2^(bits / 2) pairs (2 thousand million at 63 bits, 65 thousand at 32), and permutations of
//     different keys or widths tell nothing of each other. No practical attack is known beyond
//     that number either.
//
// Not promised:
//   * that a number is genuine: every number unmasks to something, so look the row up and check
//     what its reader may see. A mask is no permission;
//   * anything in a small range: who can have all of its numbers masked has a table. Who sees many
//     masks of a narrow range learns its size. From 4 bits on the permutation is an even one, so
//     that all pairs but two give those two;
//   * that equal numbers look different: a number has one mask for a key and a width.
//
// The construction is an alternating Feistel network. The number is cut into a high half of
// bits / 2 bits (rounded down) and a low half of the rest. Rounds count from 0: an even one does
// high ^= F(low), an odd one low ^= F(high), where
//
//   F(half) = SipHash-2-4 (64 bits), key: the mask key, of the 8 bytes of the little-endian number
//             half | round << 32 | bits << 40, taken as a little-endian number, of which as many
//             low bits count as the half it is xored to has
//
// and the halves are put together again as they were cut. A high half of 0 bits (width 1) stays 0.
//
// Rounds. Let n = bits / 2. With ideal round functions, 4 rounds can be told from random with about
// 2^(n/2) chosen numbers, 46 thousand at 63 bits; 6 rounds are secure against numbers chosen either
// way up to far fewer than 2^n (Patarin, "Security of random Feistel schemes with 5 or more
// rounds", 2004, for equal halves; Hoang and Rogaway, "On generalized Feistel networks", 2010, for
// unequal ones and enough rounds). Patarin advises against fewer than 6, and for more where n is
// small ("Generic attacks on Feistel schemes", 2001). Hence
//
//   bits >= 48    6 rounds
//   bits >= 20   10 rounds, as FF1 of NIST SP 800-38G, whose revision 1 wants 10^6 values
//   bits >= 8    32 rounds
//   below       128 rounds, as here somebody may see the whole table. Exact counts for ideal round
//               functions: the statistical distance from a random permutation is 4/3 x 2^-rounds
//               at 2 bits; at 3 bits 0.27 after 10 rounds, 0.0045 after 32, and every two rounds
//               more multiply it by 0.69

#pragma once

#include <cstdint>

#include "core/prf.h"

namespace detid {

inline constexpr int kMaxMaskBits = 63;

// Even for every width.
constexpr int MaskRounds(int bits) {
  return bits >= 48 ? 6 : bits >= 20 ? 10 : bits >= 8 ? 32 : 128;
}

// The mask of `value`. REQUIRES: 1 <= bits <= kMaxMaskBits, value < 2^bits.
uint64_t Permute(const MaskKey& key, uint64_t value, int bits);

// The number whose mask is `value`. REQUIRES: as Permute.
uint64_t Unpermute(const MaskKey& key, uint64_t value, int bits);

}  // namespace detid
