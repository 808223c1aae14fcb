// SPDX-License-Identifier: PostgreSQL
//
// What minting asks for before it mints, as rules that return a Refusal.
//
// Invariant:
//   L5  minting raises a rule's refusal (Fill, LoadHorizon, the ledger's writer), and check() and
//       node_status tell it: there is no second list. A rule changes nothing: it does not begin the
//       horizon, take a shard, or ask the registry.

#pragma once

#include "core/definition.h"
#include "pg/errors.h"
#include "state/generator_catalog.h"
#include "state/horizon.h"
#include "state/seed.h"

struct RelationData;

namespace detid {

// --- Of the server and the database ---

Refusal PreloadRule();
Refusal ExtensionRule();  // it is here, under its names
Refusal NumberRule();  // there is a node number, or a registry to ask

// `horizon` is detid._horizon, locked; reads it.
Refusal HorizonRule(RelationData* horizon, HorizonRecord* record);

// Whether the clock is not too far behind the horizon to begin.
Refusal ClockRule(const HorizonRecord& record, const Beginning& beginning);

// Rows of audited generators can be written, and outlive a crash.
Refusal LedgerRule(RelationData* ledger);
Refusal LedgerRule();  // opens it

// All that minting from any generator here asks for; a fence and the registry too.
Refusal DatabaseRule();

// --- Of a generator; `name` is for the detail ---

Refusal DefinitionRule(ObjectId generator, Definition* definition);

// The sequence is what a plain nextval of makes an error: for the label, and for check().
Refusal SequenceRule(ObjectId sequence);

Refusal WorkerRule(const Layout& layout, const char* name);
Refusal NodeRule(const Layout& layout, const char* name, int32_t node);
Refusal TimeRule(const Definition& definition, const char* name, int64_t now_us);
Refusal EndRule(const Definition& definition, const char* name);  // always refuses

// The key of its random fields and scatter, and the seed's commitment; nothing if it needs none.
Refusal SeedRule(const Definition& definition, GeneratorKey* key, Commitment* commitment);

Refusal ShardRefusal();                    // no shard is free
Refusal HistoryRefusal(uint32_t ids);      // no memory for a history of that many

// All that minting from this generator asks for besides DatabaseRule. `definition` is set unless
// DefinitionRule refuses.
Refusal GeneratorRule(ObjectId generator, Definition* definition);

// Whether this database can mint: DatabaseRule, and some generator can; else why the first cannot.
Refusal ReadyRule();

}  // namespace detid
