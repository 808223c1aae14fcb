// SPDX-License-Identifier: PostgreSQL
//
// Random valid layouts for property tests, as the list of their fields and as text. The generator
// keeps the rules of core/layout.h by itself, so that a layout refused is a finding.

#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/bits.h"
#include "core/layout.h"

namespace detid::test {

struct FieldSpec {
  Kind kind;
  int bits;
  uint64_t value = 0;  // of a const
  int below = -1;      // of a part that says where it belongs: its ^SHIFT
};

struct LayoutSpec {
  std::vector<FieldSpec> fields;  // most significant first
  std::string unit;
  std::string text;

  int BitsOf(Kind kind) const {
    int bits = 0;
    for (const FieldSpec& f : fields) bits += f.kind == kind ? f.bits : 0;
    return bits;
  }
};

class LayoutMaker {
 public:
  explicit LayoutMaker(uint64_t seed) : rng_(seed) {}

  // 0 <= result < n
  int Below(int n) { return static_cast<int>(rng_() % static_cast<uint64_t>(n)); }
  uint64_t Word() { return rng_(); }

  LayoutSpec Make() {
    for (;;) {
      LayoutSpec spec;
      Fill(&spec.fields);
      std::shuffle(spec.fields.begin(), spec.fields.end(), rng_);
      for (const Kind kind : {Kind::kTime, Kind::kSequence})
        if (Below(3) == 0) PlaceParts(&spec.fields, kind);
      if (spec.fields.size() > kMaxFields || SideBySide(spec.fields)) continue;
      static constexpr const char* kUnitTexts[] = {"100ns", "1us", "1500ns", "1ms", "10ms", "1s"};
      spec.unit = kUnitTexts[Below(6)];
      bool unit_written = false;
      for (const FieldSpec& f : spec.fields) {
        if (!spec.text.empty()) spec.text += ' ';
        spec.text += std::string(KindName(f.kind)) + ":" + std::to_string(f.bits);
        if (f.kind == Kind::kConst) spec.text += "=" + std::to_string(f.value);
        if (f.kind == Kind::kTime && !unit_written) {
          spec.text += "@" + spec.unit;
          unit_written = true;
        }
        if (f.below >= 0) spec.text += "^" + std::to_string(f.below);
      }
      if (spec.text.size() <= kMaxLayoutText) return spec;
    }
  }

 private:
  // Adds `bits` bits of `kind`, cut into up to `parts` parts.
  void Add(std::vector<FieldSpec>* fields, Kind kind, int bits, int parts) {
    while (bits > 0) {
      const int n = parts-- > 1 ? 1 + Below(bits) : bits;
      fields->push_back({kind, n});
      bits -= n;
    }
  }

  void Fill(std::vector<FieldSpec>* fields) {
    const int shape = Below(4);
    int left = shape == 0   ? 1 + Below(63)
               : shape == 1 ? 128
               : shape == 2 ? 129 + Below(32)
                            : 65 + Below(63);
    const auto take = [&](int most) {
      const int bits = std::min(left, 1 + Below(most));
      left -= bits;
      return bits;
    };
    const bool timed = Below(6) != 0;
    int position = 0;
    if (timed) {
      position = take(kMaxPositionBits);
      Add(fields, Kind::kTime, position, 1 + Below(3));
      if (left > 0 && position < kMaxPositionBits && Below(4) != 0)
        Add(fields, Kind::kSequence, take(std::min(32, kMaxPositionBits - position)), 1 + Below(3));
    } else {
      Add(fields, Below(2) ? Kind::kRandom : Kind::kHash, take(kMaxIdBits), 1 + Below(3));
    }
    if (left > 0 && Below(2)) Add(fields, Kind::kNode, take(kMaxNodeBits), 1);
    if (left > 0 && Below(2)) Add(fields, Kind::kWorker, take(kMaxWorkerBits), 1);
    while (left > 0) {
      const int kind = Below(3);
      if (kind == 0) {
        const int bits = take(64);
        fields->push_back({Kind::kConst, bits, bits == 64 ? Word() : Word() >> (64 - bits)});
      } else {
        Add(fields, kind == 1 ? Kind::kRandom : Kind::kHash, take(kMaxIdBits), 1);
      }
    }
  }

  // Gives the parts of a coordinate places in any order. In the one that goes without saying, they
  // are written only where two parts are neighbours.
  void PlaceParts(std::vector<FieldSpec>* fields, Kind kind) {
    std::vector<FieldSpec*> parts;
    bool neighbours = false;
    for (FieldSpec& f : *fields) {
      if (f.kind != kind) continue;
      neighbours |= !parts.empty() && parts.back() + 1 == &f;
      parts.push_back(&f);
    }
    std::vector<FieldSpec*> order = parts;  // from the low bits up
    std::shuffle(order.begin(), order.end(), rng_);
    if (!neighbours && std::equal(order.begin(), order.end(), parts.rbegin())) return;
    int below = 0;
    for (FieldSpec* f : order) {
      f->below = below;
      below += f->bits;
    }
  }

  // Parts without a place must not be neighbours.
  static bool SideBySide(const std::vector<FieldSpec>& fields) {
    for (size_t i = 1; i < fields.size(); i++)
      if (fields[i].kind == fields[i - 1].kind &&
          (fields[i].kind == Kind::kTime || fields[i].kind == Kind::kSequence) &&
          fields[i].below < 0)
        return true;
    return false;
  }

  std::mt19937_64 rng_;
};

}  // namespace detid::test
