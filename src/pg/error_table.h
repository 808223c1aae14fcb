// SPDX-License-Identifier: PostgreSQL
//
// What each error says, and under which SQLSTATE. errors.h raises them.

#pragma once

#include <cstdint>

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
  kLedgerTwice,
  kLedgerUnreadable,
  kLedgerAltered,
  kLedgerBusy,
  kRedactSnapshot,
  kLedgerNotAsMade,
  kNotASegment,
  kSegmentNotSealed,
  kNotSealed,
  kSealsKept,
  kSealTooLarge,
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

struct ErrorRow {
  int sqlstate;
  const char* message;
  const char* hint;  // null where there is nothing to do but mend the call
};

ErrorRow RowOf(Error error);
ErrorRow RowOf(Code code);

}  // namespace detid
