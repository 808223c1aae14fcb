// SPDX-License-Identifier: PostgreSQL

#include "core/definition.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

#include "core/ascii.h"
#include "core/bits.h"
#include "core/compose.h"
#include "core/history.h"
#include "core/id_text.h"
#include "core/instant.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr std::string_view kAuditNames[] = {"off", "range", "each"};
constexpr std::string_view kOrderingNames[] = {"backend", "node"};

template <typename E, size_t N>
bool ParseName(const std::string_view (&names)[N], std::string_view text, E* value) {
  for (size_t i = 0; i < N; i++) {
    if (names[i] != text) continue;
    *value = static_cast<E>(i);
    return true;
  }
  return false;
}

// Whether a text that is no layout was meant as the name of one.
bool IsWord(std::string_view text) {
  constexpr size_t kMaxName = 40;
  return !text.empty() && text.size() <= kMaxName &&
         text.find_first_of(":@=") == std::string_view::npos;
}

Status NoSuchLayout(std::string_view word) {
  for (const Preset& foreign : ForeignFormats())
    if (foreign.name == word && word != "uuid")
      return Status::Error(Code::kNoSuchLayout, "Ids of the format %s are read, and not minted.",
                           foreign.name.data());
  const std::string_view nearest = NearestLayout(word);
  const int length = static_cast<int>(word.size());
  if (nearest.empty())
    return Status::Error(Code::kNoSuchLayout, "The layout is \"%.*s\".", length, word.data());
  if (nearest == "uuid7" && (word == "typeid" || word == "TypeID"))
    return Status::Error(Code::kNoSuchLayout, "A TypeID is a uuid7 with a prefix.");
  return Status::Error(Code::kNoSuchLayout, "The layout is \"%.*s\"; the nearest is \"%s\".",
                       length, word.data(), nearest.data());
}

Definition BuiltIn(std::string_view layout, std::string_view name, Audit audit) {
  Definition d = DefinitionOf(layout).value;
  d.salt = SaltOf(name);
  d.audit = audit;
  return d;
}

}  // namespace

Status LabelError(std::string_view part, const char* why) {
  return Status::Error(Code::kLabelSyntax, "\"%.*s\": %s.", Clip(part, 80), part.data(), why);
}

std::string_view AuditName(Audit audit) {
  return kAuditNames[static_cast<int>(audit)];
}
std::string_view OrderingName(Ordering o) {
  return kOrderingNames[static_cast<int>(o)];
}
bool ParseAudit(std::string_view text, Audit* audit) {
  return ParseName(kAuditNames, text, audit);
}
bool ParseOrdering(std::string_view text, Ordering* ordering) {
  return ParseName(kOrderingNames, text, ordering);
}

Result<Definition> DefinitionOf(std::string_view layout) {
  Definition d;
  d.preset = FindPreset(layout);
  const Result<Layout> parsed = ParseLayout(d.preset != nullptr ? d.preset->layout : layout);
  if (!parsed.ok() && IsWord(layout)) return NoSuchLayout(layout);
  if (!parsed.ok()) return parsed.status;
  d.layout = parsed.value;
  if (d.preset != nullptr) d.epoch_us = d.preset->epoch_us;
  d.codec = DefaultCodec(d);
  return d;
}

const Codec* DefaultCodec(const Definition& d) {
  const bool plain_uuid = d.layout.is_uuid() && (d.preset == nullptr || d.preset->codec == "uuid");
  if (plain_uuid) return FindCodec(d.prefix_length > 0 ? "typeid" : "uuid");
  if (d.preset != nullptr) return FindCodec(d.preset->codec);
  return FindCodec(d.layout.is_bigint() ? "decimal" : "hex");
}

