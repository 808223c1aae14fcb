// SPDX-License-Identifier: PostgreSQL
//
// The ledger's writing side: what a transaction mints is buffered here and written to
// detid._ledger before the transaction commits or is prepared.
//
// Invariants:
//   L1  an id of an audited generator is in the buffer or in the table before the function that
//       minted it returns; the buffer is in the table before the transaction commits.
//   L2  the buffer is ordered by what was minted first in each entry; entries of a subtransaction
//   form its tail while it runs.
//       A subtransaction that rolls back takes exactly its own off the tail; one that commits
//       hands them to its parent.
//   L3  an early write takes only the current subtransaction's entries, so that rows roll back
//       with the savepoint they belong to.
//   L4  an entry holds ids of one generator, user, tag and subtransaction: up to kMaxRun
//       consecutive positions ('range'), or up to kMaxEach positions with their ids and inputs
//       ('each'). Each generator extends its own: what others mint in between ends no run.

#pragma once

#include <string_view>

#include "core/bits.h"
#include "pg/pg.h"

namespace detid {

struct Minter;

// Records one minted id. `input.data()` null: no input.
void RecordMint(Minter* minter, uint64_t position, const Bits& id, std::string_view input);

// What module.cpp tells.
namespace ledger {
void OnTransaction(XactEvent event);
void OnSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent);
}  // namespace ledger

}  // namespace detid
