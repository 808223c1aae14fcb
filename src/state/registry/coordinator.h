// SPDX-License-Identifier: PostgreSQL
//
// The way to the coordinator: one connection by libpq, kept open, and one statement on it. Never
// waits longer than it was told, and never on the mint path: the registry client alone uses it.

#pragma once

#include "state/registry/heartbeat_wire.h"
#include "state/registry/registration.h"

namespace detid {

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
