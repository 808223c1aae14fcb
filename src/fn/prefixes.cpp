// SPDX-License-Identifier: PostgreSQL

#include "fn/prefixes.h"

#include "fn/patience.h"
#include "pg/as_owner.h"
#include "pg/errors.h"

namespace detid {

void BeginWriting(const char* function) {
  PreventCommandIfReadOnly(function);
  PreventCommandIfParallelMode(function);
  const Oid schema = get_namespace_oid("detid", true);
  const Oid table = OidIsValid(schema) ? get_relname_relid("prefixes", schema) : InvalidOid;
  if (!OidIsValid(table)) Raise(Error::kNoExtension);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  if (ConditionalLockRelationOid(table, ShareRowExclusiveLock)) return;
  const Holder holder = HolderFound(
      Query()
          .Add(OIDOID, ObjectIdGetDatum(table))
          .Read("SELECT l.pid::int8, a.usename FROM pg_locks l LEFT JOIN pg_stat_activity a ON "
                "a.pid = l.pid "
                "WHERE l.locktype = 'relation' AND l.relation = $1 AND l.granted AND l.mode NOT IN "
                "('AccessShareLock', 'RowShareLock') ORDER BY a.xact_start LIMIT 1",
                Seen::kNow));
  Patiently(holder, [&] { LockRelationOid(table, ShareRowExclusiveLock); });
}

bool ReadTopology(Topology* topology) {
  Query().Read("SELECT string_agg(name || ':' || bits, ' ' ORDER BY level) FROM detid.topology",
               Seen::kNow);
  const char* text = TextAt(0, 1);
  if (text == nullptr) return false;
  const Result<Topology> parsed = ParseTopology(text);
  if (!parsed.ok()) Raise(parsed.status);
  *topology = parsed.value;
  return true;
}

bool FindPrefix(std::string_view path, Seen seen, Nodes* nodes) {
  // The range that ends with the last integer has no upper bound.
  if (Query().Text(path).Read(
          "SELECT lower(nodes)::int8, coalesce(upper(nodes)::int8, 2147483648) - 1 "
          "FROM detid.prefixes WHERE path = $1",
          seen) == 0)
    return false;
  *nodes = {NumberAt(0, 1), NumberAt(0, 2)};
  return true;
}

Nodes RequireAssigned(std::string_view path, Seen seen) {
  Nodes nodes;
  if (!FindPrefix(path, seen, &nodes))
    Raise(Error::kNoSuchPrefix, "\"%.*s\" is not assigned.", Clip(path, 200), path.data());
  return nodes;
}

const char* PathOfNode(int32_t node, bool* defined) {
  RequireRights("topology", ACL_SELECT);
  RequireRights("prefixes", ACL_SELECT);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  *defined = Query().Read("SELECT FROM detid.topology", Seen::kBySnapshot) > 0;
  char path[kMaxPath + 1] = "";
  if (*defined) {
    Query().Add(INT4OID, Int32GetDatum(node)).Read("SELECT detid.node_path($1)", Seen::kBySnapshot);
    if (const char* found = TextAt(0, 1)) strlcpy(path, found, sizeof path);
  }
  SPI_finish();
  return path[0] == '\0' ? nullptr : pstrdup(path);
}

}  // namespace detid
