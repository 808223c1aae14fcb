// SPDX-License-Identifier: PostgreSQL

#include "core/redaction.h"

#include <gtest/gtest.h>

#include <string>

namespace detid {
namespace {

std::string Of(std::initializer_list<uint32_t> ordinals) {
  std::string all;
  for (const uint32_t o : ordinals) {
    RedactedInput r{o, 0x1122334455667788, {}};
    r.commitment.byte[31] = static_cast<uint8_t>(o);
    uint8_t bytes[kRedactedBytes];
    PutRedacted(r, bytes);
    all.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
  }
  return all;
}

TEST(Redaction, IsFoundByItsOrdinal) {
  const std::string some = Of({1, 5, 63});
  RedactedInput r;
  ASSERT_TRUE(FindRedacted(some, 5, &r));
  EXPECT_EQ(r.fold, 0x1122334455667788u);
  EXPECT_EQ(r.commitment.byte[31], 5);
  EXPECT_FALSE(FindRedacted(some, 2, &r));
  EXPECT_FALSE(FindRedacted({}, 0, &r));
}

TEST(Redaction, HasItsBytesInOneOrder) {
  const std::string one = Of({2});
  EXPECT_EQ(one.substr(0, 12), std::string("\x02\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11", 12));
  EXPECT_EQ(one.size(), 44u);
}

TEST(Redaction, IsOneOnlyInOrderAndWithinTheRow) {
  EXPECT_TRUE(IsRedaction(Of({0, 1, 2}), 3));
  EXPECT_FALSE(IsRedaction(Of({0, 1, 2}), 2)) << "beyond the inputs";
  EXPECT_FALSE(IsRedaction(Of({1, 0}), 3)) << "out of order";
  EXPECT_FALSE(IsRedaction(Of({1, 1}), 3)) << "twice";
  EXPECT_FALSE(IsRedaction({}, 3)) << "of nothing";
  EXPECT_FALSE(IsRedaction(Of({1}).substr(1), 3)) << "cut off";
}

}  // namespace
}  // namespace detid
