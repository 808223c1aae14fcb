// SPDX-License-Identifier: PostgreSQL
//
// Ledger entries as they are buffered, and as they become rows of detid._ledger.
//
// Invariants:
//   A7  the key of a row is that of its first id: (definition, node, worker, position). It is the
//       table's primary key, so nobody records coordinates twice: not this server, and not who
//       merges the ledgers of several.
//   A8  rows of one node, definition and worker do not interleave: no row begins between two ids of
//       another. So the row of an id is the last one that begins at or before it.
//   A9  a row that has nothing but its numbers is written without the columns behind them, which
//       then read as NULL; so it needs no bitmap of NULLs.

#pragma once

#include "core/bits.h"
#include "core/ledger_digest.h"
#include "core/prf.h"
#include "pg/pg.h"
#include "state/ledger_context.h"
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
  Oid role;
  uint64_t tag_changes;
  SubTransactionId subtransaction;
  RowKey row;
  LedgerKey key;
  Commitment seed;
  uint64_t context;
  char* tag;  // null: there is none, or the context says it
  int32_t id_bits;
  bool pinned;
  bool keeps_ids;        // the layout's ids are no function of their positions alone
  uint64_t next;         // the position that would extend the run
  uint64_t last_of_run;  // positions beyond this begin a new entry
  RowIds ids;
  Bits first_id, last_id;
  LedgerEach* each;  // null for 'range'
  Datum inputs;      // of a claim, an array of texts; 0: not recorded
};

// One minting as an entry of its own, but for its subtransaction.
void DescribeMint(const Minter* minter, uint64_t position, const Bits& id, const SaidOfRow& said,
                  LedgerEntry* entry);
void AddToEntry(uint64_t position, const Bits& id, LedgerEntry* entry);

// The columns of detid._ledger; those that are not set stay NULL. The transaction has a number
// from now on.
void FillLedgerRow(const LedgerEntry& entry, Datum* values, bool* nulls);

// Writes entries to the table and its indexes, without triggers. The minting role needs no
// privilege on the ledger: its owner writes (P1 of pg/as_owner.h). Nothing is written if the
// extension was dropped. Errors: kLedgerTwice if the table has a row of the same key.
void WriteLedger(const LedgerEntry* entries, int count);

// Ids as the column `ids` has them: each as many bytes as it needs, big-endian, one behind the
// other.
inline int BytesOfId(int id_bits) {
  return (id_bits + 7) / 8;
}
Bits IdInBytes(const bytea* ids, int id_bits, int i);

}  // namespace detid
