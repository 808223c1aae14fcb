// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_digest.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "core/ledger_context.h"

namespace detid {
namespace {

LedgerKey KeyOf(uint8_t first) {
  Seed seed{};
  for (int i = 0; i < kSeedBytes; i++) seed.byte[i] = static_cast<uint8_t>(first + i);
  return DeriveLedgerKey(seed);
}

const RowKey kRow = {7, 3, 0x1234567890abcdef, uint64_t{1} << 60};
const RowIds kIds = {5, -1, 99, 11};
const RowContext kWho = {4711, 123456789, 42};

TEST(LedgerDigest, IsGolden) {
  // Computed with another implementation of BLAKE2b and SipHash.
  EXPECT_EQ(DigestOfRow(KeyOf(0), kRow, kIds, kWho), 0xb7b6f52302711f63u);
  EXPECT_EQ(LedgerHash(KeyOf(0), "alice"), 0x74c341db87adc982u);
  EXPECT_EQ(LedgerHash(KeyOf(0), ""), 0xb7577bece5a2ac6au);
}

TEST(LedgerDigest, EachColumnIsInItsHalf) {
  const LedgerKey key = KeyOf(0);
  const uint64_t digest = DigestOfRow(key, kRow, kIds, kWho);
  const auto differs = [&](const RowKey& row, const RowIds& ids, const RowContext& who, bool in_ids,
                           bool in_context) {
    const uint64_t other = DigestOfRow(key, row, ids, who);
    EXPECT_EQ(!SameIds(digest, other), in_ids);
    EXPECT_EQ(!SameContext(digest, other), in_context);
  };
  differs(kRow, kIds, kWho, false, false);
  differs({8, 3, kRow.definition, kRow.position}, kIds, kWho, true, true);
  differs({7, 4, kRow.definition, kRow.position}, kIds, kWho, true, true);
  differs({7, 3, kRow.definition + 1, kRow.position}, kIds, kWho, true, true);
  differs({7, 3, kRow.definition, kRow.position + 1}, kIds, kWho, true, true);
  differs(kRow, {6, -1, 99, 11}, kWho, true, false);
  differs(kRow, {5, 0, 99, 11}, kWho, true, false);
  differs(kRow, {5, -1, 98, 11}, kWho, true, false);
  differs(kRow, {5, -1, 99, 10}, kWho, true, false);
  differs(kRow, kIds, {4712, 123456789, 42}, false, true);
  differs(kRow, kIds, {4711, 123456788, 42}, false, true);
  differs(kRow, kIds, {4711, 123456789, 0}, false, true);
  EXPECT_NE(digest, DigestOfRow(KeyOf(1), kRow, kIds, kWho));
}

TEST(LedgerDigest, FoldsTellOrderAndAbsence) {
  EXPECT_NE(Fold(Fold(0, uint64_t{1}), uint64_t{2}), Fold(Fold(0, uint64_t{2}), uint64_t{1}));
  EXPECT_NE(Fold(0, Bits{{1, 0, 0}}), Fold(0, Bits{{2, 0, 0}}));
  EXPECT_NE(FoldOfInput(true, 0), FoldOfInput(false, 0));
}

LedgerContext Example() {
  LedgerContext c;
  c.generator = 16384;
  c.generator_name = "public.orders_id";
  c.definition = 749795501668135197;
  c.layout = "time:41@1ms node:10 sequence:12";
  c.epoch = {1735689600000000};
  c.sequence_bits = 12;
  std::memset(c.seed.byte, 0xab, sizeof c.seed.byte);
  c.instance = 5245699100871802968;
  c.xact_epoch = 1;
  c.worker = -1;
  c.session_role = "app";
  c.role = "writer";
  c.application = "psql";
  c.client = "[local]";
  return c;
}

TEST(LedgerContext, NumberIsGolden) {
  EXPECT_EQ(NumberOf(KeyOf(0), Example()), 0x7bde668d94b5883fu);
}

// A4: whatever differs, the number does; also where texts are moved from one field to the next.
TEST(LedgerContext, EachFieldCounts) {
  const LedgerKey key = KeyOf(0);
  std::set<uint64_t> numbers = {NumberOf(key, Example())};
  const auto add = [&](auto change) {
    LedgerContext c = Example();
    change(&c);
    EXPECT_TRUE(numbers.insert(NumberOf(key, c)).second);
    EXPECT_FALSE(MayHaveNumber(key, c, NumberOf(key, Example())));
  };
  add([](LedgerContext* c) { c->generator++; });
  add([](LedgerContext* c) { c->generator_name = "public.order_id"; });
  add([](LedgerContext* c) { c->definition++; });
  add([](LedgerContext* c) { c->layout = "time:41@1ms node:10 sequence:11"; });
  add([](LedgerContext* c) { c->epoch.us++; });
  add([](LedgerContext* c) { c->sequence_bits++; });
  add([](LedgerContext* c) { c->seed.byte[15]++; });
  add([](LedgerContext* c) { c->pinned = true; });
  add([](LedgerContext* c) { c->instance++; });
  add([](LedgerContext* c) { c->xact_epoch++; });
  add([](LedgerContext* c) { c->worker++; });
  add([](LedgerContext* c) { c->session_role = "ap", c->role = "pwriter"; });
  add([](LedgerContext* c) { c->session_role = "writer", c->role = "app"; });
  add([](LedgerContext* c) { c->application = ""; });
  add([](LedgerContext* c) { c->client = {}; });
  add([](LedgerContext* c) { c->client = ""; });
  add([](LedgerContext* c) { c->tag = ""; });
  add([](LedgerContext* c) { c->tag = "req"; });
  EXPECT_NE(NumberOf(key, Example()), NumberOf(KeyOf(1), Example()));
}

TEST(LedgerContext, ANumberThatWasTaken) {
  const LedgerKey key = KeyOf(0);
  const uint64_t number = NumberOf(key, Example());
  EXPECT_GT(number, 0u);
  EXPECT_LE(number, static_cast<uint64_t>(INT64_MAX));
  for (uint64_t offset : {uint64_t{0}, uint64_t{1}, kContextNumbers - 1})
    EXPECT_TRUE(MayHaveNumber(key, Example(), NumberAfter(number, offset)));
  EXPECT_FALSE(MayHaveNumber(key, Example(), NumberAfter(number, kContextNumbers)));
  EXPECT_FALSE(MayHaveNumber(key, Example(), number - 1));
  EXPECT_EQ(NumberAfter(INT64_MAX, 1), 0u);
}

}  // namespace
}  // namespace detid
