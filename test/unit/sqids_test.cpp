// SPDX-License-Identifier: PostgreSQL

#include "core/sqids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/sqids_blocklist.h"
#include "sqids_vectors.h"

namespace detid {
namespace {

using Numbers = std::vector<int64_t>;
constexpr int64_t kMax = INT64_MAX;

SqidsAlphabet AlphabetOf(std::string_view letters) {
  const Result<SqidsAlphabet> r = SqidsAlphabetOf(letters);
  EXPECT_TRUE(r.ok()) << letters << ": " << r.status.detail;
  return r.value;
}

const SqidsBlockList kDefaultList = SqidsBlockList::Default();
const SqidsBlockList kNoWords = SqidsBlockList::Of({});

std::string Encode(const Numbers& numbers, std::string_view letters = kSqidsLetters,
                   int min_length = 0, const SqidsBlockList& blocked = kDefaultList) {
  const SqidsAlphabet alphabet = AlphabetOf(letters);
  std::string out(SqidsLength(alphabet, numbers, min_length).value, '?');
  const Result<size_t> r = EncodeSqids(alphabet, numbers, min_length, blocked, out.data());
  EXPECT_TRUE(r.ok()) << r.status.detail;
  EXPECT_EQ(r.value, out.size());
  return r.ok() ? out : "";
}

Numbers Decode(std::string_view id, std::string_view letters = kSqidsLetters) {
  const SqidsAlphabet alphabet = AlphabetOf(letters);
  Numbers out(DecodeSqids(alphabet, id, nullptr, 0));
  EXPECT_EQ(DecodeSqids(alphabet, id, out.data(), out.size()), out.size());
  return out;
}

Status EncodeError(const Numbers& numbers, std::string_view letters = kSqidsLetters,
                   int min_length = 0, const SqidsBlockList& blocked = kDefaultList) {
  const SqidsAlphabet alphabet = AlphabetOf(letters);
  const Result<size_t> length = SqidsLength(alphabet, numbers, min_length);
  if (!length.ok()) return length.status;
  std::string out(length.value, '?');
  return EncodeSqids(alphabet, numbers, min_length, blocked, out.data()).status;
}

TEST(Sqids, EncodesAsTheSpecificationsOwnImplementation) {
  for (const SqidsVector& v : kSqidsVectors)
    EXPECT_EQ(Encode(v.numbers, v.alphabet, v.min_length,
                     v.blocked ? SqidsBlockList::Of(*v.blocked) : kDefaultList),
              v.id);
}

TEST(Sqids, DecodesWhatTheSpecificationsOwnImplementationEncodes) {
  for (const SqidsVector& v : kSqidsVectors) EXPECT_EQ(Decode(v.id, v.alphabet), v.numbers) << v.id;
}

TEST(Sqids, AnyNumbersComeBack) {
  std::mt19937_64 rng(1);
  const std::string_view alphabets[] = {kSqidsLetters, "abc", "0123", kHex, kAll94};
  for (int i = 0; i < 5000; i++) {
    Numbers numbers(rng() % 8);
    for (int64_t& n : numbers) n = static_cast<int64_t>(rng() >> (1 + rng() % 63));
    const std::string_view letters = alphabets[rng() % std::size(alphabets)];
    const int min_length = static_cast<int>(rng() % 256);
    const std::string id = Encode(numbers, letters, min_length, kNoWords);
    ASSERT_EQ(Decode(id, letters), numbers) << id;
    ASSERT_TRUE(numbers.empty() ? id.empty() : id.size() >= static_cast<size_t>(min_length));
  }
}

TEST(Sqids, NoNumbersAreTheEmptyText) {
  EXPECT_EQ(Encode({}), "");
  EXPECT_EQ(Encode({}, kSqidsLetters, 10), "");
  EXPECT_EQ(Decode(""), Numbers{});
}

// The specification sets no limit, and its own test has the numbers below 100.
TEST(Sqids, AnIdHoldsAnyNumberOfNumbers) {
  Numbers numbers(100);
  std::iota(numbers.begin(), numbers.end(), 0);
  EXPECT_EQ(Decode(Encode(numbers)), numbers);
  for (const size_t count : {65, 1000, 100000}) {
    const Numbers most(count, kMax);
    const std::string id = Encode(most, "abc", 0, kNoWords);
    EXPECT_EQ(id.size(), 1 + 63 * count + count - 1);
    EXPECT_EQ(Decode(id, "abc"), most);
    EXPECT_EQ(Decode(Encode(Numbers(count, 0), kHex, 0, kNoWords), kHex), Numbers(count, 0));
  }
}

TEST(Sqids, OfManyNumbersTheFirstAreWrittenAndAllCounted) {
  const std::string id = Encode({1, 2, 3});
  int64_t out[3] = {-1, -1, -1};
  EXPECT_EQ(DecodeSqids(AlphabetOf(kSqidsLetters), id, out, 2), 3u);
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], 2);
  EXPECT_EQ(out[2], -1);
}

