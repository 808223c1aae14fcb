// SPDX-License-Identifier: PostgreSQL
//
// What a coordinator that has started, or was promoted, says of itself (fn/nodes.h) until that is
// stored. It is stored by the transaction of a node, which may last or be rolled back. All who find
// the row as it was say the same meanwhile: a floor that rose with each of them would keep nodes
// waiting, and a challenge under a secret of each one's own could not be answered.

#pragma once

#include "state/shared.h"

namespace detid {

// The first note for a version of the row: `mine`, if there is none yet.
CoordinatorNote FirstNote(Database* database, const CoordinatorNote& mine);

}  // namespace detid
