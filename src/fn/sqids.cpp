// SPDX-License-Identifier: PostgreSQL
//
// sqids_encode, sqids_decode: short texts for numbers.

#include "core/sqids.h"
#include "fn/numbers.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

SqidsAlphabet AlphabetArgument(FunctionCallInfo fcinfo, int argument) {
  const Result<SqidsAlphabet> alphabet = SqidsAlphabetOf(View(PG_GETARG_TEXT_PP(argument)));
  if (!alphabet.ok()) Raise(alphabet.status);
  return alphabet.value;
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
  text* id = TextOfLength(length.value, Code::kSqidsInvalid);
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
  if (count > kMostNumbers) return NumbersDatum(nullptr, 0);
  const int64_t* numbers = few;
  if (count > kFew) {
    int64_t* all = static_cast<int64_t*>(palloc(count * sizeof(int64_t)));
    DecodeSqids(alphabet, id, all, count, CheckForInterrupts);
    numbers = all;
  }
  return NumbersDatum(numbers, count);
}

}  // namespace detid
