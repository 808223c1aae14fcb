// SPDX-License-Identifier: PostgreSQL
//
// The one way to PostgreSQL's headers. Include core and the standard library before it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

extern "C" {
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/generic_xlog.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_am.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "commands/seclabel.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"
#include "utils/xid8.h"
}

// PostgreSQL replaces these; C++ code means the standard ones.
#undef snprintf
#undef vsnprintf
#undef printf
#undef fprintf
#undef sprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef bind
#undef Min
#undef Max

#include "pg/compat.h"

// A function that SQL calls. REQUIRES: trivially destructible locals only.
#define DETID_FUNCTION(name)                \
  extern "C" {                              \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
  PG_FUNCTION_INFO_V1(name);                \
  }                                         \
  Datum name([[maybe_unused]] PG_FUNCTION_ARGS)

namespace detid {

// Microseconds since 1970 and since 2000, PostgreSQL's epoch.
inline constexpr int64_t kPostgresEpochUs =
    (int64_t{POSTGRES_EPOCH_JDATE} - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

// Microseconds since 1970 as a timestamptz; what is beyond its range is infinite.
inline Datum TimestampDatum(int64_t us) {
  if (us < 0 && us < MIN_TIMESTAMP + kPostgresEpochUs) return TimestampTzGetDatum(DT_NOBEGIN);
  us -= kPostgresEpochUs;
  return TimestampTzGetDatum(us < END_TIMESTAMP ? us : DT_NOEND);
}

// Of a text or a bytea.
inline std::string_view View(const text* t) {
  return {VARDATA_ANY(t), static_cast<size_t>(VARSIZE_ANY_EXHDR(t))};
}

// A text or a bytea of these bytes, in CurrentMemoryContext.
inline Datum BytesDatum(const void* bytes, size_t size) {
  return PointerGetDatum(
      cstring_to_text_with_len(static_cast<const char*>(bytes), static_cast<int>(size)));
}

// Not a view, an index or whatever else an owner may put in a table's place.
inline bool IsPlainTable(Form_pg_class relation) {
  return relation->relkind == RELKIND_RELATION && relation->relam == HEAP_TABLE_AM_OID;
}

// Whether the relation's first columns are of these types. Who owns a table may have altered it.
inline bool HasColumns(Relation relation, const Oid* types, int count) {
  const TupleDesc descriptor = RelationGetDescr(relation);
  if (!IsPlainTable(relation->rd_rel) || descriptor->natts < count) return false;
  for (int i = 0; i < count; i++)
    if (TupleDescAttr(descriptor, i)->atttypid != types[i]) return false;
  return true;
}

}  // namespace detid
