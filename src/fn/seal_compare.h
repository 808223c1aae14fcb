// SPDX-License-Identifier: PostgreSQL
//
// The rows of a batch against the tags of its seal: which one was altered, is missing or was added.
//
// Both are in the order of the batch, so they are walked along together. Where they part, the next
// row that is as it was is looked for: near by in both directions, then far behind, where many are
// missing.

#pragma once

#include "fn/seals.h"
#include "fn/verify_report.h"

namespace detid {

// What is said of a row that is gone: what prune_ledger took cannot be told from what somebody else
// took from the same time.
struct Gone {
  const char* problem;
  const char* besides;  // behind the place
};

// Names each row that is not as it was; how many. REQUIRES: the seal is loaded.
uint64_t CompareRows(const Seal& seal, const LeafList& rows, const Gone& gone, Report* report);

}  // namespace detid
