// SPDX-License-Identifier: PostgreSQL
//
// detid.node_token: one token, or a list of database=token.

#pragma once

namespace detid {

inline constexpr int kMaxToken = 128;

// The token of this database, to `token`, of kMaxToken bytes. One without a name counts where one
// database is a node. False if there is none; `trouble`, of kMaxTrouble bytes, is why.
bool FindNodeToken(const char* database, char* token, char* trouble);

}  // namespace detid
