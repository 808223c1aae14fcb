// SPDX-License-Identifier: PostgreSQL

#include "core/text_form.h"

#include <cstring>

#include "core/id_text.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr char kSeparator = '_';

Status WrongPrefix(const Definition& d, std::string_view text) {
  return Status::Error(Code::kIdSyntax, "\"%.*s\" does not begin with \"%.*s%c\".", Clip(text, 60),
                       text.data(), int{d.prefix_length}, d.prefix, kSeparator);
}

}  // namespace

int FormatTextForm(const Definition& d, const Bits& id, char* out) {
  int n = d.prefix_length;
  if (n > 0) {
    std::memcpy(out, d.prefix, static_cast<size_t>(n));
    out[n++] = kSeparator;
  }
  return n + Encode(*d.codec, id, d.layout.text_bits(), out + n);
}

Result<Bits> ParseTextForm(const Definition& d, std::string_view text) {
  if (d.layout.is_uuid() && text.size() == kUuidText && LooksLikeUuid(text))
    return ParseId(d.layout, text);
  if (d.prefix_length > 0) {
    const size_t n = d.prefix_length;
    if (text.size() <= n || text.substr(0, n) != d.prefix_text() || text[n] != kSeparator)
      return WrongPrefix(d, text);
    text.remove_prefix(n + 1);
  }
  const Result<Bits> id = Decode(*d.codec, text, d.layout.text_bits());
  if (id.ok()) return id;
  if (d.prefix_length == 0) return Status::Error(Code::kIdSyntax, "%s", id.status.detail);
  return Status::Error(Code::kIdSyntax, "Behind \"%.*s%c\": %s", int{d.prefix_length}, d.prefix,
                       kSeparator, id.status.detail);
}

}  // namespace detid
