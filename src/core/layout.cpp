// SPDX-License-Identifier: PostgreSQL

#include "core/layout.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "core/ascii.h"
#include "core/bits.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr std::string_view kKindNames[kKinds] = {"time",   "node", "worker", "sequence",
                                                 "random", "hash", "const"};

struct UnitName {
  std::string_view name;
  uint64_t hundred_ns_numerator;  // of one such unit in 100 ns, over the denominator
  uint64_t denominator;
};
constexpr UnitName kUnits[] = {{"ns", 1, 100}, {"us", 10, 1}, {"ms", 10000, 1}, {"s", 10000000, 1}};
constexpr uint32_t kMaxUnit = 10000000;  // 1 s

// Reads the text from left to right; `at` is the offset that an error names.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool SkipSpace() {
    while (at_ < text_.size() && text_[at_] == ' ') at_++;
    return at_ < text_.size();
  }
  bool Eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  bool AtFieldEnd() const { return at_ >= text_.size() || text_[at_] == ' '; }

  std::string_view Word() {
    const size_t start = at_;
    while (at_ < text_.size() && IsLower(text_[at_])) at_++;
    return text_.substr(start, at_ - start);
  }

  bool Number(uint64_t* value) {
    const char* first = text_.data() + at_;
    const char* last = text_.data() + text_.size();
    int base = 10;
    if (last - first > 2 && first[0] == '0' && first[1] == 'x') {
      base = 16;
      first += 2;
    }
    const auto [end, error] = std::from_chars(first, last, *value, base);
    if (error != std::errc() || end == first) return false;
    at_ = static_cast<size_t>(end - text_.data());
    return true;
  }

  Status Error(const char* expected) const {
    const int shown = Clip(text_.substr(at_), 20);
    if (shown == 0)
      return Status::Error(Code::kLayoutSyntax, "At the end of the layout, %s was expected.",
                           expected);
    return Status::Error(Code::kLayoutSyntax, "At character %zu, \"%.*s\": %s was expected.",
                         at_ + 1, shown, text_.data() + at_, expected);
  }

  void set_at(size_t at) { at_ = at; }
  size_t at() const { return at_; }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

Status ParseUnit(Parser* p, uint32_t* unit) {
  const size_t start = p->at();
  uint64_t n = 0;
  if (!p->Number(&n)) return p->Error("a unit such as 1ms");
  const std::string_view name = p->Word();
  for (const UnitName& u : kUnits) {
    if (u.name != name) continue;
    if (n == 0 || n > uint64_t{1000000000} || n * u.hundred_ns_numerator % u.denominator != 0 ||
        n * u.hundred_ns_numerator / u.denominator > kMaxUnit) {
      p->set_at(start);
      return p->Error("a unit from 100ns to 1s, in steps of 100ns,");
    }
    *unit = static_cast<uint32_t>(n * u.hundred_ns_numerator / u.denominator);
    return Status::Ok();
  }
  p->set_at(start);
  return p->Error("a unit in ns, us, ms or s");
}

// Field::below of a part that does not say where it belongs.
constexpr uint8_t kByOrder = 255;

// ^SHIFT, which may follow a part of the time or the sequence.
Status ParseShift(Parser* p, Field* field) {
  field->below = kByOrder;
  if ((field->kind != Kind::kTime && field->kind != Kind::kSequence) || !p->Eat('^'))
    return Status::Ok();
  const size_t shift_at = p->at();
  uint64_t shift = 0;
  if (!p->Number(&shift) || shift >= kMaxPositionBits) {
    p->set_at(shift_at);
    return p->Error("a shift from 0 to 62");
  }
  field->below = static_cast<uint8_t>(shift);
  return Status::Ok();
}

