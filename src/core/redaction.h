// SPDX-License-Identifier: PostgreSQL
//
// What stays of an input that was forgotten: enough to verify its row's digest and seal, and to
// nobody without the seed enough to find out the input by trying (A2 of ledger_digest.h).
//
// The column `redacted` has one after the other, in the order of their ordinals: ordinal (4 bytes),
// fold (8 bytes; FoldOfInput, XOR MaskOfRedacted), commitment (32 bytes; ledger_leaf.h), numbers
// little-endian. Without the mask the same input would have the same bytes in all rows, so whoever
// may mint could compare.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/ledger_digest.h"
#include "core/merkle.h"

namespace detid {

struct RedactedInput {
  uint32_t ordinal = 0;  // of the row's inputs, from 0 on
  uint64_t fold = 0;     // masked
  Hash commitment{};
};
inline constexpr size_t kRedactedBytes = 44;

// What the fold of the row's input is masked with.
inline uint64_t MaskOfRedacted(const LedgerKey& key, const RowKey& row, uint32_t ordinal) {
  struct {
    char domain[8];
    RowKey row;
    uint32_t ordinal, zero;
  } const what = {{'r', 'e', 'd', 'a', 'c', 't', 'e', 'd'}, row, ordinal, 0};
  static_assert(sizeof what == 40, "no padding between the fields");
  return LedgerHash(key, {reinterpret_cast<const char*>(&what), sizeof what});
}

inline void PutRedacted(const RedactedInput& r, uint8_t* to) {
  memcpy(to, &r.ordinal, 4);
  memcpy(to + 4, &r.fold, 8);
  memcpy(to + 12, r.commitment.byte, 32);
}

// REQUIRES: i < redacted.size() / kRedactedBytes.
inline RedactedInput RedactedAt(std::string_view redacted, size_t i) {
  RedactedInput r;
  const char* from = redacted.data() + i * kRedactedBytes;
  memcpy(&r.ordinal, from, 4);
  memcpy(&r.fold, from + 4, 8);
  memcpy(r.commitment.byte, from + 12, 32);
  return r;
}

// What stays of the input of that ordinal; false if it was not forgotten.
inline bool FindRedacted(std::string_view redacted, uint32_t ordinal, RedactedInput* r) {
  for (size_t i = 0; i < redacted.size() / kRedactedBytes; i++) {
    *r = RedactedAt(redacted, i);
    if (r->ordinal == ordinal) return true;
  }
  return false;
}

// Whether it is as PutRedacted writes it, of a row of so many inputs.
inline bool IsRedaction(std::string_view redacted, uint32_t inputs) {
  if (redacted.empty() || redacted.size() % kRedactedBytes != 0) return false;
  for (size_t i = 0; i < redacted.size() / kRedactedBytes; i++) {
    const uint32_t ordinal = RedactedAt(redacted, i).ordinal;
    if (ordinal >= inputs || (i > 0 && ordinal <= RedactedAt(redacted, i - 1).ordinal))
      return false;
  }
  return true;
}

}  // namespace detid
