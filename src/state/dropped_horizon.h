// SPDX-License-Identifier: PostgreSQL
//
// What outlives the extension: a horizon that was dropped is remembered in a label of the
// database, which goes with the dropping transaction, and with the database:
//
//   horizon=2026-01-01T00:00:00Z

#pragma once

#include <cstdint>
#include <string_view>

#include "core/horizon.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// The label of a database; false if it is not of this form.
bool ParseDroppedHorizon(std::string_view label, int64_t* us);

// What a new horizon relation starts from: the one that was dropped here before. Where there is
// none though generators are (`generators`), because the library was not loaded when it was
// dropped, what they have minted is covered by the failover guard. 0 where nothing was minted.
HorizonRecord FirstHorizon(bool generators);

// Before a relation is dropped: remembers a horizon, and warns of nodes whose registry it is.
// Called by module.cpp.
void OnRelationDrop(ObjectId relation);

}  // namespace detid
