// SPDX-License-Identifier: PostgreSQL
//
// Rows of the ledger that replication brings: whether they are to be stored, and whether one proves
// that another server mints under this node's number.
//
// Invariants:
//   E1  a row proves it if it has this node's number, shows a time from which on that number is
//   this
//       database's alone, and is none of its own rows. A row that this database minted comes back
//       unchanged; one that it lost in a restore, or has pruned, shows an earlier time.
//   E2  no row that arrives is lost, and none stops replication: a row whose key another row has is
//       kept under a key that is not minted (AsideOf); one that is there already is passed over.

#pragma once

#include <algorithm>
#include <cstdint>

namespace detid {

struct ArrivedRow {
  int32_t node;
  int64_t minted_us;
  bool pinned;  // a test's, whose time says nothing
};

// What the table has under the row's key.
enum class Known : uint8_t { kNothing, kSame, kOther };

// This database: the number that it mints under, and since when; 0: it does not mint.
struct OwnNumber {
  int32_t node = -1;
  int64_t since_us = 0;
  int64_t pruned_us = 0;  // rows of earlier times may be gone
};

enum class Keep : uint8_t { kAsItIs, kAside, kNot };

struct Arrival {
  Keep keep;
  bool proof;  // of a second node under this number
};

constexpr Arrival Judge(const ArrivedRow& row, Known known, const OwnNumber& own) {
  if (known == Known::kSame) return {Keep::kNot, false};
  return {known == Known::kOther ? Keep::kAside : Keep::kAsItIs,
          row.node == own.node && !row.pinned && own.since_us != 0 &&
              row.minted_us >= std::max(own.since_us, own.pruned_us)};
}

// The position that a row is kept under whose own another row has; minted ones are not negative.
constexpr int64_t AsideOf(int64_t position) {
  return ~position;
}

}  // namespace detid