Status SetPrefix(std::string_view prefix, Definition* d) {
  bool fits = prefix.size() <= kMaxPrefix;
  for (const char c : prefix) fits = fits && (IsLetter(c) || IsDigit(c) || c == '_');
  if (!prefix.empty()) fits = fits && IsLetter(prefix.front()) && prefix.back() != '_';
  if (!fits)
    return LabelError(prefix,
                      "a prefix has up to 63 letters, digits and _, begins with a letter "
                      "and does not end with _");
  prefix.copy(d->prefix, prefix.size());
  d->prefix_length = static_cast<uint8_t>(prefix.size());
  if (!d->has_own_alphabet()) d->codec = DefaultCodec(*d);
  return Status::Ok();
}

bool IsTypeIdPrefix(std::string_view prefix) {
  if (prefix.size() > kMaxPrefix) return false;
  for (const char c : prefix)
    if ((c < 'a' || c > 'z') && c != '_') return false;
  return prefix.empty() || (prefix.front() != '_' && prefix.back() != '_');
}

Status SetCheck(std::string_view name, Definition* d) {
  return ParseCheck(name, &d->check) ? Status::Ok()
                                     : LabelError(name, "a check character is mod37_36 or luhn");
}

bool Definition::texts_sort() const {
  return has_own_alphabet() ? std::ranges::is_sorted(digits()) : codec->ordered;
}

namespace {

Status CheckOwnAlphabet(std::string_view alphabet) {
  const Status status = CheckAlphabet(alphabet, 2);
  if (!status.ok()) return Status::Error(Code::kLabelSyntax, "%s", status.detail);
  return alphabet.find(';') == std::string_view::npos
             ? Status::Ok()
             : LabelError(alphabet, "an alphabet of a generator has no semicolon");
}

}  // namespace

Status SetAlphabet(std::string_view alphabet, Definition* d) {
  if (Status s = CheckOwnAlphabet(alphabet); !s.ok()) return s;
  d->codec = nullptr;
  d->own_digits = static_cast<uint8_t>(alphabet.copy(d->own_alphabet, kMaxOwnDigits));
  d->own_length =
      static_cast<uint8_t>(std::max(1, DigitCount(alphabet.size(), d->layout.greatest())));
  return Status::Ok();
}

Result<Definition> NanoIdOf(std::string_view alphabet, int length) {
  if (Status s = CheckOwnAlphabet(alphabet); !s.ok()) return s;
  const int bits = length < 1 ? 0 : BitsOfDigits(alphabet.size(), length);
  if (bits < 1 || bits > kMaxIdBits) {
    int most = 1;
    while (BitsOfDigits(alphabet.size(), most + 1) <= kMaxIdBits) most++;
    return Status::Error(Code::kLabelSyntax,
                         "The length is %d; texts of these %zu letters may have 1 to %d.", length,
                         alphabet.size(), most);
  }
  // No layout has 64 bits.
  char layout[40];
  std::snprintf(layout, sizeof layout, bits == 64 ? "const:1=0 random:%d" : "random:%d", bits);
  Result<Definition> nano = DefinitionOf(layout);
  if (!nano.ok()) return nano;
  SetAlphabet(alphabet, &nano.value);
  return nano;
}

Status CheckTextForm(const Definition& d) {
  if (d.has_own_alphabet()) {
    if (TakesCheck(d.digits(), d.check)) return Status::Ok();
    return LabelError(d.digits(),
                      d.check == CheckCharacter::kLuhn
                          ? "luhn takes an alphabet with an even number of letters"
                          : "mod37_36 takes digits and letters of one case; luhn takes others");
  }
  if (d.codec->name == "typeid" && !IsTypeIdPrefix(d.prefix_text()))
    return LabelError(d.prefix_text(),
                      "a TypeID's prefix has a to z and _ only; other codecs, such as base62, take "
                      "capitals and digits");
  if (TakesCheck(*d.codec, d.check)) return Status::Ok();
  return LabelError(d.codec->name,
                    d.check == CheckCharacter::kLuhn
                        ? "texts of this codec have no check character; hex has"
                        : "mod37_36 takes digits and letters of one case, as crockford and base36 "
                          "have them; luhn takes others");
}

