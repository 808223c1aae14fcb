// SPDX-License-Identifier: PostgreSQL

#include "core/layout.h"

#include <gtest/gtest.h>

#include <string>

#include "core/presets.h"
#include "random_layout.h"

namespace detid {
namespace {

std::string Format(const Layout& layout) {
  char text[kMaxLayoutText + 1];
  const int n = FormatLayout(layout, text, sizeof text);
  return std::string(text, static_cast<size_t>(n));
}

Layout Parsed(std::string_view text) {
  const Result<Layout> r = ParseLayout(text);
  EXPECT_TRUE(r.ok()) << text << ": " << r.status.detail;
  return r.value;
}

struct Refusal {
  std::string text;
  std::string detail;
};

void ExpectRefused(Code code, const Refusal& refusal) {
  const Result<Layout> r = ParseLayout(refusal.text);
  EXPECT_EQ(r.status.code, code) << refusal.text;
  EXPECT_EQ(r.status.detail, refusal.detail) << refusal.text;
}

std::string Repeat(const std::string& field, int n) {
  std::string text;
  for (int i = 0; i < n; i++) text += (i > 0 ? " " : "") + field;
  return text;
}

TEST(Layout, SyntaxErrorsNameTheirPosition) {
  const Refusal refusals[] = {
      {"tick:41@1ms",
       "At character 1, \"tick:41@1ms\": one of time, node, worker, sequence, random, hash, const "
       "was expected."},
      {"time:41@1ms Node:10",
       "At character 13, \"Node:10\": one of time, node, worker, sequence, random, hash, const was "
       "expected."},
      {"time:41@1ms, node:10", "At character 12, \", node:10\": a space or the end was expected."},
      {"time", "At the end of the layout, \":\" and a number of bits was expected."},
      {"time=41", "At character 5, \"=41\": \":\" and a number of bits was expected."},
      {"time:41@1ms node:",
       "At the end of the layout, a number of bits from 1 to 160 was expected."},
      {"node:0", "At character 6, \"0\": a number of bits from 1 to 160 was expected."},
      {"node:161", "At character 6, \"161\": a number of bits from 1 to 160 was expected."},
      {"node:-1", "At character 6, \"-1\": a number of bits from 1 to 160 was expected."},
      {"node:99999999999999999999",
       "At character 6, \"99999999999999999999\": a number of bits from 1 to 160 was expected."},
      {"node:10x", "At character 8, \"x\": a space or the end was expected."},
      {"time:41", "At the end of the layout, \"@\" and a unit such as 1ms was expected."},
      {"time:41 node:10",
       "At character 8, \" node:10\": \"@\" and a unit such as 1ms was expected."},
      {"time:41@", "At the end of the layout, a unit such as 1ms was expected."},
      {"time:41@ms", "At character 9, \"ms\": a unit such as 1ms was expected."},
      {"time:41@1", "At character 9, \"1\": a unit in ns, us, ms or s was expected."},
      {"time:41@1min", "At character 9, \"1min\": a unit in ns, us, ms or s was expected."},
      {"time:20@1ms node:10 time:21@1us sequence:1",
       "At character 32, \" sequence:1\": one unit for all parts of the time was expected."},
      {"const:4", "At the end of the layout, \"=\" and the constant's value was expected."},
      {"const:4=", "At the end of the layout, the constant's value was expected."},
      {"const:4=x", "At character 9, \"x\": the constant's value was expected."},
      {"const:64=18446744073709551616",
       "At character 10, \"18446744073709551616\": the constant's value was expected."},
      {"const:4=0x", "At character 10, \"x\": a space or the end was expected."},
      {"time:41@1ms\tnode:10", "At character 12, \"\tnode:10\": a space or the end was expected."},
  };
  for (const Refusal& refusal : refusals) ExpectRefused(Code::kLayoutSyntax, refusal);
}

// The detail goes to clients, which refuse half a letter of UTF-8.
TEST(Layout, SyntaxErrorsQuoteWholeCharacters) {
  ExpectRefused(Code::kLayoutSyntax,
                {"xxxxxxxxxxxxxxxxxxx\xc3\xa9",  // the twentieth byte is half a letter
                 "At character 1, \"xxxxxxxxxxxxxxxxxxx\": one of time, node, worker, sequence, "
                 "random, hash, const was expected."});
}

TEST(Layout, ConstMustFitItsBits) {
  ExpectRefused(Code::kLayoutSyntax, {"time:41@1ms const:4=16",
                                      "At character 21, \"16\": a value that fits into the "
                                      "constant's bits, 64 at the most, was expected."});
  ExpectRefused(Code::kLayoutSyntax, {"const:65=0",
                                      "At character 10, \"0\": a value that fits into the "
                                      "constant's bits, 64 at the most, was expected."});
  EXPECT_EQ(Parsed("time:41@1ms const:4=15").fields[1].value, 15u);
  EXPECT_EQ(Parsed("time:41@1ms const:8=0xfF").fields[1].value, 255u);
  EXPECT_EQ(Parsed("time:63@1ms const:64=0xffffffffffffffff random:1").fields[1].value,
            0xffffffffffffffffu);
}

TEST(Layout, UnitIsFrom100nsTo1s) {
  EXPECT_EQ(Parsed("time:41@100ns").unit, 1u);
  EXPECT_EQ(Parsed("time:41@1500ns").unit, 15u);
  EXPECT_EQ(Parsed("time:41@1us").unit, 10u);
  EXPECT_EQ(Parsed("time:41@1ms").unit, 10000u);
  EXPECT_EQ(Parsed("time:41@10ms").unit, 100000u);
  EXPECT_EQ(Parsed("time:41@1s").unit, 10000000u);
  EXPECT_EQ(Parsed("time:41@1000000000ns").unit, 10000000u);
  for (const char* unit :
       {"50ns", "150ns", "2s", "0ms", "1001ms", "1000000100ns", "1844674407371s"})
    ExpectRefused(Code::kLayoutSyntax, {std::string("time:41@") + unit,
                                        std::string("At character 9, \"") + unit +
                                            "\": a unit from 100ns to 1s, in steps of 100ns, was "
                                            "expected."});
}

TEST(Layout, FormatUnitTakesTheLargestThatDivides) {
  const std::pair<uint32_t, const char*> kUnits[] = {
      {1, "100ns"},     {15, "1500ns"},    {10, "1us"},        {10000, "1ms"},
      {100000, "10ms"}, {15000, "1500us"}, {2500000, "250ms"}, {10000000, "1s"}};
  for (const auto& [unit, expected] : kUnits) {
    char text[16];
    EXPECT_EQ(FormatUnit(unit, text, sizeof text), static_cast<int>(std::string(expected).size()));
    EXPECT_STREQ(text, expected);
  }
}

TEST(Layout, InvalidOnesSayWhy) {
  const Refusal refusals[] = {
      {"", "It has no fields."},
      {"   ", "It has no fields."},
      {"time:41@1ms random:120", "Its fields have 161 bits; 160 are the most."},
      {"time:41@1ms node:23",
       "Its fields have 64 bits; 1 to 63 make a bigint, 128 a uuid, 65 to 160 a text."},
      {"time:64@1ms random:64", "The time field has 64 bits; it may have 63 at the most."},
      {"time:20@1ms node:32", "The node field has 32 bits; it may have 31 at the most."},
      {"time:20@1ms worker:19", "The worker field has 19 bits; it may have 18 at the most."},
      {"time:20@1ms sequence:33", "The sequence field has 33 bits; it may have 32 at the most."},
      {"time:60@1ms const:64=0 sequence:4",
       "The time and sequence fields have 64 bits together; they may have 63 at the most."},
      {"sequence:12 random:40", "A sequence counts within a tick, so it needs a time field."},
      {"node:10", "Without a time, random or hash field nothing tells two ids apart."},
      {"const:4=7 worker:12", "Without a time, random or hash field nothing tells two ids apart."},
      {"time:20@1ms time:21 node:10", "It has two time fields side by side."},
      {"time:41@1ms node:5 node:5", "It has two node fields side by side."},
      {"time:41@1ms sequence:4 sequence:8", "It has two sequence fields side by side."},
      {"node:5 time:41@1ms node:5", "It has two node fields."},
      {"worker:5 time:41@1ms worker:5", "It has two worker fields."},
  };
  for (const Refusal& refusal : refusals) ExpectRefused(Code::kLayoutInvalid, refusal);
}

TEST(Layout, HasAtMost24FieldsAnd400Characters) {
  EXPECT_EQ(Parsed("time:30@1ms " + Repeat("const:1=1", 23)).count, 24);
  ExpectRefused(Code::kLayoutSyntax,
                {"time:30@1ms " + Repeat("const:1=1", 24),
                 "At character 243, \"const:1=1\": the end, as a layout has at most 24 fields: no "
                 "field was expected."});
  EXPECT_EQ(Parsed("time:41@1ms" + std::string(389, ' ')).bits, 41);
  ExpectRefused(Code::kLayoutSyntax, {"time:41@1ms" + std::string(390, ' '),
                                      "It has 401 characters; 400 are the most."});
}

TEST(Layout, WidthMakesTheType) {
  EXPECT_TRUE(Parsed("time:63@1ms").is_bigint());
  EXPECT_TRUE(Parsed("time:48@1ms random:80").is_uuid());
  EXPECT_TRUE(Parsed("time:48@1ms random:81").is_text());
  EXPECT_TRUE(Parsed("time:48@1ms random:112").is_text());
  EXPECT_TRUE(Parsed("time:48@1ms random:17").is_text());
  EXPECT_TRUE(Parsed("time:48@1ms random:79").is_text());
  EXPECT_FALSE(Parsed("time:48@1ms random:80").is_text());
  EXPECT_EQ(Parsed("random:1").bits, 1);
}

TEST(Layout, FieldsLieFromTheTopDown) {
  const Layout layout = Parsed("  time:41@1ms  node:10   sequence:12 ");
  ASSERT_EQ(layout.count, 3);
  EXPECT_EQ(layout.fields[0].shift, 22);
  EXPECT_EQ(layout.fields[1].shift, 12);
  EXPECT_EQ(layout.fields[2].shift, 0);
  EXPECT_EQ(layout.bits, 63);
  EXPECT_EQ(layout.time_bits(), 41);
  EXPECT_EQ(layout.sequence_bits(), 12);
  EXPECT_FALSE(layout.shows(Kind::kWorker));
}

TEST(Layout, CutTimeKeepsHighBitsFirst) {
  // UUIDv6 (RFC 9562 section 5.6) with the free bits as a sequence, a node and random.
  const Layout layout =
      Parsed("time:48@100ns const:4=6 time:12 const:2=2 sequence:3 node:11 random:48");
  EXPECT_EQ(layout.time_bits(), 60);
  EXPECT_EQ(layout.fields[0].below, 12);
  EXPECT_EQ(layout.fields[2].below, 0);
  EXPECT_EQ(layout.fields[0].shift, 80);
  EXPECT_TRUE(layout.is_uuid());
  // A second unit is allowed where it is the same.
  EXPECT_EQ(Format(Parsed("time:4@1ms node:3 time:4@1000us")), "time:4@1ms node:3 time:4");
}

TEST(Layout, HiddenTimeGetsWideCoordinates) {
  const Layout layout = Parsed("random:122 const:4=4 const:2=2");
  EXPECT_EQ(layout.time_bits(), 41);
  EXPECT_EQ(layout.sequence_bits(), 22);
  EXPECT_EQ(Parsed("time:41@1ms node:10").sequence_bits(), 0);
}

TEST(Layout, TimeFirstMeansIdsSortByTime) {
  EXPECT_TRUE(Parsed("time:41@1ms node:10 sequence:12").time_first());
  EXPECT_TRUE(Parsed("const:4=1 time:41@1ms node:10").time_first());
  EXPECT_TRUE(Parsed("time:48@100ns const:4=6 time:12 random:64").time_first());
  EXPECT_FALSE(Parsed("node:10 time:41@1ms sequence:12").time_first());
  EXPECT_FALSE(Parsed("time:32@1ms node:10 time:9").time_first());
  EXPECT_FALSE(Parsed("random:128").time_first());
  // Parts must follow from the high bits down.
  EXPECT_TRUE(Parsed("const:1=1 time:20@1ms^21 const:4=1 time:21^0 node:10").time_first());
  EXPECT_FALSE(Parsed("time:20@1ms^0 const:4=1 time:21^20 node:10").time_first());
  EXPECT_FALSE(Parsed("time:10@1ms^30 time:10^10 time:10^20 time:10^0").time_first());
}

TEST(Layout, PositionFirstMeansIdsOfANodeSortByPosition) {
  EXPECT_TRUE(Parsed("time:41@1ms node:10 sequence:12").position_first());
  EXPECT_TRUE(Parsed("node:10 time:41@1ms sequence:12").position_first());
  EXPECT_TRUE(Parsed("time:20@1ms const:4=1 time:21 sequence:12 random:90").position_first());
  EXPECT_TRUE(Parsed("time:41@1ms random:60").position_first());
  EXPECT_FALSE(Parsed("time:41@1ms worker:5 sequence:12").position_first());
  EXPECT_FALSE(Parsed("sequence:12 time:41@1ms").position_first());
  EXPECT_FALSE(Parsed("time:20@1ms sequence:12 time:21").position_first());
  EXPECT_FALSE(Parsed("time:20@1ms^0 time:21^20 sequence:12").position_first());
  EXPECT_FALSE(Parsed("time:41@1ms sequence:6^0 sequence:6^6").position_first());
  EXPECT_FALSE(Parsed("random:128").position_first());
}

// UUIDv1 (RFC 9562 section 5.1): time_low, time_mid, version, time_high.
TEST(Layout, PartsMaySayWhereTheyBelong) {
  const Layout layout = Parsed("time:32@100ns^0 time:16^32 const:4=1 time:12^48 random:64");
  EXPECT_EQ(layout.time_bits(), 60);
  EXPECT_EQ(layout.fields[0].below, 0);
  EXPECT_EQ(layout.fields[0].shift, 96);
  EXPECT_EQ(layout.fields[1].below, 32);
  EXPECT_EQ(layout.fields[1].shift, 80);
  EXPECT_EQ(layout.fields[3].below, 48);
  EXPECT_EQ(layout.fields[3].shift, 64);
  EXPECT_FALSE(layout.time_first());
}

TEST(Layout, PartsOfTheSequenceMayToo) {
  const Layout layout = Parsed("time:40@1ms sequence:4^0 node:3 sequence:8^4");
  EXPECT_EQ(layout.sequence_bits(), 12);
  EXPECT_EQ(layout.fields[1].below, 0);
  EXPECT_EQ(layout.fields[3].below, 4);
  EXPECT_TRUE(layout.time_first());
}

TEST(Layout, ShiftsAreWrittenOnlyWhereTheyAreNeeded) {
  for (const char* text :
       {"time:32@100ns^0 time:16^32 const:4=1 time:12^48 random:64",
        "time:20@1ms^0 time:21^20 node:10 sequence:12",
        "time:20@1ms^21 sequence:6^0 time:10^0 sequence:6^6 time:11^10",
        "time:41@1ms sequence:6^0 sequence:6^6",
        // In order, but a mistake without.
        "time:10@1ms^30 time:10^20 time:10^10 time:10^0", "time:41@1ms sequence:6^6 sequence:6^0"})
    EXPECT_EQ(Format(Parsed(text)), text);
  // In the order that goes without saying.
  EXPECT_EQ(Format(Parsed("time:41@1ms^0 node:10")), "time:41@1ms node:10");
  EXPECT_EQ(Format(Parsed("time:48@100ns^12 const:4=6 time:12^0 random:64")),
            "time:48@100ns const:4=6 time:12 random:64");
}

TEST(Layout, ShiftsThatDoNotMakeUpTheFieldAreRefused) {
  const auto refusal = [](const char* text, const char* field, int bits) {
    ExpectRefused(
        Code::kLayoutInvalid,
        {text, "The parts of its " + std::string(field) + " field do not make up " +
                   std::to_string(bits) + " bits: each needs a ^SHIFT, and no two may overlap."});
  };
  refusal("time:20@1ms^0 time:21^19 node:10", "time", 41);                   // overlap
  refusal("time:20@1ms^0 time:21^0 node:10", "time", 41);                    // overlap
  refusal("time:20@1ms^0 time:21^21 node:10", "time", 41);                   // a gap
  refusal("time:41@1ms^1 node:10", "time", 41);                              // a gap below
  refusal("time:20@1ms^0 node:10 time:21", "time", 41);                      // one alone
  refusal("time:20@1ms node:10 time:21^20", "time", 41);                     // one alone
  refusal("time:41@1ms sequence:6^0 node:5 sequence:6^5", "sequence", 12);   // overlap
  refusal("time:41@1ms sequence:6^62 node:5 sequence:6^0", "sequence", 12);  // beyond all bits
  refusal("time:31@1ms^0 time:31^62 node:1", "time", 62);
}

TEST(Layout, ShiftsBelongToTimeAndSequence) {
  for (const char* field : {"node:10^0", "worker:10^0", "random:10^0", "hash:10^0"})
    ExpectRefused(Code::kLayoutSyntax,
                  {"time:41@1ms " + std::string(field),
                   "At character " + std::to_string(std::string(field).find('^') + 13) +
                       ", \"^0\": a space or the end was expected."});
  ExpectRefused(Code::kLayoutSyntax, {"time:41@1ms const:4=1^0",
                                      "At character 22, \"^0\": a space or the end was expected."});
}

TEST(Layout, ShiftsAreFrom0To62) {
  EXPECT_EQ(Parsed("time:62@1ms^0 time:1^62").fields[1].below, 62);
  for (const char* shift : {"63", "160", "99999999999999999999", "-1", "x", "^1"})
    ExpectRefused(Code::kLayoutSyntax,
                  {"time:41@1ms^" + std::string(shift), "At character 13, \"" + std::string(shift) +
                                                            "\": a shift from 0 to 62 was "
                                                            "expected."});
  ExpectRefused(Code::kLayoutSyntax, {"time:41@1ms^",
                                      "At the end of the layout, a shift from 0 to "
                                      "62 was expected."});
  ExpectRefused(Code::kLayoutSyntax,
                {"time:41^0@1ms",
                 "At character 8, \"^0@1ms\": \"@\" and a unit such as 1ms was "
                 "expected."});
}

TEST(Layout, AnySubsetOfTheShiftsIsRefusedButNoneAndAll) {
  for (int placed = 0; placed < 8; placed++) {
    const auto shift = [&](int part, const char* text) {
      return placed >> part & 1 ? std::string(text) : std::string();
    };
    const std::string text = "time:10@1ms" + shift(0, "^20") + " const:1=0 time:10" +
                             shift(1, "^10") + " const:1=0 time:10" + shift(2, "^0");
    EXPECT_EQ(ParseLayout(text).ok(), placed == 0 || placed == 7) << text;
  }
}

TEST(Layout, PresetsRoundTrip) {
  for (const Preset& preset : Presets()) {
    EXPECT_EQ(Format(Parsed(preset.layout)), preset.layout) << preset.name;
    if (preset.published.empty()) continue;
    EXPECT_EQ(Format(Parsed(preset.published)), preset.published) << preset.name;
  }
}

TEST(Layout, RandomValidLayoutsRoundTrip) {
  test::LayoutMaker maker(20250101);
  for (int i = 0; i < 20000; i++) {
    const test::LayoutSpec spec = maker.Make();
    const Result<Layout> r = ParseLayout(spec.text);
    ASSERT_TRUE(r.ok()) << spec.text << ": " << r.status.detail;
    ASSERT_EQ(Format(r.value), spec.text);
    ASSERT_EQ(r.value.count, spec.fields.size());
  }
}

}  // namespace
}  // namespace detid
