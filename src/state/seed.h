// SPDX-License-Identifier: PostgreSQL
//
// Seeds: the rows of detid._seed, which only its owner reads. The newest makes ids; older ones and
// those of other nodes replay and verify. Replicated to standbys, left out of dumps.

#pragma once

#include "core/prf.h"

namespace detid {

// The seed that makes ids here. False if there is none.
bool CurrentSeed(Seed* seed, Commitment* commitment);

// The seed behind a commitment. False if it is not at hand.
bool FindSeed(const Commitment& commitment, Seed* seed);

}  // namespace detid
