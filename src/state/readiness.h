// SPDX-License-Identifier: PostgreSQL
//
// Whether minting would go on, by all the rules that it asks (mint_rules.h): for check() and
// node_status.

#pragma once

#include "core/definition.h"
#include "pg/errors.h"
#include "state/generator_catalog.h"

namespace detid {

// All that minting from any generator here asks for; a fence and the registry too.
Refusal DatabaseRule();

// All that minting from this generator asks for besides DatabaseRule. `definition` is set unless
// DefinitionRule refuses.
Refusal GeneratorRule(ObjectId generator, Definition* definition);

// Whether this database can mint: DatabaseRule, and some generator can; else why the first cannot.
Refusal ReadyRule();

}  // namespace detid
