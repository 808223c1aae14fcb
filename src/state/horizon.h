// SPDX-License-Identifier: PostgreSQL
//
// The horizon (core/horizon.h) in the server. It lies in detid._horizon, a table of one row that
// this code alone writes (horizon_row.h).
//
// Besides core's invariants:
//   H5  no LWLock or spinlock is held while a relation is opened or WAL is flushed; relation locks
//       are given back before the call returns.
//   H6  the number that ids are minted under is on disk with the horizon before the first of them:
//       of a copy or a promotion one must know whether it mints under the number of before.

#pragma once

#include <cstdint>

#include "core/horizon.h"
#include "pg/errors.h"
#include "state/shared.h"

namespace detid {

// The horizon relation that this backend mints under; 0: none yet.
ObjectId LoadedHorizonRelation();

// Loads the horizon unless it is loaded: node time starts at or above it, a first window is raised
// and flushed, and published. With `accept`, by however much it is ahead of the clock. Errors:
// unreadable, not logged, clock behind, and any of the server's.
void LoadHorizon(Database* database, bool accept = false);

// Raises the horizon above `us`, by the window, and waits until it is durable.
void RaiseHorizon(Database* database, int64_t us);

// Half a window early: writes the record without waiting for it, or publishes what has been
// flushed meanwhile. Returns the node time at which to come again. Never raises an error for want
// of a lock.
int64_t RenewHorizon(Database* database, int64_t us);

// Takes the horizon that a dump brings: the higher of the two stays. It was read after the ids that
// the dump holds were minted, so it is above them, and needs no guard.
void MergeHorizon(HorizonRecord brought);

// The original of this copy no longer mints under this node id, if it ever did.
void AcceptCopy();

// Whether the clock is not too far behind the horizon to begin.
Refusal ClockRule(const HorizonRecord& record, const Beginning& beginning);

// How minting would begin, or began, with this record.
Beginning BeginningHere(const HorizonRecord& record);

}  // namespace detid
