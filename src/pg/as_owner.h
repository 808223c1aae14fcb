// SPDX-License-Identifier: PostgreSQL
//
// Code that a table's owner has attached to it (checks, defaults, generated columns, expressions of
// indexes, triggers, rules, policies) runs when the extension writes or reads the table for
// somebody else, who may be a superuser.
//
// Invariants:
//   P1  it runs as the table's owner, in a security-restricted operation, and finds names in
//       pg_catalog only: on every path on which the extension writes a table of its own, or plans
//       and runs a query over one.
//   P2  settings that it changes are as before when the scope ends; whatever the error, the abort
//       of the (sub)transaction gives the user and the settings back.

#pragma once

#include <initializer_list>

#include "pg/pg.h"

namespace detid {

// The time between Become and Leave. Nothing is changed for whoever is the owner himself: what he
// attached may do what he may.
struct OwnerScope {
  Oid user;
  int context;
  int settings;  // 0: nothing was changed
};

OwnerScope Become(Oid owner);
void Leave(const OwnerScope& scope);

// The owner of the tables of nodes and their numbers. Errors: they have several, and what one of
// them attached to his table would run as the other; no extension.
Oid OwnerOfTables();

// The owner of these tables of the schema detid. Errors: the same.
Oid OwnerOf(std::initializer_list<const char*> names);

// Errors: the caller has not all of these rights on the table detid.`name`; no extension.
void RequireRights(const char* name, AclMode rights);

// Adds a row to a table of the extension that is open, its first `count` columns of these types.
// Errors: those of its constraints; the columns are others.
void InsertAsOwner(Relation table, int count, const Oid* types, const Datum* values);

// The same, where `nulls` says which are NULL; but false, and no row, if a unique index has its key
// already: also one of a transaction that has not ended, which nobody waits for.
bool InsertAsOwnerIfNew(Relation table, int count, const Oid* types, const Datum* values,
                        const bool* nulls);

}  // namespace detid
