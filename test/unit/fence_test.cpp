// SPDX-License-Identifier: PostgreSQL

#include "core/fence.h"

#include <gtest/gtest.h>

namespace detid {
namespace {

TEST(Fence, IsSetUntilALaterWord) {
  Fence f;
  EXPECT_FALSE(f.is_set());
  EXPECT_TRUE(f.Take(0, true));
  EXPECT_TRUE(f.is_set());
  EXPECT_TRUE(f.Take(0, false));
  EXPECT_TRUE(f.is_set()) << "the same row, read before it was fenced";
  EXPECT_TRUE(f.Take(1, false));
  EXPECT_FALSE(f.is_set());
  EXPECT_EQ(f.count(), 1);
}

TEST(Fence, AStaleReaderChangesNothing) {
  Fence f;
  f.Take(0, true);
  f.Take(1, false);
  EXPECT_FALSE(f.Take(0, true)) << "read before unfence() was committed";
  EXPECT_FALSE(f.is_set());
}

TEST(Fence, WordsCountInTheRowsOrder) {
  Fence f;
  f.Take(2, false);  // unfence(), which came second
  EXPECT_FALSE(f.Take(1, true));
  EXPECT_FALSE(f.is_set());
  f.Take(3, true);
  EXPECT_FALSE(f.Take(2, false));
  EXPECT_TRUE(f.is_set());
}

TEST(Fence, AnAlteredRowFencesUnderAnyCount) {
  Fence f;
  f.Take(5, false);
  f.Set(Fence::kRow);
  EXPECT_TRUE(f.is_set());
  EXPECT_EQ(f.count(), 5);
  EXPECT_TRUE(f.Take(6, false));
  EXPECT_FALSE(f.is_set());
}

TEST(Fence, AReasonEndsAlone) {
  Fence f;
  f.Take(5, true);
  f.Set(Fence::kDuplicate);
  f.End(Fence::kDuplicate);
  EXPECT_EQ(f.why(), Fence::kRow);
  EXPECT_EQ(f.count(), 5);
  f.Set(Fence::kDuplicate);
  f.Set(Fence::kShutdown);
  EXPECT_TRUE(f.Take(6, false));
  EXPECT_EQ(f.why(), Fence::kDuplicate | Fence::kShutdown) << "unfence() ends what the row says";
  EXPECT_EQ(f.count(), 6);
}

}  // namespace
}  // namespace detid
