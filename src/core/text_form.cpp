// SPDX-License-Identifier: PostgreSQL

#include "core/text_form.h"

#include <cstring>

#include "core/digits.h"
#include "core/id_text.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kSeparator = '_';

Status WrongPrefix(const Definition& d, std::string_view text) {
  return Status::Error(Code::kIdSyntax, "\"%.*s\" does not begin with \"%.*s%c\".", Clip(text, 60),
                       text.data(), int{d.prefix_length}, d.prefix, kSeparator);
}

// The digits without a prefix and a check character, with a terminating zero.
int WriteBody(const Definition& d, const Bits& id, char* out) {
  if (!d.has_own_alphabet()) return Encode(*d.codec, id, TextBits(d.layout, *d.codec), out);
  WriteDigits(id, d.digits(), d.own_length, out);
  out[d.own_length] = '\0';
  return d.own_length;
}

// An id of an alphabet of its own, exactly as it is written.
Result<Bits> ReadOwnDigits(const Definition& d, std::string_view text) {
  const auto error = [](size_t at, const char* what) {
    return Status::Error(Code::kTextSyntax, "At character %zu, the text %s.", at + 1, what);
  };
  const size_t length = d.own_length;
  Bits id;
  const int foreign = ReadDigits(text.substr(0, length), d.digits(), &id);
  if (foreign >= 0)
    return error(static_cast<size_t>(foreign), "has what is no digit of the generator's alphabet");
  if (text.size() < length) return error(text.size(), "ends too early");
  if (text.size() > length) return error(length, "goes on");
  if (id > d.layout.greatest()) return error(0, "begins a number that no id has");
  return id;
}

}  // namespace

int FormatTextForm(const Definition& d, const Bits& id, char* out) {
  int n = d.prefix_length;
  if (n > 0) {
    std::memcpy(out, d.prefix, static_cast<size_t>(n));
    out[n++] = kSeparator;
  }
  const int digits = WriteBody(d, id, out + n);
  if (d.check != CheckCharacter::kNone) {
    const std::string_view body(out + n, static_cast<size_t>(digits));
    out[n + digits] = CheckCharacterOf(d.digits(), d.check, body);
    out[++n + digits] = '\0';
  }
  return n + digits;
}

namespace {

Result<Bits> ReadBody(const Definition& d, std::string_view text, bool unpadded) {
  if (d.has_own_alphabet()) return ReadOwnDigits(d, text);
  return DecodeLiberal(*d.codec, text, TextBits(d.layout, *d.codec), unpadded);
}

// The digits, and the check character behind them if there is one.
Result<Bits> ParseBody(const Definition& d, std::string_view text, bool unpadded) {
  if (d.check == CheckCharacter::kNone) return ReadBody(d, text, unpadded);
  if (text.empty()) return Status::Error(Code::kTextSyntax, "There is no check character.");
  const std::string_view digits = text.substr(0, text.size() - 1);
  // Without all its digits, the last one of a text would pass for its check character now and then.
  const Result<Bits> id = ReadBody(d, digits, false);
  if (!id.ok()) return id;
  char written[kMaxDigits + 1];
  const int n = WriteBody(d, id.value, written);
  const char is = CheckCharacterOf(d.digits(), d.check, {written, static_cast<size_t>(n)});
  if (d.has_own_alphabet() ? text.back() == is
                           : SameCheckCharacter(*d.codec, d.check, text.back(), is))
    return id;
  return Status::Error(Code::kMistyped, "\"%.*s\" does not end with its check character.",
                       Clip(text, 60), text.data());
}

Result<Bits> ParseOwnForm(const Definition& d, std::string_view text, bool unpadded) {
  if (d.prefix_length > 0) {
    const size_t n = d.prefix_length;
    if (text.size() <= n || text.substr(0, n) != d.prefix_text() || text[n] != kSeparator)
      return WrongPrefix(d, text);
    text.remove_prefix(n + 1);
  }
  const Result<Bits> id = ParseBody(d, text, unpadded);
  if (id.ok() || id.status.code == Code::kMistyped) return id;
  if (d.prefix_length == 0) return Status::Error(Code::kIdSyntax, "%s", id.status.detail);
  return Status::Error(Code::kIdSyntax, "Behind \"%.*s%c\": %s", int{d.prefix_length}, d.prefix,
                       kSeparator, id.status.detail);
}

}  // namespace

Result<Bits> ParseTextForm(const Definition& d, std::string_view text, bool unpadded) {
  const Result<Bits> own = ParseOwnForm(d, text, unpadded);
  if (own.ok() || !d.layout.is_uuid()) return own;
  const Result<Bits> uuid = ParseUuid(text);
  return uuid.ok() ? uuid : own;
}

Result<TypeId> ParseTypeId(std::string_view text) {
  const size_t separator = text.rfind('_');
  const bool typed = separator != std::string_view::npos;
  const std::string_view prefix = typed ? text.substr(0, separator) : std::string_view{};
  const std::string_view suffix = typed ? text.substr(separator + 1) : text;
  if ((typed && prefix.empty()) || !IsTypeIdPrefix(prefix))
    return Status::Error(Code::kIdSyntax,
                         "\"%.*s\" does not begin with a prefix of up to 63 of a to z and _.",
                         Clip(text, 60), text.data());
  const Result<Bits> uuid = Decode(*FindCodec("typeid"), suffix, 8 * kUuidBytes);
  if (!uuid.ok()) return Status::Error(Code::kIdSyntax, "%s", uuid.status.detail);
  return TypeId{prefix, uuid.value};
}

}  // namespace detid
