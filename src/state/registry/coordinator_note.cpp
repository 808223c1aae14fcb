// SPDX-License-Identifier: PostgreSQL

#include "state/registry/coordinator_note.h"

#include "pg/pg.h"

namespace detid {

CoordinatorNote FirstNote(Database* database, const CoordinatorNote& mine) {
  LWLockAcquire(shared->lock, LW_EXCLUSIVE);
  if (database->note.row != mine.row) database->note = mine;
  const CoordinatorNote first = database->note;
  LWLockRelease(shared->lock);
  return first;
}

}  // namespace detid
