// SPDX-License-Identifier: PostgreSQL
//
// Segments: closed parts of the ledger, children of detid._ledger that fn/segments.cpp makes. They
// are read along, and nothing is written into them.
//
// Invariant:
//   C1  an id that a segment has is not recorded again: rows that are written are looked for there,
//       where they may be. A stream's positions rise but for transactions that were open when the
//       segment was closed, so nearly always one comparison tells that they are not. A segment that
//       is being moved or detached is not looked into meanwhile.

#pragma once

#include "core/ledger_digest.h"
#include "pg/pg.h"

namespace detid {

// Whether it is one that is attached.
bool IsSegment(Oid relation);

// The same, and it has its key and its guards: one that a dump restores is made step by step, in
// any order.
bool IsGuardedSegment(Oid relation);

// Whether a segment may have this name in the schema detid.
bool IsSegmentName(const char* name);

// Whether a segment has a row of this key. Looks only where the stream's last row does not tell.
// REQUIRES: an active snapshot.
bool IsInSegment(const RowKey& key);

// What module.cpp tells.
namespace segments {
void OnRelationChange(Oid relation);  // InvalidOid: any
}  // namespace segments

}  // namespace detid
