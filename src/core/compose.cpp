// SPDX-License-Identifier: PostgreSQL

#include "core/compose.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace detid {

uint64_t PositionOf(const Layout& layout, const Coordinates& c) {
  return static_cast<uint64_t>(c.tick) << layout.sequence_bits() |
         static_cast<uint64_t>(c.sequence);
}

void SetPosition(const Layout& layout, uint64_t position, Coordinates* c) {
  c->tick = static_cast<int64_t>(position >> layout.sequence_bits());
  c->sequence = static_cast<int64_t>(position & LowMask(layout.sequence_bits()));
}

Status CheckCoordinates(const Layout& layout, const Coordinates& c) {
  struct Check {
    const char* name;
    int64_t value;
    int bits;
    Code code;
  };
  // A coordinate that the id does not show is still recorded, in the width that SQL gives it.
  const auto bits_or = [&](Kind kind, int hidden) {
    return layout.shows(kind) ? layout.bits_of(kind) : hidden;
  };
  const Check checks[] = {
      {"node", c.node, bits_or(Kind::kNode, kMaxNodeBits), Code::kOutOfRange},
      {"worker", c.worker, bits_or(Kind::kWorker, kMaxWorkerBits), Code::kOutOfRange},
      {"tick", c.tick, layout.time_bits(), c.tick < 0 ? Code::kBeforeEpoch : Code::kEpochEnd},
      {"sequence", c.sequence, layout.sequence_bits(), Code::kOutOfRange},
  };
  for (const Check& check : checks)
    if (check.value < 0 || static_cast<uint64_t>(check.value) > LowMask(check.bits))
      return Status::Error(check.code,
                           "The %s %lld is not within 0 and %llu, the layout's largest.",
                           check.name, static_cast<long long>(check.value),
                           static_cast<unsigned long long>(LowMask(check.bits)));
  return Status::Ok();
}

// Splits a field's bits, which come from bit `from_bit` on of their source, wherever the source or
// the id begins a new word.
void Composer::AddMoves(const Field& field, int from_bit) {
  int done = 0;
  while (done < field.bits) {
    const int from = from_bit + done, to = field.shift + done;
    const int n = std::min({field.bits - done, 64 - from % 64, 64 - to % 64});
    moves_[moves_end_++] = {LowMask(n), static_cast<uint8_t>(from / 64),
                            static_cast<uint8_t>(from % 64), static_cast<uint8_t>(to / 64),
                            static_cast<uint8_t>(to % 64)};
    done += n;
  }
}

Composer::Composer(const Layout& layout, int32_t node, int32_t worker, const GeneratorKey* key)
    : fixed_(layout.fixed),
      random_bits_(layout.width[static_cast<int>(Kind::kRandom)]),
      hash_bits_(layout.width[static_cast<int>(Kind::kHash)]),
      node_(static_cast<uint32_t>(node)),
      worker_(layout.shows(Kind::kWorker) ? static_cast<uint32_t>(worker) : 0) {
  if (key != nullptr) key_ = *key;
  const auto each = [&](Kind kind, auto&& f) {
    for (int i = 0; i < layout.count; i++)
      if (layout.fields[i].kind == kind) f(layout.fields[i]);
  };
  const auto put = [&](uint64_t value) {
    return [this, value](const Field& f) { PutBits(&fixed_, f.shift, f.bits, value >> f.below); };
  };
  each(Kind::kNode, put(node_));
  each(Kind::kWorker, put(worker_));
  each(Kind::kTime, [&](const Field& f) { AddMoves(f, f.below + layout.sequence_bits()); });
  each(Kind::kSequence, [&](const Field& f) { AddMoves(f, f.below); });
  position_moves_ = moves_end_;
  each(Kind::kRandom, [&](const Field& f) { AddMoves(f, f.below); });
  random_end_ = moves_end_;
  each(Kind::kHash, [&](const Field& f) { AddMoves(f, f.below); });
  is_word_ = layout.bits <= 63 && random_bits_ + hash_bits_ == 0;
}

