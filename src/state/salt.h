// SPDX-License-Identifier: PostgreSQL
//
// Whose a salt is. A salt is public and the key to a generator's secrets follows from it, so it
// belongs to one role of this database for ever: detid._salt has a row for each that was used.
//
// Invariants:
//   O1  a label is set only where the sequence's owner is the salt's owner: that very role, also if
//       it is a superuser. Who acts as the owner, as its member or a superuser, sets labels on the
//       owner's sequences.
//   O2  a salt has one row: the key is unique, and it is looked for as it is now, whatever the
//       snapshot, by one transaction at a time.
//   O3  dropping a generator or a role leaves the row. A role counts as its owner if both its oid
//   and
//       its name are the row's; so a later role of one of these does not.
//   O4  a generator whose salt is not its owner's mints nothing and tells no secrets.
//
// The salt goes with its generator to a new owner (an object access hook), and otherwise only by an
// operator's command, GiveSalt.

#pragma once

#include "pg/errors.h"
#include "state/salt_row.h"

namespace detid {

// Whether the salt is that of a generator that comes with the extension.
bool IsReservedSalt(uint64_t salt);

// Makes the salt the owner's, whose generator is being labelled, unless it is. Errors: it is
// somebody else's. Where the extension is not installed nothing is known, and nothing can be done
// with a salt.
void TakeSalt(ObjectId generator, uint64_t salt);

// Whether the role may take the salt for a new generator; nobody else decides about it until the
// transaction ends. Errors: it is somebody else's.
bool IsSaltInUse(uint64_t salt, ObjectId role);

// The generator's salt is its owner's: minting asks for it, and whatever takes the key.
Refusal SaltRule(ObjectId generator, uint64_t salt);

// An operator's command: the salt is the role's from now on. Generators of others that have it are
// named by a warning.
void GiveSalt(uint64_t salt, const char* generator, ObjectId role);

// A row that a dump brings. The owner is the role of that name. If it is somebody else's here, the
// row here remains, and check() says so.
void MergeSalt(SaltRow row);

// Gives a salt to the owner of a generator that outlived the extension; false if it has another
// owner by now.
bool AdoptSalt(ObjectId generator, uint64_t salt);

namespace salts {

// Called by module.cpp: before a relation is dropped, and once a command has altered it, which no
// look-up shows yet.
void OnRelationDrop(ObjectId relation);
void OnRelationAlter(ObjectId relation);

}  // namespace salts

}  // namespace detid
