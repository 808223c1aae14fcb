// SPDX-License-Identifier: PostgreSQL

#include "pg/error_table.h"

#include "pg/pg.h"

namespace detid {
namespace {

// Of this extension, for whoever watches the log.
constexpr int kSqlStateNoInterval = MAKE_SQLSTATE('D', 'T', '0', '0', '2');

constexpr char kUseCreate[] = "Create it with SELECT detid.create_generator('name', 'snowflake');";

}  // namespace

ErrorRow RowOf(Error error) {
  switch (error) {
    case Error::kNotPreloaded:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "pg_detid must be preloaded to mint ids",
              "Add pg_detid to shared_preload_libraries: ALTER SYSTEM SET "
              "shared_preload_libraries = 'pg_detid'; then restart the server."};
    case Error::kNodeIdUnset:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "detid.node_id is not set",
              "Give every server a number of its own: ALTER SYSTEM SET detid.node_id = 1; SELECT "
              "pg_reload_conf();"};
    case Error::kNodeIdTooLarge:
      return {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
              "detid.node_id is too large for the generator's layout",
              "Set a smaller detid.node_id, or create a generator whose layout has more node "
              "bits."};
    case Error::kFenced:
      return {kSqlStateFenced, "this node is fenced and does not mint ids",
              "If this transaction ends that, commit first. Else SELECT * FROM detid.check(); says "
              "what is wrong."};
    case Error::kNotRegistered:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "this database is no node of the registry",
              "Add it to detid.registered_databases, and its token, as mydb=..., to the file of "
              "detid.node_token_file; then restart the server."};
    case Error::kNoInterval:
      return {kSqlStateNoInterval, "the registry has not granted this node an interval to mint in",
              "See detid.node_status, and the server's log."};
    case Error::kNotEnrolled:
      return {
          ERRCODE_UNDEFINED_OBJECT, "there is no such node",
          "The view detid.nodes shows all. SELECT detid.enroll_node('eu/prod-a/db1'); makes one."};
    case Error::kEnrolledAlready:
      return {ERRCODE_DUPLICATE_OBJECT, "the node is enrolled already",
              "SELECT detid.new_token('path'); gives it another token; SELECT "
              "detid.retire_node('path'); ends it."};
    case Error::kRefusedByRegistry:
      return {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "the registration is refused",
              "The token and the role must be those of one detid.enroll_node."};
    case Error::kNodesEnrolled:
      return {ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "there are nodes enrolled within the prefix",
              "Retire them first: SELECT detid.retire_node('path');"};
    case Error::kNotANode:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "this server is no node of a registry",
              "Set detid.coordinator and detid.registered_databases, and restart the server."};
    case Error::kCommandPrepared:
      return {ERRCODE_FEATURE_NOT_SUPPORTED,
              "unfence(), retire_node() and claim_registration() cannot be prepared",
              "COMMIT the transaction instead of PREPARE TRANSACTION."};
    case Error::kHeartbeatPrepared:
      return {ERRCODE_FEATURE_NOT_SUPPORTED,
              "a transaction that has called _heartbeat() cannot be prepared",
              "Nodes ask in a transaction of their own, and commit it at once."};
    case Error::kLocked:
      return {ERRCODE_LOCK_NOT_AVAILABLE,
              "another transaction has locked what this one is to change", nullptr};
    case Error::kHorizonMissing:
      return {ERRCODE_DATA_CORRUPTED, "the horizon of this database cannot be read",
              "Somebody has changed detid._horizon. Restore it from a backup, or reinstall the "
              "extension with a detid.node_id that was never used."};
    case Error::kLedgerMissing:
      return {ERRCODE_UNDEFINED_TABLE, "the ledger cannot be written",
              "Somebody has renamed or altered a table of the ledger. Undo that, or switch the "
              "audit off: "
              "SELECT detid.set_audit('name', 'off');"};
    case Error::kLedgerNotLogged:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the ledger cannot be made durable",
              "Somebody has made a table of the ledger unlogged, so that a crash would empty it: "
              "ALTER TABLE ... SET LOGGED; Or switch the audit off: SELECT detid.set_audit('name', "
              "'off');"};
    case Error::kLedgerTwice:
      return {ERRCODE_UNIQUE_VIOLATION, "the ledger has an id already that was minted now",
              "Another server mints under this node's number, or this database was restored "
              "without its horizon: SELECT * FROM detid.check(); says which."};
    case Error::kLedgerUnreadable:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a table of the ledger cannot be read",
              "Somebody has altered it: SELECT * FROM detid.check(); says how to undo that."};
    case Error::kLedgerAltered:
      return {
          ERRCODE_DATA_CORRUPTED, "the ledger was altered",
          "It is left as it is. SELECT * FROM detid.replay() WHERE NOT matches; and SELECT * "
          "FROM detid.verify_ledger(); say what was changed."};
    case Error::kLedgerBusy:
      return {ERRCODE_LOCK_NOT_AVAILABLE, "the ledger is in use all the time",
              "Call it when less is minted, or end the transaction that keeps detid._ledger: see "
              "pg_locks."};
    case Error::kRedactSnapshot:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "redact_inputs() needs the isolation level READ COMMITTED",
              "BEGIN ISOLATION LEVEL READ COMMITTED; begins such a transaction."};
    case Error::kLedgerNotAsMade:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the ledger has columns or indexes that it was not made with",
              "Drop them, rotate it, and make them again."};
    case Error::kNotASegment:
      return {ERRCODE_WRONG_OBJECT_TYPE, "the relation is no segment of the ledger",
              "The view detid.ledger_segments shows those that are attached."};
    case Error::kSegmentNotSealed:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the segment has rows that are not sealed",
              "SELECT detid.seal_ledger(); seals the rows of transactions that have ended."};
    case Error::kNotSealed:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "there is no receipt for the id",
              "SELECT detid.seal_ledger(); seals the rows of transactions that have ended."};
    case Error::kSealTooLarge:
      return {ERRCODE_PROGRAM_LIMIT_EXCEEDED, "one transaction has too many ledger rows to be sealed",
              "Mint in smaller transactions: a seal holds 134217728 rows of one."};
    case Error::kSealsKept:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "seals are kept for ever",
              "A tree of seals only grows. SELECT detid.seal_ledger(); adds to it."};
    case Error::kHorizonNotLogged:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the horizon cannot be made durable",
              "With wal_level = minimal, commit CREATE EXTENSION before minting ids. Else somebody "
              "has made detid._horizon unlogged: ALTER TABLE detid._horizon SET LOGGED;"};
    case Error::kHorizonNew:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the horizon was made anew in this transaction", "COMMIT before minting ids."};
    case Error::kClockBehindHorizon:
      return {
          ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
          "the system clock is too far behind the ids that were minted before",
          "Set the system clock right. If it is right: SELECT detid.accept_clock(); ids then go "
          "on above those."};
    case Error::kManualClockSpent:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the pinned clock has no more ids to give",
              "Set detid.clock to a later time."};
    case Error::kNoExtension:
      return {ERRCODE_UNDEFINED_OBJECT, "extension pg_detid is not installed in this database",
              "CREATE EXTENSION pg_detid;"};
    case Error::kSchemaRenamed:
      return {ERRCODE_UNDEFINED_SCHEMA, "the extension's schema is not called detid",
              "ALTER SCHEMA ... RENAME TO detid;"};
    case Error::kNotAGenerator:
      return {ERRCODE_WRONG_OBJECT_TYPE, "this is not a generator", kUseCreate};
    case Error::kTemporary:
      return {ERRCODE_INVALID_TABLE_DEFINITION, "a generator cannot be a temporary sequence",
              nullptr};
    case Error::kUnlogged:
      return {ERRCODE_INVALID_TABLE_DEFINITION, "a generator cannot be an unlogged sequence",
              "ALTER SEQUENCE ... SET LOGGED;"};
    case Error::kWrongSequence:
      return {ERRCODE_INVALID_TABLE_DEFINITION,
              "this sequence has not the parameters of a generator", kUseCreate};
    case Error::kLabelFixed:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "only the audit level, the scattering and the history of a generator can be changed",
              "A new layout is a new generator: SELECT detid.create_generator('new_name', "
              "'layout');"};
    case Error::kLabelRemoved:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the label of a generator cannot be removed",
              "SELECT detid.drop_generator('name'); removes the generator."};
    case Error::kSaltTaken:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "the salt belongs to somebody else",
              "A generator that is created under another name, and then renamed, has a salt of its "
              "own. An operator may give this one away: SELECT detid.give_salt('name', 'role');"};
    case Error::kSaltForeign:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "the generator's salt is not its owner's",
              "Create another generator, or have an operator give its owner the salt: SELECT "
              "detid.give_salt('name', 'role');"};
    case Error::kSaltsMissing:
      return {ERRCODE_UNDEFINED_TABLE, "whose a salt is cannot be read",
              "Somebody has renamed or altered detid._salt. Undo that."};
    case Error::kSaltsProtected:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "only the extension writes whose a salt is",
              "SELECT detid.give_salt('name', 'role'); gives a salt to another role."};
    case Error::kEpochFixed:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "this layout has an epoch of its own",
              "Leave the epoch out, or give the layout by its text."};
    case Error::kEpochInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the epoch cannot be used",
              "Give a time in the past, from which on the layout's time lasts as long as ids shall "
              "be minted."};
    case Error::kNameTaken:
      return {ERRCODE_DUPLICATE_TABLE, "the name is taken",
              "With if_not_exists => true, a generator that is what was asked for stays as it is. "
              "Else choose another name."};
    case Error::kWorkerTooNarrow:
      return {ERRCODE_INVALID_PARAMETER_VALUE,
              "the worker field is too narrow for this server's backends",
              "Use a layout with more worker bits or with none, or lower max_connections."};
    case Error::kTooManyGenerators:
      return {ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "too many generators are in use",
              "Raise the limit: ALTER SYSTEM SET detid.max_generators = 4096; then restart the "
              "server."};
    case Error::kHistoryFull:
      return {ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "the memory for histories is used up",
              "Raise the limit: ALTER SYSTEM SET detid.history_memory = '16MB'; then restart the "
              "server. Or ask for less: SELECT detid.set_history('name', 1000);"};
    case Error::kNoNewId:
      return {
          ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED,
          "the generator finds no id that is not among its last",
          "Shorten its history: SELECT detid.set_history('name', 1000); or use a layout with more "
          "random bits."};
    case Error::kWrongType:
      return {ERRCODE_DATATYPE_MISMATCH, "the layout's ids have another type", nullptr};
    case Error::kNeedsInput:
      return {ERRCODE_NULL_VALUE_NOT_ALLOWED, "the generator's layout needs an input",
              "Give the text to be hashed as the second argument."};
    case Error::kRandomNotImmutable:
      return {ERRCODE_FEATURE_NOT_SUPPORTED,
              "detid.compose cannot make ids with random fields, as it is immutable",
              "Use detid.compose_text(...)::bigint, which may read the seed."};
    case Error::kNoLastId:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "this session has not minted an id from the generator", nullptr};
    case Error::kCountInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the number of ids is out of range",
              "For more, call it several times: SELECT detid.next_ids('g', 1000000) FROM "
              "generate_series(1, 10);"};
    case Error::kTimeNotShown:
      return {ERRCODE_FEATURE_NOT_SUPPORTED, "the generator's ids do not sort by time",
              "Use a layout that begins with its time field; for text_at, with a codec that sorts "
              "(SELECT codec FROM detid.codecs WHERE sorts)."};
    case Error::kTimeInvalid:
      return {ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "the time is out of range", nullptr};
    case Error::kLedgerAppendOnly:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "the ledger is append-only",
              "SELECT detid.prune_ledger(now() - interval '90 days'); removes old entries."};
    case Error::kHorizonProtected:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "only the extension writes the horizon", nullptr};
    case Error::kTruncateReplicates:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "TRUNCATE would empty this table on subscribers, too",
              "DELETE removes its rows here alone."};
    case Error::kOwnersDiffer:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "the extension's tables belong to several roles",
              "What one attached to his table would run as another: give all to one, with ALTER "
              "TABLE ... OWNER TO."};
    case Error::kTableAltered:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a table of the extension has been altered",
              "Undo what was done to its columns."};
    case Error::kMintedWhileWriting:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "ids that are recorded cannot be minted while the ledger is written",
              "A check or an index that was added to a table of the ledger mints: drop it."};
    case Error::kOfExtension:
      return {
          ERRCODE_INSUFFICIENT_PRIVILEGE,
          "what belongs to the extension pg_detid is changed by the extension only",
          "A superuser can do it after SET detid.allow_schema_changes = on; minting, claims and "
          "replay may fail then."};
    case Error::kTruncateFromElsewhere:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "another server's TRUNCATE would empty this table",
              "Skip its transaction: ALTER SUBSCRIPTION name SKIP (lsn = '...'); the log of this "
              "server has the position."};
    case Error::kNegativeId:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "an id is never negative", nullptr};
    case Error::kNoSuchCodec:
      return {ERRCODE_UNDEFINED_OBJECT, "there is no such codec",
              "SELECT * FROM detid.codecs; lists them."};
    case Error::kNotVerifiable:
      return {ERRCODE_FEATURE_NOT_SUPPORTED,
              "whether the generator's ids are genuine cannot be seen from them",
              "Use a layout that shows its time, its node and random bits, such as uuid7."};
    case Error::kNoMask:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the generator has no mask",
              "SELECT detid.set_mask('name');"};
    case Error::kMaskSeedMissing:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "the seed of the generator's mask is not at hand",
              "Import it: SELECT detid.import_seed(...), with what detid.export_seed(...) returns "
              "where the mask was set."};
    case Error::kMaskFixed:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the generator's mask is set for good",
              "Masked ids that are known outside would mean others under another mask."};
    case Error::kInputType:
      return {ERRCODE_DATATYPE_MISMATCH, "an input must be a text, an integer or a uuid",
              "Cast it to text, in a form that no setting changes. An array goes behind VARIADIC."};
    case Error::kNoInputs:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "there is no input", "Give one text at least."};
    case Error::kNamespaceInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the namespace cannot be used", nullptr};
    case Error::kNamespaceNoSecret:
      return {
          ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the namespace has no secret",
          "SELECT detid.set_namespace_secret('name'); makes one; with what "
          "detid.export_namespace_secret('name') returns elsewhere, ids are the same as there."};
    case Error::kNamespaceSecretFixed:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the namespace has a secret already",
              "Ids that were derived would be others under another secret. Use another "
              "namespace."};
    case Error::kClaimsMissing:
      return {ERRCODE_UNDEFINED_TABLE, "the claims cannot be read",
              "Somebody has renamed or altered detid.claims or its indexes. Undo that."};
    case Error::kClaimsNotLogged:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "claims cannot be made durable",
              "Somebody has made detid.claims unlogged: ALTER TABLE detid.claims SET LOGGED;"};
    case Error::kClaimsTaken:
      return {ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED, "no free id was found for the input",
              "Use a generator whose layout has more hash bits."};
    case Error::kClaimsKept:
      return {ERRCODE_INSUFFICIENT_PRIVILEGE, "claims are kept for ever",
              "An input whose claim is gone would be given another id."};
    case Error::kNoStream:
      return {ERRCODE_FEATURE_NOT_SUPPORTED, "the generator's ids are not a stream of its seed",
              "Use a layout with random and without hash fields, such as uuid4."};
    case Error::kNoTopology:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "there is no topology",
              "Define its levels: SELECT detid.define_topology('region:3 cluster:4 member:3');"};
    case Error::kTopologyMoves:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "nodes that are assigned would have other numbers",
              "The first level may have more bits. Levels below all that is assigned may be cut or "
              "joined, if together they keep their bits."};
    case Error::kNoSuchPrefix:
      return {
          ERRCODE_UNDEFINED_OBJECT, "there is no such prefix",
          "The table detid.prefixes shows what is assigned. Before a prefix, the one above it is: "
          "SELECT detid.assign_prefix('eu', 'owner');"};
    case Error::kPrefixTaken:
      return {ERRCODE_DUPLICATE_OBJECT, "the prefix is assigned already",
              "The table detid.prefixes shows what is. SELECT detid.release_prefix('eu/prod-a'); "
              "gives one back."};
    case Error::kPrefixInUse:
      return {ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "there are prefixes within the prefix",
              "Release them first."};
    case Error::kLevelFull:
      return {ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED, "all numbers of the level are assigned",
              "Release one that is not used, or assign within another prefix. The first level can "
              "be given more bits: SELECT detid.define_topology('region:4 cluster:4 member:3');"};
    case Error::kNodeNotFirst:
      return {ERRCODE_FEATURE_NOT_SUPPORTED, "the generator's ids do not sort by node",
              "Use a layout that begins with its node field, such as 'node:10 time:41@1ms "
              "sequence:12'; for texts, with a codec whose texts sort too."};
    case Error::kArgumentInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "invalid argument", nullptr};
    case Error::kNullElement:
      return {ERRCODE_NULL_VALUE_NOT_ALLOWED, "an element of the array is NULL", nullptr};
    case Error::kNotATable:
      return {ERRCODE_WRONG_OBJECT_TYPE, "ids are checked in tables and views only", nullptr};
    case Error::kNoSuchColumn:
      return {ERRCODE_UNDEFINED_COLUMN, "there is no such column", nullptr};
    case Error::kColumnType:
      return {ERRCODE_DATATYPE_MISMATCH, "the column's type is none that ids have",
              "Make a view that casts it to bigint, uuid or text, and check that."};
  }
  return {ERRCODE_INTERNAL_ERROR, "unknown error", nullptr};
}