int polls = 0;

TEST(Sqids, ALongIdIsPolled) {
  const Numbers numbers(1 << 20, 7);
  const SqidsAlphabet alphabet = AlphabetOf(kHex);
  std::string id(SqidsLength(alphabet, numbers, 0).value, '?');
  polls = 0;
  EXPECT_TRUE(
      EncodeSqids(alphabet, numbers, 0, kNoWords, id.data(), [] { polls++; }).ok());
  EXPECT_GE(polls, 10);
  polls = 0;
  EXPECT_EQ(DecodeSqids(alphabet, id, nullptr, 0, [] { polls++; }), numbers.size());
  EXPECT_GE(polls, 10);
}

TEST(Sqids, RefusesNumbersThatCannotBeEncoded) {
  EXPECT_STREQ(EncodeError({1, -5}).detail, "Number 2 is -5; none may be negative.");
  EXPECT_STREQ(EncodeError({INT64_MIN}).detail,
               "Number 1 is -9223372036854775808; none may be negative.");
  EXPECT_EQ(EncodeError({-1}).code, Code::kSqidsInvalid);
}

TEST(Sqids, RefusesLengthsOutOfRange) {
  EXPECT_STREQ(EncodeError({1}, kSqidsLetters, 256).detail,
               "The minimum length is 256, not within 0 and 255.");
  EXPECT_STREQ(EncodeError({}, kSqidsLetters, -1).detail,
               "The minimum length is -1, not within 0 and 255.");
}

void ExpectRefused(std::string_view letters, const std::string& detail) {
  const Status status = SqidsAlphabetOf(letters).status;
  EXPECT_EQ(status.code, Code::kAlphabetInvalid) << letters;
  EXPECT_EQ(status.detail, detail);
}

TEST(Sqids, RefusesAlphabetsThatAreTooShort) {
  ExpectRefused("", "\"\" has 0 characters; 3 are the least.");
  ExpectRefused("ab", "\"ab\" has 2 characters; 3 are the least.");
}

TEST(Sqids, RefusesAlphabetsThatRepeatACharacter) {
  ExpectRefused("aabc", "Character 2 of \"aabc\" occurs before.");
  ExpectRefused("abcdB-b", "Character 7 of \"abcdB-b\" occurs before.");
  ExpectRefused(std::string(kAll94) + "a",
                "Character 95 of \"" + std::string(kAll94.substr(0, 60)) + "\"... occurs before.");
}

TEST(Sqids, RefusesAlphabetsBeyondPrintableAscii) {
  for (const std::string odd : {" ", "\t", "\x7f", "\xc3\xa9", "\xff"})
    ExpectRefused("ab" + odd + "c",
                  "Character 3 of \"ab" + odd + "c\" is not printable ASCII, or is a space.");
  ExpectRefused({"abc\0d", 5}, "Character 4 of \"abc\" is not printable ASCII, or is a space.");
}

TEST(Sqids, WhatIsNotOfTheAlphabetHasNoNumbers) {
  for (const char* id : {"*", "86Rf0*", "*86Rf07", "86Rf07 ", "86 Rf07", "\xc3\xa9"})
    EXPECT_EQ(Decode(id), Numbers{}) << id;
  EXPECT_EQ(Decode({"86\0Rf", 5}), Numbers{});
  EXPECT_EQ(Decode("86Rf07", "abc"), Numbers{});
}

TEST(Sqids, OtherTextsOfTheAlphabetDecodeToo) {
  EXPECT_EQ(Decode("b"), Numbers{});
  EXPECT_EQ(Decode("se8ojk"), (Numbers{1, 2, 3}));  // by another first letter
  EXPECT_EQ(Decode("86Rf07x"), (Numbers{1, 2, 3}));
  EXPECT_EQ(Decode("86Rf07xd4z"), (Numbers{1, 2, 3}));
  EXPECT_EQ(Decode("bMM"), Numbers{0});  // a leading zero
  EXPECT_EQ(Encode(Decode("bMM")), "bM");
}

