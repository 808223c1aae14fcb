// SPDX-License-Identifier: PostgreSQL
//
// Secrets of 32 bytes, which are seeds and those of namespaces: as rows of their tables, and as
// text that goes to another database:
//
//   <head><64 hexadecimal digits>-<the first 8 of its commitment>
//
// so that a digit mistyped, or one kind given for another, is noticed. The head ends with a hyphen
// and names the kind: detid-seed-1-, detid-secret-1-.

#pragma once

#include "core/prf.h"
#include "pg/pg.h"

namespace detid {

Datum ExportedDatum(const char* head, const Seed& secret);

// Errors: not of this form. They do not repeat the text: it may be most of a secret. `exporter` is
// the function that such texts come from.
Seed ParseExported(const char* head, const char* exporter, std::string_view text);

Datum CommitmentDatum(const Commitment& commitment);

// The tables of secrets have a key, the commitment, the secret, and when it was added. Rows are
// added without a query, which a log of statements could show with the secret in it.
//
// Opens one for a command that may add to it; nobody else adds until the transaction ends. Errors:
// read-only, no privilege to INSERT.
Relation OpenSecrets(Oid table, const char* command);
// Adds a row; sessions that hold secrets of the table read them again. `mark`: for a column of its
// own, null if there is none.
void AddSecretRow(Relation table, Oid key_type, Datum key, const Commitment& commitment,
                  const Seed& secret, const Seed* mark = nullptr);

}  // namespace detid
