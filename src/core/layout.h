// SPDX-License-Identifier: PostgreSQL
//
// Layout: an ordered list of bit fields, most significant first, that turns coordinates (and
// input, and seed) into an id.
//
// Text form, fields from the most significant bit down, separated by spaces:
//
//   time:N@UNIT   ticks since the epoch; UNIT is a number and ns, us, ms or s: 100ns .. 1s
//   node:N        the node id
//   worker:N      the backend's slot number
//   sequence:N    a counter within one tick
//   random:N      bits of a keyed PRF of the coordinates
//   hash:N        bits of a BLAKE2b of the input
//   const:N=V     the value V, decimal or 0x hexadecimal
//
// The time and the sequence may be cut into parts, high bits first (a later part of the time needs
// no unit); where a format has them in another order (UUIDv1), ^SHIFT behind each part tells where
// its lowest bit stands: time:32@100ns^0 time:16^32 const:4=1 time:12^48. const, random and hash
// fields may occur as often as wanted.
// Ids of up to 63 bits are bigint, of 128 bits uuid, of 65 to 160 others text.
//
// Invariants of a Layout that ParseLayout returned:
//   * the widths of its fields add up to `bits`, and no two fields overlap;
//   * time_bits + sequence_bits <= 63, so that a position (see sequence.h) fits a word;
//   * if the time is shown, then coordinates and ids are in one-to-one correspondence as far as
//     the shown fields go: no hidden sequence tells two mintings apart.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/status.h"

namespace detid {

enum class Kind : uint8_t { kTime, kNode, kWorker, kSequence, kRandom, kHash, kConst };
inline constexpr int kKinds = 7;

// The field's name in the text form.
std::string_view KindName(Kind kind);

inline constexpr int kMaxFields = 24;
inline constexpr int kMaxLayoutText = 400;

struct Field {
  Kind kind = Kind::kConst;
  uint8_t bits = 0;
  uint8_t shift = 0;   // of the field's lowest bit within the id
  uint8_t below = 0;   // of the field's lowest bit within its coordinate; 0 if it is not cut
  uint64_t value = 0;  // of a const
};

// Widest time, node, worker and sequence that a layout may have.
inline constexpr int kMaxPositionBits = 63;
inline constexpr int kMaxNodeBits = 31;
inline constexpr int kMaxWorkerBits = 18;

// The coordinates of a layout that does not show its time (it is all hash or random): milliseconds
// and a counter, wide enough never to be the limit.
inline constexpr int kHiddenTimeBits = 41;
inline constexpr int kHiddenSequenceBits = 22;

struct Layout {
  std::array<Field, kMaxFields> fields{};
  uint8_t count = 0;                    // of fields
  uint8_t bits = 0;                     // of the id
  std::array<uint8_t, kKinds> width{};  // total bits of each kind shown in the id
  uint32_t unit = 10000;                // of a tick, in 100 ns
  Bits fixed_mask;                      // the bits that are the same in all of its ids: constants,
  Bits fixed;                           // and those beyond its width, which are 0; what they are

  bool shows(Kind kind) const { return width[static_cast<int>(kind)] > 0; }
  int bits_of(Kind kind) const { return width[static_cast<int>(kind)]; }

  // Width of the coordinates, whether the id shows them or not.
  int time_bits() const { return shows(Kind::kTime) ? bits_of(Kind::kTime) : kHiddenTimeBits; }
  int sequence_bits() const {
    return shows(Kind::kTime) ? bits_of(Kind::kSequence) : kHiddenSequenceBits;
  }
  bool is_bigint() const { return bits <= 63; }
  bool is_uuid() const { return bits == 128; }
  bool is_text() const { return !is_bigint() && !is_uuid(); }

  // The id whose every bit is set that any of its ids has set.
  Bits greatest() const {
    Bits id;
    for (int i = 0; i < 3; i++) id.word[i] = ~fixed_mask.word[i] | fixed.word[i];
    return id;
  }

  // True if ids sort by time: the time comes first (behind constants only), uncut or in parts, high
  // bits first, with nothing but constants between them.
  bool time_first() const;

  // True if ids sort by node: the node comes first, behind constants only.
  bool node_first() const;

  // True if ids of one node sort by position: nothing that differs from backend to backend or from
  // id to id comes before the last bit of the time and the sequence.
  bool position_first() const;
};

// Parses the text form. Errors: kLayoutSyntax with the position, kLayoutInvalid with the reason.
Result<Layout> ParseLayout(std::string_view text);

// The same for a layout that nothing is minted under: nothing need tell two ids apart.
Result<Layout> ParsePublishedLayout(std::string_view text);

// Writes the text form of `layout`; ParseLayout of it gives the same layout. Returns the length.
int FormatLayout(const Layout& layout, char* out, int size);

// Writes a unit of `unit` x 100 ns as text, say "10ms". Returns the length.
int FormatUnit(uint32_t unit, char* out, int size);

}  // namespace detid
