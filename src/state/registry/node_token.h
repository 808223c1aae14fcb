// SPDX-License-Identifier: PostgreSQL
//
// detid.node_token_file: where the tokens of this server's nodes are. It is read for each
// heartbeat, so a token that was replaced counts from the next one on.
//
// A line is a token, or database=token; empty lines, and those that begin with #, count for
// nothing. A name is quoted as in other lists if it must be. As with a private key of TLS, the file
// is not used if others than the server's user may read it (where root owns it, its group may).

#pragma once

#include "core/heartbeat_signature.h"

namespace detid {

// The token of this database. One without a name counts where one database is a node. False if
// there is none; `trouble`, of kMaxTrouble bytes, is why. Neither shows what is in the file.
bool FindNodeToken(const char* database, Token* token, char* trouble);

}  // namespace detid
