// SPDX-License-Identifier: PostgreSQL

#include "state/registry/server.h"

#include "pg/pg.h"
#include "state/origin.h"
#include "state/shared.h"

extern "C" {
#include "replication/walreceiver.h"
#include "tcop/tcopprot.h"
#include "utils/pidfile.h"
}

namespace detid {
namespace {

volatile sig_atomic_t end_asked = 0, at_once = 0;

void OnTerm(SIGNAL_ARGS) {
  const int error = errno;
  end_asked = 1;
  if (at_once) die(postgres_signal_arg);
  SetLatch(MyLatch);
  errno = error;
}

// Some server's message has come; one that is to be connected to does not count.
bool HasStreamed() {
  SpinLockAcquire(&WalRcv->mutex);
  const bool streamed = WalRcv->latestWalEnd != 0;
  SpinLockRelease(&WalRcv->mutex);
  return streamed;
}

}  // namespace

Began BeganHere(const StoredRegistration& s, const Origin& here) {
  if (s.began_instance == PlaceOf(here) && s.began_timeline == here.timeline) return s.began;
  switch (shared->signal_file) {
    case SignalFile::kStandby:
      return HasStreamed() ? Began::kPromoted : Began::kRecovered;
    case SignalFile::kRecovery:
      return Began::kRecovered;
    default:
      return Began::kPlainly;
  }
}

// The postmaster writes it before it ends anybody.
bool ServerStops() {
  FILE* file = AllocateFile("postmaster.pid", "r");
  if (file == nullptr) return false;
  char line[MAXPGPATH] = "";
  int n = 0;
  while (n < LOCK_FILE_LINE_PM_STATUS && fgets(line, sizeof line, file) != nullptr) n++;
  FreeFile(file);
  return n == LOCK_FILE_LINE_PM_STATUS &&
         strncmp(line, PM_STATUS_STOPPING, strlen(PM_STATUS_STOPPING)) == 0;
}

void EndWhenAsked() {
  pqsignal(SIGTERM, OnTerm);
}

bool EndAsked() {
  return end_asked != 0;
}

void ForgetEnd() {
  end_asked = 0;
}

void EndAtOnce(bool yes) {
  at_once = yes;
  if (yes && end_asked) die(SIGTERM);
}

}  // namespace detid
