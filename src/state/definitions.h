// SPDX-License-Identifier: PostgreSQL
//
// The definitions of generators, read (generator_catalog.h) once by a backend and kept until the
// sequence or its label changes. References to them are good for as long as V2 of generator_table.h
// says.

#pragma once

#include "core/definition.h"

namespace detid {

using ObjectId = unsigned int;  // PostgreSQL's Oid

// The definition of a generator. Errors: not a generator, dropped, label edited by hand.
// Works without preloading and for any role.
const Definition& DefinitionFor(ObjectId generator);

// Its fingerprint. Errors: as DefinitionFor.
uint64_t FingerprintFor(ObjectId generator);

// Errors: the generator's salt is not its owner's (salt.h). Asked before ids are minted, and before
// anything is told that takes the key.
void RequireOwnSalt(ObjectId generator);

// What module.cpp tells.
namespace definitions {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
void OnTransactionEnd();
}  // namespace definitions

}  // namespace detid
