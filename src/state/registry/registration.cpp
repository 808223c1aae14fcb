// SPDX-License-Identifier: PostgreSQL

#include "state/registry/registration.h"

#include "core/instant.h"
#include "core/registry_text.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "state/clock.h"
#include "state/databases.h"
#include "state/duplicate.h"
#include "state/settings.h"

namespace detid {
namespace {

// The columns of detid._registration, in their order.
enum Column {
  kOnly,
  kOldCounter,
  kOldBits,
  kNextCounter,
  kNextBits,
  kInstance,
  kTimeline,
  kNode,
  kStart,
  kGranted,
  kBegan,
  kBeganInstance,
  kBeganTimeline,
  kFenced,
  kClaims,
  kRetires,
  kPath,
  kCommands,
  kColumns
};
constexpr Oid kTypes[kColumns] = {BOOLOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
                                  INT8OID, INT4OID, INT8OID, INT8OID, TEXTOID, INT8OID,
                                  INT8OID, TEXTOID, BOOLOID, BOOLOID, TEXTOID, INT8OID};

Oid RegistrationRelation() {
  const Oid schema = get_namespace_oid("detid", true);
  return OidIsValid(schema) ? get_relname_relid("_registration", schema) : InvalidOid;
}

// Somebody has altered the table: no reason to mint either.
constexpr Reason kAltered = Reason::kUsedNonce;

StoredRegistration Deform(HeapTuple tuple, TupleDesc descriptor) {
  Datum v[MaxTupleAttributeNumber];
  bool nulls[MaxTupleAttributeNumber];
  StoredRegistration s;
  heap_deform_tuple(tuple, descriptor, v, nulls);
  const auto number = [&](int column) { return nulls[column] ? 0 : DatumGetInt64(v[column]); };
  s.old = {number(kOldCounter), number(kOldBits)};
  s.next = {number(kNextCounter), number(kNextBits)};
  s.instance = number(kInstance);
  s.timeline = number(kTimeline);
  s.node = nulls[kNode] ? kAnyNode : DatumGetInt32(v[kNode]);
  s.start_us = number(kStart);
  s.granted_us = number(kGranted);
  s.began_instance = number(kBeganInstance);
  s.began_timeline = number(kBeganTimeline);
  // Of a word that is not known nothing is known.
  if (nulls[kBegan] || !FromName(View(DatumGetTextPP(v[kBegan])), &s.began)) s.began_instance = 0;
  // A word that is not known fences, too.
  if (!nulls[kFenced]) {
    s.fenced = kAltered;
    FromName(View(DatumGetTextPP(v[kFenced])), &s.fenced);
  }
  s.claims = !nulls[kClaims] && DatumGetBool(v[kClaims]);
  s.retires = !nulls[kRetires] && DatumGetBool(v[kRetires]);
  s.commands = number(kCommands);
  if (!nulls[kPath]) {
    const std::string_view path = View(DatumGetTextPP(v[kPath]));
    snprintf(s.path, sizeof s.path, "%.*s", Clip(path, sizeof s.path - 1), path.data());
  }
  return s;
}

}  // namespace

bool IsListed() {
  char* list = pstrdup(settings::registered_databases);
  List* names = NIL;
  const char* here = get_database_name(MyDatabaseId);
  bool listed = false;
  ListCell* cell = nullptr;
  if (here != nullptr && SplitGUCList(list, ',', &names)) {
    foreach (cell, names) listed |= strcmp(static_cast<const char*>(lfirst(cell)), here) == 0;
  }
  list_free(names);
  pfree(list);
  return listed;
}

const char* TroubleOf(const DatabaseState& state) {
  if (state.trouble[0] != '\0') return state.trouble;
  if (state.has_registry_client) return "It was not asked yet.";
  return "No registry client runs for this database: max_worker_processes may be too low.";
}

namespace {

[[noreturn]] void RaiseNoInterval(const Interval& interval) {
  if (!IsListed())
    Raise(Error::kNotRegistered, "detid.registered_databases is \"%s\".",
          settings::registered_databases);
  const DatabaseState state = LookAtDatabase(MyDatabaseId);
  const char* trouble = TroubleOf(state);
  if (interval.limit_us == 0) Raise(Error::kNoInterval, "%s", trouble);
  char limit[kMaxInstantText];
  FormatInstant(interval.limit_us, limit, sizeof limit);
  Raise(Error::kNoInterval, "The last interval ended at %s. %s", limit, trouble);
}

// Whether the transaction has changed the row's commands, unless what did was rolled back; and what
// becomes of the word in memory when it commits, which the row says.
bool changed = false;
StoredRegistration at_commit;
bool row_is_there = false;

}  // namespace

void registration::OnTransaction(XactEvent event) {
  if (!changed) return;
  // Who commits a prepared transaction may be nobody who knows of this.
  if (event == XACT_EVENT_PRE_PREPARE) Raise(Error::kCommandPrepared);
  if (event == XACT_EVENT_PRE_COMMIT) row_is_there = ReadRegistration(&at_commit);
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT) return;
  changed = false;
  const bool known = row_is_there;
  row_is_there = false;
  if (event == XACT_EVENT_ABORT || !known || shared == nullptr) return;
  Database* database = AttachDatabase(MyDatabaseId);
  // What was granted before is not good any more; who has read it forgot it with this transaction.
  if (settings::registers()) {
    database->granted.Revoke();
    database->registering.store(1, std::memory_order_relaxed);
  }
  TakeFence(database, at_commit);
  WakeRegistryClient(database);
  Detach(database);
}

