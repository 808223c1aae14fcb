// SPDX-License-Identifier: PostgreSQL
//
// Record: one composite result, filled column by column; what is not set is NULL.

#pragma once

#include "pg/pg.h"

namespace detid {

// The row type that the function returns, looked up once a query and kept in `known`.
inline TupleDesc ResultDescriptor(FunctionCallInfo fcinfo, TupleDesc* known) {
  if (*known == nullptr) {
    TupleDesc desc;
    if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    const MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    *known = BlessTupleDesc(CreateTupleDescCopy(desc));
    MemoryContextSwitchTo(old);
  }
  return *known;
}

// The same, of a function that has no other use for fn_extra.
inline TupleDesc ResultDescriptor(FunctionCallInfo fcinfo) {
  return ResultDescriptor(fcinfo, reinterpret_cast<TupleDesc*>(&fcinfo->flinfo->fn_extra));
}

template <int kColumns>
struct Record {
  Datum values[kColumns];
  bool nulls[kColumns];
  int next = 0;

  Record() {
    for (bool& null : nulls) null = true;
  }
  void Add(Datum value) {
    nulls[next] = false;
    values[next++] = value;
  }
  void AddText(const char* s) { Add(CStringGetTextDatum(s)); }
  void Skip(int columns = 1) { next += columns; }

  Datum Return(FunctionCallInfo fcinfo) { return Return(ResultDescriptor(fcinfo)); }
  Datum Return(TupleDesc desc) {
    Assert(desc->natts == kColumns && next == kColumns);
    return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
  }
  void Put(ReturnSetInfo* set) {
    Assert(next == kColumns);
    tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
  }
};

}  // namespace detid
