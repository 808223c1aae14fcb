// SPDX-License-Identifier: PostgreSQL
//
// Checkpoints against the seals of their tree, and the keys that may have signed them.

#pragma once

#include "core/checkpoint.h"
#include "fn/seals.h"
#include "fn/verify_report.h"

namespace detid {

struct Keys {
  NoteKey* key;
  int count;
};

// The keys of the tree that a chain of handovers leads to. Their order is not believed: clocks
// step.
Keys KeysOf(Oid owner, const char* name, Report* report);

// Whether one of the keys has signed the note; its text.
bool IsSigned(const Keys& keys, std::string_view note, std::string_view* text);

// What a checkpoint says against the tree of the seals; null: it is the tree's.
const char* Contradiction(const SealList& seals, const Checkpoint& checkpoint);

// Those that are stored of the tree.
void CheckCheckpoints(Oid owner, const char* name, const SealList& seals, const Keys& keys,
                      Report* report);

}  // namespace detid
