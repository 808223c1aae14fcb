// SPDX-License-Identifier: PostgreSQL
//
// The literals come from Python's hashlib, by the code in docs/layouts.md. They never change: every
// derived id and every claim hangs on them.

#include "core/derive.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/id_text.h"

namespace detid {
namespace {

using Fields = std::vector<std::string>;

// 40 41 42 .. 5f
Seed Secret() {
  Seed secret;
  for (int i = 0; i < kSeedBytes; i++) secret.byte[i] = static_cast<uint8_t>(0x40 + i);
  return secret;
}

Bits Derive(Derived what, const Fields& fields, const Seed* secret = nullptr) {
  Deriver deriver;
  deriver.Begin(what, secret);
  for (const std::string& field : fields) deriver.Add(field);
  return deriver.End();
}

std::string Uuid(const Fields& fields, const Seed* secret = nullptr) {
  char text[kMaxIdText];
  FormatUuid(Derive(Derived::kUuid, fields, secret), text, sizeof text);
  return text;
}

uint64_t Id(const Fields& fields, const Seed* secret = nullptr) {
  return Derive(Derived::kId, fields, secret).word[0];
}

TEST(Derive, UuidsAndIdsAreGolden) {
  EXPECT_EQ(Uuid({"orders", "alice", "42"}), "5fcb70eb-1c01-875c-ac58-5bc1b1e113c3");
  EXPECT_EQ(Id({"orders", "alice", "42"}), 7441282390896488735u);
  EXPECT_EQ(Uuid({"orders", ""}), "c2a16b91-22be-862b-9342-d5db915c8dfc");
  EXPECT_EQ(Id({"orders", ""}), 5357159964574746280u);
}

TEST(Derive, AMegabyteOfInputIsGolden) {
  const std::string megabyte(1000000, 'x');
  EXPECT_EQ(Uuid({"orders", megabyte}), "c60eacd6-4f53-8a55-b9d8-523d597f9231");
  EXPECT_EQ(Id({"orders", megabyte}), 6949974863567271624u);
}

TEST(Derive, UnderASecretIsGoldenAndAnother) {
  const Seed secret = Secret();
  EXPECT_EQ(Uuid({"orders", "alice", "42"}, &secret), "158306c6-2985-883a-918b-8300b8d51556");
  EXPECT_EQ(Id({"orders", "alice", "42"}, &secret), 8253901245971901652u);
  Seed other = secret;
  other.byte[31] ^= 1;
  EXPECT_NE(Id({"orders", "alice", "42"}, &other), Id({"orders", "alice", "42"}, &secret));
}

TEST(Derive, WhereAFieldEndsCounts) {
  EXPECT_EQ(Uuid({"orders", "ab", "c"}), "d4533c7e-3944-8a93-8246-e49ba82293b5");
  EXPECT_EQ(Uuid({"orders", "a", "bc"}), "7a8c9f33-f80e-8530-8379-bae7fc43d9af");
  const std::vector<Fields> all = {
      {"ab", "c"},     {"a", "bc"},     {"abc"},         {"abc", ""}, {"", "abc"}, {"a", "b", "c"},
      {"", "ab", "c"}, {"ab", "", "c"}, {"ab", "c", ""}, {""},        {"", ""},    {"c", "ab"}};
  std::set<std::string> uuids;
  std::set<uint64_t> ids;
  for (const Fields& fields : all) {
    uuids.insert(Uuid(fields));
    ids.insert(Id(fields));
  }
  EXPECT_EQ(uuids.size(), all.size());
  EXPECT_EQ(ids.size(), all.size());
}

TEST(Derive, UuidsAreOfVersion8AndIdsArePositive) {
  for (int i = 0; i < 1000; i++) {
    const Fields fields = {"n", std::to_string(i)};
    const std::string uuid = Uuid(fields);
    EXPECT_EQ(uuid[14], '8') << uuid;
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
    EXPECT_EQ(Id(fields) >> 63, 0u);
    // One hash is not a part of the other.
    EXPECT_NE(Id(fields) >> 31, Derive(Derived::kUuid, fields).word[1] >> 32);
  }
}

TEST(Derive, EveryOtherBitIsUsed) {
  Bits ones, zeros{{~uint64_t{0}, ~uint64_t{0}, 0}};
  uint64_t id_ones = 0, id_zeros = ~uint64_t{0};
  for (int i = 0; i < 200; i++) {
    const Bits uuid = Derive(Derived::kUuid, {"n", std::to_string(i)});
    for (int w = 0; w < 2; w++) {
      ones.word[w] |= uuid.word[w];
      zeros.word[w] &= uuid.word[w];
    }
    const uint64_t id = Id({"n", std::to_string(i)});
    id_ones |= id;
    id_zeros &= id;
  }
  EXPECT_EQ(ones.word[1], 0xFFFFFFFFFFFF8FFFu);
  EXPECT_EQ(ones.word[0], 0xBFFFFFFFFFFFFFFFu);
  EXPECT_EQ(zeros.word[1], 0x8000u);
  EXPECT_EQ(zeros.word[0], 0x8000000000000000u);
  EXPECT_EQ(id_ones, LowMask(63));
  EXPECT_EQ(id_zeros, 0u);
}

std::string Claim(const Fields& fields, uint64_t attempt = 0) {
  const std::vector<std::string_view> views(fields.begin(), fields.end());
  const int count = static_cast<int>(views.size());
  std::string out(ClaimBytes(views.data(), count, attempt) + 1, '!');
  WriteClaim(views.data(), count, attempt, out.data());
  EXPECT_EQ(out.back(), '!') << "wrote beyond ClaimBytes";
  out.pop_back();
  return out;
}

TEST(Claim, OneFieldIsItself) {
  EXPECT_EQ(Claim({"alice"}), "alice");
  EXPECT_EQ(Claim({""}), "");
}

TEST(Claim, SeveralFieldsAndAttemptsHaveLengths) {
  const auto number = [](char n) { return std::string(1, n) + std::string(7, '\0'); };
  EXPECT_EQ(Claim({"ab", "c"}), number(2) + "ab" + number(1) + "c");
  EXPECT_EQ(Claim({"alice"}, 3), number(5) + "alice" + number(3));
  EXPECT_EQ(Claim({"ab", "c"}, 1), number(2) + "ab" + number(1) + "c" + number(1));
}

// Texts hold no zero bytes. Short ones, and small attempts, are the most alike.
TEST(Claim, NoTwoAreTheSame) {
  std::mt19937_64 random(5);
  std::set<std::pair<Fields, uint64_t>> inputs;
  std::set<std::string> claims;
  for (int i = 0; i < 200000; i++) {
    Fields fields(1 + random() % 3);
    for (std::string& field : fields)
      for (uint64_t n = random() % 4; n > 0; n--) field += static_cast<char>(1 + random() % 4);
    const uint64_t attempt = random() % 5;
    inputs.insert({fields, attempt});
    claims.insert(Claim(fields, attempt));
  }
  EXPECT_EQ(claims.size(), inputs.size());
}

std::string Hex(const ClaimKey& key) {
  std::string text;
  for (const uint8_t byte : key.byte) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

TEST(Claim, KeysAreGolden) {
  EXPECT_EQ(Hex(KeyOfClaim(42, "alice")),
            "b6a222563d266a3ee9b1eafdd677248b9bf987f7dde6d67bee980e10ee518293");
  EXPECT_EQ(Hex(KeyOfClaim(43, "alice")),
            "6f8305326add815a5787591492fd9dc5a2217b68273b6ba643c354d3f4f97da5");
  EXPECT_EQ(Hex(KeyOfClaim(42, "")),
            "b47a6f282a98e825fefa6ee191d2bf8dfa2f6d3a8db364371a08439cd5875ab6");
  EXPECT_EQ(Hex(KeyOfClaim(LowMask(63), Claim({"ab", "c"}))),
            "34a03b90920b106989fbf174999a2d368e198cc73b80241f1e268bb104f0579a");
}

}  // namespace
}  // namespace detid
