// SPDX-License-Identifier: PostgreSQL
//
// The horizon: the database's durable, exclusive upper bound on the node time of any id that it
// has minted. It lies in detid._horizon, a table of one row that this code alone writes, in place
// and as an atomic maximum, under the page's exclusive lock and with a WAL record:
//
//   _horizon(horizon bigint, witness bigint)    microseconds since 1970; who minted last
//
// Invariants:
//   H1  no id is given out whose tick ends after the published horizon (Database::horizon_us).
//   H2  what is published is on disk: its record was flushed before.
//   H3  the value on disk never falls. If it is found below what was published (the extension was
//       dropped and made again, or somebody tampered), the next raise lifts it above.
//   H4  after a start, node time is at or above the value that was on disk before anything was
//       minted in this life; so ticks from here on are new (H1 counts the ends of ticks).
//   H5  no LWLock or spinlock is held while a relation is opened or WAL is flushed; relation locks
//       are given back before the call returns.

#pragma once

#include <cstdint>

#include "state/shared.h"

namespace detid {

// The hidden relation's oid in this database. Errors: the extension is not installed.
ObjectId HorizonRelation();

// Loads the horizon unless it is loaded: node time starts at or above it, a first window is raised
// and flushed, and published. Errors: unreadable, not logged, clock behind, and any of the
// server's.
void LoadHorizon(Database* database);

// Raises the horizon above `us`, by the window, and waits until it is durable.
void RaiseHorizon(Database* database, int64_t us);

// Half a window early: writes the record without waiting for it, or publishes what has been
// flushed meanwhile. Returns the node time at which to come again. Never raises an error for want
// of a lock.
int64_t RenewHorizon(Database* database, int64_t us);

// Takes the horizon that a dump brings: the higher of the two stays. It was read after the ids that
// the dump holds were minted, so it is above them, and needs no guard. Errors: too far ahead of the
// system clock.
void MergeHorizon(int64_t horizon_us);

// What a new horizon relation starts from. If the extension was dropped and is made again in the
// same life of the server, that is the dropped horizon or what was published above it. Beyond a
// restart the dropped horizon is forgotten: then what generators that are still there
// (`generators`) have minted is covered by the failover guard. 0 where nothing can have been
// minted.
int64_t FirstHorizon(bool generators);

// Registers the hook that notices a dropped horizon; called from _PG_init.
void WatchHorizon();

// What is on disk, for check(). False if it cannot be read.
bool ReadHorizon(int64_t* horizon_us, uint64_t* witness);

// Identifies who mints here: timeline, system, database, data directory.
uint64_t Witness();

}  // namespace detid
