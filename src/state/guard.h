// SPDX-License-Identifier: PostgreSQL
//
// The extension's relations and functions change by the extension only.
//
// Invariant:
//   D1  no statement that names one of them, or an index, trigger, rule or policy of one, changes its
//       definition or attaches something to it, unless detid.allow_schema_changes is on: not a
//       superuser's, whatever his tool took them for. No function is made beside them, which could
//       stand in for one.
//
// Free are: what makes, updates, moves or drops the extension as a whole; VACUUM, ANALYZE, REINDEX,
// CLUSTER; privileges, comments, publications; where and how a table is stored, replica identities,
// SET LOGGED; sequences, which are generators and look after themselves; REASSIGN OWNED. PostgreSQL
// itself refuses to drop what belongs to an extension. The ledger's segments, which do not belong to
// it, are guarded like its tables while they are attached.

#pragma once

#include "pg/pg.h"

namespace detid::guard {

// Whether what runs is the extension's own statement.
extern bool permitted;

// Before a utility statement runs. Errors: it may not.
void OnUtility(const Node* statement);

}  // namespace detid::guard