ErrorRow RowOf(Code code) {
  switch (code) {
    case Code::kOk:
      break;
    case Code::kLayoutSyntax:
      return {ERRCODE_SYNTAX_ERROR, "the layout does not parse",
              "Name a preset such as 'snowflake', 'js53' or 'uuid7', or list the fields: "
              "'time:41@1ms node:10 sequence:12'."};
    case Code::kNoSuchLayout:
      return {ERRCODE_UNDEFINED_OBJECT, "there is no layout of this name",
              "SELECT layout FROM detid.layouts; shows the names. Or list the fields: "
              "'time:41@1ms node:10 sequence:12'."};
    case Code::kLayoutInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the layout cannot be used", nullptr};
    case Code::kLabelSyntax:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the generator's label does not parse", kUseCreate};
    case Code::kInstantSyntax:
      return {ERRCODE_INVALID_DATETIME_FORMAT, "the time does not parse",
              "Give the date, the time and its zone: 2025-01-01T00:00:00Z."};
    case Code::kOutOfRange:
      return {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "a coordinate does not fit its field", nullptr};
    case Code::kEpochEnd:
      return {ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED,
              "the generator has reached the end of its epoch",
              "Create a generator with a later epoch or a wider time field."};
    case Code::kBeforeEpoch:
      return {ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "the time is before the generator's epoch",
              nullptr};
    case Code::kNotOfLayout:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the id is not of the layout",
              "Name the generator or the layout that made it."};
    case Code::kIdSyntax:
      return {
          ERRCODE_INVALID_TEXT_REPRESENTATION, "the text does not read as an id",
          "Name the generator or the layout that made it. SELECT * FROM detid.guess('...'); says "
          "which formats have such texts."};
    case Code::kMistyped:
      return {ERRCODE_INVALID_TEXT_REPRESENTATION, "the text was mistyped",
              "A character is wrong or missing, or two are swapped. Compare it with the original."};
    case Code::kTextSyntax:
      return {ERRCODE_INVALID_TEXT_REPRESENTATION, "the text is not of the codec",
              "Compare it with the original, or name another codec. SELECT * FROM "
              "detid.guess('...'); says which formats have such texts."};
    case Code::kInputMissing:
      return RowOf(Error::kNeedsInput);
    case Code::kSeedMissing:
      return {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the seed is not at hand",
              "Import it: SELECT detid.import_seed(...); or restore detid._seed from a physical "
              "backup; or make a new one: SELECT detid.rotate_seed();"};
    case Code::kTopologySyntax:
      return {ERRCODE_SYNTAX_ERROR, "the topology does not parse",
              "List its levels, the largest groups first: 'region:3 cluster:4 member:3'."};
    case Code::kTopologyInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the topology cannot be used", nullptr};
    case Code::kPathSyntax:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the path cannot be used",
              "Give one name a level, the first level first: 'eu/prod-a/db1'."};
    case Code::kAlphabetInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "the alphabet cannot be used",
              "Give different characters of printable ASCII other than the space."};
    case Code::kSqidsInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "no Sqids id can be made of these arguments",
              nullptr};
    case Code::kSqidsBlocked:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "all Sqids ids of these numbers are blocked",
              "Leave out words of the block list, or use a longer alphabet."};
    case Code::kHashidsInvalid:
      return {ERRCODE_INVALID_PARAMETER_VALUE, "no Hashids id can be made of these arguments",
              nullptr};
  }
  return {ERRCODE_INTERNAL_ERROR, "unknown error", nullptr};
}

}  // namespace detid
