// SPDX-License-Identifier: PostgreSQL
//
// unfence, retire_node and claim_registration of the node itself: an operator's command, stored in
// detid._registration. The registry client (state/registry/client.h) acts on it.

#include "fn/patience.h"
#include "pg/as_owner.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/databases.h"
#include "state/duplicate.h"
#include "state/registry/registration.h"
#include "state/settings.h"

namespace detid {
namespace {

// Stores an operator's command; the registry client looks when that is committed.
void StoreWord(const char* function, bool claims, bool retires, bool unfenced) {
  PreventCommandIfReadOnly(function);
  if (shared == nullptr) Raise(Error::kNotPreloaded);
  RequireRights("_registration", ACL_SELECT | ACL_UPDATE);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  char holder[512];
  snprintf(holder, sizeof holder, kHolderOfRow, "_registration", "true");
  const Holder who = HolderFound(Query().Read(holder, Seen::kNow));
  Patiently(who, [&] {
    WriteCommand(claims, retires, unfenced, LookAtDatabase(MyDatabaseId).fence_count);
  });
  SPI_finish();
  FollowCommandAtCommit();
}

}  // namespace

// unfence(). A node that is not fenced, by its row or in memory, goes on without asking anybody.
DETID_FUNCTION(detid_unfence) {
  const bool stopped = DuplicateRule().refused;
  if (stopped) EndDuplicates();
  StoredRegistration stored;
  if (ReadRegistration(&stored) && StoppedBy(stored) == Reason::kNone &&
      (LookAtDatabase(MyDatabaseId).fenced & Fence::kRow) == 0) {
    if (!stopped) ereport(NOTICE, (errmsg("this node is not fenced")));
    PG_RETURN_VOID();
  }
  StoreWord("unfence()", false, false, true);
  PG_RETURN_VOID();
}

// retire_node(). Nothing is minted from the commit on; that the registry knows is in the log.
DETID_FUNCTION(detid_retire_node) {
  if (!settings::registers()) Raise(Error::kNotANode);
  StoreWord("retire_node()", false, true, false);
  PG_RETURN_VOID();
}

// claim_registration()
DETID_FUNCTION(detid_claim_registration) {
  if (!settings::registers()) Raise(Error::kNotANode);
  StoreWord("claim_registration()", true, false, true);
  PG_RETURN_VOID();
}

}  // namespace detid
