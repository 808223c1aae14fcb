// SPDX-License-Identifier: PostgreSQL
//
// The registry's words: how modes, states, outcomes and reasons are stored and sent, and what
// people are told.

#pragma once

#include <string_view>

#include "core/registry.h"

namespace detid {

const char* NameOf(Mode mode);
const char* NameOf(Began began);
const char* NameOf(NodeState state);
const char* NameOf(Outcome outcome);
const char* NameOf(Reason reason);

// False if there is none of that name.
bool FromName(std::string_view name, Mode* mode);
bool FromName(std::string_view name, Began* began);
bool FromName(std::string_view name, NodeState* state);
bool FromName(std::string_view name, Outcome* outcome);
bool FromName(std::string_view name, Reason* reason);

// A clause without a full stop, and what to do, a sentence.
const char* Explain(Reason reason);
const char* AdviceOn(Reason reason);

}  // namespace detid
