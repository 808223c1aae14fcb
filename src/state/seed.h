// SPDX-License-Identifier: PostgreSQL
//
// Seeds: the rows of detid._seed, which only its owner reads. The newest of this database makes
// ids; older ones and those of other nodes replay and verify. Replicated to standbys, left out of
// dumps.

#pragma once

#include "core/compose.h"
#include "core/definition.h"
#include "core/ledger_digest.h"
#include "core/prf.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// detid._seed. Errors: the extension is not installed.
ObjectId SeedRelation();

// Whether that is what has changed; false while nobody has asked for it.
bool IsSeedRelation(ObjectId relation);

// Calls visit(number, commitment, seed, context) for each seed: numbers above 0 are this database's
// own, the highest makes ids; others have been imported. The caller's privileges do not count, as
// what it learns is ids, not seeds.
void EachSeed(void (*visit)(int, const Commitment&, const Seed&, void*), void* context);

template <typename Visit>
void EachSeed(Visit visit) {
  EachSeed([](int number, const Commitment& c, const Seed& s,
              void* context) { (*static_cast<Visit*>(context))(number, c, s); },
           &visit);
}

// The seed that makes ids here. False if there is none.
bool CurrentSeed(Seed* seed, Commitment* commitment);

// What only a copy of this database has, too: the mark beside the seed that makes ids here. Whoever
// was given the seed to verify does not have it. False if there is none.
bool CurrentMark(Seed* mark);

// The seed behind a commitment. False if it is not at hand.
bool FindSeed(const Commitment& commitment, Seed* seed);

// The key of the definition's random fields under a seed.
GeneratorKey KeyOf(const Definition& definition, const Seed& seed);

// The key of ledger rows under the seed behind a commitment. False if it is not at hand.
bool LedgerKeyFor(const Commitment& commitment, LedgerKey* key);

// The key of the definition's random fields under the current seed or the one behind a
// commitment. False if there is none at hand.
bool KeyFor(const Definition& definition, const Commitment* commitment, GeneratorKey* key,
            Commitment* used);

}  // namespace detid
