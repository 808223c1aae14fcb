// SPDX-License-Identifier: PostgreSQL

#include "core/codec.h"

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "core/id_text.h"
#include "core/radix.h"
#include "core/no_postgres.h"

namespace detid {

namespace {

constexpr int kByte = 8;

constexpr int BytesOf(int bits) {
  return (bits + kByte - 1) / kByte;
}

bool IsHyphenAt(const Codec& codec, int i) {
  return i < 64 && (codec.hyphens >> i & 1) != 0;
}

int ValueAt(const Codec& codec, std::string_view text, int i) {
  return codec.values[static_cast<uint8_t>(text[static_cast<size_t>(i)])];
}

// Digits of an id of `bits` bits, without hyphens.
int DigitCount(const Codec& codec, int bits) {
  if (codec.width == Width::kZeroBytes) bits = kByte * BytesOf(bits);
  return codec.radix->count[bits];
}

// Bits of the digits that are beyond the last bit of the id.
int TailBits(const Codec& codec, int bits) {
  if (codec.align != Align::kTail) return 0;
  const int digit_bits = std::countr_zero(codec.alphabet.size());
  return DigitCount(codec, bits) * digit_bits - bits;
}

Bits Max(int bits) {
  Bits max;
  for (int i = 0; i < 3 && bits > 64 * i; i++) max.word[i] = LowMask(bits - 64 * i);
  return max;
}

// v / 2^n, 0 <= n < 64.
Bits ShiftRight(const Bits& v, int n) {
  if (n == 0) return v;
  return {{v.word[0] >> n | v.word[1] << (64 - n), v.word[1] >> n | v.word[2] << (64 - n),
           v.word[2] >> n}};
}

int SignificantBytes(const Bits& v) {
  return BytesOf(BitWidth(v));
}

int LeadingZeros(const Codec& codec, std::string_view text) {
  size_t zeros = 0;
  while (zeros < text.size() && text[zeros] == codec.alphabet[0]) zeros++;
  return static_cast<int>(zeros);
}

// All errors begin alike; `at` counts from 0.
[[gnu::format(printf, 3, 4)]] Status ErrorAt(const Codec& codec, int at, const char* what, ...) {
  char formatted[120];
  va_list args;
  va_start(args, what);
  FormatClipped(formatted, sizeof formatted, what, args);
  va_end(args);
  return Status::Error(Code::kTextSyntax, "At character %d, the %.*s text %s.", at + 1,
                       static_cast<int>(codec.name.size()), codec.name.data(), formatted);
}

Status NoSuchWidth(const Codec& codec, int bits) {
  return Status::Error(Code::kTextSyntax, "There are no %.*s texts of %d bits.",
                       static_cast<int>(codec.name.size()), codec.name.data(), bits);
}

// The first of the first `most` characters that is no digit, or no hyphen where one belongs. Ok if
// there is none.
Status FindForeign(const Codec& codec, std::string_view text, int most) {
  const int end = static_cast<int>(std::min(text.size(), static_cast<size_t>(most)));
  for (int i = 0; i < end; i++) {
    const auto c = static_cast<uint8_t>(text[static_cast<size_t>(i)]);
    const bool hyphen = IsHyphenAt(codec, i);
    if (hyphen ? c == '-' : codec.values[c] >= 0) continue;
    const char* why = hyphen ? " where a hyphen belongs" : ", which is no digit of the codec";
    if (c < ' ' || c > '~') return ErrorAt(codec, i, "has the byte 0x%02X%s", c, why);
    return ErrorAt(codec, i, "has \"%c\"%s", c, why);
  }
  return Status::Ok();
}

// Why a text whose length is not that of `bits` bits is refused.
Status LengthError(const Codec& codec, std::string_view text, int bits) {
  const int length = EncodedLength(codec, bits);
  const Status foreign = FindForeign(codec, text, length);
  if (!foreign.ok()) return foreign;
  const bool fixed = codec.width == Width::kFixed;
  const int size = static_cast<int>(std::min(text.size(), static_cast<size_t>(length)));
  if (!fixed && text.empty())
    return ErrorAt(codec, 0, "ends, but %d bits have at least 1 character", bits);
  return ErrorAt(codec, size, "%s, but %d bits have %s%d characters",
                 size == length ? "goes on" : "ends", bits, fixed ? "" : "at most ", length);
}

// Why a text is refused that has a digit too great for a number of `bits` bits.
Status OverflowError(const Codec& codec, std::string_view text, int bits) {
  char max[kMaxEncoded];
  const int count = static_cast<int>(text.size());
  codec.radix->write(Max(bits), count, codec.alphabet.data(), max);
  int at = 0;
  while (at < count - 1 && ValueAt(codec, text, at) <= ValueAt(codec, {max, text.size()}, at)) at++;
  return ErrorAt(codec, at, "becomes larger than %d bits can hold", bits);
}

// Why a text of groups is refused, at the character that does not fit, or where it ends too early
// or too late.
Status GroupError(const Codec& codec, std::string_view text, int at) {
  const int length = GroupedLength(codec.groups);
  if (at == length) return ErrorAt(codec, at, "goes on, but all have %d characters", length);
  if (static_cast<size_t>(at) >= text.size())
    return ErrorAt(codec, at, "ends, but all have %d characters", length);
  const auto c = static_cast<uint8_t>(text[static_cast<size_t>(at)]);
  if (c < ' ' || c > '~')
    return ErrorAt(codec, at, "has the byte 0x%02X, which cannot be there", c);
  return ErrorAt(codec, at, "has \"%c\", which cannot be there", c);
}

bool HasLength(const Codec& codec, std::string_view text, int length) {
  if (codec.width == Width::kFixed) return text.size() == static_cast<size_t>(length);
  return !text.empty() && text.size() <= static_cast<size_t>(length);
}

// Reads the digits; false if a character is foreign. REQUIRES: HasLength.
bool ReadDigits(const Codec& codec, std::string_view text, Bits* v) {
  const int8_t* values = codec.values.data();
  if (codec.hyphens == 0)
    return codec.radix->read(text.data(), static_cast<int>(text.size()), values, v);
  char digits[kMaxEncoded];
  int count = 0;
  size_t from = 0;
  for (uint64_t left = codec.hyphens; left != 0; left &= left - 1) {
    const size_t at = static_cast<size_t>(std::countr_zero(left));
    if (text[at] != '-') return false;
    while (from < at) digits[count++] = text[from++];
    from++;
  }
  while (from < text.size()) digits[count++] = text[from++];
  return codec.radix->read(digits, count, values, v);
}

// Copies `count` digits, which lie behind `out` in the same buffer, to it, with hyphens between
// them. In pieces of four digits, as UUIDs have them.
int CopyWithHyphens(const Codec& codec, const char* digits, int count, char* out) {
  const char* const begin = out;
  const char* const end = digits + count;
  for (uint64_t left = codec.hyphens; left != 0; left &= left - 1) {
    const char* const hyphen = begin + std::countr_zero(left);
    for (; out + 4 <= hyphen; out += 4, digits += 4) std::memmove(out, digits, 4);
    while (out < hyphen) *out++ = *digits++;
    *out++ = '-';
  }
  for (; digits + 4 <= end; out += 4, digits += 4) std::memmove(out, digits, 4);
  while (digits < end) *out++ = *digits++;
  *out = '\0';
  return static_cast<int>(out - begin);
}

// Reads the number that the digits of a text of `bits` bits are.
Status Read(const Codec& codec, std::string_view text, int bits, Bits* v) {
  if (!HasLength(codec, text, EncodedLength(codec, bits))) return LengthError(codec, text, bits);
  return ReadDigits(codec, text, v) ? Status::Ok() : FindForeign(codec, text, kMaxEncoded);
}

// Whether `text`, which reads as v, is the one text of an id of `bits` bits.
Status CheckCanonical(const Codec& codec, std::string_view text, const Bits& v, int bits) {
  const int tail = TailBits(codec, bits);
  if (tail > 0 && (v.word[0] & LowMask(tail)) != 0)
    return ErrorAt(codec, static_cast<int>(text.size()) - 1, "has bits set beyond the last of %d",
                   bits);
  const int zeros = codec.width == Width::kFixed ? 0 : LeadingZeros(codec, text);
  if (codec.width == Width::kShortest && zeros > 0 && text.size() > 1)
    return ErrorAt(codec, 0, "has a leading zero");
  int room = bits + tail;
  if (codec.width == Width::kZeroBytes) {
    const int bytes = BytesOf(bits), left = bytes - zeros;
    if (left < 0) return ErrorAt(codec, bytes, "goes on, but it has %d bytes already", bytes);
    if (SignificantBytes(v) < left)
      return ErrorAt(codec, static_cast<int>(text.size()), "ends with %d of %d bytes",
                     zeros + SignificantBytes(v), bytes);
    room = std::min(bits, kByte * left);
  }
  return FitsBits(v, room) ? Status::Ok() : OverflowError(codec, text, room);
}

// The number of bytes that the text of a codec of variable width stands for.
int BytesOfNumber(const Codec& codec, std::string_view text, const Bits& v) {
  if (codec.width == Width::kZeroBytes)
    return std::min(LeadingZeros(codec, text) + SignificantBytes(v), kMaxIdBits / kByte);
  for (const int bytes : {8, 16})
    if (FitsBits(v, kByte * bytes)) return bytes;
  return kMaxIdBits / kByte;
}

}  // namespace

int EncodedLength(const Codec& codec, int bits) {
  if (bits < 1 || bits > kMaxIdBits) return 0;
  if (codec.only_bits != 0 && bits != codec.only_bits) return 0;
  if (!codec.groups.empty()) return GroupedLength(codec.groups);
  return DigitCount(codec, bits) + codec.hyphen_count;
}

int Encode(const Codec& codec, const Bits& value, int bits, char* out) {
  if (!codec.groups.empty()) return WriteGroups(codec.groups, value, out);
  const Radix& radix = *codec.radix;
  int count = 0, zeros = 0;  // digits of the number, and zeros before them
  if (codec.width == Width::kFixed) {
    count = DigitCount(codec, bits);
  } else {
    count = radix.digits(value);
    if (codec.width == Width::kShortest) zeros = count == 0;
    if (codec.width == Width::kZeroBytes) zeros = BytesOf(bits) - SignificantBytes(value);
  }
  for (int i = 0; i < zeros; i++) out[i] = codec.alphabet[0];
  const Bits aligned = MultiplyAdd(value, uint64_t{1} << TailBits(codec, bits), 0);
  char* const digits = out + zeros + codec.hyphen_count;
  radix.write(aligned, count, codec.alphabet.data(), digits);
  if (codec.hyphens != 0) return CopyWithHyphens(codec, digits, count, out);
  out[zeros + count] = '\0';
  return zeros + count;
}

Result<Bits> Decode(const Codec& codec, std::string_view text, int bits) {
  if (EncodedLength(codec, bits) == 0) return NoSuchWidth(codec, bits);
  Bits v;
  if (!codec.groups.empty()) {
    const int at = ReadGroups(codec.groups, text, &v);
    if (at >= 0) return GroupError(codec, text, at);
    return v;
  }
  Status status = Read(codec, text, bits, &v);
  if (status.ok()) status = CheckCanonical(codec, text, v, bits);
  if (!status.ok()) return status;
  return ShiftRight(v, TailBits(codec, bits));
}

namespace {

// A bigint in as many digits, or bytes, as it happens to have.
Result<Bits> DecodeUnpadded(const Codec& codec, std::string_view text, int bits) {
  constexpr int kBigint = 64;
  if (codec.width == Width::kFixed && codec.align == Align::kNumber) {
    char padded[kMaxEncoded];
    const size_t length = static_cast<size_t>(EncodedLength(codec, kBigint));
    if (text.empty() || text.size() > length) return LengthError(codec, text, kBigint);
    std::memset(padded, codec.alphabet[0], length - text.size());
    std::memcpy(padded + length - text.size(), text.data(), text.size());
    const Result<Bits> v = Decode(codec, {padded, length}, kBigint);
    if (v.ok() && !FitsBits(v.value, bits)) return OverflowError(codec, text, bits);
    return v;
  }
  const Result<Bytes> bytes = DecodeBytes(codec, text);
  if (!bytes.ok()) return bytes.status;
  if (!FitsBits(bytes.value.value, bits)) return NoSuchWidth(codec, bits);
  return bytes.value.value;
}

}  // namespace

Result<Bits> DecodeLiberal(const Codec& codec, std::string_view text, int bits, bool unpadded) {
  const Result<Bits> strict = Decode(codec, text, bits);
  if (strict.ok() || EncodedLength(codec, bits) == 0) return strict;
  if (codec.hyphens != 0) {
    const Result<Bits> uuid = ParseUuid(text);
    return uuid.ok() ? uuid : strict;
  }
  char plain[2 * kMaxEncoded];
  const bool hyphens = codec.skips_hyphens && text.size() <= sizeof plain &&
                       text.find('-') != std::string_view::npos;
  if (hyphens) {
    char* const end = std::copy_if(text.begin(), text.end(), plain, [](char c) { return c != '-'; });
    text = {plain, static_cast<size_t>(end - plain)};
  }
  Result<Bits> v = hyphens ? Decode(codec, text, bits) : strict;
  const Status why = v.status;
  if (!v.ok() && unpadded && bits <= 64) v = DecodeUnpadded(codec, text, bits);
  return v.ok() ? v : Result<Bits>(why);
}

Result<Bytes> DecodeBytes(const Codec& codec, std::string_view text) {
  if (!codec.groups.empty())
    return Status::Error(Code::kTextSyntax, "Texts of the codec %s are not of bytes.",
                         codec.name.data());
  const bool fixed = codec.width == Width::kFixed;
  int bytes =
      fixed ? codec.bytes_within[std::min<size_t>(text.size(), kMaxEncoded)] : kMaxIdBits / kByte;
  Bits v;
  Status status = Read(codec, text, kByte * bytes, &v);
  if (!status.ok()) return status;
  if (!fixed) bytes = BytesOfNumber(codec, text, v);
  status = CheckCanonical(codec, text, v, kByte * bytes);
  if (!status.ok()) return status;
  return Bytes{static_cast<uint8_t>(bytes), ShiftRight(v, TailBits(codec, kByte * bytes))};
}

bool HoldsAll(const Codec& codec, const Bits& greatest) {
  return GroupsHold(codec.groups, greatest);
}

}  // namespace detid
