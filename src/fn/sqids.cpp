// SPDX-License-Identifier: PostgreSQL
//
// sqids_encode, sqids_decode: short texts for numbers.

#include "core/sqids.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

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
  char id[kMaxSqidsText];
  const Result<int> n =
      EncodeSqids(alphabet, numbers, PG_GETARG_INT32(2), BlockListArgument(fcinfo, 3), id);
  if (!n.ok()) Raise(n.status);
  return PointerGetDatum(cstring_to_text_with_len(id, n.value));
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
  // What is too long to be an id is not even fetched.
  if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > kMaxSqidsText + VARHDRSZ)
    PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
  int64_t numbers[kMaxSqidsNumbers];
  const Result<int> count = DecodeSqids(alphabet, View(PG_GETARG_TEXT_PP(0)), numbers);
  if (!count.ok()) Raise(count.status);
  Datum elements[kMaxSqidsNumbers];
  for (int i = 0; i < count.value; i++) elements[i] = Int64GetDatum(numbers[i]);
  PG_RETURN_ARRAYTYPE_P(construct_array(elements, count.value, INT8OID, sizeof(int64_t),
                                        FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace detid
