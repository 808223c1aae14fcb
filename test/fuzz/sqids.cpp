// SPDX-License-Identifier: PostgreSQL
//
// Any numbers come back from their id, unless every id is blocked; what any text decodes to is
// encoded and decoded to the same. The first bytes choose the alphabet, the minimum length and the
// block list.

#include "core/sqids.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view kAlphabets[] = {detid::kSqidsLetters, "abc", "AbCd", "0123456789abcdef",
                                           "!-~_.x5"};

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireRoundTrip(const detid::SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                      int min_length, const detid::SqidsBlockList& blocked) {
  const detid::Result<size_t> length = detid::SqidsLength(alphabet, numbers, min_length);
  Require(length.ok());
  std::vector<char> id(length.value);
  const detid::Result<size_t> n =
      detid::EncodeSqids(alphabet, numbers, min_length, blocked, id.data());
  if (!n.ok()) {
    Require(n.status.code == detid::Code::kSqidsBlocked);
    return;
  }
  Require(n.value == length.value);
  const std::string_view text(id.data(), n.value);
  Require(numbers.empty() ? n.value == 0
                          : n.value >= static_cast<size_t>(min_length) && !blocked.Blocks(text));
  std::vector<int64_t> back(numbers.size());
  Require(detid::DecodeSqids(alphabet, text, back.data(), back.size()) == numbers.size());
  Require(std::equal(numbers.begin(), numbers.end(), back.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::string_view words[] = {rest.substr(0, 3), rest.substr(0, 4),
                                    rest.substr(std::min<size_t>(1, rest.size()), 5)};
  const detid::SqidsBlockList blocked =
      data[2] % 2 ? detid::SqidsBlockList::Default() : detid::SqidsBlockList::Of(words);

  // The rest is an alphabet,
  const detid::Result<detid::SqidsAlphabet> own = detid::SqidsAlphabetOf(rest);
  if (own.ok()) Require(static_cast<size_t>(own.value.size) == rest.size());
  const detid::SqidsAlphabet alphabet =
      own.ok() ? own.value
               : detid::SqidsAlphabetOf(kAlphabets[data[0] % std::size(kAlphabets)]).value;

  // numbers,
  std::vector<int64_t> numbers((rest.size() + 7) / 8);
  if (!rest.empty()) std::memcpy(numbers.data(), rest.data(), rest.size());
  for (int64_t& number : numbers) number &= INT64_MAX;
  RequireRoundTrip(alphabet, numbers, data[1], blocked);

  // and an id.
  numbers.resize(detid::DecodeSqids(alphabet, rest, nullptr, 0));
  Require(detid::DecodeSqids(alphabet, rest, numbers.data(), numbers.size()) == numbers.size());
  RequireRoundTrip(alphabet, numbers, data[1], blocked);
  return 0;
}
