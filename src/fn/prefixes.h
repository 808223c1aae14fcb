// SPDX-License-Identifier: PostgreSQL
//
// The tables detid.topology and detid.prefixes: who has which node numbers.
//
// Whoever writes holds a lock on the second one to the end of his transaction, and reads behind it
// what is committed by then, whatever his isolation level: so two sessions do not choose one
// number. That no two prefixes overlap rests on the table's exclusion constraint, not on this.

#pragma once

#include "core/topology.h"
#include "pg/pg.h"

namespace detid {

// What a query sees: what is committed now, and what its own transaction has written; or what the
// calling statement sees.
enum class Seen : uint8_t { kNow, kBySnapshot };

// One query with its parameters, by SPI. The functions that use it have the search_path pg_catalog,
// so operators need no schema.
class Query {
 public:
  Query& Text(std::string_view text) {
    return Add(TEXTOID, PointerGetDatum(
                            cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))));
  }
  Query& Number(int64_t number) { return Add(INT8OID, Int64GetDatum(number)); }
  Query& Add(Oid type, Datum value, bool null = false) {
    types_[count_] = type;
    values_[count_] = value;
    nulls_[count_++] = null ? 'n' : ' ';
    return *this;
  }

  // `expected`: what SPI returns.
  void Write(const char* sql, int expected);

  // Returns the number of rows.
  uint64_t Read(const char* sql, Seen seen);

 private:
  static constexpr int kMost = 5;
  Oid types_[kMost];
  Datum values_[kMost];
  char nulls_[kMost];
  int count_ = 0;
};

// Columns, from 1 on, of the rows of the last query.
int64_t NumberAt(uint64_t row, int column);
const char* TextAt(uint64_t row, int column);

// Waits for whoever else is writing, and connects to SPI. Errors: read-only; no extension.
void BeginWriting(const char* function);

// False if none is defined. Errors: somebody has changed the table.
bool ReadTopology(Topology* topology);

// False if the path is not assigned.
bool FindPrefix(std::string_view path, Seen seen, Nodes* nodes);

// Errors: it is not assigned.
Nodes RequireAssigned(std::string_view path, Seen seen);

// The longest assigned path that holds a node; null if there is none. Says whether a topology is
// defined at all. Whatever the search_path is.
const char* PathOfNode(int32_t node, bool* defined);

}  // namespace detid
