// SPDX-License-Identifier: PostgreSQL

#include "state/registry/coordinator.h"

#include <libpq-fe.h>

#include <cstdlib>

#include "pg/pg.h"
#include "state/registry/heartbeat_wire.h"
#include "state/registry/server.h"
#include "state/settings.h"

namespace detid {
namespace {

PGconn* connection = nullptr;
bool warned = false;  // by the coordinator, during the statement
bool left = false;    // a process of the coordinator without its having answered
int first = 0;        // of the hosts that the next connection tries

void Close() {
  if (connection != nullptr) PQfinish(connection);
  connection = nullptr;
}

bool HasField(const PGresult* result, int field, const char* text) {
  const char* value = PQresultErrorField(result, field);
  return value != nullptr && strcmp(value, text) == 0;
}

// A warning comes where the wait for a standby was cancelled: the commit may be lost yet. Others
// may come with the library that is loaded there, and say nothing of the commit.
void OnNotice(void*, const PGresult* result) {
  warned |=
      HasField(result, PG_DIAG_SEVERITY_NONLOCALIZED, "WARNING") &&
      (HasField(result, PG_DIAG_SQLSTATE, "01000") || HasField(result, PG_DIAG_SQLSTATE, "57P01"));
}

int64_t MonotonicMs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1000000;
}

// False if the time is up, or this process is to end.
bool Await(int events, int64_t deadline_ms) {
  const int64_t left_ms = deadline_ms - MonotonicMs();
  if (left_ms <= 0) return false;
  const int what = WaitLatchOrSocket(
      MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH | events, PQsocket(connection),
      static_cast<long>(left_ms), compat::RegistryWaitEvent());
  if (what & WL_LATCH_SET) ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
  return !EndAsked();
}

// What happened, and libpq's message or the coordinator's, if there is one. They may have several
// lines, and end with a newline.
void Tell(char* trouble, const char* what, const char* message) {
  const bool silent = message == nullptr || message[0] == '\0';
  snprintf(trouble, kMaxTrouble, silent ? "%s." : "%s: %s", what, message);
  for (char* c = trouble; *c != '\0'; c++)
    if (*c == '\n' || *c == '\t') *c = ' ';
  for (size_t i = strlen(trouble); i > 0 && trouble[i - 1] == ' '; i--) trouble[i - 1] = '\0';
  trouble[pg_mbcliplen(trouble, static_cast<int>(strlen(trouble)), kMaxTrouble - 1)] = '\0';
}

bool Fail(char* trouble, const char* what, const char* message) {
  Tell(trouble, what, message);
  Close();
  return false;
}

// The host has had its time: another is first next time.
bool TimedOut(char* trouble, const char* what) {
  char message[kMaxTrouble];
  snprintf(message, sizeof message, "connection to server at \"%s\", port %s timed out",
           PQhost(connection), PQport(connection));
  first++;
  return Fail(trouble, what, message);
}

// A URI with an @ or / in its password that should be %40 or %2F parses, and has a part of the
// password where libpq's messages would tell it.
bool IsMisread(const PQconninfoOption* options) {
  if (strstr(settings::coordinator, "://") == nullptr) return false;
  for (const PQconninfoOption* o = options; o->keyword != nullptr; o++) {
    if (o->val == nullptr) continue;
    if (strcmp(o->keyword, "port") == 0 && o->val[strspn(o->val, "0123456789,")] != '\0')
      return true;
    if ((strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "dbname") == 0) &&
        strchr(o->val, '@') != nullptr)
      return true;
  }
  return false;
}

// A list that begins with another of its items, the others behind it; null for null.
char* Rotate(const char* list, int by) {
  if (list == nullptr) return nullptr;
  int count = 1;
  for (const char* c = list; *c != '\0'; c++) count += *c == ',';
  const char* begin = list;
  for (int i = 0; i < by % count; i++) begin = strchr(begin, ',') + 1;
  if (begin == list) return pstrdup(list);
  return psprintf("%s,%.*s", begin, static_cast<int>(begin - 1 - list), list);
}