void Composer::AddHash(std::string_view input, Bits* id) const {
  const Bits hash = HashBits(input, hash_bits_);
  for (int i = random_end_; i < moves_end_; i++)
    Apply(moves_[i], hash.word[moves_[i].from_word], id);
}

Result<Bits> Compose(const Layout& layout, const Coordinates& c, std::string_view input,
                     const GeneratorKey* key) {
  if (Status s = CheckCoordinates(layout, c); !s.ok()) return s;
  if (layout.shows(Kind::kRandom) && key == nullptr)
    return Status::Error(Code::kSeedMissing, "The layout has %d random bits.",
                         layout.bits_of(Kind::kRandom));
  if (layout.shows(Kind::kHash) && input.data() == nullptr)
    return Status::Error(Code::kInputMissing, "The layout has %d bits of a hash of the input.",
                         layout.bits_of(Kind::kHash));
  return Composer(layout, c.node, c.worker, key)(PositionOf(layout, c), input);
}

Status NotOfLayout(const Layout& layout, const Bits& id) {
  for (int i = 0; i < layout.count; i++) {
    const Field& f = layout.fields[i];
    if (f.kind == Kind::kConst && FieldOf(f, id) != f.value)
      return Status::Error(
          Code::kNotOfLayout, "Its bits %d to %d are %llu where the layout has the constant %llu.",
          f.shift + f.bits - 1, f.shift, static_cast<unsigned long long>(FieldOf(f, id)),
          static_cast<unsigned long long>(f.value));
  }
  return Status::Error(Code::kNotOfLayout, "It has bits beyond the layout's %d.", layout.bits);
}

Result<Decomposed> Decompose(const Layout& layout, const Bits& id) {
  if (!IsOfLayout(layout, id)) return NotOfLayout(layout, id);
  Decomposed d;
  d.coordinates = CoordinatesOf(layout, id);
  for (int i = 0; i < layout.count; i++) {
    const Field& f = layout.fields[i];
    if (f.kind != Kind::kRandom && f.kind != Kind::kHash) continue;
    Bits* to = f.kind == Kind::kRandom ? &d.random : &d.hash;
    for (int done = 0; done < f.bits; done += 64) {
      const int n = std::min(f.bits - done, 64);
      PutBits(to, f.below + done, n, GetBits(id, f.shift + done, n));
    }
  }
  return d;
}

bool HasRandomOf(const Layout& layout, const Bits& id, const Coordinates& c,
                 const GeneratorKey& key) {
  const uint64_t position = PositionOf(layout, c);
  const uint32_t node = static_cast<uint32_t>(c.node), worker = static_cast<uint32_t>(c.worker);
  uint64_t word[4] = {};
  PrfBlock(key, position, node, worker, false, word);
  if (layout.bits_of(Kind::kRandom) > 128) PrfBlock(key, position, node, worker, true, word + 2);
  const Bits random{{word[0], word[1], word[2]}};
  for (int i = 0; i < layout.count; i++) {
    const Field& f = layout.fields[i];
    if (f.kind != Kind::kRandom) continue;
    for (int done = 0; done < f.bits; done += 64) {
      const int n = f.bits - done < 64 ? f.bits - done : 64;
      if (GetBits(id, f.shift + done, n) != GetBits(random, f.below + done, n)) return false;
    }
  }
  return true;
}

int64_t TickAt(const Layout& layout, int64_t epoch_us, int64_t time_us) {
  return (time_us - epoch_us) * 10 / layout.unit;
}

bool TimeOfTick(const Layout& layout, int64_t epoch_us, int64_t tick, int64_t* time_us) {
  int64_t hundred_ns = 0;
  return !__builtin_mul_overflow(tick, int64_t{layout.unit}, &hundred_ns) &&
         !__builtin_add_overflow(hundred_ns / 10, epoch_us, time_us);
}

}  // namespace detid
