// SPDX-License-Identifier: PostgreSQL
//
// Who mints: what a row of the ledger says of the session that writes it.

#pragma once

#include "pg/pg.h"

namespace detid {

struct Minter;

// What a row says of who mints: the number of a context, which is in the table from now on, and a
// tag (null: there is none, or the context has it).
struct SaidOfRow {
  uint64_t context;
  char* tag;
};

// For what the Minter mints now. A tag that an earlier transaction of the session had, too, is in
// the context; one that comes once is the row's own. Errors: the table is missing or altered; there
// is no seed.
SaidOfRow SayWho(Minter* minter);

// Which server, database and timeline this is, as contexts have it. REQUIRES: not in recovery.
int64_t LedgerInstance();

// What module.cpp tells: a transaction of the session has ended.
namespace ledger_context {
void OnTransactionEnd();
}

}  // namespace detid
