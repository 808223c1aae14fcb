// SPDX-License-Identifier: PostgreSQL
//
// The row of detid._horizon: how it lies in its page, how it is read, and how it is changed in
// place, under the page's exclusive lock and with a WAL record.

#pragma once

#include "core/horizon.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

// The hidden relation's oid in this database. Errors: the extension is not installed, or not under
// its names.
Oid HorizonRelation();

// The same; invalid if there is none.
Oid FindHorizonRelation();

Refusal ExtensionRule();  // it is here, under its names

// The relation outlives a crash. Reads no row, so it is for those who find the horizon loaded.
Refusal HorizonLoggedRule(Oid horizon);

// `horizon` is detid._horizon, locked; reads it.
Refusal HorizonRule(Relation horizon, HorizonRecord* record);

// Whether this is the oid of a relation of that name; false where there is no such schema.
bool IsHorizonRelation(Oid relation);

// What is stored. False if it cannot be read. REQUIRES: `relation` is locked.
bool ReadHorizonRow(Relation relation, HorizonRecord* record);

// The same; locks it meanwhile. False, too, if there is no such relation.
bool ReadHorizon(HorizonRecord* record);

// Sets the row to change(record, context) if that returns true. Returns what it is then, and the
// LSN of the WAL record that made it so, or of a later one. REQUIRES: `relation` is locked. Errors:
// the row is missing or damaged; its storage is of this transaction.
Written ChangeHorizonRow(Relation relation, bool (*change)(HorizonRecord*, void*), void* context);

template <typename Change>
Written ChangeHorizonRow(Relation relation, Change change) {
  return ChangeHorizonRow(
      relation, [](HorizonRecord* r, void* context) { return (*static_cast<Change*>(context))(r); },
      &change);
}

// The row as a tuple, which SQL inserts and a trigger gets. Errors: a NULL, other columns.
HeapTuple HorizonTupleOf(const HorizonRecord& record, TupleDesc descriptor);
HorizonRecord HorizonRecordOf(HeapTuple tuple, TupleDesc descriptor);

}  // namespace detid
