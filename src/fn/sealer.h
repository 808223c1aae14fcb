// SPDX-License-Identifier: PostgreSQL
//
// The sealer: a background process that has the ledger sealed every detid.seal_interval, in each
// database that mints. It is a server's only one, and connected to none of them: for each it starts
// a process that seals and ends, one after the other.
//
// Invariants:
//   E1  a database may be anybody's. In one without the extension nothing is done; in others the
//       sealing process is the owner of the seals, in a security-restricted operation.
//   E2  what fails, or takes long, is logged and tried again at the next turn; other databases go on.
//   E3  rows that were there before this server started are sealed too: the first turn is of all
//       databases, and so is one after a turn in which something failed, and one in sixty; others are
//       of those that have minted since.

#pragma once

namespace detid {

// Called from _PG_init while the server starts. Registers nothing where detid.seal_interval is 0.
void RegisterSealer();

}  // namespace detid