void FollowCommandAtCommit() {
  changed = true;
  // What the registry is told of it must outlive a crash here.
  ForceSyncCommit();
  // All sessions read again what they may mint.
  CacheInvalidateRelcacheByRelid(RegistrationRelation());
  const Oid schema = get_namespace_oid("detid", true);
  CacheInvalidateRelcacheByRelid(get_relname_relid("_horizon", schema));
}

namespace {

constexpr int kFirstWaitMs = 10000;

}  // namespace

// DROP EXTENSION locks the extension before any of its tables, so nobody waits for each other.
void KeepExtension() {
  const Oid extension = get_extension_oid("pg_detid", true);
  if (OidIsValid(extension)) LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
}

ObjectId OwnerOfRegistration() {
  const Oid extension = get_extension_oid("pg_detid", true);
  const Oid schema = get_namespace_oid("detid", true);
  if (!OidIsValid(extension) || !OidIsValid(schema)) return InvalidOid;
  const HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  // Who owns the schema can put other tables in it.
  const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
  ReleaseSysCache(tuple);
  for (const char* name : {"_horizon", "_seed", "_registration", "_seal_key", "checkpoints"}) {
    const Oid relation = get_relname_relid(name, schema);
    if (!OidIsValid(relation) || getExtensionOfObject(RelationRelationId, relation) != extension)
      return InvalidOid;
    const HeapTuple found = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(found)) return InvalidOid;
    const Oid owns = reinterpret_cast<Form_pg_class>(GETSTRUCT(found))->relowner;
    ReleaseSysCache(found);
    if (owns != owner) return InvalidOid;
  }
  return owner;
}

bool ReadRegistration(StoredRegistration* stored) {
  const Oid oid = RegistrationRelation();
  if (!OidIsValid(oid)) return false;
  const Relation relation = relation_open(oid, AccessShareLock);
  if (!HasColumns(relation, kTypes, kColumns)) {
    relation_close(relation, AccessShareLock);
    *stored = {};
    stored->fenced = kAltered;
    stored->commands = -1;
    return true;
  }
  const Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(oid));
  const TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
  const HeapTuple tuple = heap_getnext(scan, ForwardScanDirection);
  if (tuple != nullptr) *stored = Deform(tuple, RelationGetDescr(relation));
  table_endscan(scan);
  UnregisterSnapshot(snapshot);
  relation_close(relation, AccessShareLock);
  return tuple != nullptr;
}

