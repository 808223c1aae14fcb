// SPDX-License-Identifier: PostgreSQL
//
// What minting asks for before it mints, as rules that return a Refusal: those of a definition. The
// others are where the thing is known that they are about: databases.h, horizon_row.h, horizon.h,
// ledger_table.h, generator_catalog.h, salt.h, duplicate.h; readiness.h asks all of them.
//
// Invariant:
//   L5  minting raises a rule's refusal (Fill, LoadHorizon, the ledger's writer), and check() and
//       node_status tell it: there is no second list. A rule changes nothing: it does not begin the
//       horizon, take a shard, or ask the registry.

#pragma once

#include "core/compose.h"
#include "core/definition.h"
#include "core/ledger_digest.h"
#include "pg/errors.h"

namespace detid {

// `name` is the generator's, for the detail.
Refusal WorkerRule(const Layout& layout, const char* name);
Refusal NodeRule(const Layout& layout, const char* name, int32_t node);
Refusal TimeRule(const Definition& definition, const char* name, int64_t now_us);
Refusal EndRule(const Definition& definition, const char* name);  // always refuses

// The key of its random fields and scatter, the seed's commitment, and the key of its rows in the
// ledger. Where the definition needs none, there may be none (`has_seed`).
Refusal SeedRule(const Definition& definition, GeneratorKey* key, Commitment* commitment,
                 LedgerKey* ledger_key, bool* has_seed);

Refusal ShardRefusal();                // no shard is free
Refusal HistoryRefusal(uint32_t ids);  // no memory for a history of that many

}  // namespace detid