// Begins to connect; false if detid.coordinator is not what it should be. libpq itself goes on to
// the next host only when one refuses, so one that is silent must not stay the first.
bool StartConnection(char* trouble) {
  PQconninfoOption* options = PQconninfoParse(settings::coordinator, nullptr);
  if (options == nullptr || IsMisread(options)) {
    PQconninfoFree(options);
    return Fail(trouble, "detid.coordinator is not a valid connection string", nullptr);
  }
  // What comes later counts.
  const char* keywords[] = {"fallback_application_name",
                            "dbname",
                            "client_encoding",
                            "host",
                            "hostaddr",
                            "port",
                            nullptr};
  const char* values[] = {
      "pg_detid", settings::coordinator, GetDatabaseEncodingName(), nullptr, nullptr, nullptr,
      nullptr};
  char* rotated[3] = {};
  for (int i = 0; i < 3; i++)
    for (const PQconninfoOption* o = options; o->keyword != nullptr; o++)
      if (strcmp(o->keyword, keywords[3 + i]) == 0)
        values[3 + i] = rotated[i] = Rotate(o->val, first);
  connection = PQconnectStartParams(keywords, values, 1);
  for (char* list : rotated)
    if (list != nullptr) pfree(list);
  PQconninfoFree(options);
  return connection != nullptr || Fail(trouble, "Memory is short", nullptr);
}

bool Connect(int64_t deadline_ms, char* trouble) {
  if (!StartConnection(trouble)) return false;
  constexpr char kUnreachable[] = "The coordinator cannot be reached";
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  for (;;) {
    if (PQstatus(connection) == CONNECTION_BAD || next == PGRES_POLLING_FAILED)
      return Fail(trouble, kUnreachable, PQerrorMessage(connection));
    if (next == PGRES_POLLING_OK) break;
    const int events =
        next == PGRES_POLLING_READING ? WL_SOCKET_READABLE : int{WL_SOCKET_CONNECTED};
    if (!Await(events, deadline_ms)) return TimedOut(trouble, kUnreachable);
    next = PQconnectPoll(connection);
  }
  PQsetNoticeReceiver(connection, OnNotice, nullptr);
  if (PQsetnonblocking(connection, 1) != 0)
    return Fail(trouble, kUnreachable, PQerrorMessage(connection));
  return true;
}

bool Send(const char* statement, int count, const char* const* values, int64_t deadline_ms,
          char* trouble) {
  constexpr char kDeaf[] = "The coordinator cannot be asked";
  if (PQsendQueryParams(connection, statement, count, nullptr, values, nullptr, nullptr, 0) == 0)
    return Fail(trouble, kDeaf, PQerrorMessage(connection));
  for (int left; (left = PQflush(connection)) != 0;) {
    if (left < 0) return Fail(trouble, kDeaf, PQerrorMessage(connection));
    if (!Await(WL_SOCKET_WRITEABLE, deadline_ms)) return TimedOut(trouble, kDeaf);
  }
  return true;
}

constexpr char kLost[] = "The coordinator did not answer";

// Until PQgetResult does not wait.
bool AwaitResult(int64_t deadline_ms, char* trouble) {
  while (PQisBusy(connection)) {
    if (!Await(WL_SOCKET_READABLE, deadline_ms)) {
      left = true;
      return TimedOut(trouble, kLost);
    }
    if (PQconsumeInput(connection) == 0) return Fail(trouble, kLost, PQerrorMessage(connection));
  }
  return true;
}

// What was left would wait on, as for a standby that is not there, and each time there would be one
// more of them. It may be at another host than this one, so until a heartbeat is answered.
bool EndWhatWasLeft(int64_t deadline_ms, char* trouble) {
  constexpr char kEnd[] =
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
      "WHERE state = 'active' AND pid <> pg_catalog.pg_backend_pid() "
      "AND pg_catalog.starts_with(query, $1)";
  if (!left) return true;
  const char* values[] = {HeartbeatMark()};
  bool ended = Send(kEnd, 1, values, deadline_ms, trouble);
  for (bool more = ended; more;) {
    ended = AwaitResult(deadline_ms, trouble);
    PGresult* result = ended ? PQgetResult(connection) : nullptr;
    more = result != nullptr;
    PQclear(result);
  }
  return ended;
}