void WriteRegistration(const StoredRegistration& s, bool heard) {
  const bool fenced = s.fenced != Reason::kNone;
  Query()
      .Number(s.old.counter)
      .Number(s.old.bits)
      .Number(s.next.counter)
      .Number(s.next.bits)
      .Number(s.instance)
      .Number(s.timeline)
      .Add(INT4OID, Int32GetDatum(s.node))
      .Number(s.start_us)
      .Number(s.granted_us)
      .Text(NameOf(s.began))
      .Number(s.began_instance)
      .Number(s.began_timeline)
      .Add(TEXTOID, fenced ? CStringGetTextDatum(NameOf(s.fenced)) : Datum{0}, !fenced)
      .Add(BOOLOID, BoolGetDatum(heard && s.claims))
      .Add(BOOLOID, BoolGetDatum(heard && s.retires))
      .Text(s.path)
      .Number(s.commands)
      .Write(
          "UPDATE detid._registration SET (old_counter, old_bits, next_counter, next_bits, "
          "timeline, node, start_us, granted_us, began, began_instance, began_timeline, path) = "
          "($1, $2, $3, $4, $6, $7, $8, $9, $10, $11, $12, $16), "
          "instance = CASE WHEN commands = $17 THEN $5 ELSE instance END, "
          "fenced = CASE WHEN commands = $17 THEN coalesce($13, fenced) ELSE fenced END, "
          "claims = claims AND NOT ($14 AND commands = $17), "
          "retires = retires AND NOT ($15 AND commands = $17)",
          SPI_OK_UPDATE);
  // Its owner may have seen to it that nothing is written, such as by a trigger.
  if (SPI_processed != 1) elog(ERROR, "could not store the registration of this node");
}

void WriteCommand(bool claims, bool retires, bool unfenced, int64_t above) {
  Query()
      .Add(BOOLOID, BoolGetDatum(claims))
      .Add(BOOLOID, BoolGetDatum(retires))
      .Add(BOOLOID, BoolGetDatum(unfenced))
      .Number(above)
      .Write(
          "UPDATE detid._registration SET claims = $1, retires = $2, "
          "fenced = CASE WHEN NOT $3 THEN fenced END, instance = CASE WHEN NOT $3 THEN instance "
          "ELSE 0 END, commands = greatest(commands, $4) + 1",
          SPI_OK_UPDATE);
}

bool TakeFence(Database* database, const StoredRegistration& s) {
  const bool stopped = StoppedBy(s) != Reason::kNone;
  if (s.commands >= 0) return database->fence.Take(s.commands, stopped);
  if (stopped) database->fence.Set(Fence::kRow);
  return true;
}

void KnowFence(Database* database) {
  if (database->fence_known.load(std::memory_order_acquire) != 0) return;
  // What it would read here may be rolled back.
  if (changed) Raise(Error::kFenced);
  StoredRegistration stored;
  if (ReadRegistration(&stored)) TakeFence(database, stored);
  KnowDuplicates(database);
  database->fence_known.store(1, std::memory_order_release);
}

void WakeRegistryClient(Database* database) {
  database->wake.store(1, std::memory_order_release);
  // Latches of processes that are gone stay where they are.
  if (Latch* latch = database->registry_client.load(std::memory_order_acquire)) SetLatch(latch);
}

Interval AwaitInterval(Database* database, int64_t above_us) {
  for (int waited_ms = 0;; waited_ms += 10) {
    const Interval interval = database->granted.Read();
    if (interval.limit_us > above_us) return interval;
    if (database->fence.is_set()) RaiseFenced();
    // An interval that is not over yet is used up by a lead over the clock, and will be prolonged.
    const bool over = interval.limit_us <= NodeTimeUs();
    if (over && (database->registering.load(std::memory_order_relaxed) == 0 ||
                 waited_ms >= kFirstWaitMs || (waited_ms == 0 && !IsListed())))
      RaiseNoInterval(interval);
    if (waited_ms == 0) WakeRegistryClient(database);
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10,
              compat::RegistryWaitEvent());
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
}

void RaiseFenced() {
  Require(DuplicateRule());
  StoredRegistration stored;
  if (ReadRegistration(&stored) && StoppedBy(stored) != Reason::kNone) {
    char detail[200 + kMaxPath];
    snprintf(detail, sizeof detail, "%s.%s%s%s", Explain(StoppedBy(stored)),
             stored.path[0] != '\0' ? " The registry knows this node as " : "", stored.path,
             stored.path[0] != '\0' ? "." : "");
    detail[0] = static_cast<char>(pg_toupper(static_cast<unsigned char>(detail[0])));
    ereport(ERROR, (errcode(kSqlStateFenced), errmsg_internal("%s", MessageOf(Error::kFenced)),
                    errdetail_internal("%s", detail), errhint("%s", AdviceOn(StoppedBy(stored)))));
  }
  Database* database = AttachDatabase(MyDatabaseId);
  const uint64_t why = database->fence.why();
  Detach(database);
  if (why == Fence::kShutdown) Raise(Error::kNoInterval, "The server is being shut down.");
  Raise(Error::kFenced);
}

}  // namespace detid
