// SPDX-License-Identifier: PostgreSQL

#include "pg/errors.h"

#include "pg/pg.h"

namespace detid {
namespace {

[[noreturn]] void Report(const ErrorRow& row, const char* detail) {
  ereport(ERROR, (errcode(row.sqlstate), errmsg_internal("%s", row.message),
                  detail != nullptr && detail[0] != '\0' ? errdetail_internal("%s", detail) : 0,
                  row.hint != nullptr ? errhint("%s", row.hint) : 0));
  pg_unreachable();
}

}  // namespace

const char* MessageOf(Error error) {
  return RowOf(error).message;
}

const char* HintOf(Error error) {
  return RowOf(error).hint;
}

void Raise(Error error, const char* detail, ...) {
  char formatted[512] = {};
  if (detail != nullptr) {
    va_list args;
    va_start(args, detail);
    FormatClipped(formatted, sizeof formatted, detail, args);
    va_end(args);
  }
  Report(RowOf(error), formatted);
}

void Raise(const Status& status) {
  Report(RowOf(status.code), status.detail);
}

namespace {

Refusal RefusalOf(const ErrorRow& row) {
  Refusal refusal;
  refusal.refused = true;
  refusal.sqlstate = row.sqlstate;
  refusal.message = row.message;
  refusal.hint = row.hint;
  return refusal;
}

}  // namespace

Refusal Refuse(Error error, const char* detail, ...) {
  Refusal refusal = RefusalOf(RowOf(error));
  if (detail == nullptr) return refusal;
  va_list args;
  va_start(args, detail);
  std::vsnprintf(refusal.detail, sizeof refusal.detail, detail, args);
  va_end(args);
  return refusal;
}

Refusal Refuse(const Status& status) {
  Refusal refusal = RefusalOf(RowOf(status.code));
  snprintf(refusal.detail, sizeof refusal.detail, "%s", status.detail);
  return refusal;
}

void Require(const Refusal& r) {
  if (r.refused) Report({r.sqlstate, r.message, r.hint}, r.detail);
}

}  // namespace detid
