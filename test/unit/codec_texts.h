// SPDX-License-Identifier: PostgreSQL
//
// What tests of codecs share: values, their texts, and why a text is refused.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

#include "core/codec.h"

namespace detid::test {

inline const Codec& Get(std::string_view name) {
  const Codec* codec = FindCodec(name);
  EXPECT_NE(codec, nullptr) << name;
  return *codec;
}

inline Bits Number(std::string_view hex) {
  Bits v;
  for (const char c : hex) {
    v = {{v.word[0] << 4, v.word[1] << 4 | v.word[0] >> 60, v.word[2] << 4 | v.word[1] >> 60}};
    v.word[0] |= static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return v;
}

inline Bits BytesOfText(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    hex += two;
  }
  return Number(hex);
}

inline Bits MaxOf(int bits) {
  Bits max;
  for (int i = 0; i < 3 && bits > 64 * i; i++) max.word[i] = LowMask(bits - 64 * i);
  return max;
}

// Of `bits` bits, often with zeros in front.
inline Bits Random(std::mt19937_64& rng, int bits) {
  const int used = rng() % 4 == 0 ? static_cast<int>(rng() % (bits + 1)) : bits;
  Bits v = MaxOf(used);
  for (uint64_t& word : v.word) word &= rng();
  return v;
}

inline std::string Text(const Codec& codec, const Bits& value, int bits) {
  char text[kMaxEncoded + 1];
  const int n = Encode(codec, value, bits, text);
  EXPECT_EQ(static_cast<size_t>(n), std::string(text).size()) << codec.name << " " << bits;
  return text;
}

inline std::string Refusal(std::string_view codec, std::string_view text, int bits) {
  const Result<Bits> r = Decode(Get(codec), text, bits);
  EXPECT_FALSE(r.ok()) << text;
  EXPECT_EQ(r.status.code, Code::kTextSyntax) << text;
  return r.status.detail;
}

inline std::string BytesRefusal(std::string_view codec, std::string_view text) {
  const Result<Bytes> r = DecodeBytes(Get(codec), text);
  EXPECT_FALSE(r.ok()) << text;
  EXPECT_EQ(r.status.code, Code::kTextSyntax) << text;
  return r.status.detail;
}

inline std::string Upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// Every codec with every width that it can hold.
template <typename F>
void ForEachWidth(F f) {
  for (const Codec& codec : Codecs())
    for (int bits = 1; bits <= kMaxIdBits; bits++)
      if (EncodedLength(codec, bits) > 0) f(codec, bits);
}

// A published pair of a number and its text.
inline void ExpectPair(std::string_view codec, int bits, const Bits& value, std::string_view text) {
  EXPECT_EQ(Text(Get(codec), value, bits), text);
  const Result<Bits> back = Decode(Get(codec), text, bits);
  ASSERT_TRUE(back.ok()) << text << ": " << back.status.detail;
  EXPECT_EQ(back.value, value) << text;
}

}  // namespace detid::test
