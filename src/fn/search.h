// SPDX-License-Identifier: PostgreSQL
//
// The search for the ledger's entry that holds an id.
//
// Where a layout shows its time, the id tells the position, and the entry is the last one of its
// stream that begins there or before (A8 of state/ledger_row.h): one descent of the index of each
// table. Nodes and pinned clocks that the id does not show are tried one by one. A layout without
// time has its entries looked through.

#pragma once

#include "core/definition.h"
#include "fn/entries.h"

namespace detid {

// Calls found(entry, ordinal from 0) with the entry of the generator that holds the id, if there is
// one; whether there was.
bool FindEntry(EntryReader* reader, Oid generator, const Definition& definition, const Bits& id,
               void (*found)(const Entry&, int, void*), void* context);

template <typename Found>
bool FindEntry(EntryReader* reader, Oid generator, const Definition& definition, const Bits& id,
               Found found) {
  return FindEntry(
      reader, generator, definition, id,
      [](const Entry& e, int i, void* context) { (*static_cast<Found*>(context))(e, i); }, &found);
}

}  // namespace detid
