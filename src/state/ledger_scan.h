// SPDX-License-Identifier: PostgreSQL
//
// The ledger's tables read by their key, row by row: detid._ledger and its children. Whether the
// caller may read them, he has asked before. No code of a table's owner runs on the way.
//
// A stream is what one worker of one node minted under one definition, in the order of minting.

#pragma once

#include "core/ledger_digest.h"
#include "pg/pg.h"

namespace detid {

// A row, valid until the next one is read. Absent columns are null.
struct LedgerRow {
  RowKey key;
  int32_t count;
  uint32_t xact;
  uint64_t context, digest;
  int32_t attempt;  // -1: it is no claim
  const bytea* ids;
  ArrayType* inputs;
  ArrayType* positions;
  const text* tag;
  const bytea* redacted;  // core/redaction.h
  const bytea* claim;  // the key of its inputs; of claims
  int32_t origin;      // of claims: 0 if it was claimed here
};

struct LedgerScan;

// A table of the ledger that is open, and its index. Errors: it is altered, or without its key.
LedgerScan* OpenLedgerScan(Oid table);
void CloseLedgerScan(LedgerScan* scan);

// detid._ledger and what inherits from it. Errors: it is missing.
List* LedgerTables();

struct Stream {
  uint64_t definition = 0;
  int32_t node = INT32_MIN;
  int32_t worker = INT32_MIN;
  bool begun = false;  // it is one of the table's
};

// The first stream of the table, if this is a new one, or the next after it; false if there is
// none.
bool NextStream(LedgerScan* scan, Stream* stream);

// The first stream of the definition's next node; false if there is none.
bool NextNode(LedgerScan* scan, Stream* stream);

// The first stream of the node and definition, or the next; false if there is none of them.
bool NextWorker(LedgerScan* scan, Stream* stream);

// The last row of the stream that begins at or before the position (A8 of ledger_row.h).
bool FindLast(LedgerScan* scan, const Stream& stream, uint64_t position, LedgerRow* row);

// Calls visit(row) with the stream's rows that begin within [from, until), until it returns false;
// INT64_MAX: to the end.
void EachRow(LedgerScan* scan, const Stream& stream, uint64_t from, uint64_t until,
             bool (*visit)(const LedgerRow&, void*), void* context);

template <typename Visit>
void EachRow(LedgerScan* scan, const Stream& stream, uint64_t from, uint64_t until, Visit visit) {
  EachRow(
      scan, stream, from, until,
      [](const LedgerRow& row, void* context) { return (*static_cast<Visit*>(context))(row); },
      &visit);
}

}  // namespace detid
