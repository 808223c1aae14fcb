// SPDX-License-Identifier: PostgreSQL

#include "fn/numbers.h"

#include "pg/errors.h"

namespace detid {

void RequireList(ArrayType* array, const char* what) {
  if (ARR_NDIM(array) > 1)
    Raise(Error::kArgumentInvalid, "The array of %s has %d dimensions; it must have one.", what,
          ARR_NDIM(array));
  if (!array_contains_nulls(array)) return;
  int null = 0;
  while (!att_isnull(null, ARR_NULLBITMAP(array))) null++;
  Raise(Error::kNullElement, "Element %d of the %s is NULL.", null + 1, what);
}

std::span<const int64_t> NumbersArgument(FunctionCallInfo fcinfo, int argument) {
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  RequireList(array, "numbers");
  return {reinterpret_cast<const int64_t*>(ARR_DATA_PTR(array)),
          static_cast<size_t>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)))};
}

Datum NumbersDatum(const int64_t* numbers, size_t count) {
  if (count == 0) return PointerGetDatum(construct_empty_array(INT8OID));
  Datum* elements = static_cast<Datum*>(palloc(count * sizeof(Datum)));
  for (size_t i = 0; i < count; i++) elements[i] = Int64GetDatum(numbers[i]);
  return PointerGetDatum(construct_array(elements, static_cast<int>(count), INT8OID,
                                         sizeof(int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

text* TextOfLength(size_t length, Code code) {
  if (length > MaxAllocSize - VARHDRSZ)
    Raise(Status::Error(code, "Their id has %zu characters; a text holds up to %zu.", length,
                        static_cast<size_t>(MaxAllocSize - VARHDRSZ)));
  text* id = static_cast<text*>(palloc(length + VARHDRSZ));
  SET_VARSIZE(id, length + VARHDRSZ);
  return id;
}

void CheckForInterrupts() {
  CHECK_FOR_INTERRUPTS();
}

}  // namespace detid
