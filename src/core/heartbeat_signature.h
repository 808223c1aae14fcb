// SPDX-License-Identifier: PostgreSQL
//
// How a coordinator knows that a heartbeat is a node's: by a signature over all that the heartbeat
// says.
//
// A token is the seed of a pair of Ed25519 keys (RFC 8032). It stays on the node. The coordinator
// keeps the public key, by which heartbeats can be verified and none can be made: so nothing that
// is sent, logged, dumped or kept on the coordinator lets anybody act for the node. A heartbeat
// that is sent a second time is the same heartbeat.
//
// Signed is "detid-heartbeat1", then all fields of kHeartbeatColumns in their order: numbers as 8
// bytes, little-endian; flags, modes and how the server began as one; the proof as its 16. What may
// be absent has one byte before it, 1 if it is there; else 0, and nothing more. A text has its length
// before it. So no two heartbeats have the same bytes.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/heartbeat_columns.h"

namespace detid {

inline constexpr int kTokenBytes = 32;
inline constexpr int kNodeKeyBytes = 32;
inline constexpr int kSignatureBytes = 64;

struct Token {
  uint8_t byte[kTokenBytes];
};
struct NodeKey {
  uint8_t byte[kNodeKeyBytes];
};
struct Signature {
  uint8_t byte[kSignatureBytes];
};

Token NewToken();

// From 64 hex digits; false if it is anything else.
bool TokenOf(std::string_view text, Token* token);

NodeKey KeyOf(const Token& token);

Signature Sign(const Token& token, const HeartbeatMessage& message);

bool IsSigned(const NodeKey& key, const Signature& signature, const HeartbeatMessage& message);

}  // namespace detid
