// SPDX-License-Identifier: PostgreSQL

#include "core/sqids.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  char out[kMaxSqidsText];
  const Result<int> r = EncodeSqids(AlphabetOf(letters), numbers, min_length, blocked, out);
  EXPECT_TRUE(r.ok()) << r.status.detail;
  return r.ok() ? std::string(out, static_cast<size_t>(r.value)) : "";
}

Numbers Decode(std::string_view id, std::string_view letters = kSqidsLetters) {
  int64_t out[kMaxSqidsNumbers];
  const Result<int> r = DecodeSqids(AlphabetOf(letters), id, out);
  EXPECT_TRUE(r.ok()) << r.status.detail;
  return r.ok() ? Numbers(out, out + r.value) : Numbers{-1};
}

Status EncodeError(const Numbers& numbers, std::string_view letters = kSqidsLetters,
                   int min_length = 0, const SqidsBlockList& blocked = kDefaultList) {
  char out[kMaxSqidsText];
  return EncodeSqids(AlphabetOf(letters), numbers, min_length, blocked, out).status;
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

TEST(Sqids, TheLongestIdFillsTheBuffer) {
  const Numbers most(kMaxSqidsNumbers, kMax);
  const std::string id = Encode(most, "abc");
  EXPECT_EQ(id.size(), static_cast<size_t>(kMaxSqidsText));
  EXPECT_EQ(Decode(id, "abc"), most);
}

TEST(Sqids, RefusesNumbersThatCannotBeEncoded) {
  EXPECT_STREQ(EncodeError({1, -5}).detail, "Number 2 is -5; none may be negative.");
  EXPECT_STREQ(EncodeError({INT64_MIN}).detail,
               "Number 1 is -9223372036854775808; none may be negative.");
  EXPECT_STREQ(EncodeError(Numbers(65, 0)).detail, "There are 65 numbers; an id holds up to 64.");
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

TEST(Sqids, RefusesNumbersThatDoNotFit63Bits) {
  EXPECT_EQ(Decode("AqkYhRmbHpEX"), Numbers{kMax});
  const struct {
    std::string id;
    int position;
  } above[] = {{"pXFNc5r689z6", 1},     // 2^63
               {"srUCvge1qFS1", 1},     // 2^64
               {"5sQiTlECtjJAwj", 2}};  // 1 and 2^63
  for (const auto& [id, position] : above) {
    int64_t out[kMaxSqidsNumbers];
    const Status status = DecodeSqids(AlphabetOf(kSqidsLetters), id, out).status;
    EXPECT_EQ(status.code, Code::kSqidsOverflow) << id;
    EXPECT_EQ(status.detail, "Number " + std::to_string(position) + " of \"" + id +
                                 "\" is above 9223372036854775807.");
  }
}

TEST(Sqids, WhatIsTooLongToBeAnIdHasNoNumbers) {
  EXPECT_EQ(Decode(std::string(kMaxSqidsText + 1, 'a')), Numbers{});
  EXPECT_EQ(Decode(std::string(kMaxSqidsText + 1, 'a'), "abc"), Numbers{});
}

// One number more than encoding takes, by the rule that an id goes on after its last number and a
// separator: those are an id of fewer numbers.
TEST(Sqids, MoreNumbersThanEncodingTakesAreNone) {
  const std::string full = Encode(Numbers(kMaxSqidsNumbers, 0), kHex, 0, kNoWords);
  ASSERT_EQ(Decode(full, kHex).size(), static_cast<size_t>(kMaxSqidsNumbers));
  int none = 0, same = 0;
  for (const char separator : kHex)
    for (const char digit : kHex) {
      const Numbers numbers = Decode(full + separator + digit, kHex);
      none += numbers.empty();
      same += numbers.size() == kMaxSqidsNumbers;
    }
  // One of the 16 letters separates, and the one that would separate next is no number.
  EXPECT_EQ(none, 15);
  EXPECT_EQ(same, 16 * 16 - 15);
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
