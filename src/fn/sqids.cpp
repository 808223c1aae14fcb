// SPDX-License-Identifier: PostgreSQL
//
// sqids_encode, sqids_decode: short texts for numbers.

#include "core/sqids.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

// What an array of bigint has room for.
constexpr size_t kMostNumbers = (MaxAllocSize - 100) / sizeof(int64_t);

void CheckForInterrupts() {
  CHECK_FOR_INTERRUPTS();
}

SqidsAlphabet AlphabetArgument(FunctionCallInfo fcinfo, int argument) {
  const Result<SqidsAlphabet> alphabet = SqidsAlphabetOf(View(PG_GETARG_TEXT_PP(argument)));
  if (!alphabet.ok()) Raise(alphabet.status);
  return alphabet.value;
}

void RequireList(ArrayType* array, const char* what) {
  if (ARR_NDIM(array) > 1)
    Raise(Error::kArgumentInvalid, "The array of %s has %d dimensions; it must have one.", what,
          ARR_NDIM(array));
  if (!array_contains_nulls(array)) return;
  int null = 0;
  while (!att_isnull(null, ARR_NULLBITMAP(array))) null++;
  Raise(Error::kNullElement, "Element %d of the %s is NULL.", null + 1, what);
}

// The array's elements, where they lie.
std::span<const int64_t> NumbersArgument(FunctionCallInfo fcinfo, int argument) {
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  RequireList(array, "numbers");
  return {reinterpret_cast<const int64_t*>(ARR_DATA_PTR(array)),
          static_cast<size_t>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)))};
}

SqidsBlockList BlockListArgument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return SqidsBlockList::Default();
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  RequireList(array, "blocked words");
  Datum* elements;
  int count;
  deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr, &count);
  const Size bytes = static_cast<Size>(count) * sizeof(std::string_view);
  std::string_view* words = static_cast<std::string_view*>(palloc(bytes));
  for (int i = 0; i < count; i++) words[i] = View(DatumGetTextPP(elements[i]));
  return SqidsBlockList::Of({words, static_cast<size_t>(count)});
}

// Arguments: what `numbers` were read from, alphabet, min_length, blocklist.
Datum Encode(FunctionCallInfo fcinfo, std::span<const int64_t> numbers) {
  const SqidsAlphabet alphabet = AlphabetArgument(fcinfo, 1);
  const int min_length = PG_GETARG_INT32(2);
  const Result<size_t> length = SqidsLength(alphabet, numbers, min_length);
  if (!length.ok()) Raise(length.status);
  if (length.value > MaxAllocSize - VARHDRSZ)
    Raise(Status::Error(Code::kSqidsInvalid, "Their id has %zu characters; a text holds up to %zu.",
                        length.value, static_cast<size_t>(MaxAllocSize - VARHDRSZ)));
  text* id = static_cast<text*>(palloc(length.value + VARHDRSZ));
  SET_VARSIZE(id, length.value + VARHDRSZ);
  const Result<size_t> n = EncodeSqids(alphabet, numbers, min_length, BlockListArgument(fcinfo, 3),
                                       VARDATA(id), CheckForInterrupts);
  if (!n.ok()) Raise(n.status);
  return PointerGetDatum(id);
}

// The block list alone may be NULL.
bool AnyNull(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2);
}

}  // namespace

// sqids_encode(numbers bigint[], alphabet, min_length, blocklist) -> text
DETID_FUNCTION(detid_sqids_encode) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  return Encode(fcinfo, NumbersArgument(fcinfo, 0));
}

// sqids_encode(number bigint, alphabet, min_length, blocklist) -> text
DETID_FUNCTION(detid_sqids_encode_one) {
  if (AnyNull(fcinfo)) PG_RETURN_NULL();
  const int64_t number = PG_GETARG_INT64(0);
  return Encode(fcinfo, {&number, 1});
}

// sqids_decode(id, alphabet) -> bigint[]
DETID_FUNCTION(detid_sqids_decode) {
  const SqidsAlphabet alphabet = AlphabetArgument(fcinfo, 1);
  const std::string_view id = View(PG_GETARG_TEXT_PP(0));
  constexpr size_t kFew = 64;
  int64_t few[kFew];
  const size_t count = DecodeSqids(alphabet, id, few, kFew, CheckForInterrupts);
  if (count == 0 || count > kMostNumbers)
    PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
  const int64_t* numbers = few;
  if (count > kFew) {
    int64_t* all = static_cast<int64_t*>(palloc(count * sizeof(int64_t)));
    DecodeSqids(alphabet, id, all, count, CheckForInterrupts);
    numbers = all;
  }
  Datum* elements = static_cast<Datum*>(palloc(count * sizeof(Datum)));
  for (size_t i = 0; i < count; i++) elements[i] = Int64GetDatum(numbers[i]);
  PG_RETURN_ARRAYTYPE_P(construct_array(elements, static_cast<int>(count), INT8OID, sizeof(int64_t),
                                        FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace detid
