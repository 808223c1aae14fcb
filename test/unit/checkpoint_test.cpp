// SPDX-License-Identifier: PostgreSQL

#include "core/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "core/instant.h"

namespace detid {
namespace {

std::string Format(const Checkpoint& c) {
  char out[kMaxCheckpointText];
  const size_t n = FormatCheckpoint(c, out, sizeof out);
  EXPECT_LT(n, sizeof out);
  return {out, n};
}

bool Same(const Checkpoint& a, const Checkpoint& b) {
  return std::strcmp(a.origin, b.origin) == 0 && a.size == b.size && a.root == b.root &&
         a.node == b.node && a.time_us == b.time_us;
}

Checkpoint Some() {
  Checkpoint c;
  std::strcpy(c.origin, "db.example/ledger");
  c.size = 1000;
  c.root = LeafHash("a row");
  c.node = 7;
  c.time_us = 1764432000123456;
  return c;
}

TEST(Checkpoint, ReadsOthers) {
  Checkpoint c;
  ASSERT_TRUE(ParseCheckpoint(
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", &c));
  EXPECT_STREQ(c.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(c.size, 20852163u);
  EXPECT_EQ(c.root.byte[0], 0x0a);
  EXPECT_EQ(c.node, -1);
  EXPECT_EQ(c.time_us, -1);
}

TEST(Checkpoint, IsReadAsItIsWritten) {
  Checkpoint c = Some();
  const std::string text = Format(c);
  EXPECT_EQ(text,
            "db.example/ledger\n1000\nHhJ89/7zV93trnVLpEF1Whi/YhQCMUdtI23I9xSn668=\nnode 7\n"
            "time 2025-11-29T16:00:00.123456Z\n");
  Checkpoint back;
  ASSERT_TRUE(ParseCheckpoint(text, &back));
  EXPECT_TRUE(Same(c, back));
  c = Checkpoint{};
  std::memset(c.origin, 'o', kMaxKeyName);
  c.size = (uint64_t{1} << 63) - 1;
  c.node = std::numeric_limits<int32_t>::max();
  c.time_us = kMaxInstantUs;
  ASSERT_TRUE(ParseCheckpoint(Format(c), &back));
  EXPECT_TRUE(Same(c, back));
}

TEST(Checkpoint, PassesOverExtensionsThatItDoesNotKnow) {
  Checkpoint back;
  const std::string text = Format(Some());
  ASSERT_TRUE(ParseCheckpoint(
      text + "more\nnode of theirs\ntime flies\ntime 1012-11-29T10:00Z\nnode 8\n", &back));
  EXPECT_TRUE(Same(Some(), back));
}

TEST(Checkpoint, RefusesWhatIsNone) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  for (const std::string& bad :
       {std::string(), std::string("\n"), "o\n1\n" + root, "\n1\n" + root + "\n",
        "o\n\n" + root + "\n", "o\n01\n" + root + "\n", "o\n-1\n" + root + "\n",
        "o\n+1\n" + root + "\n", "o\n1 \n" + root + "\n", "o\n0x1\n" + root + "\n",
        "o\n9223372036854775808\n" + root + "\n", "o\n99999999999999999999999\n" + root + "\n",
        "o\n1\n" + root.substr(1) + "\n", "o\n1\n" + root + "=\n", "o\n1\n" + root + "\n\n",
        "o\n1\n" + root + "\nnode 1", std::string("o\0p\n1\n", 6) + root + "\n",
        "o\n1\n" + root + "\nnode\t1\n",
        std::string(kMaxKeyName + 1, 'o') + "\n1\n" + root + "\n"}) {
    Checkpoint c;
    EXPECT_FALSE(ParseCheckpoint(bad, &c)) << bad;
  }
}

// Whoever signed it, and whether or not: that is asked for elsewhere.
TEST(Checkpoint, IsReadOutOfItsNote) {
  Checkpoint back;
  ASSERT_TRUE(ParseNotedCheckpoint(Format(Some()) + "\n\u2014 db.example/ledger AAAA\n", &back));
  EXPECT_TRUE(Same(Some(), back));
  EXPECT_FALSE(ParseNotedCheckpoint(Format(Some()), &back)) << "without the empty line";
  EXPECT_FALSE(ParseNotedCheckpoint("no checkpoint\n\n", &back));
  EXPECT_FALSE(ParseNotedCheckpoint("", &back));
}

}  // namespace
}  // namespace detid
