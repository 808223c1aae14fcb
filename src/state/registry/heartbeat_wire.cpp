// SPDX-License-Identifier: PostgreSQL

#include "state/registry/heartbeat_wire.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <functional>

#include "pg/pg.h"
#include "pg/sql_text.h"

namespace detid {
namespace {

// Takes the columns of an answer. Sound: there was a value of its type in each.
class Columns {
 public:
  explicit Columns(const PGresult* result) : result_(result) {}
  template <typename C, typename T>
  void operator()(const C&, T& value) {
    Take(PQgetvalue(result_, 0, column_++), &value);
  }
  bool sound() const { return sound_; }

 private:
  void Take(const char* text, int64_t* number) { *number = strtoll(text, nullptr, 10); }
  void Take(const char* text, int32_t* number) {
    *number = static_cast<int32_t>(strtoll(text, nullptr, 10));
  }
  void Take(const char* text, Outcome* outcome) { sound_ = sound_ && FromName(text, outcome); }
  void Take(const char* text, Reason* reason) { sound_ = sound_ && FromName(text, reason); }
  void Take(const char* text, char (*path)[kMaxPath + 1]) { strlcpy(*path, text, sizeof *path); }

  const PGresult* result_;
  int column_ = 1;  // behind the constant
  bool sound_ = true;
};

}  // namespace

const char* HeartbeatMark() {
  static char mark[40] = "";
  if (mark[0] == '\0')
    snprintf(mark, sizeof mark, "/* node %016llx */",
             static_cast<unsigned long long>(RandomBits63()));
  return mark;
}

// SELECT the reply's fields FROM detid._heartbeat(each argument => $its number).
const char* HeartbeatStatement() {
  static SqlText sql;
  if (sql.text()[0] != '\0') return sql.text();
  const Reply reply{};
  const HeartbeatMessage message{};
  const auto select = [](const auto& column, const auto&) { sql.Append(", %s", column.name); };
  const auto argument = [number = 2](const auto& column, const auto&) mutable {
    sql.Append(", %s => $%d", column.name, ++number);
  };
  // With a constant first, each column comes after a comma.
  sql.Append("%s SELECT 1", HeartbeatMark());
  EachColumn(kReplyColumns, reply, select);
  EachColumn(kGrantColumns, reply.decision, select);
  sql.Append(" FROM detid._heartbeat(key => $1, signature => $2");
  EachColumn(kHeartbeatColumns, message, argument);
  sql.Append(")");
  return sql.text();
}

bool ParseReply(const pg_result* result, Reply* reply) {
  constexpr int kColumns = static_cast<int>(1 + CountOf(kReplyColumns) + CountOf(kGrantColumns));
  if (PQntuples(result) != 1 || PQnfields(result) != kColumns) return false;
  Columns columns(result);
  EachColumn(kReplyColumns, *reply, std::ref(columns));
  EachColumn(kGrantColumns, reply->decision, std::ref(columns));
  return columns.sound();
}

}  // namespace detid
