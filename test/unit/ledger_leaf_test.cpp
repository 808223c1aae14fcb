// SPDX-License-Identifier: PostgreSQL

#include "core/ledger_leaf.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "hex.h"

namespace detid {
namespace {

std::string Text(const Hash& hash) {
  return Hex(hash.byte, sizeof hash.byte);
}

LedgerKey ExampleKey() {
  Seed seed{};
  for (int i = 0; i < kSeedBytes; i++) seed.byte[i] = static_cast<uint8_t>(i);
  return DeriveLedgerKey(seed);
}

const RowKey kRow = {7, -1, 0x1234567890abcdef, 1000000};

TEST(LedgerLeaf, IsGolden) {
  // Computed with another implementation of SHA-256 and BLAKE2b.
  RestHash rest;
  rest.Add('i', "ids");
  rest.Add('t', "tag");
  LeafRow row = {kRow, 3, -1, 4711, 99, {}, rest.End()};
  row.context = HashOfContext(LedgerContext{});
  EXPECT_EQ(Text(row.context), "b0b699137a7f112c73a1e9a867946c749b0e82b576a2fe83814586d9fc2c3a74");
  EXPECT_EQ(Text(row.rest), "d5ccdca1a8d355d7a15f81e48899a1113ec75fc1bed461815e5f641927ead91f");
  EXPECT_EQ(Text(LeafOf(row)), "f70433e2fd5413a10f0bf3b097a49ceec76ede1a709787b6a9eed0e53349864e");
  EXPECT_EQ(Text(CommitInput(SaltOfInput(ExampleKey(), kRow, 2), "alice")),
            "e121a52c980e9c3b71e4fafa2468fa6589bf8e6c643149a3fc42102f397b0278");
}

TEST(LedgerLeaf, EachPartCounts) {
  std::set<std::string> leaves;
  const auto add = [&](auto change) {
    LeafRow row = {kRow, 3, -1, 4711, 99, {}, {}};
    change(&row);
    EXPECT_TRUE(leaves.insert(Text(LeafOf(row))).second);
  };
  add([](LeafRow*) {});
  add([](LeafRow* r) { r->key.node++; });
  add([](LeafRow* r) { r->key.worker++; });
  add([](LeafRow* r) { r->key.definition++; });
  add([](LeafRow* r) { r->key.position++; });
  add([](LeafRow* r) { r->count++; });
  add([](LeafRow* r) { r->attempt++; });
  add([](LeafRow* r) { r->xact++; });
  add([](LeafRow* r) { r->digest++; });
  add([](LeafRow* r) { r->context.byte[31]++; });
  add([](LeafRow* r) { r->rest.byte[0]++; });
}

TEST(LedgerLeaf, PartsOfTheRestAreTold) {
  const auto of = [](std::initializer_list<std::pair<char, std::string_view>> parts) {
    RestHash rest;
    for (const auto& [letter, bytes] : parts) rest.Add(letter, bytes);
    return Text(rest.End());
  };
  const std::set<std::string> all = {of({}),
                                     of({{'i', ""}}),
                                     of({{'t', ""}}),
                                     of({{'i', "ab"}}),
                                     of({{'i', "a"}, {'t', "b"}}),
                                     of({{'i', "ab"}, {'t', ""}}),
                                     of({{'i', ""}, {'t', "ab"}})};
  EXPECT_EQ(all.size(), 7u);
  EXPECT_EQ(of({}), std::string(64, '0'));
}

TEST(LedgerLeaf, SaltsDiffer) {
  std::set<std::string> salts;
  const auto add = [&](const RowKey& row, uint32_t ordinal) {
    const InputSalt s = SaltOfInput(ExampleKey(), row, ordinal);
    EXPECT_TRUE(salts.insert(Hex(s.byte, sizeof s.byte)).second);
  };
  add(kRow, 0);
  add(kRow, 1);
  add({8, -1, kRow.definition, kRow.position}, 0);
  add({7, 0, kRow.definition, kRow.position}, 0);
  add({7, -1, kRow.definition + 1, kRow.position}, 0);
  add({7, -1, kRow.definition, kRow.position + 1}, 0);
}

}  // namespace
}  // namespace detid
