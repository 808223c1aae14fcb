// SPDX-License-Identifier: PostgreSQL
//
// The literals here come from an independent implementation of BLAKE2b and SipHash-2-4-128. They
// never change: every id with random or hash bits hangs on them.

#include "core/prf.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/id_text.h"

#include "hex.h"

namespace detid {
namespace {

// 00 01 02 .. 1f
Seed CountingSeed() {
  Seed seed;
  for (int i = 0; i < kSeedBytes; i++) seed.byte[i] = static_cast<uint8_t>(i);
  return seed;
}

std::string HexOf(const Bits& bits) {
  char text[kMaxIdText];
  FormatHex(bits, kMaxIdBits, text, sizeof text);
  return text;
}

TEST(Prf, StartsMoreThanOnce) {
  EXPECT_TRUE(StartCrypto());
  EXPECT_TRUE(StartCrypto());
}

TEST(Prf, CommitmentIsGolden) {
  EXPECT_EQ(Hex(Commit(CountingSeed()).byte, kCommitmentBytes), "bc52317b9ed656889cdda32758ae848f");
}

TEST(Prf, GeneratorKeyIsGolden) {
  EXPECT_EQ(Hex(DeriveGeneratorKey(CountingSeed(), "orders_id").byte, 16),
            "3f3635366e61662ae137553cdfcb2872");
}

TEST(Prf, MaskKeyIsGolden) {
  const MaskKey key = DeriveMaskKey(CountingSeed(), 42);
  EXPECT_EQ(Hex(key.prf, 16), "bb5f54f6173764f36a82018015c6d521");
  EXPECT_EQ(key.first.a, 0x551c11f0600649a0u);
  EXPECT_EQ(key.first.b, 0x128479f94aee49a5u);
  EXPECT_EQ(key.last.a, 0x9e3e7f2cabc2688bu);
  EXPECT_EQ(key.last.b, 0x19d8a393204d9732u);
}

TEST(Prf, TheSeedAndEveryByteOfTheSaltChangeTheMaskKey) {
  const auto key = [](const Seed& seed, uint64_t salt) {
    return Hex(DeriveMaskKey(seed, salt).prf, 16);
  };
  const std::string base = key(CountingSeed(), 42);
  EXPECT_NE(key(Seed{}, 42), base);
  for (int shift = 0; shift < 64; shift += 8)
    EXPECT_NE(key(CountingSeed(), 42 ^ uint64_t{1} << shift), base) << shift;
}

TEST(Prf, RandomBitsAreGolden) {
  const GeneratorKey key = DeriveGeneratorKey(CountingSeed(), "orders_id");
  const uint64_t position = uint64_t{0x17F22E279B0} << 12 | 0xCC3;
  EXPECT_EQ(HexOf(RandomBits(key, position, 5, 9, 160)),
            "3316204b7106d49e34e40517f95158fe15bd4c58");
  EXPECT_EQ(HexOf(RandomBits(key, position, 5, 9, 128)),
            "000000007106d49e34e40517f95158fe15bd4c58");
  EXPECT_EQ(HexOf(RandomBits(key, position, 5, 9, 40)), "000000000000000000000000000000fe15bd4c58");
  EXPECT_EQ(HexOf(RandomBits(key, position, 5, 9, 1)), "0000000000000000000000000000000000000000");
}

TEST(Prf, EveryCoordinateAndTheSaltChangeTheBits) {
  const GeneratorKey key = DeriveGeneratorKey(CountingSeed(), "orders_id");
  const GeneratorKey other = DeriveGeneratorKey(CountingSeed(), "orders_ie");
  const Bits base = RandomBits(key, 1, 2, 3, 160);
  EXPECT_EQ(RandomBits(key, 1, 2, 3, 160), base);
  EXPECT_NE(RandomBits(key, 0, 2, 3, 160), base);
  EXPECT_NE(RandomBits(key, 1, 3, 2, 160), base);
  EXPECT_NE(RandomBits(key, 1, 2, 4, 160), base);
  EXPECT_NE(RandomBits(other, 1, 2, 3, 160), base);
}

// Ids show where a tick begins, so it must tell nothing of their random bits.
TEST(Prf, ScatterIsNoneOfTheRandomBits) {
  const GeneratorKey key = DeriveGeneratorKey(CountingSeed(), "orders_id");
  for (const uint32_t worker : {0u, 3u}) {
    const Bits random = RandomBits(key, 4096, 2, worker, 160);
    for (const uint64_t word : random.word) EXPECT_NE(ScatterWord(key, 4096, 2, worker), word);
  }
  EXPECT_NE(ScatterWord(key, 4096, 2, 3), ScatterWord(key, 4096, 2, 4));
  EXPECT_NE(ScatterWord(key, 4096, 2, 3), ScatterWord(key, 4096, 3, 3));
  EXPECT_NE(ScatterWord(key, 4096, 2, 3), ScatterWord(key, 8192, 2, 3));
}

TEST(Prf, HashBitsAreGolden) {
  EXPECT_EQ(HexOf(HashBits("alice@example.com", 160)), "591ce30813f27f7e58b061a8d459ac74e7788ee5");
  EXPECT_EQ(HexOf(HashBits("", 160)), "2fca4f01cda0cb69830e66550d0fe957ce697b9f");
  EXPECT_EQ(HexOf(HashBits("alice@example.com", 65)), "000000000000000000000000d459ac74e7788ee5");
  EXPECT_EQ(HexOf(HashBits("alice@example.com", 68)), "000000000000000000000008d459ac74e7788ee5");
  EXPECT_EQ(HexOf(HashBits("alice@example.com", 8)), "00000000000000000000000000000000000000e5");
}

TEST(Prf, SeedsAreFresh) {
  const Seed a = NewSeed(), b = NewSeed();
  EXPECT_NE(std::memcmp(a.byte, b.byte, kSeedBytes), 0);
  EXPECT_FALSE(Commit(a) == Commit(b));
}

}  // namespace
}  // namespace detid