Status ParseField(Parser* p, Layout* layout, bool* unit_seen) {
  const size_t start = p->at();
  const std::string_view name = p->Word();
  Field field;
  int kind = 0;
  while (kind < kKinds && kKindNames[kind] != name) kind++;
  if (kind == kKinds) {
    p->set_at(start);
    return p->Error("one of time, node, worker, sequence, random, hash, const");
  }
  field.kind = static_cast<Kind>(kind);
  if (!p->Eat(':')) return p->Error("\":\" and a number of bits");

  uint64_t bits = 0;
  const size_t bits_at = p->at();
  if (!p->Number(&bits) || bits == 0 || bits > kMaxIdBits) {
    p->set_at(bits_at);
    return p->Error("a number of bits from 1 to 160");
  }
  field.bits = static_cast<uint8_t>(bits);

  if (field.kind == Kind::kTime) {
    if (p->Eat('@')) {
      uint32_t unit = 0;
      if (Status s = ParseUnit(p, &unit); !s.ok()) return s;
      if (*unit_seen && unit != layout->unit) return p->Error("one unit for all parts of the time");
      layout->unit = unit;
      *unit_seen = true;
    } else if (!*unit_seen) {
      return p->Error("\"@\" and a unit such as 1ms");
    }
  } else if (field.kind == Kind::kConst) {
    if (!p->Eat('=')) return p->Error("\"=\" and the constant's value");
    const size_t value_at = p->at();
    if (!p->Number(&field.value)) return p->Error("the constant's value");
    if (bits > 64 || (field.value & ~LowMask(field.bits)) != 0) {
      p->set_at(value_at);
      return p->Error("a value that fits into the constant's bits, 64 at the most,");
    }
  }
  if (Status s = ParseShift(p, &field); !s.ok()) return s;
  if (!p->AtFieldEnd()) return p->Error("a space or the end");
  if (layout->count == kMaxFields) {
    p->set_at(start);
    return p->Error("the end, as a layout has at most 24 fields: no field");
  }
  layout->fields[layout->count++] = field;
  return Status::Ok();
}

// Places the fields, from the last (least significant) to the first.
int Place(Layout* layout) {
  int shift = 0;
  for (int i = layout->count - 1; i >= 0; i--) {
    Field& field = layout->fields[i];
    uint8_t& width = layout->width[static_cast<int>(field.kind)];
    field.shift = static_cast<uint8_t>(shift);
    if (field.below == kByOrder) field.below = width;
    width = static_cast<uint8_t>(width + field.bits);
    shift += field.bits;
  }
  return shift;
}

void SetFixed(Layout* layout) {
  for (int i = 0; i < layout->count; i++) {
    const Field& f = layout->fields[i];
    if (f.kind != Kind::kConst) continue;
    const int bits = std::min<int>(f.bits, 64);
    PutBits(&layout->fixed, f.shift, bits, f.value);
    PutBits(&layout->fixed_mask, f.shift, bits, ~uint64_t{0});
  }
  for (int i = 0; i < 3; i++)
    layout->fixed_mask.word[i] |= ~LowMask(std::clamp(layout->bits - 64 * i, 0, 64));
}

Status Invalid(const char* why) {
  return Status::Error(Code::kLayoutInvalid, "%s", why);
}

// What a parsed layout must satisfy besides; see the invariants in the header.
Status Validate(const Layout& layout) {
  struct Limit {
    Kind kind;
    int bits;
  };
  constexpr Limit kLimits[] = {{Kind::kTime, kMaxPositionBits},
                               {Kind::kNode, kMaxNodeBits},
                               {Kind::kWorker, kMaxWorkerBits},
                               {Kind::kSequence, 32}};
  for (const Limit& limit : kLimits) {
    const int bits = layout.bits_of(limit.kind);
    if (bits > limit.bits)
      return Status::Error(Code::kLayoutInvalid,
                           "The %s field has %d bits; it may have %d at the most.",
                           KindName(limit.kind).data(), bits, limit.bits);
  }
  if (layout.bits == 64)  // meant as a bigint, and one too many
    return Status::Error(Code::kLayoutInvalid,
                         "Its fields have 64 bits; 1 to 63 make a bigint, 128 a uuid, 65 to 160 a "
                         "text.");
  if (layout.shows(Kind::kSequence) && !layout.shows(Kind::kTime))
    return Invalid("A sequence counts within a tick, so it needs a time field.");
  if (layout.bits_of(Kind::kTime) + layout.bits_of(Kind::kSequence) > kMaxPositionBits)
    return Status::Error(Code::kLayoutInvalid,
                         "The time and sequence fields have %d bits together; they may have %d at "
                         "the most.",
                         layout.bits_of(Kind::kTime) + layout.bits_of(Kind::kSequence),
                         kMaxPositionBits);
  return Status::Ok();
}

