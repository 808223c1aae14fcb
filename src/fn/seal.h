// SPDX-License-Identifier: PostgreSQL
//
// seal_ledger, rotate_seal_key: rows of the ledger become leaves of a Merkle tree, and what the
// tree is then is signed.
//
// Which rows: those that this database minted, of transactions that have ended. A row's transaction
// is below the oldest one that runs, so no more rows of it can come. Rows that replication brought
// are sealed where they were minted.
//
// Invariants:
//   Z1  each row is in one batch: batches of an instance are ranges of transactions that meet. What
//       is in a batch is decided when all of its transactions have ended.
//   Z2  nothing is sealed that its digest does not hold for.
//   Z3  one session seals at a time, and who has the tree's key: whoever has not (a restored dump)
//       begins a tree of his own, and names the old one's last checkpoint.
//   Z4  a seal and its checkpoint commit together.

#pragma once

#include <cstdint>

namespace detid {

// Seals what can be sealed of this database; how many rows. REQUIRES: SPI is connected, the caller
// may read the ledger. Errors: rows that were altered, or whose seed is not at hand.
uint64_t SealLedger();

// Rows of the table that this database minted and has not sealed. REQUIRES: as SealLedger.
uint64_t CountUnsealed(unsigned int table);

}  // namespace detid
