// SPDX-License-Identifier: PostgreSQL

#include "core/picture.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "core/compose.h"
#include "core/id_text.h"
#include "random_layout.h"

namespace detid {
namespace {

std::string Draw(const Definition& d, const Bits& id) {
  static char out[kMaxPicture];
  const Status s = DrawPicture(d, id, out, sizeof out);
  EXPECT_TRUE(s.ok()) << s.detail;
  return out;
}

Definition Of(std::string_view layout) {
  const Result<Definition> r = DefinitionOf(layout);
  EXPECT_TRUE(r.ok()) << layout << ": " << r.status.detail;
  return r.value;
}

TEST(Picture, DrawsBigintsInBinary) {
  EXPECT_EQ(Draw(Of("twitter"), {{1541815603606036480, 0, 0}}),
            R"(1541815603606036480  twitter, 63 bits: time:41@1ms node:10 sequence:12
time      62..22    00101010110010110100001000111110110001000......................  367597485448 x 1ms = 2022-06-28T16:07:40.105Z
node      21..12    .........................................0101111010............  378
sequence  11..0     ...................................................000000000000  0)");
}

TEST(Picture, DrawsUuidsByTheirDigits) {
  EXPECT_EQ(Draw(Of("uuid7"), {{0x98c4dc0c0c07398f, 0x017f22e279b07cc3, 0}}),
            R"(017f22e2-79b0-7cc3-98c4-dc0c0c07398f  uuid7, 128 bits: )"
            R"(time:48@1ms const:4=7 sequence:12 const:2=2 node:10 worker:12 random:40
time      127..80   017f22e2-79b0-....-....-............  1645557742000 x 1ms = 2022-02-22T19:22:22Z
const     79..76    ........-....-7...-....-............  7
sequence  75..64    ........-....-.cc3-....-............  3267
const     63..62    ........-....-....-9...-............  2
node      61..52    ........-....-....-98c.-............  396
worker    51..40    ........-....-....-...4-dc..........  1244
random    39..0     ........-....-....-....-..0c0c07398f  0c0c07398f)");
}

TEST(Picture, DrawsWiderIdsInHex) {
  EXPECT_EQ(Draw(Of("time:32@1s random:97"), {{0xf, 0, 1}}),
            R"(10000000000000000000000000000000f  129 bits: time:32@1s random:97
time      128..97   100000000........................  2147483648 x 1s = 2093-01-19T03:14:08Z
random    96..0     ........000000000000000000000000f  000000000000000000000000f)");
}

TEST(Picture, DrawsNarrowerTextsInHexToo) {
  EXPECT_EQ(Draw(Of("objectid"), {{0xbcf86cd799439011, 0x507f1f77, 0}}),
            R"(507f1f77bcf86cd799439011  objectid, 96 bits: time:32@1s node:24 worker:16 sequence:24
time      95..64    507f1f77................  1350508407 x 1s = 2012-10-17T21:13:27Z
node      63..40    ........bcf86c..........  12384364
worker    39..24    ..............d799......  55193
sequence  23..0     ..................439011  4427793)");
}

TEST(Picture, ShowsTheInstantOfACutTimeInItsLastPart) {
  const std::string drawn = Draw(Of("time:4@1ms const:2=2 time:3"), {{0x1d7, 0, 0}});
  EXPECT_EQ(drawn.substr(0, drawn.rfind('\n')), R"(471  9 bits: time:4@1ms const:2=2 time:3
time      8..5      1110.....  14
const     4..3      ....10...  2)");
  const std::string last = drawn.substr(drawn.rfind('\n') + 1);
  EXPECT_EQ(last.substr(0, 29), "time      2..0      ......111");
  EXPECT_NE(last.find(" = 2025-01-01T00:00:00.119Z"), std::string::npos) << last;
}

// 14 << 3 | 7 = 119: the instant is the whole tick's, not the last part's.
TEST(Picture, NumberTimesUnitIsTheInstant) {
  const std::string drawn = Draw(Of("time:4@1ms const:2=2 time:3"), {{0x1d7, 0, 0}});
  EXPECT_NE(drawn.find("119 x 1ms = 2025-01-01T00:00:00.119Z"), std::string::npos) << drawn;
}

TEST(Picture, HashAndTextDefinitionsHaveNoPresetsName) {
  EXPECT_EQ(Draw(Of("hash:8 const:4=0xa"), {{0xc5a, 0, 0}}),
            R"(3162  12 bits: hash:8 const:4=10
hash      11..4     11000101....  c5
const     3..0      ........1010  10)");
}

// The rows laid over one another give the id again; nothing overflows.
TEST(Picture, RowsOfEveryLayoutTogetherShowTheId) {
  test::LayoutMaker maker(77);
  const GeneratorKey key{};
  for (int i = 0; i < 3000; i++) {
    const Definition d = Of(maker.Make().text);
    Coordinates c;
    c.tick = static_cast<int64_t>(maker.Word() & LowMask(d.layout.time_bits()));
    const Bits id = Compose(d.layout, c, "input", &key).value;
    std::istringstream drawn(Draw(d, id));
    std::string line, overlaid;
    std::getline(drawn, line);
    char text[kMaxIdText];
    FormatId(d.layout.bits, id, text, sizeof text);
    ASSERT_EQ(line.substr(0, line.find(' ')), text);
    for (int f = 0; f < d.layout.count; f++) {
      ASSERT_TRUE(std::getline(drawn, line));
      const std::string row = line.substr(20, line.find(' ', 20) - 20);
      if (overlaid.empty()) overlaid = row;
      ASSERT_EQ(row.size(), overlaid.size());
      for (size_t k = 0; k < row.size(); k++)
        if (row[k] != '.') overlaid[k] = row[k];
    }
    std::string expected = text;
    if (d.layout.is_bigint()) {
      expected.clear();
      for (int bit = d.layout.bits - 1; bit >= 0; bit--)
        expected += GetBits(id, bit, 1) ? '1' : '0';
    }
    ASSERT_EQ(overlaid, expected);
  }
}

TEST(Picture, RefusesIdsOfAnotherLayout) {
  char out[kMaxPicture];
  const Status s = DrawPicture(Of("uuid7"), Bits{}, out, sizeof out);
  EXPECT_EQ(s.code, Code::kNotOfLayout);
  EXPECT_STREQ(s.detail, "Its bits 79 to 76 are 0 where the layout has the constant 7.");
}

}  // namespace
}  // namespace detid
