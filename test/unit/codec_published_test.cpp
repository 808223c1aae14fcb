// SPDX-License-Identifier: PostgreSQL
//
// Texts that others published, in each codec that has such.

#include "core/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "codec_texts.h"

namespace detid {
namespace {

using test::BytesOfText;
using test::ExpectPair;
using test::Get;
using test::MaxOf;
using test::Number;
using test::Refusal;
using test::Text;
using test::Upper;

TEST(Codec, UlidIsCrockford) {
  const Bits id = Number("0186cb6525d781da815c7e25a6bfe7db");
  ExpectPair("crockford", 128, id, "01GV5PA9EQG7D82Q3Y4PKBZSYV");
  EXPECT_EQ(Decode(Get("crockford"), "01gv5pa9eqg7d82q3y4pkbzsyv", 128).value, id);
  ExpectPair("crockford", 128, MaxOf(128), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  Bits next = Decode(Get("crockford"), "01BX5ZZKBKACTAV9WEVGEMMVRZ", 128).value;
  next.word[0]++;
  EXPECT_EQ(Text(Get("crockford"), next, 128), "01BX5ZZKBKACTAV9WEVGEMMVS0");
  EXPECT_EQ(Refusal("crockford", "80000000000000000000000000", 128),
            "At character 1, the crockford text becomes larger than 128 bits can hold.");
}

TEST(Codec, TsidIsCrockford) {
  ExpectPair("crockford", 64, {{38358284406638839, 0, 0}}, "01226N0640J7Q");
  ExpectPair("crockford", 64, MaxOf(64), "FZZZZZZZZZZZZ");
  EXPECT_EQ(Decode(Get("crockford"), "o1226nO640j7q", 64).value.word[0], 38358284406638839u);
  EXPECT_EQ(Decode(Get("crockford"), "0i226n064OJ7q", 64).value.word[0], 38358284406638839u);
  EXPECT_EQ(Decode(Get("crockford"), "OL226n0640J7q", 64).value.word[0], 38358284406638839u);
  EXPECT_EQ(Refusal("crockford", "G000000000000", 64),
            "At character 1, the crockford text becomes larger than 64 bits can hold.");
  EXPECT_EQ(Refusal("crockford", "01226U0640J7Q", 64),
            "At character 6, the crockford text has \"U\", which is no digit of the codec.");
}

TEST(Codec, TypeidIsStrictLowerCase) {
  const Bits id = Number("01890a5dac96774bbcceb302099a8057");
  ExpectPair("typeid", 128, id, "01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(Refusal("typeid", "8zzzzzzzzzzzzzzzzzzzzzzzzz", 128),
            "At character 1, the typeid text becomes larger than 128 bits can hold.");
  EXPECT_EQ(Refusal("typeid", "01h455vb4pex5vsknk084sn02Q", 128),
            "At character 26, the typeid text has \"Q\", which is no digit of the codec.");
  for (const char* text : {"0lh455vb4pex5vsknk084sn02q", "0ih455vb4pex5vsknk084sn02q",
                           "o1h455vb4pex5vsknk084sn02q", "01u455vb4pex5vsknk084sn02q"})
    EXPECT_FALSE(Decode(Get("typeid"), text, 128).ok()) << text;
}

TEST(Codec, KsuidIsBase62) {
  ExpectPair("base62", 160, Number("0669f7efb5a1cd34b5f99d1154fb6853345c9735"),
             "0ujtsYcgvSTl8PAuAdqWYSMnLOv");
  ExpectPair("base62", 160, MaxOf(160), "aWgEPTl1tmebfsQzFP4bxwgy80V");
  EXPECT_EQ(Refusal("base62", std::string(27, 'a'), 160),
            "At character 2, the base62 text becomes larger than 160 bits can hold.");
  EXPECT_EQ(Refusal("base62", "aWgEPTl1tmebfsQzFP4bxwgy80W", 160),
            "At character 27, the base62 text becomes larger than 160 bits can hold.");
  ExpectPair("base62", 160, {}, std::string(27, '0'));
}

TEST(Codec, TimeflakeIsBase62) {
  ExpectPair("base62", 128, MaxOf(128), "7n42DGM5Tflk9n8mt7Fhc7");
  ExpectPair("base62", 128, {{61, 0, 0}}, "000000000000000000000z");
  EXPECT_EQ(Refusal("base62", "7n42DGM5Tflk9n8mt7Fhc8", 128),
            "At character 22, the base62 text becomes larger than 128 bits can hold.");
}

TEST(Codec, XidIsBase32hexInLowerCase) {
  // The example of the xid specification's documentation, and RFC 4648's digits.
  const Bits id = Number("4d88e15b60f486e428412dc9");
  ExpectPair("xid", 96, id, "9m4e2mr0ui3e8a215n4g");
  ExpectPair("base32hex", 96, id, "9M4E2MR0UI3E8A215N4G");
  EXPECT_EQ(Refusal("xid", "9m4e2mr0ui3e8a215n4G", 96),
            "At character 20, the xid text has \"G\", which is no digit of the codec.");
  EXPECT_EQ(Refusal("xid", "9m4e2mr0ui3e8a215n4h", 96),
            "At character 20, the xid text has bits set beyond the last of 96.");
}

TEST(Codec, Rfc4648VectorsWithoutPadding) {
  struct {
    const char* bytes;
    const char* base32hex;
    const char* base64url;
    const char* hex;
  } constexpr kVectors[] = {
      {"f", "CO", "Zg", "66"},
      {"fo", "CPNG", "Zm8", "666f"},
      {"foo", "CPNMU", "Zm9v", "666f6f"},
      {"foob", "CPNMUOG", "Zm9vYg", "666f6f62"},
      {"fooba", "CPNMUOJ1", "Zm9vYmE", "666f6f6261"},
      {"foobar", "CPNMUOJ1E8", "Zm9vYmFy", "666f6f626172"},
  };
  for (const auto& v : kVectors) {
    const Bits value = BytesOfText(v.bytes);
    const int bits = 8 * static_cast<int>(std::string(v.bytes).size());
    ExpectPair("base32hex", bits, value, v.base32hex);
    ExpectPair("base64url", bits, value, v.base64url);
    ExpectPair("hex", bits, value, v.hex);
    for (const auto& [codec, text] :
         {std::pair("base32hex", v.base32hex), {"base64url", v.base64url}, {"hex", v.hex}}) {
      const Result<Bytes> r = DecodeBytes(Get(codec), text);
      ASSERT_TRUE(r.ok()) << text;
      EXPECT_EQ(r.value.count * 8, bits);
      EXPECT_EQ(r.value.value, value);
    }
  }
  ExpectPair("base64url", 16, {{0xfbff, 0, 0}}, "-_8");
}

// The specification's examples, where they are right (it has misprints in those of 20 and 30 bits),
// and what the Rust crates zbase32 0.1.2 and z-base-32 0.1.5 and Go's tv42/zbase32 say of whole
// bytes.
TEST(Codec, ZBase32Vectors) {
  struct {
    int bits;
    const char* hex;
    const char* text;
  } constexpr kVectors[] = {
      {1, "0", "y"},
      {1, "1", "o"},
      {2, "1", "e"},
      {2, "3", "a"},
      {10, "0", "yy"},
      {10, "202", "on"},
      {24, "f0bfc7", "6n9hq"},
      {24, "d47a04", "4t7ye"},
      {8, "ff", "9h"},
      {24, "101110", "nyety"},
      {40, "ffffffffff", "99999999"},
      {48, "ffffffffffff", "999999999h"},
      {40, "68656c6c6f", "pb1sa5dx"},
      {64, "7465737464617461", "qt1zg7drcf4gn"},
      {96, "0162696e6172792121213100", "yftg15ubqjh1nejbgryy"},
  };
  for (const auto& v : kVectors) {
    ExpectPair("zbase32", v.bits, Number(v.hex), v.text);
    EXPECT_EQ(Decode(Get("zbase32"), Upper(v.text), v.bits).value, Number(v.hex)) << v.text;
  }
  // What it leaves out, as others take it for o, 1, u and z.
  for (const char* text : {"6n9h0", "6n9hl", "6n9hv", "6n9h2"})
    EXPECT_FALSE(Decode(Get("zbase32"), text, 24).ok()) << text;
  EXPECT_EQ(Refusal("zbase32", "9x", 8),
            "At character 2, the zbase32 text has bits set beyond the last of 8.");
}

TEST(Codec, BitcoinsBase58Vectors) {
  ExpectPair("base58", 48, {{0x287fb4cd, 0, 0}}, "11233QC4");
  ExpectPair("base58", 96, BytesOfText("Hello World!"), "2NEpo7TZRRrLZSi2U");
  ExpectPair("base58", 8, {{0x61, 0, 0}}, "2g");
  ExpectPair("base58", 24, {{0x626262, 0, 0}}, "a3gV");
  ExpectPair("base58", 80, {}, "1111111111");
  ExpectPair("base58", 80, Number("ecac89cad93923c02321"), "EJDM8drfXA6uyA");
  ExpectPair("base58", 160, {}, std::string(20, '1'));
  ExpectPair("base58", 160, MaxOf(160), "4ZrjxJnU1LA5xSyrWMNuXTvSYKwt");
  EXPECT_EQ(DecodeBytes(Get("base58"), "11233QC4").value.count, 6);
  EXPECT_EQ(DecodeBytes(Get("base58"), std::string(20, '1')).value.count, 20);
  EXPECT_EQ(DecodeBytes(Get("base58"), "4ZrjxJnU1LA5xSyrWMNuXTvSYKwt").value.count, 20);
}

}  // namespace
}  // namespace detid
