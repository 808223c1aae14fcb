// SPDX-License-Identifier: PostgreSQL

#include "core/duplicate.h"

#include <gtest/gtest.h>

namespace detid {
namespace {

constexpr OwnNumber kOwn = {7, 1000, 0};

TEST(Duplicate, ARowOfThisNumberThatIsNotOursIsProof) {
  const Arrival a = Judge({7, 1000, false}, Known::kNothing, kOwn);
  EXPECT_TRUE(a.proof);
  EXPECT_EQ(a.keep, Keep::kAsItIs);
}

TEST(Duplicate, OurOwnRowThatComesBackIsPassedOver) {
  const Arrival a = Judge({7, 2000, false}, Known::kSame, kOwn);
  EXPECT_FALSE(a.proof);
  EXPECT_EQ(a.keep, Keep::kNot);
}

TEST(Duplicate, WhatWasLostOrPrunedIsNoProof) {
  EXPECT_FALSE(Judge({7, 999, false}, Known::kNothing, kOwn).proof);
  EXPECT_FALSE(Judge({7, 1999, false}, Known::kNothing, {7, 1000, 2000}).proof);
  EXPECT_TRUE(Judge({7, 2000, false}, Known::kNothing, {7, 1000, 2000}).proof);
}

TEST(Duplicate, OtherNumbersTestsAndWhoDoesNotMintProveNothing) {
  EXPECT_FALSE(Judge({8, 2000, false}, Known::kNothing, kOwn).proof);
  EXPECT_FALSE(Judge({7, 2000, true}, Known::kNothing, kOwn).proof);
  EXPECT_FALSE(Judge({7, 2000, false}, Known::kNothing, {7, 0, 0}).proof);
  EXPECT_FALSE(Judge({-1, 2000, false}, Known::kNothing, {}).proof);
}

TEST(Duplicate, ARowWhoseKeyIsTakenIsKeptAside) {
  const Arrival a = Judge({7, 2000, false}, Known::kOther, kOwn);
  EXPECT_TRUE(a.proof);
  EXPECT_EQ(a.keep, Keep::kAside);
  EXPECT_EQ(Judge({8, 2000, false}, Known::kOther, kOwn).keep, Keep::kAside);
  EXPECT_LT(AsideOf(0), 0);
  EXPECT_EQ(AsideOf(AsideOf(5)), 5);
}

}  // namespace
}  // namespace detid
