// SPDX-License-Identifier: PostgreSQL
//
// Derived ids: the same id for the same namespace and input, by whomever it is computed.
//
// What is hashed, version 1 (docs/layouts.md has it in Python and SQL; it never changes):
//
//   "detid-derive-v1"                  15 bytes, and
//   what is made                       one byte: 'u' a uuid, 'i' a bigint
//   the namespace                      a field
//   each input                         a field
//
// where a field is its length in bytes, as 8 bytes little-endian, and its bytes. So ("ab", "c") and
// ("a", "bc") differ, and so do the uuid and the bigint of one input.
//
// The hash is BLAKE2b (RFC 7693) with 64 bytes of output; under a secret, BLAKE2b keyed with its 32
// bytes. A uuid is the first 16 bytes, but for the version 8 and the variant 2 (RFC 9562 section
// 5.8), which leaves 122 bits; a bigint the first 63 bits. Both most significant byte first.
//
// Equal ids for different input: by chance only, with the probability of 122 and 63 random bits.
// Without a secret, whoever knows the namespace can try inputs.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/prf.h"

namespace detid {

enum class Derived : char { kUuid = 'u', kId = 'i' };

// One derivation: Begin, Add for the namespace and each input, then End.
class Deriver {
 public:
  // `secret`: 32 bytes, or null.
  void Begin(Derived what, const Seed* secret);
  void Add(std::string_view field);
  // The uuid, or the bigint of 63 bits.
  Bits End();

 private:
  alignas(64) uint8_t state_[384];  // libsodium's
  Derived what_;
};

// A claim: the input that an id is remembered for, as one string of bytes: a single field as it is;
// several, or an attempt (from 1 on) after ids that were taken, as fields like those above, and
// the attempt as 8 bytes little-endian behind them. A text holds no zero byte, a length does: so
// the two forms never meet. And an attempt is no field, as nothing follows it.
size_t ClaimBytes(const std::string_view* fields, int count, uint64_t attempt);
// REQUIRES: room for ClaimBytes.
void WriteClaim(const std::string_view* fields, int count, uint64_t attempt, char* out);

// What a claim is found by: 32 bytes of BLAKE2b of the claim at attempt 0, with the fingerprint of the
// generator's definition as its salt. Nobody is known to find two inputs of one key, and keys of two
// generators tell nothing of each other.
struct ClaimKey {
  uint8_t byte[32];
};
ClaimKey KeyOfClaim(uint64_t definition, std::string_view claim);

}  // namespace detid