using Fields = std::array<Field, kMaxFields>;

// Parts of one coordinate must be meant: without a shift, an uncut field may not be given twice
// side by side, and two node fields are a mistake rather than a cut.
Status CheckCuts(const Layout& layout, const Fields& written) {
  for (int i = 1; i < layout.count; i++) {
    const Kind kind = layout.fields[i].kind;
    if (kind == layout.fields[i - 1].kind && kind != Kind::kConst && kind != Kind::kRandom &&
        kind != Kind::kHash && written[i].below == kByOrder)
      return Status::Error(Code::kLayoutInvalid, "It has two %s fields side by side.",
                           KindName(kind).data());
  }
  int nodes = 0, workers = 0;
  for (int i = 0; i < layout.count; i++) {
    nodes += layout.fields[i].kind == Kind::kNode;
    workers += layout.fields[i].kind == Kind::kWorker;
  }
  if (nodes > 1) return Invalid("It has two node fields.");
  if (workers > 1) return Invalid("It has two worker fields.");
  return Status::Ok();
}

// The parts of a coordinate must make it up without a gap, and either all of them say where they
// belong or none does.
Status CheckParts(const Layout& layout, const Fields& written) {
  for (const Kind kind : {Kind::kTime, Kind::kSequence}) {
    uint64_t covered = 0;
    int parts = 0, placed = 0, bits = 0;
    for (int i = 0; i < layout.count; i++) {
      const Field& f = layout.fields[i];
      if (f.kind != kind) continue;
      parts++;
      placed += written[i].below != kByOrder;
      bits += f.bits;
      if (f.below + f.bits <= 63) covered |= LowMask(f.bits) << f.below;
    }
    if ((placed != 0 && placed != parts) || covered != LowMask(bits))
      return Status::Error(Code::kLayoutInvalid,
                           "The parts of its %s field do not make up %d bits: each needs a ^SHIFT, "
                           "and no two may overlap.",
                           KindName(kind).data(), bits);
  }
  return Status::Ok();
}

}  // namespace

std::string_view KindName(Kind kind) {
  return kKindNames[static_cast<int>(kind)];
}

bool Layout::time_first() const {
  int shown = 0;
  for (int i = 0; i < count && shown < bits_of(Kind::kTime); i++) {
    if (fields[i].kind == Kind::kConst) continue;
    if (fields[i].kind != Kind::kTime) return false;
    shown += fields[i].bits;
    if (fields[i].below != bits_of(Kind::kTime) - shown) return false;
  }
  return shown > 0;
}

bool Layout::node_first() const {
  int i = 0;
  while (i < count && fields[i].kind == Kind::kConst) i++;
  return i < count && fields[i].kind == Kind::kNode;
}

bool Layout::position_first() const {
  int left = bits_of(Kind::kTime) + bits_of(Kind::kSequence);
  int times = bits_of(Kind::kTime), sequences = bits_of(Kind::kSequence);
  for (int i = 0; i < count && left > 0; i++) {
    const Field& f = fields[i];
    if (f.kind == Kind::kConst || f.kind == Kind::kNode) continue;
    if (f.kind != Kind::kTime && f.kind != Kind::kSequence) return false;
    int& rest = f.kind == Kind::kTime ? times : sequences;
    rest -= f.bits;
    left -= f.bits;
    if (f.below != rest || (f.kind == Kind::kSequence && times > 0)) return false;
  }
  return shows(Kind::kTime);
}

