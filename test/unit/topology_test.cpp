// SPDX-License-Identifier: PostgreSQL

#include "core/topology.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/compose.h"
#include "random_layout.h"

namespace detid {
namespace {

Topology Parse(std::string_view text) {
  const Result<Topology> r = ParseTopology(text);
  EXPECT_TRUE(r.ok()) << text << ": " << r.status.detail;
  return r.value;
}

std::string Format(const Topology& t) {
  char text[kMaxTopologyText];
  const int n = FormatTopology(t, text);
  EXPECT_EQ(std::string(text).size(), static_cast<size_t>(n));
  return text;
}

TEST(Topology, ParsesAndFormats) {
  for (const char* text :
       {"region:3 cluster:4 member:3", "a:31", "a-1_:1 b:30", "a:1 b:1 c:1 d:1 e:1 f:1 g:1 h:24"})
    EXPECT_EQ(Format(Parse(text)), text);
  EXPECT_EQ(Format(Parse("  region:3   member:03 ")), "region:3 member:3");
  const Topology t = Parse("region:3 cluster:4 member:3");
  EXPECT_EQ(t.bits, 10);
  EXPECT_EQ(t.below(0), 10);
  EXPECT_EQ(t.below(1), 7);
  EXPECT_EQ(t.below(3), 0);
  std::string longest;
  for (int i = 0; i < kMaxLevels; i++)
    longest += (i > 0 ? " " : "") + std::string(kMaxLevelName - 1, 'x') + char('a' + i) +
               (i == 0 ? ":24" : ":1");
  EXPECT_EQ(Format(Parse(longest)), longest);
}

TEST(Topology, SaysWhereItDoesNotParse) {
  const struct {
    const char* text;
    Code code;
    const char* detail;
  } kCases[] = {
      {"", Code::kTopologyInvalid, "It has no levels."},
      {"region", Code::kTopologySyntax, "At its end, \":\" and a number of bits was expected."},
      {"region:", Code::kTopologySyntax, "At its end, a number of bits from 1 to 31 was expected."},
      {"a:1 region:0", Code::kTopologySyntax,
       "At character 12, \"0\": a number of bits from 1 to 31 was expected."},
      {"a:32", Code::kTopologySyntax,
       "At character 3, \"32\": a number of bits from 1 to 31 was expected."},
      {"a:99999999999999999999", Code::kTopologySyntax,
       "At character 3, \"99999999999999999999\": a number of bits from 1 to 31 was expected."},
      {"a:-1", Code::kTopologySyntax,
       "At character 3, \"-1\": a number of bits from 1 to 31 was expected."},
      {"a:1b:1", Code::kTopologySyntax,
       "At character 4, \"b:1\": a space or the end was expected."},
      {"A:1", Code::kTopologySyntax,
       "At character 1, \"A:1\": a name that begins with a letter from a to z was expected."},
      {"a:1 1a:1", Code::kTopologySyntax,
       "At character 5, \"1a:1\": a name that begins with a letter from a to z was expected."},
      {"a/b:1", Code::kTopologySyntax,
       "At character 2, \"/b:1\": \":\" and a number of bits was expected."},
      {"a:1 b:1 c:1 d:1 e:1 f:1 g:1 h:1 i:1", Code::kTopologySyntax,
       "At character 33, \"i:1\": the end, as a topology has at most 8 levels: no level was "
       "expected."},
      {"a:16 b:16", Code::kTopologyInvalid,
       "Its levels have 32 bits; a node number has 31 at the most."},
      {"a:1 b:1 a:1", Code::kTopologyInvalid, "It has two levels \"a\"."},
  };
  for (const auto& c : kCases) {
    const Status s = ParseTopology(c.text).status;
    EXPECT_EQ(s.code, c.code) << c.text;
    EXPECT_STREQ(s.detail, c.detail) << c.text;
  }
  EXPECT_TRUE(ParseTopology(std::string(63, 'a') + ":1").ok());
  EXPECT_EQ(ParseTopology(std::string(64, 'a') + ":1").status.code, Code::kTopologySyntax);
}

TEST(Topology, SplitsPaths) {
  const Result<Path> r = ParsePath("eu/prod-a/db1");
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r.value.count, 3);
  EXPECT_EQ(r.value.names[0], "eu");
  EXPECT_EQ(r.value.names[1], "prod-a");
  EXPECT_EQ(r.value.names[2], "db1");
  EXPECT_EQ(r.value.parent, "eu/prod-a");
  EXPECT_EQ(ParsePath("eu").value.parent, "");
  EXPECT_TRUE(ParsePath("a/a/a/a/a/a/a/a").ok());
}

TEST(Topology, SaysWhereAPathDoesNotParse) {
  const struct {
    const char* text;
    const char* detail;
  } kCases[] = {
      {"", "At its end, a name that begins with a letter from a to z was expected."},
      {"/eu",
       "At character 1, \"/eu\": a name that begins with a letter from a to z was expected."},
      {"a//b",
       "At character 3, \"/b\": a name that begins with a letter from a to z was expected."},
      {"eu/", "At its end, a name that begins with a letter from a to z was expected."},
      {"eu/1", "At character 4, \"1\": a name that begins with a letter from a to z was expected."},
      {"eu west", "At character 3, \" west\": \"/\" or the end was expected."},
      {"Eu", "At character 1, \"Eu\": a name that begins with a letter from a to z was expected."},
      {"z\xc3\xbcrich", "At character 2, \"\xc3\xbcrich\": \"/\" or the end was expected."},
      {"a/a/a/a/a/a/a/a/a",
       "At character 17, \"a\": the end, as a topology has at most 8 levels: no name was "
       "expected."},
  };
  for (const auto& c : kCases) {
    const Status s = ParsePath(c.text).status;
    EXPECT_EQ(s.code, Code::kPathSyntax) << c.text;
    EXPECT_STREQ(s.detail, c.detail) << c.text;
  }
  EXPECT_TRUE(ParsePath("a/" + std::string(63, 'b')).ok());
  EXPECT_FALSE(ParsePath("a/" + std::string(64, 'b')).ok());
}

TEST(Topology, GivesPrefixesTheirNodes) {
  const Topology t = Parse("region:3 cluster:4 member:3");
  EXPECT_EQ(t.all(), (Nodes{0, 1023}));
  const Nodes region = t.Within(t.all(), 1, 5), cluster = t.Within(region, 2, 15);
  EXPECT_EQ(region, (Nodes{640, 767}));
  EXPECT_EQ(cluster, (Nodes{760, 767}));
  EXPECT_EQ(t.Within(cluster, 3, 2), (Nodes{762, 762}));
  const Topology widest = Parse("a:15 b:16");
  EXPECT_EQ(widest.Within(widest.all(), 1, 32767), (Nodes{2147418112, 2147483647}));
}

// All topologies of up to 3 levels and `bits` bits.
std::vector<Topology> SmallTopologies(int bits) {
  std::vector<Topology> all;
  for (int a = 1; a <= bits; a++)
    for (int b = 0; a + b <= bits; b++)
      for (int c = 0; a + b + c <= bits && (b > 0 || c == 0); c++) {
        std::string text = "a:" + std::to_string(a);
        if (b > 0) text += " b:" + std::to_string(b);
        if (c > 0) text += " c:" + std::to_string(c);
        all.push_back(Parse(text));
      }
  return all;
}

// Every prefix below `parent`, it included: its level and its nodes.
template <typename Visit>
void EachPrefix(const Topology& t, int level, const Nodes& parent, Visit visit) {
  if (level > 0) visit(level, parent);
  if (level == t.count) return;
  for (int64_t v = 0; v < 1 << t.levels[level].bits; v++)
    EachPrefix(t, level + 1, t.Within(parent, level + 1, v), visit);
}

TEST(Topology, PrefixesOfOneLevelShareNothingAndFillTheOneAbove) {
  for (const Topology& t : SmallTopologies(7)) {
    std::vector<std::vector<int>> owners(static_cast<size_t>(t.count) + 1,
                                         std::vector<int>(1 << t.bits));
    EachPrefix(t, 0, t.all(), [&](int level, const Nodes& nodes) {
      for (int64_t n = nodes.first; n <= nodes.last; n++)
        owners[static_cast<size_t>(level)][static_cast<size_t>(n)]++;
    });
    for (int level = 1; level <= t.count; level++)
      for (const int owned : owners[static_cast<size_t>(level)]) ASSERT_EQ(owned, 1) << Format(t);
  }
}

TEST(Topology, RenumberingToItselfKeepsEveryPrefix) {
  for (const Topology& t : SmallTopologies(7))
    EachPrefix(t, 0, t.all(), [&](int level, const Nodes& nodes) {
      Nodes now;
      ASSERT_TRUE(Renumber(t, t, level, nodes.first, &now));
      ASSERT_EQ(now, nodes);
    });
}

// What is assigned is a set of prefixes, each with those above it. That nothing moves is asked of
// the last prefix of each level alone (src/fn/topology.cpp): it is as good as asking all of them.
TEST(Topology, TheLastPrefixOfEachLevelSpeaksForAll) {
  const std::vector<Topology> all = SmallTopologies(5);
  std::mt19937_64 random(1);
  int moved = 0, kept = 0;
  for (const Topology& from : all)
    for (const Topology& to : all)
      for (int round = 0; round < 50; round++) {
        std::vector<std::pair<int, Nodes>> assigned;
        for (int i = 0; i < 1 + round % 3; i++) {
          const int depth = 1 + static_cast<int>(random() % from.count);
          Nodes nodes = from.all();
          for (int level = 1; level <= depth; level++) {
            nodes =
                from.Within(nodes, level,
                            static_cast<int64_t>(random() & LowMask(from.levels[level - 1].bits)));
            assigned.push_back({level, nodes});
          }
        }
        bool every = true, last_ones = true;
        std::vector<Nodes> last(static_cast<size_t>(from.count) + 1, Nodes{-1, -1});
        const auto keeps = [&](int level, const Nodes& nodes) {
          Nodes now;
          return Renumber(from, to, level, nodes.first, &now) && now == nodes;
        };
        for (const auto& [level, nodes] : assigned) {
          every = every && keeps(level, nodes);
          Nodes& l = last[static_cast<size_t>(level)];
          if (nodes.first > l.first) l = nodes;
        }
        for (int level = 1; level <= from.count; level++)
          if (last[static_cast<size_t>(level)].first >= 0)
            last_ones = last_ones && keeps(level, last[static_cast<size_t>(level)]);
        ASSERT_EQ(every, last_ones) << Format(from) << " to " << Format(to);
        (every ? kept : moved)++;
      }
  EXPECT_GT(kept, 1000);
  EXPECT_GT(moved, 1000);
}

// The rule that the documentation gives: nothing moves if the levels from the second to the
// deepest that is assigned keep their bits, and so do all levels below that together; and the first
// level holds its highest number.
TEST(Topology, MovesNothingByTheRule) {
  const std::vector<Topology> all = SmallTopologies(6);
  for (const Topology& from : all)
    for (const Topology& to : all)
      EachPrefix(from, 0, from.all(), [&](int depth, const Nodes& deepest) {
        bool keeps = true, rule = to.count >= depth;
        for (int level = 1; level <= depth; level++) {
          // The prefix of this level that `deepest` is in.
          const int64_t first = deepest.first >> from.below(level) << from.below(level);
          const Nodes nodes = {first, first + static_cast<int64_t>(LowMask(from.below(level)))};
          Nodes now;
          keeps = keeps && Renumber(from, to, level, first, &now) && now == nodes;
          rule = rule && (level == 1 || from.levels[level - 1].bits == to.levels[level - 1].bits);
        }
        rule = rule && from.below(depth) == to.below(depth) && deepest.first >> to.bits == 0;
        ASSERT_EQ(keeps, rule) << Format(from) << " to " << Format(to) << ", " << depth << ", "
                               << deepest.first;
      });
}

TEST(Topology, SaysWhereAPrefixWouldGo) {
  const Topology from = Parse("region:3 cluster:4 member:3");
  Nodes now;
  ASSERT_TRUE(Renumber(from, Parse("region:4 cluster:4 member:3"), 1, 128, &now));
  EXPECT_EQ(now, (Nodes{128, 255}));
  ASSERT_TRUE(Renumber(from, Parse("region:3 zone:2 cluster:2 member:3"), 1, 128, &now));
  EXPECT_EQ(now, (Nodes{128, 255}));
  ASSERT_TRUE(Renumber(from, Parse("region:3 cluster:5 member:3"), 1, 128, &now));
  EXPECT_EQ(now, (Nodes{256, 511}));
  ASSERT_TRUE(Renumber(from, Parse("region:3 cluster:4 member:4"), 2, 136, &now));
  EXPECT_EQ(now, (Nodes{272, 287}));
  EXPECT_FALSE(Renumber(from, Parse("region:2 cluster:4 member:3"), 1, 512, &now));
  EXPECT_FALSE(Renumber(from, Parse("region:3 member:7"), 3, 0, &now));
}

TEST(Topology, IdsOfOtherNodesAreOutsideTheRange) {
  std::mt19937_64 random(2);
  for (const char* text :
       {"node:10 time:41@1ms sequence:12", "const:2=1 node:10 time:41@1ms sequence:10",
        "const:1=1 node:6 time:48@1ms const:4=8 random:70", "node:31 const:3=5 time:32@1s",
        "node:20 time:48@1ms const:4=8 sequence:8 const:2=2 random:46",
        "node:31 time:48@1ms random:81"}) {
    const Result<Layout> layout = ParseLayout(text);
    ASSERT_TRUE(layout.ok()) << text;
    ASSERT_TRUE(layout.value.node_first()) << text;
    const int64_t most = static_cast<int64_t>(LowMask(layout.value.bits_of(Kind::kNode)));
    const GeneratorKey key{};
    for (int i = 0; i < 2000; i++) {
      int64_t a = static_cast<int64_t>(random()) & most, b = static_cast<int64_t>(random()) & most;
      if (i % 4 == 0) b = a;
      if (i % 7 == 0) a = 0;
      if (i % 11 == 0) b = most;
      const Nodes nodes = {std::min(a, b), std::max(a, b)};
      const Bits lowest = LowestIdOf(layout.value, nodes),
                 highest = HighestIdOf(layout.value, nodes);
      ASSERT_TRUE(IsOfLayout(layout.value, lowest) && IsOfLayout(layout.value, highest)) << text;
      EXPECT_EQ(CoordinatesOf(layout.value, lowest).node, nodes.first);
      EXPECT_EQ(CoordinatesOf(layout.value, highest).node, nodes.last);
      int64_t n = i % 3 == 0   ? nodes.first
                  : i % 3 == 1 ? nodes.last
                               : static_cast<int64_t>(random()) & most;
      if (i % 13 == 0 && nodes.last < most) n = nodes.last + 1;
      if (i % 17 == 0 && nodes.first > 0) n = nodes.first - 1;
      Coordinates c;
      c.node = static_cast<int32_t>(n);
      c.tick = i % 5 == 0 ? static_cast<int64_t>(LowMask(layout.value.time_bits()))
                          : static_cast<int64_t>(random() & LowMask(layout.value.time_bits()));
      c.sequence = i % 5 == 0 ? static_cast<int64_t>(LowMask(layout.value.sequence_bits())) : 0;
      const Result<Bits> id = Compose(layout.value, c, {}, &key);
      ASSERT_TRUE(id.ok()) << id.status.detail;
      const bool inside = nodes.first <= n && n <= nodes.last;
      ASSERT_EQ(inside, lowest <= id.value && id.value <= highest) << text << " " << n;
    }
  }
  for (const char* text :
       {"time:41@1ms node:10 sequence:12", "time:41@1ms sequence:12", "random:40 node:10"})
    EXPECT_FALSE(ParseLayout(text).value.node_first()) << text;
}

}  // namespace
}  // namespace detid
