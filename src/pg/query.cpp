// SPDX-License-Identifier: PostgreSQL

#include "pg/query.h"

#include "pg/as_owner.h"

namespace detid {

Oid Query::Owner() const {
  return OidIsValid(owner_) ? owner_ : OwnerOfTables();
}

void Query::Write(const char* sql, int expected) {
  const OwnerScope scope = Become(Owner());
  const int result = SPI_execute_with_args(sql, count_, types_, values_, nulls_, false, 0);
  Leave(scope);
  if (result != expected) elog(ERROR, "SPI_execute failed: %d", result);
}

uint64_t Query::Read(const char* sql, Seen seen) {
  if (seen == Seen::kNow) PushActiveSnapshot(GetLatestSnapshot());
  const OwnerScope scope = Become(Owner());
  const int result = SPI_execute_with_args(sql, count_, types_, values_, nulls_, true, 0);
  Leave(scope);
  if (result != SPI_OK_SELECT) elog(ERROR, "SPI_execute failed: %d", result);
  if (seen == Seen::kNow) PopActiveSnapshot();
  return SPI_processed;
}

uint64_t Query::Change(const char* sql, SPIPlanPtr* plan) {
  int result = 0;
  const OwnerScope scope = Become(Owner());
  if (plan == nullptr) {
    result = SPI_execute_with_args(sql, count_, types_, values_, nulls_, false, 0);
  } else {
    if (*plan == nullptr) {
      SPIPlanPtr made = SPI_prepare(sql, count_, types_);
      if (made == nullptr || SPI_keepplan(made) != 0) elog(ERROR, "SPI_prepare failed");
      *plan = made;
    }
    result = SPI_execute_plan(*plan, values_, nulls_, false, 0);
  }
  Leave(scope);
  if (result < 0 || SPI_tuptable == nullptr) elog(ERROR, "SPI_execute failed: %d", result);
  return SPI_processed;
}

void Query::AsCaller(const char* sql, int expected) {
  const int result = SPI_execute_with_args(sql, count_, types_, values_, nulls_, false, 0);
  if (result != expected) elog(ERROR, "SPI_execute failed: %d", result);
}

int64_t NumberAt(uint64_t row, int column) {
  bool null = false;
  return DatumGetInt64(
      SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null));
}

bool FlagAt(uint64_t row, int column) {
  bool null = false;
  return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null));
}

const char* TextAt(uint64_t row, int column) {
  return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

const bytea* BytesAt(uint64_t row, int column) {
  bool null = false;
  return DatumGetByteaPP(
      SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null));
}

}  // namespace detid
