// SPDX-License-Identifier: PostgreSQL
//
// Ledger entries as they are buffered, and as they become rows of detid.ledger.
//
// Who owns the tables may have altered their columns: rows are written only if they have the types
// that are written into them.

#pragma once

#include "core/bits.h"
#include "core/prf.h"
#include "pg/pg.h"
#include "state/ledger_table.h"

namespace detid {

struct Minter;

// An 'each' entry is a row of about 2 kB at the most, so that it needs no TOAST.
constexpr int kMaxEach = 64;
constexpr size_t kMaxEachInputBytes = 1024;

// A 'range' entry holds so many ids at the most, so whoever reads one knows how long it can take.
constexpr int kMaxRun = 1 << 20;

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
  int32_t attempt;   // of a claim; -1: no claim
  Datum inputs;      // of a claim, an array of texts; 0: not recorded
};

// One minting as an entry of its own, but for who owns its name and tag, and for its subtransaction.
void DescribeMint(const Minter* minter, uint64_t position, const Bits& id, LedgerEntry* entry);
void AddToEntry(uint64_t position, const Bits& id, LedgerEntry* entry);

// Adds an id to a run's digest; replay computes the same.
inline uint64_t AddToDigest(uint64_t digest, const Bits& id) {
  return (digest ^ id.word[0] ^ id.word[1] ^ id.word[2]) * 0x9E3779B97F4A7C15u + 1;
}

// The columns of detid.ledger; those that are not set stay NULL.
void FillLedgerRow(const LedgerEntry& entry, int64_t number, Datum* values, bool* nulls);

// The number of an entry that is written by itself. `ledger` is the table's oid.
int64_t NextEntryNumber(ObjectId ledger);

// Writes entries to the table and its indexes, without triggers. The minting role needs no privilege
// on the ledger: its owner writes (P1 of pg/as_owner.h). Nothing is written if the extension was
// dropped.
void WriteLedger(const LedgerEntry* entries, int count);

// While rows of the ledger or of claims are written, nothing that would be recorded is minted:
// what others attached to the tables may try, and would change what is being written.
void BeginRows();  // errors: rows are being written
void EndRows();
void RequireNoRows();  // the same errors
void ForgetRows(int level);  // a transaction of this nest level was aborted

}  // namespace detid
