// SPDX-License-Identifier: PostgreSQL
//
// Proof of a second node under this number (core/duplicate.h), in the server. It is kept in the row
// of the horizon, which is written in place: it outlives a restart, and a rollback of whoever
// brought it. With detid.on_duplicate = 'stop' it stops minting, until an operator's command.

#pragma once

#include "core/horizon.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/shared.h"

namespace detid {

// Looks at a row that replication brings to detid._ledger or detid.claims: says in the log, and
// remembers, what it proves. Returns what is to be stored; null if nothing is.
HeapTuple ArrivedRowOf(Relation table, HeapTuple row);

// Refuses while minting is stopped for such a proof.
Refusal DuplicateRule();

// Sets the database's word if minting was stopped before.
void KnowDuplicates(Database* database);

// An operator's command: nobody else mints under this number any more. Forgets the proof, lets
// minting go on, and takes rows of up to now for settled.
void EndDuplicates();

// How many rows, since when and the last one of them, in words.
const char* Describe(const HorizonRecord& record);

// Rows of the ledger that are older than this were removed.
void NotePruned(int64_t before_us);

}  // namespace detid
