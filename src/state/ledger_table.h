// SPDX-License-Identifier: PostgreSQL
//
// The ledger as tables: detid._ledger has the rows, its child detid.claims those of claims, and
// detid._contexts what many rows have in common. detid.ledger is the view that people read.
//
// Who owns the tables may have altered their columns: rows are written only if they have the types
// that are written into them.

#pragma once

#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// Columns of detid._ledger. Most rows have the first ones alone, and are written without the
// others.
enum LedgerColumn {
  kLedgerNode = 1,
  kLedgerWorker,
  kLedgerDefinition,
  kLedgerPosition,
  kLedgerCount,
  kLedgerXact,
  kLedgerContext,
  kLedgerDigest,
  kLedgerNumbers = kLedgerDigest,
  kLedgerIds,
  kLedgerInputs,
  kLedgerPositions,
  kLedgerTag,
  kLedgerAttempt,
  kLedgerRedacted,
  kLedgerColumns = kLedgerRedacted
};

// Columns of detid.claims behind them.
enum ClaimColumn { kClaimKey = kLedgerColumns + 1, kClaimOrigin, kClaimColumns = kClaimOrigin };

// The types of the ledger's columns.
extern const Oid kLedgerTypes[];

// The columns of its primary key, in the index's order.
inline constexpr LedgerColumn kLedgerKey[] = {kLedgerDefinition, kLedgerNode, kLedgerWorker,
                                              kLedgerPosition};

// A table of the schema detid; 0 if there is none of that name.
ObjectId FindTable(const char* name);

// detid._ledger. 0 if the extension was dropped in this transaction. Errors: the table is missing.
ObjectId LedgerTable();

// Rows of audited generators can be written, and outlive a crash.
Refusal LedgerRule(Relation ledger);
Refusal LedgerRule();  // opens it

// While rows of the ledger, of contexts or of claims are written, nothing that would be recorded is
// minted: what others attached to the tables may try, and would change what is being written.
void BeginRows();  // errors: rows are being written
void EndRows();
void RequireNoRows();        // the same errors
void ForgetRows(int level);  // a transaction of this nest level was aborted

// Whether this backend changes rows for prune_ledger or redact_inputs, which alone may
// (fn/triggers.cpp).
extern bool changing_ledger;

}  // namespace detid