// An error of the coordinator.
struct ServerError {
  char message[kMaxTrouble] = "";  // and its hint
  char state[6] = "";              // SQLSTATE; empty: libpq's own
  bool fatal = true;               // there is no connection any more

  bool Is(const char* class_or_state) const {
    return strncmp(state, class_or_state, strlen(class_or_state)) == 0;
  }
};

ServerError ErrorOf(const PGresult* result) {
  ServerError e;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (primary == nullptr) primary = PQresultErrorMessage(result);
  PrintClipped(e.message, sizeof e.message, hint == nullptr ? "%s" : "%s. %s", primary, hint);
  strlcpy(e.state, state == nullptr ? "" : state, sizeof e.state);
  e.fatal = e.state[0] == '\0' || e.Is("08") || e.Is("57P") ||
            HasField(result, PG_DIAG_SEVERITY_NONLOCALIZED, "FATAL");
  return e;
}

Asked Judge(const ServerError& error, char* trouble) {
  if (error.fatal) {
    Fail(trouble, kLost, error.message);
    return Asked::kNoAnswer;
  }
  constexpr char kRefused[] = "The coordinator refused to answer";
  Tell(trouble, kRefused, error.message);
  // A deadlock, a shortage, a wait that was cancelled: the same may do soon.
  for (const char* passing : {"40", "53", "55P03", "57014"})
    if (error.Is(passing)) return Asked::kNoAnswer;
  // What mends others may be seen in new sessions only.
  Close();
  if (error.Is("25006")) first++;  // as at a standby
  return Asked::kRefused;
}

// The result of the statement; the last one counts, as there is but one. They are read to the end:
// else the coordinator's log complains of the connection that is closed.
Asked Receive(int64_t deadline_ms, Reply* reply, char* trouble) {
  bool good = false, answered = false;
  ServerError error;
  for (;;) {
    if (!AwaitResult(deadline_ms, trouble)) return Asked::kNoAnswer;
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) break;
    good = PQresultStatus(result) == PGRES_TUPLES_OK;
    answered = good && ParseReply(result, reply);
    if (!good) error = ErrorOf(result);
    PQclear(result);
    if (!good && error.fatal) break;
  }
  if (warned) {
    Fail(trouble, "The coordinator's answer may not have reached its standby", nullptr);
    return Asked::kNoAnswer;
  }
  if (!good) return Judge(error, trouble);
  if (!answered) {
    Fail(trouble, "The coordinator's answer is not understood: it has another version", nullptr);
    return Asked::kRefused;
  }
  left = false;
  return Asked::kAnswered;
}

Asked AskOnConnection(const Question& question, int64_t deadline_ms, Reply* reply, char* trouble) {
  warned = false;
  if (connection == nullptr && !Connect(deadline_ms, trouble)) return Asked::kNoAnswer;
  if (!EndWhatWasLeft(deadline_ms, trouble)) return Asked::kNoAnswer;
  const HeartbeatParameters parameters(question);
  warned = false;
  if (!Send(HeartbeatStatement(), HeartbeatParameters::kCount, parameters.values(), deadline_ms,
            trouble))
    return Asked::kNoAnswer;
  return Receive(deadline_ms, reply, trouble);
}

}  // namespace

Asked AskCoordinator(const Question& question, int timeout_ms, Reply* reply, char* trouble) {
  const int64_t deadline_ms = MonotonicMs() + timeout_ms;
  const bool kept = connection != nullptr;
  const Asked asked = AskOnConnection(question, deadline_ms, reply, trouble);
  // A connection that was idle may have ended long ago: that is no answer yet. To ask the same
  // twice does no harm.
  const bool ended = asked == Asked::kNoAnswer && connection == nullptr && !warned;
  if (!kept || !ended || MonotonicMs() >= deadline_ms) return asked;
  return AskOnConnection(question, deadline_ms, reply, trouble);
}

}  // namespace detid
