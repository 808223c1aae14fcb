// SPDX-License-Identifier: PostgreSQL
//
// Generators as this backend knows them: their definitions, kept (generator_catalog.h reads them),
// and Minters, which are definitions made ready for minting.
//
// A Minter is filled once (catalog look-ups, privilege, horizon, shard) and then good until
// something it hangs on changes: the sequence or its label (relcache invalidation), a role's
// membership, a setting. Then `ready` is false and the next mint fills it again.
//
// Invariants:
//   E1  the memory of a Minter stays a Minter until the backend ends. So a call site may keep a
//       pointer to one (in fn_extra, across statements and transactions), if it compares
//       `generator` with the one that it wants at each use: it may have become another's.
//   E2  it becomes another's, or nobody's, only between transactions, where no function of ours is
//       under way. So a pointer or reference that a function got from here is good until the
//       function returns, whatever runs in between: invalidations, other generators, users' code.
//   E3  an entry is made only for what has turned out to be a generator; between transactions there
//       are kMostKnown of them, or detid.max_generators if that is less.

#pragma once

#include "core/compose.h"
#include "core/definition.h"
#include "core/sequencer.h"
#include "state/generator_catalog.h"
#include "state/shards.h"

namespace detid {

// Generators that a session remembers from one transaction to the next.
inline constexpr int kMostKnown = 1024;

struct Minter : Sequencer {
  // Read by every mint.
  ObjectId generator = 0;
  ObjectId user = 0;  // whose privilege was checked
  bool ready = false;
  bool pinned = false;
  Audit audit = Audit::kOff;
  uint8_t id_bits = 0;
  bool has_last = false;  // `last` is the last id minted here in this session
  Database* database = nullptr;
  Window* window = nullptr;  // of a generator with a history
  Bits last;
  Composer composer;

  // Read when filling, and by the ledger.
  Definition definition;
  uint64_t fingerprint = 0;
  ShardRecord* record = nullptr;  // null: it mints without (shared.h, M8)
  Slot own_slot;                  // used then
  ObjectId charged = 0;           // the role that the shard counts for
  bool stale = false;        // invalidated while being filled
  bool leave = false;        // the shard, at the end of the transaction: it may be gone
  uint64_t filled = 0;       // rises with each Fill
  int32_t node = 0;          // in ids
  int32_t granted_node = 0;  // that of the interval; the ledger's ids show none
  int32_t worker_number = 0;
  uint32_t chunk = 0;    // of the history
  uint32_t refused = 0;  // ids in a row that were not handed out
  bool has_seed = false;
  Commitment seed{};
  char name[kMaxQualifiedName] = {};
};

// The definition of a generator. Errors: not a generator, dropped, label edited by hand.
// Works without preloading and for any role.
const Definition& DefinitionFor(ObjectId generator);

// Its fingerprint. Errors: as DefinitionFor.
uint64_t FingerprintFor(ObjectId generator);

// Errors: the generator's salt is not its owner's (salt.h). Asked before ids are minted, and before
// anything is told that takes the key.
void RequireOwnSalt(ObjectId generator);

// The Minter of a generator, filled or not; never null. Errors: as DefinitionFor.
Minter* MinterFor(ObjectId generator);

// The ledger's own, which mints its entries; filled. `ledger` is the table's oid.
Minter* LedgerMinter(ObjectId ledger);

// Fills a Minter: everything that a mint checks once. Errors: all of G6.
void Fill(Minter* minter);

// The clock has no tick in the layout, or its positions are used up.
[[noreturn]] void RaiseOutside(const Minter* m, int64_t now_us);
[[noreturn]] void RaiseEnd(const Minter* m);

// Up to `wanted` positions for a Minter without a shard: of one that there is room for now, or of a
// tick of its database's. Or why there are none.
Grant TakeWithoutShard(Minter* minter, uint64_t now, uint32_t wanted);

// Marks all Minters as not ready.
void ForgetMinters();

// Recomputes what follows from the published horizon.
void SetHorizonLimits(Minter* minter);

// What module.cpp tells.
namespace generators {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
void OnRoleChange();
void OnTransactionEnd();
}  // namespace generators

}  // namespace detid
