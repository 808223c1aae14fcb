// SPDX-License-Identifier: PostgreSQL
//
// unfence, retire_node and claim_registration of the node itself: an operator's word, stored in
// detid._registration. The registrar (state/registrar.h) acts on it.

#include "pg/errors.h"
#include "pg/pg.h"
#include "state/registration.h"
#include "state/settings.h"

namespace detid {
namespace {

// Changes what is stored, and has the registrar look when that is committed.
template <typename Change>
void ChangeStored(const char* function, Change change) {
  PreventCommandIfReadOnly(function);
  if (shared == nullptr) Raise(Error::kNotPreloaded);
  if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  const Oid schema = get_namespace_oid("detid", true);
  LockRelationOid(get_relname_relid("_registration", schema), ShareRowExclusiveLock);
  StoredRegistration stored;
  if (!ReadRegistration(&stored)) Raise(Error::kNoExtension);
  change(&stored);
  WriteRegistration(stored);
  SPI_finish();
}

}  // namespace

// unfence()
DETID_FUNCTION(detid_unfence) {
  ChangeStored("unfence()", [](StoredRegistration* s) {
    s->fenced = Reason::kNone;
    s->retires = false;
    // Confirmed it is no more, wherever it was.
    s->instance = 0;
  });
  ClearFenceAtCommit();
  PG_RETURN_VOID();
}

// retire_node(). Nothing is minted from the commit on; that the registry knows is in the log.
DETID_FUNCTION(detid_retire_node) {
  if (!settings::registers()) Raise(Error::kNotANode);
  ChangeStored("retire_node()", [](StoredRegistration* s) { s->retires = true; });
  SetFenceAtCommit();
  PG_RETURN_VOID();
}

// claim_registration()
DETID_FUNCTION(detid_claim_registration) {
  if (!settings::registers()) Raise(Error::kNotANode);
  ChangeStored("claim_registration()", [](StoredRegistration* s) {
    s->claims = true;
    s->fenced = Reason::kNone;
    s->instance = 0;
  });
  ClearFenceAtCommit();
  PG_RETURN_VOID();
}

}  // namespace detid
