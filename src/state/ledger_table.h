// SPDX-License-Identifier: PostgreSQL
//
// detid.ledger as a table: its columns, and whether rows of ours can be written to it.
//
// Who owns the tables may have altered their columns: rows are written only if they have the types
// that are written into them.

#pragma once

#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// Columns of detid.ledger.
enum LedgerColumn {
  kLedgerNode = 1,
  kLedgerEntry,
  kLedgerMintedAt,
  kLedgerGenerator,
  kLedgerGeneratorName,
  kLedgerDefinition,
  kLedgerWorker,
  kLedgerTick,
  kLedgerSequence,
  kLedgerCount,
  kLedgerFirstId,
  kLedgerLastId,
  kLedgerDigest,
  kLedgerSeed,
  kLedgerIds,
  kLedgerInputs,
  kLedgerPositions,
  kLedgerXact,
  kLedgerRole,
  kLedgerTag,
  kLedgerPinned,
  kLedgerAttempt,
  kLedgerColumns = kLedgerAttempt
};

// The types of its columns.
extern const Oid kLedgerTypes[];

// detid.ledger; 0 if there is no table of that name.
ObjectId FindLedgerTable();

// detid.ledger. 0 if the extension was dropped in this transaction. Errors: the table is missing.
ObjectId LedgerTable();

// Rows of audited generators can be written, and outlive a crash.
Refusal LedgerRule(Relation ledger);
Refusal LedgerRule();  // opens it

// Whether this backend deletes rows for prune_ledger, which alone may (fn/triggers.cpp).
extern bool pruning_ledger;

}  // namespace detid
