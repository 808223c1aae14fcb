// SPDX-License-Identifier: PostgreSQL
//
// compose(layout, coordinates, input, seed) -> id, the pure function that the extension is about,
// and its inverse. There is one of each, for every layout.
//
// A Composer is a layout made ready for minting: the constants, the node and the worker are in
// place, and what is left of each mint is a list of moves, each of which shifts some bits of the
// tick, the sequence, the PRF or the hash to their place in one word of the id.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/layout.h"
#include "core/prf.h"
#include "core/status.h"

namespace detid {

// What identifies one minting.
struct Coordinates {
  int32_t node = 0;
  int32_t worker = 0;
  int64_t tick = 0;      // since the epoch, in the layout's unit
  int64_t sequence = 0;  // within the tick

  friend bool operator==(const Coordinates&, const Coordinates&) = default;
};

// (tick, sequence) as one number: tick << sequence_bits | sequence. Its order is the minting's.
uint64_t PositionOf(const Layout& layout, const Coordinates& c);
void SetPosition(const Layout& layout, uint64_t position, Coordinates* c);

// Errors: kOutOfRange, naming the coordinate that the layout cannot hold; kEpochEnd for the tick.
Status CheckCoordinates(const Layout& layout, const Coordinates& c);

class Composer {
 public:
  Composer() = default;

  // `key` may be null if the layout has no random fields. A worker that the layout does not show
  // has no part in the id.
  // REQUIRES: CheckCoordinates holds for the node and the worker.
  Composer(const Layout& layout, int32_t node, int32_t worker, const GeneratorKey* key);

  // REQUIRES: position < 2^(time_bits + sequence_bits); an input (may be empty) if the layout
  // shows a hash.
  Bits operator()(uint64_t position, std::string_view input = {}) const {
    Bits id = fixed_;
    for (int i = 0; i < position_moves_; i++) Apply(moves_[i], position, &id);
    if (random_bits_ > 0) AddRandom(position, &id);
    if (hash_bits_ > 0) [[unlikely]]
      AddHash(input, &id);
    return id;
  }

  // The lowest word of operator(), for layouts of up to 63 bits without random and hash fields.
  uint64_t Word(uint64_t position) const {
    uint64_t id = fixed_.word[0];
    for (int i = 0; i < position_moves_; i++)
      id |= (position >> moves_[i].from_shift & moves_[i].mask) << moves_[i].to_shift;
    return id;
  }
  bool is_word() const { return is_word_; }

 private:
  // Takes bits from word `from_word` of its source.
  struct Move {
    uint64_t mask;  // after the shift down
    uint8_t from_word, from_shift;
    uint8_t to_word, to_shift;
  };
  static constexpr int kMaxMoves = kMaxFields * 3;

  static void Apply(const Move& m, uint64_t from, Bits* id) {
    id->word[m.to_word] |= (from >> m.from_shift & m.mask) << m.to_shift;
  }
  void AddMoves(const Field& field, int from_bit);
  void AddHash(std::string_view input, Bits* id) const;

  // The moves take no more of the PRF than its lowest random_bits_.
  void AddRandom(uint64_t position, Bits* id) const {
    uint64_t word[4];
    PrfBlock(key_, position, node_, worker_, false, word);
    if (random_bits_ > 128) [[unlikely]]
      PrfBlock(key_, position, node_, worker_, true, word + 2);
    for (int i = position_moves_; i < random_end_; i++)
      Apply(moves_[i], word[moves_[i].from_word], id);
  }

  Bits fixed_;
  uint8_t position_moves_ = 0, random_end_ = 0, moves_end_ = 0;
  uint8_t random_bits_ = 0, hash_bits_ = 0;
  bool is_word_ = false;
  uint32_t node_ = 0, worker_ = 0;
  GeneratorKey key_{};
  std::array<Move, kMaxMoves> moves_{};  // of the position, then of random, then of hash
};

// The general form. Errors: those of CheckCoordinates; kSeedMissing, kInputMissing.
// `input.data()` null means that there is no input.
Result<Bits> Compose(const Layout& layout, const Coordinates& c, std::string_view input,
                     const GeneratorKey* key);

// What an id shows. Coordinates that the layout does not show are 0.
struct Decomposed {
  Coordinates coordinates;
  Bits random;
  Bits hash;
};

// Whether a layout can have made an id: no bits beyond its width, and its constants.
inline bool IsOfLayout(const Layout& layout, const Bits& id) {
  uint64_t wrong = 0;
  for (int i = 0; i < 3; i++)
    wrong |= (id.word[i] & layout.fixed_mask.word[i]) ^ layout.fixed.word[i];
  return wrong == 0;
}

// Why not. REQUIRES: !IsOfLayout.
Status NotOfLayout(const Layout& layout, const Bits& id);

// Errors: kNotOfLayout.
Result<Decomposed> Decompose(const Layout& layout, const Bits& id);

// The value of one field of an id, as far as 64 bits go.
inline uint64_t FieldOf(const Field& field, const Bits& id) {
  return GetBits(id, field.shift, field.bits < 64 ? field.bits : 64);
}

// All coordinates that an id shows. REQUIRES: IsOfLayout.
inline Coordinates CoordinatesOf(const Layout& layout, const Bits& id) {
  uint64_t tick = 0, node = 0, worker = 0, sequence = 0;
  for (int i = 0; i < layout.count; i++) {
    const Field& f = layout.fields[i];
    if (f.kind == Kind::kTime)
      tick |= FieldOf(f, id) << f.below;
    else if (f.kind == Kind::kNode)
      node = FieldOf(f, id);
    else if (f.kind == Kind::kWorker)
      worker = FieldOf(f, id);
    else if (f.kind == Kind::kSequence)
      sequence |= FieldOf(f, id) << f.below;
  }
  return {static_cast<int32_t>(node), static_cast<int32_t>(worker), static_cast<int64_t>(tick),
          static_cast<int64_t>(sequence)};
}

// Whether the random bits of an id are the PRF of its coordinates under this key.
// REQUIRES: IsOfLayout; the layout shows all coordinates that the PRF has: node and time.
bool HasRandomOf(const Layout& layout, const Bits& id, const Coordinates& c,
                 const GeneratorKey& key);

// One coordinate of an id, without looking at the others. REQUIRES: IsOfLayout.
inline uint64_t CoordinateOf(const Layout& layout, Kind kind, const Bits& id) {
  uint64_t value = 0;
  for (int i = 0; i < layout.count; i++)
    if (layout.fields[i].kind == kind)
      value |= FieldOf(layout.fields[i], id) << layout.fields[i].below;
  return value;
}

// Ticks and node time. `time_us` and `epoch_us` are microseconds since 1970.
// The tick that contains `time_us`.
// REQUIRES: time_us >= epoch_us, and the difference is below 2^59 us (18,000 years).
int64_t TickAt(const Layout& layout, int64_t epoch_us, int64_t time_us);

// The beginning of a tick; false if it is beyond what 64 bits of microseconds hold.
bool TimeOfTick(const Layout& layout, int64_t epoch_us, int64_t tick, int64_t* time_us);

}  // namespace detid
