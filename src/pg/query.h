// SPDX-License-Identifier: PostgreSQL
//
// Query: one query over the extension's tables with its parameters, by SPI, run as their owner
// (as_owner.h). What the caller may do is to be asked before.

#pragma once

#include "pg/pg.h"

namespace detid {

// What a query sees: what is committed now, and what its own transaction has written; or what the
// calling statement sees.
enum class Seen : uint8_t { kNow, kBySnapshot };

// The functions that use it have the search_path pg_catalog, so operators need no schema.
class Query {
 public:
  // `owner`: of the tables; invalid: of those of nodes and their numbers.
  explicit Query(Oid owner = InvalidOid) : owner_(owner) {}

  Query& Text(std::string_view text) { return Add(TEXTOID, BytesDatum(text.data(), text.size())); }
  template <size_t kBytes>
  Query& Bytes(const uint8_t (&byte)[kBytes]) {
    return Bytes(byte, kBytes);
  }
  Query& Bytes(const void* bytes, size_t size) { return Add(BYTEAOID, BytesDatum(bytes, size)); }
  Query& Number(int64_t number) { return Add(INT8OID, Int64GetDatum(number)); }
  Query& Add(Oid type, Datum value, bool null = false) {
    types_[count_] = type;
    values_[count_] = value;
    nulls_[count_++] = null ? 'n' : ' ';
    return *this;
  }

  // Parameters so far.
  int count() const { return count_; }

  // `expected`: what SPI returns.
  void Write(const char* sql, int expected);

  // Returns the number of rows.
  uint64_t Read(const char* sql, Seen seen);

  // A query that returns rows and may lock or change some; returns their number. `plan`: kept from
  // call to call.
  uint64_t Change(const char* sql, SPIPlanPtr* plan = nullptr);

  // What the caller does with his own rights. `expected`: what SPI returns.
  void AsCaller(const char* sql, int expected);

 private:
  Oid Owner() const;

  static constexpr int kMost = 32;
  Oid owner_;
  Oid types_[kMost];
  Datum values_[kMost];
  char nulls_[kMost];
  int count_ = 0;
};

// Columns, from 1 on, of the rows of the last query.
int64_t NumberAt(uint64_t row, int column);
bool FlagAt(uint64_t row, int column);
const char* TextAt(uint64_t row, int column);
const bytea* BytesAt(uint64_t row, int column);

// False if it has another size.
template <size_t kSize>
bool CopyAt(uint64_t row, int column, uint8_t (&to)[kSize]) {
  const bytea* b = BytesAt(row, column);
  if (VARSIZE_ANY_EXHDR(b) != kSize) return false;
  memcpy(to, VARDATA_ANY(b), kSize);
  return true;
}

}  // namespace detid
