// SPDX-License-Identifier: PostgreSQL
//
// Claims: the id that an input has for ever. A claim is a ledger row in detid.claims, a child of
// detid._ledger that is not pruned; it is written when the input is claimed first, and read from
// then on.
//
// Invariants:
//   K1  one row an input and generator: the index claims_input is unique over (key, origin), and
//       the key is of both. Rows are looked for as they are now, committed or by this transaction,
//       whatever the snapshot: who finds another's that has not ended waits for it; so all agree,
//       under every isolation level, without an error.
//   K2  one row an id: claims_id is unique over (id, definition, origin). An id that is another
//       input's, or is about to be, is passed over, and nobody waits for it: so the only waits are
//       for inputs, and who claims inputs in the order of their keys meets no deadlock.
//   K3  which id an input gets follows from what its row records: coordinates, inputs and the
//       attempt, which enters the hash. Replay needs nothing else.
//   K4  the row is written before the function that claims returns, in its subtransaction: it
//       commits or vanishes with what the id was claimed for.
//
// `origin` is 0 for what was claimed in this database. Rows that logical replication brings get
// another number, so that nodes which claimed the same input may be merged; they are looked at too,
// behind our own. If one comes while its input is being claimed here, it counts if it was committed
// before our row was in the index; else nobody is told of it, as ours is met first.

#pragma once

#include <string_view>

#include "core/bits.h"
#include "core/derive.h"
#include "core/ledger_digest.h"
#include "pg/pg.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// Ids that are tried for one input before it is given up, for a layout of that many hash bits.
// Where all values but one are taken, 32 times as many tries as values miss it for one input in
// 2^46; from 16 bits on, more than 2 million tries would only be a slow way to say the same.
constexpr uint64_t MaxAttempts(int hash_bits) {
  return uint64_t{32} << (hash_bits < 16 ? hash_bits : 16);
}

// One input: its fields in UTF-8, and what it is found by.
struct ClaimInput {
  const std::string_view* fields;
  int count;
  ClaimKey key;
};
ClaimInput InputToClaim(uint64_t definition, const std::string_view* fields, int count);

struct Claimed {
  Bits id;
  bool created = false;
};

// What is hashed for an attempt: in CurrentMemoryContext, or the one field itself.
std::string_view ClaimMessage(const std::string_view* fields, int count, uint64_t attempt);

// detid.claims, open. Everything in it belongs to the memory context that opened it.
struct ClaimTable;
ClaimTable* OpenClaims();
void CloseClaims(ClaimTable* claims);

// The id of the input, which is minted if it has none. Memory that is not of the table is the
// caller's to reset. Errors: those of minting, kClaimsTaken.
Claimed Claim(ClaimTable* claims, ObjectId generator, const ClaimInput& input);

// What is stored of a claim that logical replication brings: it gets the `origin` of another node,
// unless it has one.
HeapTuple ClaimFromElsewhere(Relation claims, HeapTuple row);

// What module.cpp tells.
namespace claims {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
}  // namespace claims

// What stands for a claim's inputs in the digest of its row: an input that was altered shows.
uint64_t FoldOfClaim(const ClaimKey& key);

// The key of the claim that has an id, to the active snapshot; false if none has.
bool FindClaimOf(uint64_t definition, const Bits& id, int id_bits, RowKey* key);

}  // namespace detid
