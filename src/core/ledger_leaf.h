// SPDX-License-Identifier: PostgreSQL
//
// What of a ledger row is sealed: the leaf of the Merkle tree (merkle.h), which anybody computes
// from what a receipt shows.
//
//   leaf data  = definition, position (8 bytes each), node, worker, count, attempt (4 bytes each;
//                -1 where the row has no attempt), xact, digest (8 bytes each), context hash, rest
//                hash (32 bytes each): 112 bytes, numbers little-endian
//   context hash = SHA-256 of the context's fields, as they are hashed for its number
//                (ledger_context.h)
//   rest hash  = SHA-256 of the parts that the row has, each as a letter, its length as 8 bytes,
//                and its bytes, in this order: 'i' ids, 'p' positions (8 bytes each), 't' tag, 'c'
//                claim, 'o' origin (4 bytes; what was claimed here has none), 'n' inputs (32 bytes
//                each: its commitment, or zeros where there was none); 32 zero bytes where it has
//                none of them
//   input's commitment = SHA-256 of the salt and the input
//   salt       = BLAKE2b-128, key: the ledger's key, personal "detid-input-salt", of the row's key
//                (definition, position, node, worker) and the input's ordinal from 0 on, 4 bytes
//
// So an input can be forgotten and the seal stays: nobody without the seed finds it out by trying.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/ledger_context.h"
#include "core/ledger_digest.h"
#include "core/merkle.h"

namespace detid {

inline constexpr int kInputSaltBytes = 16;
struct InputSalt {
  uint8_t byte[kInputSaltBytes];
};
InputSalt SaltOfInput(const LedgerKey& key, const RowKey& row, uint32_t ordinal);
Hash CommitInput(const InputSalt& salt, std::string_view input);

Hash HashOfContext(const LedgerContext& context);

// The rest of a row, part by part.
class RestHash {
 public:
  void Add(char letter, std::string_view bytes);
  Hash End();

 private:
  void Begin();
  bool any_ = false;
  alignas(64) uint8_t state_[208];  // libsodium's
};

struct LeafRow {
  RowKey key;
  int32_t count = 0;
  int32_t attempt = -1;
  uint64_t xact = 0;
  uint64_t digest = 0;
  Hash context{};
  Hash rest{};
};

Hash LeafOf(const LeafRow& row);

}  // namespace detid
