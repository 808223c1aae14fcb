// SPDX-License-Identifier: PostgreSQL
//
// Errors: every error that the extension raises is a row of one table (errors.cpp), which gives
// its SQLSTATE, primary message and hint. Core's codes come from a Status; the rest are these.

#pragma once

#include "core/status.h"

namespace detid {

enum class Error : uint8_t {
  kNotPreloaded,
  kNodeIdUnset,
  kNodeIdTooLarge,
  kFenced,
  kHorizonMissing,
  kHorizonNotLogged,
  kHorizonNew,
  kLedgerMissing,
  kLedgerNotLogged,
  kClockBehindHorizon,
  kManualClockSpent,
  kNoExtension,
  kSchemaRenamed,
  kNotAGenerator,
  kTemporary,
  kUnlogged,
  kWrongSequence,
  kLabelFixed,
  kLabelRemoved,
  kSaltTaken,
  kSaltForeign,
  kSaltsMissing,
  kSaltsProtected,
  kEpochFixed,
  kEpochInvalid,
  kNameTaken,
  kWorkerTooNarrow,
  kTooManyGenerators,
  kHistoryFull,
  kNoNewId,
  kWrongType,
  kNeedsInput,
  kRandomNotImmutable,
  kNoLastId,
  kCountInvalid,
  kTimeNotShown,
  kTimeInvalid,
  kLedgerAppendOnly,
  kHorizonProtected,
  kTruncateReplicates,
  kTruncateFromElsewhere,
  kNegativeId,
  kNoSuchCodec,
  kNotVerifiable,
  kNoMask,
  kMaskSeedMissing,
  kMaskFixed,
  kInputType,
  kNoInputs,
  kNamespaceInvalid,
  kNamespaceNoSecret,
  kNamespaceSecretFixed,
  kClaimsMissing,
  kClaimsNotLogged,
  kClaimsTaken,
  kClaimsKept,
  kNoStream,
  kNoTopology,
  kTopologyMoves,
  kNoSuchPrefix,
  kPrefixTaken,
  kPrefixInUse,
  kLevelFull,
  kNodeNotFirst,
  kArgumentInvalid,
  kNullElement,
  kNotATable,
  kNoSuchColumn,
  kColumnType,
  kNotRegistered,
  kNoInterval,
  kNotEnrolled,
  kEnrolledAlready,
  kRefusedByRegistry,
  kNotANode,
  kCommandPrepared,
  kHeartbeatPrepared,
  kLocked,
  kNodesEnrolled,
  kOwnersDiffer,
  kTableAltered,
  kMintedWhileWriting,
  kOfExtension,
};

// SQLSTATE DT001: a node is fenced. Of errors, and of lines in the log of nodes and coordinators.
inline constexpr int kSqlStateFenced = ('D' - '0') | (('T' - '0') << 6) | (('1' - '0') << 24);

// SQLSTATE DT003: another server mints under this node's number. Of lines in the log.
inline constexpr int kSqlStateDuplicate = ('D' - '0') | (('T' - '0') << 6) | (('3' - '0') << 24);

// The primary message of an error.
const char* MessageOf(Error error);
const char* HintOf(Error error);  // null if there is none

// Raise an error; the detail is formatted as by printf and may be null. Never returns.
[[noreturn]] void Raise(Error error, const char* detail = nullptr, ...)
    __attribute__((format(printf, 2, 3)));

// As Raise, for a core status that is not Ok.
[[noreturn]] void Raise(const Status& status);

// An error that is not raised yet: a rule returns it, so that minting raises what check() tells.
struct Refusal {
  bool refused = false;  // false: there is none, and the rest means nothing
  int sqlstate;
  const char* message;
  const char* hint;  // null if there is none
  char detail[512];  // empty if there is none

  Refusal() { detail[0] = '\0'; }
};

Refusal Refuse(Error error, const char* detail = nullptr, ...)
    __attribute__((format(printf, 2, 3)));
Refusal Refuse(const Status& status);

// Raises a refusal, if it is one.
void Require(const Refusal& refusal);

}  // namespace detid
