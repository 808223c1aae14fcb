// SPDX-License-Identifier: PostgreSQL
//
// hashids_encode, hashids_decode: short texts for numbers, as Hashids' implementations make them.

#include "core/hashids.h"

#include "fn/numbers.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

// Arguments 1 and 3: salt, alphabet.
Hashids HashidsArguments(FunctionCallInfo fcinfo) {
  const Result<Hashids> hashids = HashidsOf(View(PG_GETARG_TEXT_PP(1)), View(PG_GETARG_TEXT_PP(3)));
  if (!hashids.ok()) Raise(hashids.status);
  return hashids.value;
}

size_t LengthOrRaise(const Hashids& hashids, std::span<const int64_t> numbers, int min_length) {
  const Result<size_t> length = HashidsLength(hashids, numbers, min_length);
  if (!length.ok()) Raise(length.status);
  return length.value;
}

// Arguments: what `numbers` were read from, salt, min_length, alphabet.
Datum Encode(FunctionCallInfo fcinfo, std::span<const int64_t> numbers) {
  const Hashids hashids = HashidsArguments(fcinfo);
  const int min_length = PG_GETARG_INT32(2);
  text* id = TextOfLength(LengthOrRaise(hashids, numbers, min_length), Code::kHashidsInvalid);
  EncodeHashids(hashids, numbers, min_length, VARDATA(id), CheckForInterrupts);
  return PointerGetDatum(id);
}

}  // namespace

// hashids_encode(numbers bigint[], salt, min_length, alphabet) -> text
DETID_FUNCTION(detid_hashids_encode) {
  return Encode(fcinfo, NumbersArgument(fcinfo, 0));
}

// hashids_encode(number bigint, salt, min_length, alphabet) -> text
DETID_FUNCTION(detid_hashids_encode_one) {
  const int64_t number = PG_GETARG_INT64(0);
  return Encode(fcinfo, {&number, 1});
}

// hashids_decode(id, salt, min_length, alphabet) -> bigint[]
DETID_FUNCTION(detid_hashids_decode) {
  const Hashids hashids = HashidsArguments(fcinfo);
  const int min_length = PG_GETARG_INT32(2);
  LengthOrRaise(hashids, {}, min_length);
  const std::string_view id = View(PG_GETARG_TEXT_PP(0));
  const size_t count = HashidsCount(hashids, id);
  if (count == 0 || count > kMostNumbers) return NumbersDatum(nullptr, 0);
  int64_t* numbers = static_cast<int64_t*>(palloc(count * sizeof(int64_t)));
  char* again = static_cast<char*>(palloc(id.size()));
  const bool is_id = DecodeHashids(hashids, id, min_length, numbers, again, CheckForInterrupts);
  return NumbersDatum(numbers, is_id ? count : 0);
}

}  // namespace detid
