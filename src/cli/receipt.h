// SPDX-License-Identifier: PostgreSQL
//
// Receipts (fn/receipt.cpp), verified without a database.

#pragma once

#include <string>
#include <vector>

#include "core/note.h"

namespace detid {

// What a receipt proves, separated by tabs: id, generator, minted_at, node, xact, session_role,
// role, application, client, tag, input.
inline constexpr int kReceiptColumns = 10;  // behind the id

// Empty, and `proven`, if one of the keys has signed the checkpoint, the proof leads from the row
// to it, and the row is of the id. Else what is wrong.
std::string VerifyReceipt(const std::string& json, const std::vector<NoteKey>& keys,
                          std::string* proven);

}  // namespace detid
