// SPDX-License-Identifier: PostgreSQL

#include "fn/patience.h"

#include <algorithm>

#include "pg/errors.h"
#include "state/settings.h"

extern "C" {
#include "utils/timeout.h"
}

namespace detid {
namespace {

constexpr int kLimitMs = 2000;     // of a transaction, beside what it waits for locks
constexpr int kPatienceMs = 3000;  // beyond that limit

TimeoutId timeout;
bool limited = false;    // this transaction
char role[NAMEDATALEN];  // that asked: while it is aborted, no catalog can be read
volatile sig_atomic_t expired = 0;

// In a signal handler. Ends the session as pg_terminate_backend() does.
void Expire() {
  expired = 1;
  ProcDiePending = true;
  InterruptPending = true;
  SetLatch(MyLatch);
}

}  // namespace

// A commit may have to wait for a standby: what was asked is done by then.
void patience::OnTransaction(XactEvent event) {
  if (!limited) return;
  if (event == XACT_EVENT_PRE_PREPARE) Raise(Error::kHeartbeatPrepared);
  if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
    return;
  disable_timeout(timeout, false);
  if (event == XACT_EVENT_PRE_COMMIT) CHECK_FOR_INTERRUPTS();
  limited = false;
  if (event == XACT_EVENT_ABORT && expired)
    ereport(
        LOG,
        (errmsg("a session of role %s is ended: its transaction went on after _heartbeat()", role),
         errdetail("Others may wait for what it has locked; it may last %d ms.",
                   HeartbeatLimitMs())));
}

int HeartbeatLockMs() {
  return static_cast<int>(std::clamp<int64_t>(int64_t{settings::lease_s} * 1000 / 6, 500, 10000));
}

int HeartbeatLimitMs() {
  return HeartbeatLockMs() + kLimitMs;
}

void LimitThisTransaction() {
  static bool registered = false;
  if (!registered) {
    timeout = RegisterTimeout(USER_TIMEOUT, Expire);
    registered = true;
  }
  if (limited) return;  // another heartbeat in it does not prolong it
  const char* name = GetUserNameFromId(GetSessionUserId(), true);
  strlcpy(role, name == nullptr ? "?" : name, sizeof role);
  limited = true;
  enable_timeout_after(timeout, HeartbeatLimitMs());
}

Holder HolderFound(uint64_t rows) {
  Holder h;
  if (rows == 0 || TextAt(0, 1) == nullptr) {
    snprintf(h.detail, sizeof h.detail, "Another session or a prepared transaction has locked it.");
    snprintf(h.hint, sizeof h.hint, "See pg_locks and pg_prepared_xacts, and end it.");
    return h;
  }
  const char* role = TextAt(0, 2);
  snprintf(h.detail, sizeof h.detail, "Session %s%s%.64s has locked it.", TextAt(0, 1),
           role == nullptr ? "" : " of role ", role == nullptr ? "" : role);
  snprintf(h.hint, sizeof h.hint, "If it does not end by itself: SELECT pg_terminate_backend(%s);",
           TextAt(0, 1));
  return h;
}

namespace internal {

int BeginPatience() {
  const int level = NewGUCNestLevel();
  const int ms = HeartbeatLimitMs() + kPatienceMs;
  if (LockTimeout == 0 || LockTimeout > ms)
    set_config_option("lock_timeout", psprintf("%d", ms), PGC_USERSET, PGC_S_SESSION,
                      GUC_ACTION_SAVE, true, 0, false);
  return level;
}

void EndPatience(int level) {
  AtEOXact_GUC(true, level);
}

void RaiseLocked(const Holder& holder) {
  ereport(ERROR,
          (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg_internal("%s", MessageOf(Error::kLocked)),
           errdetail_internal("%s", holder.detail), errhint("%s", holder.hint)));
  pg_unreachable();
}

}  // namespace internal
}  // namespace detid
