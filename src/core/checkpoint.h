// SPDX-License-Identifier: PostgreSQL
//
// Checkpoints: what a node says of its ledger at one moment, as the text of a signed note (note.h),
// in the form of C2SP tlog-checkpoint:
//
//   <origin: which ledger it is>
//   <tree size: how many rows, in decimal>
//   <the root of the Merkle tree of RFC 6962 over them, in base64>
//   node <number>
//   time <instant, ISO 8601 in UTC>
//
// The last two lines are extensions, which others pass over; those of others are passed over here.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/merkle.h"
#include "core/note.h"

namespace detid {

struct Checkpoint {
  char origin[kMaxKeyName + 1] = "";
  uint64_t size = 0;
  Hash root{};
  int32_t node = -1;     // -1: it says none
  int64_t time_us = -1;  // since 1970; -1: it says none, or one of before
};

inline constexpr size_t kMaxCheckpointText = 300;

// Writes it; returns the length. REQUIRES: an origin that a key may have as its name; a time that
// can be written (instant.h); size >= kMaxCheckpointText.
size_t FormatCheckpoint(const Checkpoint& checkpoint, char* out, size_t size);

// From the text of a note. False if it is no checkpoint.
bool ParseCheckpoint(std::string_view text, Checkpoint* checkpoint);

// Of a note, whoever signed it (note.h): from its text alone.
bool ParseNotedCheckpoint(std::string_view note, Checkpoint* checkpoint);

}  // namespace detid
