// SPDX-License-Identifier: PostgreSQL

#include "core/label.h"

#include <charconv>
#include <cstdio>

#include "core/bits.h"
#include "core/history.h"
#include "core/id_text.h"
#include "core/instant.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

std::string_view Trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

enum Key {
  kLayout,
  kEpoch,
  kAudit,
  kOrdering,
  kSalt,
  kCodec,
  kPrefix,
  kScatter,
  kMask,
  kHistory,
  kCheck,
  kAlphabet,
  kKeys
};
constexpr int kRequiredKeys = kCodec;  // those before it
constexpr std::string_view kKeyNames[kKeys] = {"layout", "epoch",   "audit",  "ordering",
                                               "salt",   "codec",   "prefix", "scatter",
                                               "mask",   "history", "check",  "alphabet"};

bool ParseHex64(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, 16);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool ParseHistory(std::string_view text, uint32_t* ids) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *ids);
  return error == std::errc() && end == text.data() + text.size() && *ids > 0 &&
         *ids <= kMaxHistory;
}

Status SetKey(Key key, std::string_view value, Definition* d) {
  switch (key) {
    case kLayout: {
      const Result<Definition> r = DefinitionOf(value);
      if (!r.ok()) return r.status;
      d->layout = r.value.layout;
      d->preset = r.value.preset;
      return Status::Ok();
    }
    case kEpoch: {
      const Result<int64_t> r = ParseInstant(value);
      d->epoch_us = r.value;
      return r.status;
    }
    case kAudit:
      return ParseAudit(value, &d->audit) ? Status::Ok()
                                          : LabelError(value, "audit is off, range or each");
    case kOrdering:
      return ParseOrdering(value, &d->ordering) ? Status::Ok()
                                                : LabelError(value, "ordering is backend or node");
    case kSalt:
      return ParseHex64(value, &d->salt) ? Status::Ok()
                                         : LabelError(value, "salt is 64 bits in hexadecimal");
    case kScatter:
      d->scatter = value == "on";
      return d->scatter ? Status::Ok() : LabelError(value, "scatter is on, or not there");
    case kMask:
      d->has_mask = ParseCommitment(value, &d->mask);
      return d->has_mask ? Status::Ok() : LabelError(value, "mask is 128 bits in hexadecimal");
    case kHistory:
      return ParseHistory(value, &d->history)
                 ? Status::Ok()
                 : LabelError(value, "history is 1 to 16777216, or not there");
    case kCheck:
      return d->check == CheckCharacter::kNone && !value.empty()
                 ? SetCheck(value, d)
                 : LabelError(value, "check is mod37_36 or luhn, or not there");
    case kCodec:  // once the layout is known
    case kAlphabet:
    case kPrefix:
    case kKeys:
      break;
  }
  return Status::Ok();
}

}  // namespace

Result<Definition> ParseLabel(std::string_view label) {
  Definition d;
  bool seen[kKeys] = {};
  std::string_view codec, prefix, alphabet;
  while (!label.empty()) {
    const size_t end = label.find(';');
    const std::string_view part = Trim(label.substr(0, end));
    label.remove_prefix(end == std::string_view::npos ? label.size() : end + 1);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return LabelError(part, "key=value was expected");
    int key = 0;
    while (key < kKeys && kKeyNames[key] != part.substr(0, equals)) key++;
    if (key == kKeys) return LabelError(part, "there is no such key");
    if (seen[key]) return LabelError(part, "the key is there twice");
    seen[key] = true;
    const std::string_view value = part.substr(equals + 1);
    if (Status s = SetKey(static_cast<Key>(key), value, &d); !s.ok()) return s;
    if (key == kCodec) codec = value;
    if (key == kPrefix) prefix = value;
    if (key == kAlphabet) alphabet = value;
  }
  for (int key = 0; key < kRequiredKeys; key++)
    if (!seen[key]) return LabelError(kKeyNames[key], "the key is missing");
  if (Status s = SetPrefix(prefix, &d); !s.ok()) return s;
  if (seen[kCodec])
    if (Status s = SetCodec(codec, &d); !s.ok()) return s;
  if (seen[kCodec] && seen[kAlphabet])
    return LabelError(codec, "there is a codec or an alphabet, not both");
  if (seen[kAlphabet])
    if (Status s = SetAlphabet(alphabet, &d); !s.ok()) return s;
  if (Status s = CheckTextForm(d); !s.ok()) return s;
  if (Status s = CheckOrdering(d.layout, d.ordering); !s.ok()) return s;
  if (d.scatter)
    if (Status s = CheckScatter(d.layout); !s.ok()) return s;
  if (d.history > 0)
    if (Status s = CheckHistory(d.layout, d.history); !s.ok()) return s;
  if (d.has_mask && !d.layout.is_bigint()) return LabelError("mask", "only bigints are masked");
  if (d.preset != nullptr && d.preset->epoch_fixed && d.epoch_us != d.preset->epoch_us)
    return LabelError(d.preset->name, "its epoch is part of the format");
  return d;
}

int FormatLabel(const Definition& d, char* out, int size) {
  char layout[kMaxLayoutText + 1], epoch[kMaxInstantText];
  if (d.preset != nullptr)
    std::snprintf(layout, sizeof layout, "%s", d.preset->name.data());
  else
    FormatLayout(d.layout, layout, sizeof layout);
  FormatInstant(d.epoch_us, epoch, sizeof epoch);
  int n = 0;
  const auto add = [&](const char* format, auto... values) {
    n += std::snprintf(out + n, static_cast<size_t>(size - n), format, values...);
  };
  add("layout=%s; epoch=%s; audit=%s; ordering=%s; salt=%016llx", layout, epoch,
      AuditName(d.audit).data(), OrderingName(d.ordering).data(),
      static_cast<unsigned long long>(d.salt));
  if (d.prefix_length > 0) add("; prefix=%.*s", int{d.prefix_length}, d.prefix);
  if (d.has_own_alphabet())
    add("; alphabet=%.*s", int{d.own_digits}, d.own_alphabet);
  else if (d.codec != DefaultCodec(d))
    add("; codec=%s", d.codec->name.data());
  if (d.check != CheckCharacter::kNone) add("; check=%s", CheckName(d.check).data());
  if (d.scatter) add("; scatter=%s", "on");
  if (d.has_mask) {
    char mask[kCommitmentText + 1];
    FormatCommitment(d.mask, mask);
    add("; mask=%s", mask);
  }
  if (d.history > 0) add("; history=%u", d.history);
  return n;
}

void FormatCommitment(const Commitment& c, char* out) {
  FormatHex(FromUuidBytes(c.byte), 8 * kCommitmentBytes, out, kCommitmentText + 1);
}

bool ParseCommitment(std::string_view text, Commitment* commitment) {
  uint64_t high = 0, low = 0;
  if (text.size() != kCommitmentText || !ParseHex64(text.substr(0, 16), &high) ||
      !ParseHex64(text.substr(16), &low))
    return false;
  ToUuidBytes({{low, high, 0}}, commitment->byte);
  return true;
}

}  // namespace detid