Status SetCodec(std::string_view name, Definition* d) {
  const Codec* codec = FindCodec(name);
  if (codec == nullptr) return LabelError(name, "there is no such codec");
  if (EncodedLength(*codec, TextBits(d->layout, *codec)) == 0 ||
      !HoldsAll(*codec, d->layout.greatest()))
    return LabelError(name, "the codec cannot hold ids of this layout");
  d->codec = codec;
  return Status::Ok();
}

Status CheckOrdering(const Layout& layout, Ordering ordering) {
  if (ordering == Ordering::kBackend || layout.position_first()) return Status::Ok();
  return Status::Error(Code::kLayoutInvalid,
                       "Ordering node takes a layout whose time and sequence come before its "
                       "worker, random and hash fields.");
}

// Sequences of fewer bits do not scatter.
constexpr int kMinScatterBits = 2;

Status CheckScatter(const Layout& layout) {
  if (layout.bits_of(Kind::kSequence) >= kMinScatterBits) return Status::Ok();
  return Status::Error(Code::kLayoutInvalid,
                       "Its sequence has %d bits; to scatter takes %d at the least.",
                       layout.bits_of(Kind::kSequence), kMinScatterBits);
}

Status CheckHistory(const Layout& layout, uint32_t ids) {
  if (layout.shows(Kind::kTime) || !layout.shows(Kind::kRandom))
    return Status::Error(Code::kLayoutInvalid,
                         "A history is for ids of random bits without a time; %s.",
                         layout.shows(Kind::kTime) ? "these are unique by construction"
                                                   : "these are the same for the same input");
  const int bits = layout.bits_of(Kind::kRandom);
  const uint64_t least = uint64_t{4} * kHistoryGenerations * HistoryChunk(ids);
  if (bits >= 63 || uint64_t{1} << bits >= least) return Status::Ok();
  return Status::Error(Code::kLayoutInvalid,
                       "Its %d random bits have %llu values; a history of %u ids takes %llu at the "
                       "least.",
                       bits, 1ull << bits, ids, static_cast<unsigned long long>(least));
}

uint64_t SaltOf(std::string_view name) {
  return HashBits(name, 64).word[0];
}

uint64_t Fingerprint(const Definition& d) {
  char text[kMaxLayoutText + 60];
  int n = FormatLayout(d.layout, text, sizeof text);
  n += std::snprintf(text + n, sizeof text - static_cast<size_t>(n), "; %lld; %016llx",
                     static_cast<long long>(d.epoch_us), static_cast<unsigned long long>(d.salt));
  return HashBits({text, static_cast<size_t>(n)}, 63).word[0];
}

bool MayBecome(const Definition& from, const Definition& to) {
  return Fingerprint(from) == Fingerprint(to) && from.ordering == to.ordering &&
         from.codec == to.codec && from.has_own_alphabet() == to.has_own_alphabet() &&
         (!from.has_own_alphabet() || from.digits() == to.digits()) &&
         from.prefix_text() == to.prefix_text() && from.check == to.check &&
         (!from.has_mask || (to.has_mask && from.mask == to.mask));
}

int64_t EndOfEpochUs(const Definition& d) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  const int64_t last = static_cast<int64_t>(LowMask(d.layout.time_bits()));
  int64_t us = 0;
  return last < kNever && TimeOfTick(d.layout, d.epoch_us, last + 1, &us) ? us : kNever;
}

double IdsPerSecond(const Layout& layout) {
  if (!layout.shows(Kind::kTime)) return 0;
  return 1e7 / layout.unit *
         static_cast<double>(uint64_t{1}
                             << (layout.sequence_bits() + layout.bits_of(Kind::kWorker)));
}

const Definition& DefaultIdDefinition() {
  static const Definition d = BuiltIn("snowflake", "detid.default_id", Audit::kRange);
  return d;
}

const Definition& DefaultUuidDefinition() {
  static const Definition d = BuiltIn("uuid7", "detid.default_uuid", Audit::kRange);
  return d;
}

}  // namespace detid
