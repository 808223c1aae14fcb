// SPDX-License-Identifier: PostgreSQL
//
// Minters: definitions (definitions.h) made ready for minting, which a backend holds.
//
// A Minter is filled once (catalog look-ups, privilege, horizon, shard) and then good until
// something it hangs on changes: the sequence or its label (relcache invalidation), a role's
// membership, a setting. Then `ready` is false and the next mint fills it again.
//
// Its memory stays a Minter (generator_table.h, V1). So a call site may keep a pointer to one (in
// fn_extra, across statements and transactions), if it compares `generator` with the one that it
// wants at each use.

#pragma once

#include "core/compose.h"
#include "core/definition.h"
#include "core/ledger_digest.h"
#include "core/sequencer.h"
#include "state/generator_catalog.h"
#include "state/shards.h"

namespace detid {

// The contexts of the ledger that a Minter used last (ledger_context.h); 0: none.
struct ContextUse {
  uint64_t generation = 0, minter = 0;  // of what is known, and of the Minter, then
  ObjectId user = 0;                    // as whom it minted
  uint32_t xact_epoch = 0;
  uint64_t untagged = 0, tagged = 0;
  char application[64] = {};
  char tag[64] = {};
};

struct Minter : Sequencer {
  // Read by every mint.
  ObjectId generator = 0;
  ObjectId user = 0;  // whose privilege was checked
  bool ready = false;
  bool pinned = false;
  Audit audit = Audit::kOff;
  uint8_t id_bits = 0;
  bool has_last = false;  // `last` is the last id minted here, of that fingerprint, in this session
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
  bool invalidated = false;       // while it was being filled
  bool detach_pending = false;    // from the shard, at the end of the transaction: it may be gone
  uint64_t generation = 0;        // rises with each Fill
  int32_t node = 0;               // in ids
  int32_t worker_number = 0;
  int32_t ledger_worker = 0;  // in the keys of the ledger's rows
  uint32_t chunk = 0;         // of the history
  uint32_t refused = 0;       // ids in a row that were not handed out
  bool has_seed = false;      // the next two are set
  Commitment seed{};
  LedgerKey ledger_key{};
  ContextUse context;
  int last_entry = 0;  // in the ledger's buffer, if the entry there is still this generator's
  char name[kMaxQualifiedName] = {};
};

// The Minter of a generator, filled or not; never null. Errors: as DefinitionFor.
Minter* MinterFor(ObjectId generator);

// Fills a Minter: everything that a mint checks once. Errors: all of G6.
void Fill(Minter* minter);

// The last id that this session minted from the generator; null: none, also if its oid was
// another's then. Errors: as DefinitionFor.
const Bits* LastId(ObjectId generator);

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
namespace minters {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
void OnRoleChange();
void OnTransactionEnd();
}  // namespace minters

}  // namespace detid