Result<Layout> ParsePublishedLayout(std::string_view text) {
  if (text.size() > kMaxLayoutText)
    return Status::Error(Code::kLayoutSyntax, "It has %zu characters; %d are the most.",
                         text.size(), kMaxLayoutText);
  Layout layout;
  Parser parser(text);
  bool unit_seen = false;
  while (parser.SkipSpace())
    if (Status s = ParseField(&parser, &layout, &unit_seen); !s.ok()) return s;
  if (layout.count == 0) return Invalid("It has no fields.");
  int total = 0;
  for (int i = 0; i < layout.count; i++) total += layout.fields[i].bits;
  if (total > kMaxIdBits)
    return Status::Error(Code::kLayoutInvalid, "Its fields have %d bits; %d are the most.", total,
                         kMaxIdBits);
  const Fields written = layout.fields;
  layout.bits = static_cast<uint8_t>(Place(&layout));
  if (Status s = CheckCuts(layout, written); !s.ok()) return s;
  if (Status s = Validate(layout); !s.ok()) return s;
  if (Status s = CheckParts(layout, written); !s.ok()) return s;
  SetFixed(&layout);
  return layout;
}

Result<Layout> ParseLayout(std::string_view text) {
  const Result<Layout> r = ParsePublishedLayout(text);
  if (!r.ok() || r.value.shows(Kind::kTime) || r.value.shows(Kind::kRandom) ||
      r.value.shows(Kind::kHash))
    return r;
  return Invalid("Without a time, random or hash field nothing tells two ids apart.");
}

int FormatUnit(uint32_t unit, char* out, int size) {
  for (int i = 3; i > 0; i--) {
    const uint64_t one = kUnits[i].hundred_ns_numerator;
    if (unit % one == 0)
      return std::snprintf(out, static_cast<size_t>(size), "%u%s",
                           static_cast<unsigned>(unit / one), kUnits[i].name.data());
  }
  return std::snprintf(out, static_cast<size_t>(size), "%u00ns", unit);
}

int FormatLayout(const Layout& layout, char* out, int size) {
  int n = 0;
  bool unit_written = false;
  // Parts in another order than high bits first say where they belong, and so do those side by
  // side, which would be a mistake without.
  std::array<int, kKinds> left{};
  std::array<bool, kKinds> placed{};
  for (int i = 0; i < kKinds; i++) left[i] = layout.width[i];
  for (int i = 0; i < layout.count; i++) {
    const int kind = static_cast<int>(layout.fields[i].kind);
    left[kind] -= layout.fields[i].bits;
    const bool beside = i > 0 && layout.fields[i].kind == layout.fields[i - 1].kind;
    const bool cuts =
        layout.fields[i].kind == Kind::kTime || layout.fields[i].kind == Kind::kSequence;
    placed[kind] |= layout.fields[i].below != left[kind] || (beside && cuts);
  }
  out[0] = '\0';
  for (int i = 0; i < layout.count && n < size; i++) {
    const Field& field = layout.fields[i];
    const auto room = [&] { return static_cast<size_t>(n < size ? size - n : 0); };
    n += std::snprintf(out + n, room(), "%s%s:%d", i > 0 ? " " : "", KindName(field.kind).data(),
                       field.bits);
    if (field.kind == Kind::kTime && !unit_written) {
      char unit[16];
      FormatUnit(layout.unit, unit, sizeof unit);
      n += std::snprintf(out + n, room(), "@%s", unit);
      unit_written = true;
    } else if (field.kind == Kind::kConst) {
      n += std::snprintf(out + n, room(), "=%llu", static_cast<unsigned long long>(field.value));
    }
    if (placed[static_cast<int>(field.kind)])
      n += std::snprintf(out + n, room(), "^%d", field.below);
  }
  return n;
}

}  // namespace detid
