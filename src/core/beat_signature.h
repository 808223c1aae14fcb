// SPDX-License-Identifier: PostgreSQL
//
// How a coordinator knows that a beat is a node's: by a signature over all that the beat says.
//
// A token is the seed of a pair of Ed25519 keys (RFC 8032). It stays on the node. The coordinator
// keeps the public key, by which beats can be verified and none can be made: so nothing that is
// sent, logged, dumped or kept on the coordinator lets anybody act for the node. A beat that is
// sent a second time is the same beat.
//
// Signed is "detid-beat-1" with four zero bytes behind it, then each field in the order of
// MessageOf, always all of them: numbers as 8 bytes, little-endian; flags as one; the proof, which
// may be absent, as its bytes. So no two beats have the same bytes.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/prf.h"
#include "core/registry.h"

namespace detid {

inline constexpr int kTokenBytes = 32;
inline constexpr int kBeatKeyBytes = 32;
inline constexpr int kSignatureBytes = 64;

struct Token {
  uint8_t byte[kTokenBytes];
};
struct BeatKey {
  uint8_t byte[kBeatKeyBytes];
};
struct Signature {
  uint8_t byte[kSignatureBytes];
};

// What travels with a beat, beside what it asks. Negative: not told.
struct BeatReport {
  bool has_proof = false;
  Commitment proof{};  // of the seed
  int64_t ids = -1;    // minted in this life
  // Of the last beat that was answered: the coordinator's clock minus node time, at the middle of
  // the round trip, and how long that took.
  int64_t offset_us = 0, round_trip_us = -1;
};

Token NewToken();

// From 64 hex digits; false if it is anything else.
bool TokenOf(std::string_view text, Token* token);

BeatKey KeyOf(const Token& token);

Signature Sign(const Token& token, const Beat& beat, const BeatReport& report);

bool IsSigned(const BeatKey& key, const Signature& signature, const Beat& beat,
              const BeatReport& report);

}  // namespace detid
