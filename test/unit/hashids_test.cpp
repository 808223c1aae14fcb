// SPDX-License-Identifier: PostgreSQL

#include "core/hashids.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "hashids_vectors.h"

namespace detid {
namespace {

using Numbers = std::vector<int64_t>;
constexpr std::string_view kSalt = "this is my salt";

Hashids Of(std::string_view salt = "", std::string_view letters = kHashidsLetters) {
  const Result<Hashids> r = HashidsOf(salt, letters);
  EXPECT_TRUE(r.ok()) << letters << ": " << r.status.detail;
  return r.value;
}

std::string Encode(const Hashids& hashids, const Numbers& numbers, int min_length = 0) {
  const Result<size_t> length = HashidsLength(hashids, numbers, min_length);
  EXPECT_TRUE(length.ok()) << length.status.detail;
  std::string out(length.value, '?');
  EXPECT_EQ(EncodeHashids(hashids, numbers, min_length, out.data()), out.size());
  return out;
}

Numbers Decode(const Hashids& hashids, std::string_view id, int min_length = 0) {
  Numbers out(HashidsCount(hashids, id));
  std::string again(id.size(), '?');
  if (out.empty() || !DecodeHashids(hashids, id, min_length, out.data(), again.data())) return {};
  return out;
}

TEST(Hashids, EncodesAndDecodesAsItsOwnImplementation) {
  for (const HashidsVector& v : kHashidsVectors) {
    const Hashids hashids = Of(v.salt, v.alphabet);
    EXPECT_EQ(Encode(hashids, v.numbers, v.min_length), v.id);
    EXPECT_EQ(Decode(hashids, v.id, v.min_length), v.numbers) << v.id;
  }
}

TEST(Hashids, AnyNumbersComeBack) {
  std::mt19937_64 rng(1);
  const std::string_view alphabets[] = {kHashidsLetters, "0123456789abcdef", "cCsSfFhHuUiItT01",
                                        "abdegjklmnopqrSF", "abcdefghijklmnopq"};
  for (int i = 0; i < 5000; i++) {
    Numbers numbers(1 + rng() % 8);
    for (int64_t& n : numbers) n = static_cast<int64_t>(rng() >> (1 + rng() % 63));
    const std::string salt(kSalt.substr(0, rng() % kSalt.size()));
    const Hashids hashids = Of(salt, alphabets[rng() % std::size(alphabets)]);
    const int min_length = static_cast<int>(rng() % 200);
    const std::string id = Encode(hashids, numbers, min_length);
    ASSERT_EQ(Decode(hashids, id, min_length), numbers) << id;
    ASSERT_GE(id.size(), static_cast<size_t>(min_length));
  }
}

TEST(Hashids, NoNumbersAreTheEmptyText) {
  EXPECT_EQ(Encode(Of(), {}), "");
  EXPECT_EQ(Encode(Of(), {}, 10), "");
  EXPECT_EQ(Decode(Of(), ""), Numbers{});
}

TEST(Hashids, AnIdHoldsAnyNumberOfNumbers) {
  for (const size_t count : {100, 1000, 100000}) {
    Numbers numbers(count);
    std::iota(numbers.begin(), numbers.end(), INT64_MAX - static_cast<int64_t>(count));
    EXPECT_EQ(Decode(Of(kSalt), Encode(Of(kSalt), numbers)), numbers);
  }
}

TEST(Hashids, ALetterThatComesTwiceCountsOnce) {
  const std::string twice = std::string(kHashidsLetters) + "abc" + std::string(kHashidsLetters);
  EXPECT_EQ(Encode(Of(kSalt, twice), {1, 2, 3}), "laHquq");
}

// A shuffle takes no more of a salt than there are letters.
TEST(Hashids, OfALongSaltTheBeginningCounts) {
  const std::string salt(200, 'x');
  EXPECT_EQ(Encode(Of(salt), {1, 2, 3}, 30), Encode(Of(salt + "y"), {1, 2, 3}, 30));
  EXPECT_NE(Encode(Of(salt), {1, 2, 3}, 30), Encode(Of("y" + salt), {1, 2, 3}, 30));
}

TEST(Hashids, OnlyWhatEncodingGivesIsRead) {
  const Hashids hashids = Of(kSalt);
  for (const char* id : {"laHqu", "laHquqx", "xlaHquq", "laHquq*", " laHquq", "l", "la", "LAHQUQ",
                         "\xc3\xa9", "aaaa", "cccc", "hhhh", "laHquqq", "ulaHquq"})
    EXPECT_EQ(Decode(hashids, id), Numbers{}) << id;
  EXPECT_EQ(Decode(hashids, {"la\0quq", 6}), Numbers{});
  EXPECT_EQ(Decode(Of(), "laHquq"), Numbers{});        // another salt
  EXPECT_EQ(Decode(hashids, "laHquq", 7), Numbers{});  // another length
  EXPECT_EQ(Decode(hashids, "gB0NV05e", 0), Numbers{});
  EXPECT_EQ(Decode(hashids, "gB0NV05e", 8), Numbers{1});
}

// Texts come from URLs: one that no bigint holds is none, not an error.
TEST(Hashids, WhatHasANumberBeyond63BitsHasNone) {
  for (const char* id : {"qZ1QEvgn7JYg2", "BEpR8m5g8V6WX", "lYfPNzwKvMOQ1vA"})
    EXPECT_EQ(Decode(Of(), id), Numbers{});
  for (const size_t size : {100, 4097, 1 << 20}) {
    EXPECT_EQ(Decode(Of(), std::string(size, 'a')), Numbers{});
    EXPECT_EQ(Decode(Of(), std::string(size, 's')), Numbers{});
  }
}

int polls = 0;

TEST(Hashids, ALongIdIsPolled) {
  const Numbers numbers(1 << 18, 7);
  const Hashids hashids = Of(kSalt);
  std::string id(HashidsLength(hashids, numbers, 0).value, '?');
  polls = 0;
  EncodeHashids(hashids, numbers, 0, id.data(), [] { polls++; });
  EXPECT_GE(polls, 4);
  polls = 0;
  Numbers back(numbers.size());
  std::string again(id.size(), '?');
  EXPECT_TRUE(DecodeHashids(hashids, id, 0, back.data(), again.data(), [] { polls++; }));
  EXPECT_GE(polls, 8);
  EXPECT_EQ(back, numbers);
}

TEST(Hashids, RefusesWhatCannotBeEncoded) {
  const Hashids hashids = Of();
  const auto error = [&](const Numbers& numbers, int min_length) {
    const Status status = HashidsLength(hashids, numbers, min_length).status;
    EXPECT_EQ(status.code, Code::kHashidsInvalid);
    return std::string(status.detail);
  };
  EXPECT_EQ(error({1, -5}, 0), "Number 2 is -5; none may be negative.");
  EXPECT_EQ(error({INT64_MIN}, 0), "Number 1 is -9223372036854775808; none may be negative.");
  EXPECT_EQ(error({1}, 1001), "The minimum length is 1001, not within 0 and 1000.");
  EXPECT_EQ(error({}, -1), "The minimum length is -1, not within 0 and 1000.");
}

TEST(Hashids, RefusesAlphabetsAndSalts) {
  const auto error = [](std::string_view salt, std::string_view letters, Code code) {
    const Status status = HashidsOf(salt, letters).status;
    EXPECT_EQ(status.code, code);
    return std::string(status.detail);
  };
  EXPECT_EQ(error("", "0123456789abcdea", Code::kAlphabetInvalid),
            "\"0123456789abcdea\" has 15 different characters; 16 are the least.");
  EXPECT_EQ(error("", "0123456789abcde f", Code::kAlphabetInvalid),
            "Character 16 of \"0123456789abcde f\" is not printable ASCII, or is a space.");
  EXPECT_EQ(error("", "", Code::kAlphabetInvalid),
            "\"\" has 0 different characters; 16 are the least.");
  EXPECT_EQ(error("p\xc3\xa9pper", kHashidsLetters, Code::kHashidsInvalid),
            "Byte 2 of the salt is 0xC3, which is not ASCII.");
}

}  // namespace
}  // namespace detid
