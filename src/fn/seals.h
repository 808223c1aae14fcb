// SPDX-License-Identifier: PostgreSQL
//
// Seals as rows: the tree of this database, its batches and its keys.

#pragma once

#include "core/merkle.h"
#include "core/note.h"
#include "fn/leaves.h"
#include "pg/query.h"

namespace detid {

// Leaves of a subtree that the batch that completes it keeps; smaller ones are made from rows.
inline constexpr int kKeptLevel = 8;
inline constexpr int kTagBytes = 4;

// One row of detid._seals.
struct Seal {
  uint64_t first, size;
  Batch batch;
  uint64_t next_xact;  // when it was made
  int64_t node_us;
  Hash root;
  const bytea* peaks;  // of the tree with the batch
  const bytea* tags;   // null until LoadSeal
  const bytea* nodes;
  bool holds;  // its columns go together: the peaks make the root, and there is a tag for each leaf
};

// The owner of the tables of seals. Errors: they have several; no extension.
Oid OwnerOfSeals();

// The names of trees that this database has seals, checkpoints or keys of; the newest first.
List* SealedTrees(Oid owner);

// A tree's seals, in their order.
struct SealList {
  Seal* seal;
  int count;
};
SealList ReadSeals(Oid owner, const char* name);

// The tree with the seal's batch. REQUIRES: it holds.
MerkleTree TreeOf(const Seal& seal);

// Reads the tags and nodes, in CurrentMemoryContext.
void LoadSeal(Oid owner, const char* name, Seal* seal);

// Whether the leaf may be that of the place in the seal's batch, by its tag: also where its hash is
// not known. REQUIRES: the seal is loaded.
bool HasTag(const Seal& seal, uint64_t place, const Leaf& leaf);

// When the rows of a seal were minted, as far as the seals tell.
Span SpanOf(const SealList& seals, int i);

// The kept subtree, of those that the seal completes; false if it completes no such one. REQUIRES:
// it is loaded.
bool KeptNode(const Seal& seal, int level, uint64_t index, Hash* hash);

// --- Segments that were detached ---

// Notes in detid._detached which leaves of the tree's seals are of a table that will be detached,
// minted within [from_us, until_us]. Of a seal that keeps others, their hashes are stored.
void NoteDetached(Oid owner, const char* name, EntryReader* reader, Oid segment, int64_t from_us,
                  int64_t until_us);
void ForgetDetached(Oid owner, const char* segment);  // it is attached again

// Puts the leaves that were detached of the seal back into their places among those of its rows.
// `all`: the whole seal was, and no hash of it is stored.
void AddDetached(Oid owner, const char* name, const Seal& seal, LeafList* leaves, bool* all);

// When rows were minted at the earliest that a seal at this node time had not.
TimestampTz SinceSeal(int64_t node_us);

}  // namespace detid
