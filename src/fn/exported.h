// SPDX-License-Identifier: PostgreSQL
//
// Secrets of 32 bytes as text that goes to another database: seeds, and secrets of namespaces.
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
Datum BytesDatum(const uint8_t* from, int n);

}  // namespace detid
