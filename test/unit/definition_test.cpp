// SPDX-License-Identifier: PostgreSQL

#include "core/label.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/compose.h"
#include "random_layout.h"

namespace detid {
namespace {

constexpr char kLabel[] =
    "layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; "
    "salt=00000000000000ff";

std::string Label(const Definition& d) {
  char text[kMaxLabelText];
  const int n = FormatLabel(d, text, sizeof text);
  EXPECT_LT(n, kMaxLabelText);
  return text;
}

Definition Parsed(std::string_view label) {
  const Result<Definition> r = ParseLabel(label);
  EXPECT_TRUE(r.ok()) << label << ": " << r.status.detail;
  return r.value;
}

// kLabel with `from` replaced by `to`.
std::string With(const std::string& from, const std::string& to) {
  std::string label = kLabel;
  return label.replace(label.find(from), from.size(), to);
}

void ExpectRefused(const std::string& label, Code code, const std::string& detail) {
  const Result<Definition> r = ParseLabel(label);
  EXPECT_EQ(r.status.code, code) << label;
  EXPECT_EQ(r.status.detail, detail) << label;
}

TEST(Definition, LabelIsReadAndWrittenAgain) {
  const Definition d = Parsed(kLabel);
  EXPECT_EQ(d.preset, FindPreset("snowflake"));
  EXPECT_EQ(d.layout.bits, 63);
  EXPECT_EQ(d.epoch_us, 1735689600000000);
  EXPECT_EQ(d.audit, Audit::kRange);
  EXPECT_EQ(d.ordering, Ordering::kBackend);
  EXPECT_EQ(d.salt, 255u);
  EXPECT_EQ(Label(d), kLabel);
}

TEST(Definition, LabelKeysComeInAnyOrderAndSpacing) {
  EXPECT_EQ(Label(Parsed("salt=ff;audit=range ;  ordering=backend;epoch=2025-01-01Z;"
                         "layout=snowflake;")),
            kLabel);
}

TEST(Definition, LabelTakesALayoutsText) {
  const Definition d = Parsed(
      "layout=time:41@1ms const:2=0x3 node:20; epoch=2020-02-02T02:02:02.02Z; audit=each; "
      "ordering=node; salt=fedcba9876543210");
  EXPECT_EQ(d.preset, nullptr);
  EXPECT_EQ(d.audit, Audit::kEach);
  EXPECT_EQ(d.ordering, Ordering::kNode);
  EXPECT_EQ(Label(d),
            "layout=time:41@1ms const:2=3 node:20; epoch=2020-02-02T02:02:02.02Z; audit=each; "
            "ordering=node; salt=fedcba9876543210");
}

TEST(Definition, EveryPresetsLabelRoundTrips) {
  for (const Preset& preset : Presets()) {
    const Definition d = DefinitionOf(preset.name).value;
    EXPECT_EQ(Label(Parsed(Label(d))), Label(d)) << preset.name;
    EXPECT_TRUE(MayBecome(Parsed(Label(d)), d)) << preset.name;
  }
}

TEST(Definition, RandomLabelsRoundTrip) {
  test::LayoutMaker maker(42);
  for (int i = 0; i < 5000; i++) {
    const test::LayoutSpec spec = maker.Make();
    Definition d = DefinitionOf(spec.text).value;
    d.epoch_us = static_cast<int64_t>(maker.Word() >> 12);  // until 2112
    d.salt = maker.Word();
    d.audit = static_cast<Audit>(maker.Below(3));
    if (d.layout.position_first()) d.ordering = static_cast<Ordering>(maker.Below(2));
    const Definition again = Parsed(Label(d));
    ASSERT_EQ(Label(again), Label(d));
    ASSERT_EQ(again.epoch_us, d.epoch_us);
    ASSERT_EQ(again.salt, d.salt);
    ASSERT_TRUE(MayBecome(again, d));
  }
}

TEST(Definition, EveryKeyMustBeThereOnce) {
  ExpectRefused("", Code::kLabelSyntax, "\"layout\": the key is missing.");
  ExpectRefused(With("; epoch=2025-01-01T00:00:00Z", ""), Code::kLabelSyntax,
                "\"epoch\": the key is missing.");
  ExpectRefused(With("; audit=range", ""), Code::kLabelSyntax, "\"audit\": the key is missing.");
  ExpectRefused(With("; ordering=backend", ""), Code::kLabelSyntax,
                "\"ordering\": the key is missing.");
  ExpectRefused(With("; salt=00000000000000ff", ""), Code::kLabelSyntax,
                "\"salt\": the key is missing.");
  ExpectRefused(With("audit=range", "audit=range; audit=each"), Code::kLabelSyntax,
                "\"audit=each\": the key is there twice.");
}

TEST(Definition, LabelErrorsNameThePart) {
  ExpectRefused("snowflake", Code::kLabelSyntax, "\"snowflake\": key=value was expected.");
  ExpectRefused(With("audit=range", ""), Code::kLabelSyntax, "\"\": key=value was expected.");
  ExpectRefused(With("audit=", "Audit="), Code::kLabelSyntax,
                "\"Audit=range\": there is no such key.");
  ExpectRefused(With("audit=", "audit ="), Code::kLabelSyntax,
                "\"audit =range\": there is no such key.");
  ExpectRefused(With("range", "all"), Code::kLabelSyntax, "\"all\": audit is off, range or each.");
  ExpectRefused(With("backend", "strict"), Code::kLabelSyntax,
                "\"strict\": ordering is backend or node.");
  for (const char* salt : {"", "0x5", "-5", "xyz", "10000000000000000", "ff ff"})
    ExpectRefused(With("00000000000000ff", salt), Code::kLabelSyntax,
                  "\"" + std::string(salt) + "\": salt is 64 bits in hexadecimal.");
}

TEST(Definition, LabelPassesOnErrorsOfItsValues) {
  ExpectRefused(With("snowflake", "snowdrop"), Code::kNoSuchLayout, "The layout is \"snowdrop\".");
  ExpectRefused(With("snowflake", "node:10"), Code::kLayoutInvalid,
                "Without a time, random or hash field nothing tells two ids apart.");
  ExpectRefused(With("2025-01-01T00:00:00Z", "2025-01-01"), Code::kInstantSyntax,
                "\"2025-01-01\" is not a time such as 2025-01-01T00:00:00Z.");
}

TEST(Definition, Uuid7sEpochIsFixed) {
  ExpectRefused(With("snowflake", "uuid7"), Code::kLabelSyntax,
                "\"uuid7\": its epoch is part of the format.");
}

TEST(Definition, DefinitionOfTextStartsIn2025) {
  EXPECT_EQ(DefinitionOf("time:41@1ms node:10").value.epoch_us, 1735689600000000);
  EXPECT_EQ(DefinitionOf("twitter").value.epoch_us, 1288834974657000);
  EXPECT_EQ(DefinitionOf("uuid7").value.epoch_us, 0);
}

TEST(Definition, MayBecomeLooksAtAllButAudit) {
  const Definition d = Parsed(kLabel);
  EXPECT_TRUE(MayBecome(d, Parsed(With("range", "off"))));
  EXPECT_FALSE(MayBecome(d, Parsed(With("backend", "node"))));
  EXPECT_FALSE(MayBecome(d, Parsed(With("2025", "2024"))));
  EXPECT_FALSE(MayBecome(d, Parsed(With("ff", "fe"))));
  EXPECT_FALSE(MayBecome(d, Parsed(With("snowflake", "js53"))));
  const Definition x = DefinitionOf("time:41@1ms node:10").value;
  EXPECT_TRUE(MayBecome(x, DefinitionOf("  time:41@1000us   node:10 ").value));
  EXPECT_FALSE(MayBecome(x, DefinitionOf("node:10 time:41@1ms").value));
}

TEST(Definition, FingerprintIsGoldenAndLeavesOutAuditAndOrdering) {
  EXPECT_EQ(Fingerprint(Parsed(kLabel)), 0x0a99d17af6a88db2u);
  EXPECT_EQ(Fingerprint(Parsed(With("range", "each"))), 0x0a99d17af6a88db2u);
  EXPECT_EQ(Fingerprint(Parsed(With("backend", "node"))), 0x0a99d17af6a88db2u);
  EXPECT_NE(Fingerprint(Parsed(With("2025", "2024"))), 0x0a99d17af6a88db2u);
  EXPECT_NE(Fingerprint(Parsed(With("ff", "fe"))), 0x0a99d17af6a88db2u);
}

TEST(Definition, SaltOfIsGolden) {
  EXPECT_EQ(SaltOf("public.orders_id"), 0x811d462236f4ea15u);
  EXPECT_EQ(SaltOf("detid.default_id"), 0x634599de61fb6713u);
}

TEST(Definition, BuiltInsArePinned) {
  EXPECT_EQ(Label(DefaultIdDefinition()),
            "layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; "
            "salt=634599de61fb6713");
  EXPECT_EQ(Label(DefaultUuidDefinition()),
            "layout=uuid7; epoch=1970-01-01T00:00:00Z; audit=range; ordering=backend; "
            "salt=9cb369a9f5e782f6");
}

TEST(Definition, NamesOfAuditAndOrdering) {
  Audit audit = Audit::kOff;
  Ordering ordering = Ordering::kBackend;
  for (const char* name : {"off", "range", "each"}) {
    ASSERT_TRUE(ParseAudit(name, &audit));
    EXPECT_EQ(AuditName(audit), name);
  }
  for (const char* name : {"backend", "node"}) {
    ASSERT_TRUE(ParseOrdering(name, &ordering));
    EXPECT_EQ(OrderingName(ordering), name);
  }
  EXPECT_FALSE(ParseAudit("Each", &audit));
  EXPECT_FALSE(ParseAudit("", &audit));
  EXPECT_FALSE(ParseOrdering("nodes", &ordering));
}

TEST(Definition, IdsPerSecondFollowTheUnit) {
  EXPECT_EQ(IdsPerSecond(DefinitionOf("time:41@1ms node:10").value.layout), 1000);
  EXPECT_EQ(IdsPerSecond(DefinitionOf("time:32@1s sequence:4").value.layout), 16);
  EXPECT_EQ(IdsPerSecond(DefinitionOf("time:50@100ns sequence:1").value.layout), 2e7);
  EXPECT_EQ(IdsPerSecond(DefinitionOf("random:128").value.layout), 0);  // nothing limits it
}

TEST(Definition, EpochEndsAfterTheLastTick) {
  EXPECT_EQ(EndOfEpochUs(DefinitionOf("time:1@1s random:20").value), 1735689602000000);
  EXPECT_EQ(EndOfEpochUs(DefinitionOf("random:128").value), 3934712855552000);  // hidden 41 bits
}

TEST(Definition, EpochBeyond64BitsHasNoEnd) {
  EXPECT_EQ(EndOfEpochUs(DefinitionOf("time:62@1s").value), std::numeric_limits<int64_t>::max());
}

TEST(Definition, EpochOf63TimeBitsIsNoOverflow) {
  EXPECT_EQ(EndOfEpochUs(DefinitionOf("time:63@1s").value), std::numeric_limits<int64_t>::max());
  EXPECT_GT(EndOfEpochUs(DefinitionOf("time:63@100ns").value), 1735689600000000);
}

}  // namespace
}  // namespace detid
