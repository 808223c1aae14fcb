// SPDX-License-Identifier: PostgreSQL
//
// The rows of the table of codecs, and of those of formats.

#include <algorithm>
#include <bit>
#include <iterator>

#include "core/ascii.h"
#include "core/codec.h"
#include "core/radix.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr const Radix* FindRadix(size_t digits) {
  switch (digits) {
    case 10:
      return &kRadixOf<10>;
    case 16:
      return &kRadixOf<16>;
    case 32:
      return &kRadixOf<32>;
    case 36:
      return &kRadixOf<36>;
    case 58:
      return &kRadixOf<58>;
    case 62:
      return &kRadixOf<62>;
    case 64:
      return &kRadixOf<64>;
  }
  return nullptr;
}

constexpr bool Holds(const Codec& c, int bits) {
  return c.only_bits == 0 || bits == c.only_bits;
}

constexpr void FillBytesWithin(Codec* c) {
  constexpr int kMaxBytes = kMaxIdBits / 8;
  if (!c->groups.empty()) return;
  int least = 1;
  while (!Holds(*c, 8 * least)) least++;
  for (int length = 0; length <= kMaxEncoded; length++) {
    int bytes = kMaxBytes;
    while (bytes > least &&
           (!Holds(*c, 8 * bytes) || c->radix->count[8 * bytes] + c->hyphen_count > length))
      bytes--;
    c->bytes_within[static_cast<size_t>(length)] = static_cast<uint8_t>(bytes);
  }
}

// Fills in the columns that follow from the others.
consteval Codec Row(Codec c) {
  c.ordered = c.width == Width::kFixed && std::ranges::is_sorted(c.alphabet);
  for (const DigitGroup& group : c.groups)
    c.ordered = c.ordered && std::ranges::is_sorted(group.alphabet);
  c.radix = FindRadix(c.alphabet.size());
  c.values.fill(-1);
  const auto read_as = [&c](char digit, int8_t value) {
    c.values[static_cast<uint8_t>(digit)] = value;
    if (c.folds_case) c.values[static_cast<uint8_t>(ToOtherCase(digit))] = value;
  };
  for (size_t i = 0; i < c.alphabet.size(); i++) read_as(c.alphabet[i], static_cast<int8_t>(i));
  for (size_t i = 0; i < c.look_alikes.size(); i += 2)
    read_as(c.look_alikes[i], c.values[static_cast<uint8_t>(c.look_alikes[i + 1])]);
  c.hyphen_count = std::popcount(c.hyphens);
  FillBytesWithin(&c);
  return c;
}

constexpr std::string_view kHex = "0123456789abcdef";

constexpr Codec kCodecs[] = {
    Row({.name = "hex",
         .source = "RFC 4648 section 8, in lower case",
         .alphabet = kHex,
         .folds_case = true}),
    Row({.name = "uuid",
         .source = "RFC 9562 section 4",
         .alphabet = kHex,
         .folds_case = true,
         .hyphens = 1 << 8 | 1 << 13 | 1 << 18 | 1 << 23,
         .only_bits = 128}),
    Row({.name = "decimal",
         .source = "a decimal number without leading zeros",
         .alphabet = "0123456789",
         .width = Width::kShortest}),
    Row({.name = "crockford",
         .source = "Crockford's Base 32, as in ULID and TSID: no hyphens, no check symbol",
         .alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
         .folds_case = true,
         .skips_hyphens = true,
         .look_alikes = "I1L1O0"}),
    Row({.name = "typeid",
         .source = "the base32 of TypeID 0.3",
         .alphabet = "0123456789abcdefghjkmnpqrstvwxyz"}),
    Row({.name = "base32hex",
         .source = "RFC 4648 section 7, without padding",
         .alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUV",
         .align = Align::kTail,
         .folds_case = true}),
    Row({.name = "xid",
         .source = "base32hex in lower case, as in xid",
         .alphabet = "0123456789abcdefghijklmnopqrstuv",
         .align = Align::kTail}),
    Row({.name = "base36",
         .source = "a number of radix 36 of fixed width",
         .alphabet = "0123456789abcdefghijklmnopqrstuvwxyz",
         .folds_case = true}),
    Row({.name = "base58",
         .source = "Bitcoin's base58, without a checksum",
         .alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
         .width = Width::kZeroBytes}),
    Row({.name = "base62",
         .source = "a number of radix 62 of fixed width, as in KSUID and Timeflake",
         .alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}),
    Row({.name = "base64url",
         .source = "RFC 4648 section 5, without padding",
         .alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
         .align = Align::kTail}),
    Row({.name = "pushid",
         .source = "Firebase's push ids",
         .alphabet = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"}),
    // Its specification prefers base 32 to base 64 for being the same in either case, and writes
    // small letters as they are easier to read.
    Row({.name = "zbase32",
         .source = "z-base-32, human-oriented base-32 encoding, O'Whielacronx 2002",
         .alphabet = "ybndrfg8ejkmcpqxot1uwisza345h769",
         .align = Align::kTail,
         .folds_case = true}),
};

constexpr std::string_view kDigits36 = "0123456789abcdefghijklmnopqrstuvwxyz";

// cuid 1: the time, a counter, a fingerprint of the host, chance.
constexpr DigitGroup kCuidGroups[] = {
    {"c", 1, 0}, {kDigits36, 8, 42}, {kDigits36, 4, 21}, {kDigits36, 4, 21}, {kDigits36, 8, 42}};
constexpr DigitGroup kCuid2Groups[] = {{"abcdefghijklmnopqrstuvwxyz", 1, 5}, {kDigits36, 23, 119}};

constexpr int BitsOf(std::span<const DigitGroup> groups) {
  int bits = 0;
  for (const DigitGroup& group : groups) bits += group.bits;
  return bits;
}

constexpr Codec kFormatCodecs[] = {
    Row({.name = "cuid",
         .source = "cuid version 1",
         .alphabet = kDigits36,
         .only_bits = BitsOf(kCuidGroups),
         .groups = kCuidGroups}),
    Row({.name = "cuid2",
         .source = "cuid2, of 24 characters",
         .alphabet = kDigits36,
         .only_bits = BitsOf(kCuid2Groups),
         .groups = kCuid2Groups}),
};

struct NamedCodec {
  std::string_view name;
  const Codec* codec = nullptr;
};

// The names side by side: FindCodec is called with every call from SQL, and a row of the table is
// hundreds of bytes. Most names are passed over by their length.
constexpr auto kNames = [] {
  std::array<NamedCodec, std::size(kCodecs) + std::size(kFormatCodecs)> names;
  size_t count = 0;
  for (const Codec& c : kCodecs) names[count++] = {c.name, &c};
  for (const Codec& c : kFormatCodecs) names[count++] = {c.name, &c};
  return names;
}();

constexpr bool NamesDiffer() {
  for (const NamedCodec& a : kNames)
    if (std::ranges::count(kNames, a.name, &NamedCodec::name) != 1) return false;
  return true;
}
static_assert(NamesDiffer());

constexpr bool TextsFit() {
  return std::ranges::all_of(
      kCodecs, [](const Codec& c) { return c.radix->count[kMaxIdBits] <= kMaxEncoded; });
}
static_assert(TextsFit());

}  // namespace

std::span<const Codec> Codecs() {
  return kCodecs;
}

const Codec* FindCodec(std::string_view name) {
  for (const NamedCodec& named : kNames)
    if (named.name == name) return named.codec;
  return nullptr;
}

}  // namespace detid
