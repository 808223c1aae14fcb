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
      }
      return spec;
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
    const int shape = Below(3);
    int left = shape == 0 ? 1 + Below(63) : shape == 1 ? 128 : 129 + Below(32);
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

  static bool SideBySide(const std::vector<FieldSpec>& fields) {
    for (size_t i = 1; i < fields.size(); i++)
      if (fields[i].kind == fields[i - 1].kind &&
          (fields[i].kind == Kind::kTime || fields[i].kind == Kind::kSequence))
        return true;
    return false;
  }

  std::mt19937_64 rng_;
};

}  // namespace detid::test
