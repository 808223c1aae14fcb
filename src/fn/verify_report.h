// SPDX-License-Identifier: PostgreSQL
//
// What verify_ledger says: one row a problem.

#pragma once

#include "core/ledger_digest.h"
#include "fn/record.h"

namespace detid {

struct Report {
  ReturnSetInfo* set;

  // `key`: of the row; null if it is of none that is there.
  void Add(const char* problem, const RowKey* key, const char* detail) {
    Record<6> row;
    row.AddText(problem);
    if (key != nullptr) {
      row.Add(Int64GetDatum(static_cast<int64_t>(key->definition)));
      row.Add(Int32GetDatum(key->node));
      row.Add(Int32GetDatum(key->worker));
      row.Add(Int64GetDatum(static_cast<int64_t>(key->position)));
    } else {
      row.Skip(4);
    }
    row.AddText(detail);
    row.Put(set);
  }
};

}  // namespace detid
