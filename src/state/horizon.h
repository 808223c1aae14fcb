// SPDX-License-Identifier: PostgreSQL
//
// The horizon (core/horizon.h) in the server. It lies in detid._horizon, a table of one row that
// this code alone writes, in place, under the page's exclusive lock and with a WAL record.
//
// Besides core's invariants:
//   H5  no LWLock or spinlock is held while a relation is opened or WAL is flushed; relation locks
//       are given back before the call returns.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/horizon.h"
#include "state/shared.h"

struct HeapTupleData;
struct TupleDescData;

namespace detid {

// The hidden relation's oid in this database. Errors: the extension is not installed.
ObjectId HorizonRelation();

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
void MergeHorizon(const HorizonRecord& brought);

// The original of this copy no longer mints under this node id, if it ever did.
void AcceptCopy();

// What a new horizon relation starts from: the one that was dropped here before, as the database's
// label remembers it. Where there is none though generators are (`generators`), because the library
// was not loaded when it was dropped, what they have minted is covered by the failover guard. 0
// where nothing was minted.
HorizonRecord FirstHorizon(bool generators);

// The label of a database; false if it is not of this form.
bool ParseDroppedHorizon(std::string_view label, int64_t* us);

// Registers the hook that notices a dropped horizon; called from _PG_init.
void WatchHorizon();

// What is stored. False if it cannot be read.
bool ReadHorizon(HorizonRecord* record);

// The record in a tuple of the horizon relation, as a trigger gets it.
HorizonRecord HorizonRecordOf(HeapTupleData* tuple, TupleDescData* descriptor);

HeapTupleData* HorizonTupleOf(const HorizonRecord& record, TupleDescData* descriptor);

// Who mints here.
Witness WitnessHere();

// How minting would begin, or began, with this record.
Beginning BeginningHere(const HorizonRecord& record);

}  // namespace detid
