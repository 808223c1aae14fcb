// SPDX-License-Identifier: PostgreSQL

#include "core/registry_text.h"

#include "core/no_postgres.h"

namespace detid {
namespace {

// In the order of the enumerations.
constexpr const char* kModes[] = {"assigned", "leased"};
constexpr const char* kBegan[] = {"plainly", "promoted", "recovered", "not_yet"};
constexpr const char* kStates[] = {"expected", "active", "fenced", "retired"};
constexpr const char* kOutcomes[] = {"granted", "refused", "fenced"};

struct Words {
  const char* name;
  const char* text;
  const char* advice;
};

constexpr char kFindCopy[] =
    "Find the copy, or the server that was given this node's token by mistake, and stop it. Then "
    "SELECT detid.unfence('path'); on the coordinator, and SELECT detid.unfence(); on the node "
    "that "
    "is to go on.";

constexpr Words kReasons[] = {
    {"none", "nothing is wrong", ""},
    {"used_nonce", "another server with the same past has registered since", kFindCopy},
    {"other_instance", "the same node registers from two data directories", kFindCopy},
    {"same_seed", "two nodes have the same seed",
     "One is a copy of the other: SELECT detid.rotate_seed(); on it. Or one is the other under a "
     "new name: SELECT detid.retire_node('path'); of the old one on the coordinator. Then unfence "
     "both, there by SELECT detid.unfence('path'); and here by SELECT detid.unfence();"},
    {"superseded", "a promoted standby or a successor has taken its place",
     "If it was the primary, make it a standby of the new one. To make it a node of its own: "
     "SELECT "
     "detid.rotate_seed(); here, then enroll it on the coordinator, put its token into detid.node_token_file, and "
     "SELECT detid.unfence(); here."},
    {"old_copy", "it was recovered from a backup of the node, or cannot be told from one that was",
     "If it is to take the place of the node: SELECT detid.claim_registration(); here. Else leave "
     "it fenced, or enroll it as a node of its own."},
    {"retired", "it was retired",
     "To make it a node again: enroll it on the coordinator, put its token into detid.node_token_file, and SELECT "
     "detid.unfence(); here."},
    {"wrong_mode", "it was enrolled in the other mode",
     "Assigned nodes have a detid.node_id, leased ones have none."},
    {"wrong_node", "detid.node_id is not the number that it was enrolled with",
     "Set detid.node_id to the number that detid.nodes shows on the coordinator."},
    {"clock_ahead", "its time is too far ahead of the coordinator's",
     "Set the clocks right. Time that runs ahead after restarts comes back by itself."},
    {"too_far_ahead", "what was granted before ends too far ahead of the clock",
     "After a restart or a failover of the coordinator this passes within some leases. If it "
     "lasts, "
     "set the clocks right."},
    {"no_number", "all numbers of its prefix are in use or in quarantine",
     "Retire nodes that are gone: SELECT detid.retire_node('path'); on the coordinator. Or assign "
     "a "
     "wider prefix."},
    {"node_lives", "the node whose place it takes was heard of a moment ago",
     "It follows when that one is stopped, or silent for a lease; or at once: stop that one, then "
     "SELECT detid.claim_registration(); here."},
    {"challenged", "its request may have been under way for long", "It asks again by itself."},
};
static_assert(sizeof kReasons / sizeof *kReasons == static_cast<size_t>(Reason::kChallenged) + 1);

template <typename Enum, size_t kCount>
bool Find(const char* const (&names)[kCount], std::string_view name, Enum* out) {
  for (size_t i = 0; i < kCount; i++)
    if (name == names[i]) return *out = static_cast<Enum>(i), true;
  return false;
}

}  // namespace

const char* NameOf(Mode mode) {
  return kModes[static_cast<int>(mode)];
}
const char* NameOf(Began began) {
  return kBegan[static_cast<int>(began)];
}
const char* NameOf(NodeState state) {
  return kStates[static_cast<int>(state)];
}
const char* NameOf(Outcome outcome) {
  return kOutcomes[static_cast<int>(outcome)];
}
const char* NameOf(Reason reason) {
  return kReasons[static_cast<int>(reason)].name;
}

bool FromName(std::string_view name, Mode* mode) {
  return Find(kModes, name, mode);
}
bool FromName(std::string_view name, Began* began) {
  return Find(kBegan, name, began);
}
bool FromName(std::string_view name, NodeState* state) {
  return Find(kStates, name, state);
}
bool FromName(std::string_view name, Outcome* outcome) {
  return Find(kOutcomes, name, outcome);
}
bool FromName(std::string_view name, Reason* reason) {
  for (size_t i = 0; i < sizeof kReasons / sizeof *kReasons; i++)
    if (name == kReasons[i].name) return *reason = static_cast<Reason>(i), true;
  return false;
}

const char* Explain(Reason reason) {
  return kReasons[static_cast<int>(reason)].text;
}
const char* AdviceOn(Reason reason) {
  return kReasons[static_cast<int>(reason)].advice;
}

}  // namespace detid