// A slug comes from a URL: one that no bigint holds is none, not an error.
TEST(Sqids, WhatHasANumberBeyond63BitsHasNone) {
  EXPECT_EQ(Decode("AqkYhRmbHpEX"), Numbers{kMax});
  EXPECT_EQ(Decode("pXFNc5r689z6"), Numbers{});    // 2^63
  EXPECT_EQ(Decode("srUCvge1qFS1"), Numbers{});    // 2^64
  EXPECT_EQ(Decode("5sQiTlECtjJAwj"), Numbers{});  // 1 and 2^63
  for (const size_t size : {100, 4097, 1 << 20}) {
    EXPECT_EQ(Decode(std::string(size, 'a')), Numbers{});
    EXPECT_EQ(Decode(std::string(size, '*')), Numbers{});
  }
}

TEST(SqidsBlockList, ShortWordsBlockEqualIdsOnly) {
  const Words words = {"ass", "ab"};
  const SqidsBlockList list = SqidsBlockList::Of(words);
  EXPECT_TRUE(list.Blocks("ass"));
  EXPECT_TRUE(list.Blocks("aSs"));
  EXPECT_FALSE(list.Blocks("asse"));
  EXPECT_FALSE(list.Blocks("ab"));
  EXPECT_TRUE(kDefaultList.Blocks("ASS"));
  EXPECT_FALSE(kDefaultList.Blocks("bass"));
}

TEST(SqidsBlockList, WordsWithDigitsBlockBeginningsAndEnds) {
  const Words words = {"W0RD"};
  const SqidsBlockList list = SqidsBlockList::Of(words);
  for (const char* id : {"w0rd", "w0rdx", "xW0rd"}) EXPECT_TRUE(list.Blocks(id)) << id;
  for (const char* id : {"xw0rdx", "w0r", "word"}) EXPECT_FALSE(list.Blocks(id)) << id;
  EXPECT_TRUE(kDefaultList.Blocks("xC0NA"));
  EXPECT_FALSE(kDefaultList.Blocks("xC0NAx"));
}

TEST(SqidsBlockList, OtherWordsBlockWhatHoldsThem) {
  const Words words = {"Word", "w\xc3\xb6rd"};
  const SqidsBlockList list = SqidsBlockList::Of(words);
  for (const char* id : {"word", "WORD", "xwordx", "0wOrD0"}) EXPECT_TRUE(list.Blocks(id)) << id;
  for (const char* id : {"wor-d", "wo", ""}) EXPECT_FALSE(list.Blocks(id)) << id;
  EXPECT_TRUE(kDefaultList.Blocks("0-sLuT-0"));
  EXPECT_FALSE(kDefaultList.Blocks("0-sLu-T"));
}

// The folded word is not copied, so it may be longer than any id.
TEST(SqidsBlockList, LongIdsAndWordsAreNoHarder) {
  const std::string word(1 << 16, 'w');
  const Words words = {word, "zz1", "aab"};
  const SqidsBlockList list = SqidsBlockList::Of(words);
  EXPECT_TRUE(list.Blocks("x" + word));
  EXPECT_FALSE(list.Blocks(word.substr(1)));
  EXPECT_FALSE(list.Blocks("x" + std::string(1 << 20, 'a') + "zz1x"));
  EXPECT_FALSE(kDefaultList.Blocks(std::string(1 << 20, 'a')));
  EXPECT_TRUE(kDefaultList.Blocks(std::string(1 << 20, 'x') + "Zoccola" + std::string(9, 'x')));
}

TEST(SqidsBlockList, EveryWordOfTheDefaultListBlocks) {
  int words = 0;
  std::istringstream text{std::string(kSqidsBlockText)};
  for (std::string word; text >> word; words++) EXPECT_TRUE(kDefaultList.Blocks(word)) << word;
  EXPECT_EQ(words, kSqidsBlockWords);
  EXPECT_FALSE(kDefaultList.Blocks("abcdef"));
  EXPECT_FALSE(kNoWords.Blocks("zoccola"));
}

TEST(SqidsBlockList, GivesUpWhenEveryIdIsBlocked) {
  const Words words = {"cab", "abc", "bca"};
  const Status status = EncodeError({0}, "abc", 3, SqidsBlockList::Of(words));
  EXPECT_EQ(status.code, Code::kSqidsBlocked);
  EXPECT_STREQ(status.detail, "The numbers have 3 ids, one a letter of the alphabet.");
}

}  // namespace
}  // namespace detid
