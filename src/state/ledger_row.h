// SPDX-License-Identifier: PostgreSQL
//
// Ledger entries as they are buffered, and as they become rows of detid.ledger.

#pragma once

#include "core/bits.h"
#include "core/prf.h"
#include "pg/pg.h"

namespace detid {

// An 'each' entry is a row of about 2 kB at the most, so that it needs no TOAST.
constexpr int kMaxEach = 64;
constexpr size_t kMaxEachInputBytes = 1024;

// What 'each' records besides.
struct LedgerEach {
  uint64_t position[kMaxEach];
  Bits id[kMaxEach];
  text* input[kMaxEach];  // null: none
  size_t input_bytes;
};

// One row to be.
struct LedgerEntry {
  Oid generator;
  char* name;
  char* tag;
  bool owns_name, owns_tag;  // or shared with the entry before
  Oid role;
  uint64_t tag_changes;
  SubTransactionId subtransaction;
  int32_t node, worker;
  uint64_t definition;
  int32_t id_bits;
  uint8_t sequence_bits;
  bool pinned, has_seed;
  Commitment seed;
  int64_t minted_at_us;
  uint64_t first, next;  // positions; `next` is the one that would extend the run
  uint64_t last_of_run;  // positions beyond this begin a new entry
  int32_t count;
  uint64_t digest;
  Bits first_id, last_id;
  LedgerEach* each;  // null for 'range'
};

// Writes entries to the table and its indexes, without triggers, as the extension itself: the
// minting role needs no privilege on the ledger. Nothing is written if the extension was dropped.
void WriteLedger(const LedgerEntry* entries, int count);

}  // namespace detid
