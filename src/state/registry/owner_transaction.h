// SPDX-License-Identifier: PostgreSQL
//
// Transactions of the registry client, in a database that may be anybody's (B1, B2 of client.h).

#pragma once

#include <cstdint>

#include "pg/pg.h"
#include "state/registry/registration.h"

namespace detid {

enum class Done : uint8_t { kYes, kNotInstalled, kLocked };

// Runs `body` in a transaction of its own, with SPI and a snapshot, as the owner of the tables.
// False, and it is not run, if they are not the extension's.
template <typename Body>
bool RunAsOwner(Body body) {
  Oid user = InvalidOid;
  int context = 0;
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
  KeepExtension();
  const Oid owner = OwnerOfRegistration();
  GetUserIdAndSecContext(&user, &context);
  if (OidIsValid(owner)) {
    SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    body();
    SPI_finish();
  }
  PopActiveSnapshot();
  CommitTransactionCommand();
  SetUserIdAndSecContext(user, context);
  return OidIsValid(owner);
}

// As RunAsOwner, waiting for locks up to `patience_ms`; 0: without end.
template <typename Body>
Done InTransaction(int patience_ms, Body body) {
  char timeout[16];
  snprintf(timeout, sizeof timeout, "%d", patience_ms);
  SetConfigOption("lock_timeout", timeout, PGC_SUSET, PGC_S_OVERRIDE);
  volatile Done done = Done::kLocked;
  PG_TRY();
  { done = RunAsOwner(body) ? Done::kYes : Done::kNotInstalled; }
  PG_CATCH();
  {
    if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE) PG_RE_THROW();
    AbortCurrentTransaction();
    FlushErrorState();
  }
  PG_END_TRY();
  return done;
}

}  // namespace detid
