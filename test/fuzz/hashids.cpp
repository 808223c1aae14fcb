// SPDX-License-Identifier: PostgreSQL
//
// Any numbers come back from their id; of any text that is read, encoding the numbers gives the
// text. The first bytes choose the alphabet, the minimum length and how much of the rest is the
// salt.

#include "core/hashids.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view kAlphabets[] = {detid::kHashidsLetters, "0123456789abcdef",
                                           "cCsSfFhHuUiItT01", "abdegjklmnopqrSF",
                                           "!-~_.x5abcdefghijklmnop"};

void Require(bool holds) {
  if (!holds) std::abort();
}

// The numbers of an id; none if it is none.
std::vector<int64_t> Read(const detid::Hashids& hashids, std::string_view id, int min_length) {
  std::vector<int64_t> numbers(detid::HashidsCount(hashids, id));
  std::vector<char> again(id.size());
  if (numbers.empty() ||
      !detid::DecodeHashids(hashids, id, min_length, numbers.data(), again.data()))
    return {};
  return numbers;
}

std::vector<char> Write(const detid::Hashids& hashids, const std::vector<int64_t>& numbers,
                        int min_length) {
  const detid::Result<size_t> length = detid::HashidsLength(hashids, numbers, min_length);
  Require(length.ok());
  std::vector<char> id(length.value);
  Require(detid::EncodeHashids(hashids, numbers, min_length, id.data()) == id.size());
  Require(numbers.empty() ? id.empty() : id.size() >= static_cast<size_t>(min_length));
  return id;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::string_view salt = rest.substr(0, data[2] % 32);
  const int min_length = data[1];

  // The rest is an alphabet,
  const detid::Result<detid::Hashids> own = detid::HashidsOf(salt, rest);
  const detid::Result<detid::Hashids> given =
      own.ok() ? own : detid::HashidsOf(salt, kAlphabets[data[0] % std::size(kAlphabets)]);
  if (!given.ok()) {
    Require(given.status.code == detid::Code::kHashidsInvalid);
    return 0;
  }
  const detid::Hashids& hashids = given.value;
  Require(hashids.alphabet.size >= 2 && hashids.separators.size > 0 && hashids.guards.size > 0);

  // numbers,
  std::vector<int64_t> numbers((rest.size() + 7) / 8);
  if (!rest.empty()) std::memcpy(numbers.data(), rest.data(), rest.size());
  for (int64_t& number : numbers) number &= INT64_MAX;
  const std::vector<char> id = Write(hashids, numbers, min_length);
  Require(Read(hashids, {id.data(), id.size()}, min_length) == numbers);

  // and an id.
  const std::vector<int64_t> read = Read(hashids, rest, min_length);
  if (read.empty()) return 0;
  const std::vector<char> again = Write(hashids, read, min_length);
  Require(rest == std::string_view(again.data(), again.size()));
  return 0;
}
