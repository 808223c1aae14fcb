// SPDX-License-Identifier: PostgreSQL
//
// The way to the coordinator: one connection by libpq, kept open, and one statement on it. Never
// waits longer than it was told, and never on the mint path: the registrar alone uses it.

#pragma once

#include "core/prf.h"
#include "core/registry.h"
#include "state/registration.h"

namespace detid {

struct Question {
  Beat beat;
  const char* token;
  bool has_proof = false;
  Commitment proof{};  // of the seed
  uint64_t ids = 0;    // minted in this life
  // Of the last beat that was answered: the coordinator's clock minus node time, at the middle of
  // the round trip, and how long that took. Negative: not known.
  int64_t offset_us = 0, round_trip_us = -1;
};

struct Reply {
  Ruling ruling;
  int64_t coordinator_us = 0;  // its clock
  int64_t beat_us = 0;         // when to come again
  char path[kMaxPathText] = {};
};

enum class Asked : uint8_t {
  kAnswered,
  kNoAnswer,  // or one that does not count, or an error that passes
  kRefused,   // an error that will be the same if it is asked again soon
};

// Asks, within `timeout_ms`. Unless there is an answer, `trouble`, of kMaxTrouble bytes, is why, in
// whole sentences. An answer whose commit may not have reached the coordinator's standby does not
// count. A host that does not answer in time is the last to be asked next time.
Asked AskCoordinator(const Question& question, int timeout_ms, Reply* reply, char* trouble);

}  // namespace detid
