// SPDX-License-Identifier: PostgreSQL

#include "core/id_text.h"

#include <charconv>
#include <cstdio>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool IsHyphenAt(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

Status IdError(std::string_view text, const char* why) {
  constexpr size_t kShown = 60;
  return Status::Error(Code::kIdSyntax, "\"%.*s\"%s %s.", Clip(text, kShown), text.data(),
                       text.size() > kShown ? "..." : "", why);
}

void AppendDigit(Bits* id, int digit) {
  id->word[2] = id->word[2] << 4 | id->word[1] >> 60;
  id->word[1] = id->word[1] << 4 | id->word[0] >> 60;
  id->word[0] = id->word[0] << 4 | static_cast<uint64_t>(digit);
}

constexpr std::string_view kUrn = "urn:uuid:";
constexpr int kUuidDigits = 32;

bool BeginsWithUrn(std::string_view text) {
  if (text.size() < kUrn.size()) return false;
  for (size_t i = 0; i < kUrn.size(); i++)
    if (ToLower(text[i]) != kUrn[i]) return false;
  return true;
}

// False if the text is not a uuid in one of the forms of ParseUuid.
bool ReadUuid(std::string_view text, Bits* id) {
  if (text.size() < kUuidDigits || text.size() > kMaxUuidText) return false;
  if (BeginsWithUrn(text))
    text.remove_prefix(kUrn.size());
  else if (text.front() == '{' && text.back() == '}')
    text = text.substr(1, text.size() - 2);
  int digits = 0;
  bool hyphen_may = false;  // behind each group of 4 digits but the last
  for (const char c : text) {
    if (c == '-' && hyphen_may) {
      hyphen_may = false;
      continue;
    }
    const int digit = HexValue(c);
    if (digit < 0 || digits == kUuidDigits) return false;
    AppendDigit(id, digit);
    digits++;
    hyphen_may = digits % 4 == 0 && digits < kUuidDigits;
  }
  return digits == kUuidDigits;
}

}  // namespace

void ToBytes(const Bits& id, uint8_t* bytes) {
  const uint64_t high = __builtin_bswap64(id.word[2]);
  __builtin_memcpy(bytes, &high, 8);
  ToUuidBytes(id, bytes + 8);
}

Bits FromBytes(const uint8_t* bytes) {
  uint64_t high;
  __builtin_memcpy(&high, bytes, 8);
  Bits id = FromUuidBytes(bytes + 8);
  id.word[2] = __builtin_bswap64(high);
  return id;
}

void ToUuidBytes(const Bits& id, uint8_t* bytes) {
  const uint64_t high = __builtin_bswap64(id.word[1]), low = __builtin_bswap64(id.word[0]);
  __builtin_memcpy(bytes, &high, 8);
  __builtin_memcpy(bytes + 8, &low, 8);
}

Bits FromUuidBytes(const uint8_t* bytes) {
  uint64_t high, low;
  __builtin_memcpy(&high, bytes, 8);
  __builtin_memcpy(&low, bytes + 8, 8);
  return {{__builtin_bswap64(low), __builtin_bswap64(high), 0}};
}

int FormatHex(const Bits& value, int bits, char* out, int size) {
  const int digits = (bits + 3) / 4;
  if (digits + 1 > size) return 0;
  for (int i = 0; i < digits; i++) out[i] = kHex[GetBits(value, (digits - 1 - i) * 4, 4)];
  out[digits] = '\0';
  return digits;
}

int FormatUuid(const Bits& id, char* out, int size) {
  if (size < kUuidText + 1) return 0;
  int digit = 31;
  for (size_t i = 0; i < kUuidText; i++)
    out[i] = IsHyphenAt(i) ? '-' : kHex[GetBits(id, 4 * digit--, 4)];
  out[kUuidText] = '\0';
  return kUuidText;
}

int FormatId(int id_bits, const Bits& id, char* out, int size) {
  if (id_bits == 128) return FormatUuid(id, out, size);
  if (id_bits > 64) return FormatHex(id, id_bits, out, size);
  const auto [end, error] = std::to_chars(out, out + size - 1, id.word[0]);
  *end = '\0';
  return static_cast<int>(end - out);
}

Result<Bits> ParseUuid(std::string_view text) {
  Bits id;
  if (!ReadUuid(text, &id)) return IdError(text, "is not a uuid");
  return id;
}

bool LooksLikeUuid(std::string_view text) {
  Bits id;
  return ReadUuid(text, &id);
}

Result<Bits> ParseId(const Layout& layout, std::string_view text) {
  if (layout.is_uuid()) return ParseUuid(text);
  if (layout.is_text()) {
    constexpr char kWhy[] = "is not an id in hexadecimal of the layout's width";
    if (text.size() != static_cast<size_t>((layout.bits + 3) / 4)) return IdError(text, kWhy);
    Bits id;
    for (const char c : text) {
      const int digit = HexValue(c);
      if (digit < 0) return IdError(text, kWhy);
      AppendDigit(&id, digit);
    }
    return id;
  }
  Bits id;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, id.word[0]);
  const bool canonical = text.size() == 1 || (!text.empty() && text[0] != '0');
  if (error != std::errc() || end != last || !canonical || id.word[0] >> 63 != 0)
    return IdError(text, "is not a decimal number from 0 to 9223372036854775807");
  return id;
}

}  // namespace detid
