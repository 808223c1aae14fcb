// SPDX-License-Identifier: PostgreSQL
//
// Codecs: how an id is written as text. One table; each codec is a row of it, and the columns say
// all that tells one codec from another.
//
// codec_table.cpp has the rows, and the view detid.codecs shows them. Two codecs more are each of
// one format, whose texts are not numbers but groups of digits: cuid ("c" and 8, 4, 4, 8 digits,
// 126 bits) and cuid2 (a letter and 23 digits, 124 bits). Only ids of that width have such texts,
// and bytes have none.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bits.h"
#include "core/codec_groups.h"
#include "core/status.h"

namespace detid {

// The longest text of 160 bits (decimal), without a terminating zero.
inline constexpr int kMaxEncoded = 49;

struct Radix;  // arithmetic in a radix, see radix.h

// Where the bits of the digits that the id does not fill are; they are zero.
enum class Align : uint8_t {
  kNumber,  // before the id: the text is the number
  kTail,    // behind the id: the text is its bits from the first one on, as RFC 4648 has it
};

enum class Width : uint8_t {
  kFixed,      // as many digits as the greatest id of the width needs
  kShortest,   // no leading zeros; a zero is one digit
  kZeroBytes,  // each leading zero byte is a zero digit, the rest has no leading zeros
};

struct Codec {
  std::string_view name;
  std::string_view source;    // the spec, for documentation
  std::string_view alphabet;  // the digits by value, as they are written
  Align align = Align::kNumber;
  Width width = Width::kFixed;
  bool folds_case = false;            // digits of either case are read
  bool skips_hyphens = false;         // DecodeLiberal passes over them
  std::string_view look_alikes = {};  // pairs of what else is read and the digit that it stands for
  uint64_t hyphens = 0;               // bit i: character i is a hyphen
  int only_bits = 0;                  // the one width that it can hold; 0 if any
  std::span<const DigitGroup> groups = {};  // of a text that is no number, the highest first

  // Follow from the columns above.
  bool ordered = false;  // texts of equal width sort (by bytes, collation C) as their numbers do
  const Radix* radix = nullptr;
  int hyphen_count = 0;
  std::array<int8_t, 256> values{};  // of a digit by character; -1 if it is none
  // The greatest whole number of bytes whose texts are no longer than so many characters; the least
  // that the codec can hold where there is none.
  std::array<uint8_t, kMaxEncoded + 1> bytes_within{};
};

// The codecs of numbers, in the order of the table.
std::span<const Codec> Codecs();

// The codec of that name, exactly so written, also one of a format; null if there is none.
const Codec* FindCodec(std::string_view name);

// Whether the codec can write every id whose set bits are among those of `greatest`, which is of a
// width that it can hold: codecs of groups cannot write all.
bool HoldsAll(const Codec& codec, const Bits& greatest);

// The number of characters that `bits` bits have, in a codec of variable width the most. 0 if the
// codec cannot hold that width, as none can beyond 1 to 160.
int EncodedLength(const Codec& codec, int bits);

// Writes `value` as the text of an id of `bits` bits, with a terminating zero. Returns the length
// without it. REQUIRES: EncodedLength(codec, bits) > 0, value < 2^bits, HoldsAll(codec, value), and
// room for kMaxEncoded + 1 characters.
int Encode(const Codec& codec, const Bits& value, int bits, char* out);

// The inverse. Exactly one text is read as a value, but for the folding of case and look-alikes.
// base58 is of whole bytes: `bits` is rounded up to them, and the text has that many.
//
// Errors: kTextSyntax with the position, counted from 1, of the first character that is wrong. A
// character that is no digit comes before a wrong length, and that before a number that is too
// large (from that character on) or is not written in the one way. No text takes longer than one
// of kMaxEncoded characters.
Result<Bits> Decode(const Codec& codec, std::string_view text, int bits);

// As Decode, but liberal: what is read besides is
//
//   * with the codec uuid, each form that ParseUuid reads (id_text.h);
//   * with crockford, hyphens wherever they stand; positions in errors then leave them out;
//   * of a bigint (up to 64 bits), if `unpadded`, a text whose leading zeros are missing, or that
//     has those of 64 bits; in base58 and with Align::kTail, one of fewer or more bytes.
//
// Errors: as Decode.
Result<Bits> DecodeLiberal(const Codec& codec, std::string_view text, int bits,
                           bool unpadded = true);

struct Bytes {
  uint8_t count = 0;  // 1 to 20
  Bits value;         // the bytes as a big-endian number
};

// The same where only the text is known. A codec of fixed width has the number of bytes whose texts
// are as long as this one, and it is an error if there is none; base58 tells its bytes by itself;
// decimal has the least of 8, 16 and 20 bytes that hold the number.
Result<Bytes> DecodeBytes(const Codec& codec, std::string_view text);

}  // namespace detid
