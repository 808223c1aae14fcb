// SPDX-License-Identifier: PostgreSQL

#include "core/ascii.h"

#include <gtest/gtest.h>

namespace detid {
namespace {

TEST(Ascii, EachByteIsOfOneKindAtTheMost) {
  int digits = 0, lower = 0, upper = 0, printable = 0;
  for (int i = -128; i < 128; i++) {
    const char c = static_cast<char>(i);
    digits += IsDigit(c);
    lower += IsLower(c);
    upper += IsUpper(c);
    printable += IsPrintable(c);
    EXPECT_LE(IsDigit(c) + IsLower(c) + IsUpper(c), 1) << i;
    EXPECT_EQ(IsLetter(c), IsLower(c) || IsUpper(c)) << i;
  }
  EXPECT_EQ(digits, 10);
  EXPECT_EQ(lower, 26);
  EXPECT_EQ(upper, 26);
  EXPECT_EQ(printable, 94);
}

TEST(Ascii, OnlyLettersHaveACase) {
  for (int i = -128; i < 128; i++) {
    const char c = static_cast<char>(i);
    EXPECT_EQ(ToOtherCase(c) != c, IsLetter(c)) << i;
    EXPECT_EQ(ToOtherCase(ToOtherCase(c)), c) << i;
    EXPECT_EQ(ToLower(c) != c, IsUpper(c)) << i;
  }
}

TEST(Ascii, DigitsHaveValues) {
  EXPECT_EQ(LowerDigitValue('0'), 0);
  EXPECT_EQ(LowerDigitValue('z'), 35);
  EXPECT_EQ(LowerDigitValue('Z'), -1);
  EXPECT_EQ(DigitValue('Z'), 35);
  EXPECT_EQ(DigitValue('/'), -1);
  EXPECT_EQ(DigitValue('\xe9'), -1);
  EXPECT_EQ(HexValue('f'), 15);
  EXPECT_EQ(HexValue('F'), 15);
  EXPECT_EQ(HexValue('g'), -1);
  EXPECT_EQ(HexValue(':'), -1);
}

}  // namespace
}  // namespace detid
