// SPDX-License-Identifier: PostgreSQL
//
// Topology: how the node numbers of many servers are cut into levels, the widest groups first:
//
//   region:3 cluster:4 member:3          node number, 10 bits:  rrr cccc mmm
//
// A level has a name and bits. A prefix is the value of the first level, or of the first two, and
// so on: all node numbers that begin with it, a range of them. Prefixes are named by paths, one
// name a level: eu, eu/prod-a, eu/prod-a/db1. The path of all levels is one node.
//
// Invariants of a Topology that ParseTopology returned:
//   * it has 1 to kMaxLevels levels of 1 bit at least, kMaxNodeBits together at the most;
//   * no two levels have one name.
// So two prefixes of one level are the same nodes or have none in common.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/layout.h"
#include "core/status.h"

namespace detid {

inline constexpr int kMaxLevels = 8;
inline constexpr int kMaxLevelName = 63;
// "name:31", and a space or the terminating zero, for each level.
inline constexpr int kMaxTopologyText = kMaxLevels * (kMaxLevelName + 4);
inline constexpr int kMaxPath = kMaxLevels * (kMaxLevelName + 1) - 1;

struct Level {
  uint8_t bits = 0;
  uint8_t name_length = 0;
  char name[kMaxLevelName];

  std::string_view name_text() const { return {name, name_length}; }
};

// Node numbers, both inclusive.
struct Nodes {
  int64_t first = 0, last = 0;

  friend bool operator==(const Nodes&, const Nodes&) = default;
};

struct Topology {
  std::array<Level, kMaxLevels> levels{};
  uint8_t count = 0;  // of levels
  uint8_t bits = 0;   // of all levels together

  // Bits behind the first `level` levels: a prefix of so many levels has 2^below nodes.
  int below(int level) const;

  // All of its node numbers.
  Nodes all() const { return {0, static_cast<int64_t>(LowMask(bits))}; }

  // The prefix of level `level`, from 1 on, with the value `value`, within the one above it; of
  // level 1, within all(). REQUIRES: value < 2^levels[level - 1].bits.
  Nodes Within(const Nodes& parent, int level, int64_t value) const;
};

// Parses 'region:3 cluster:4'. A name is made of a to z, 0 to 9, _ and -, begins with a letter, and
// has up to 63 characters. Errors: kTopologySyntax with the position, kTopologyInvalid with the
// reason.
Result<Topology> ParseTopology(std::string_view text);

// Writes the text form. REQUIRES: room for kMaxTopologyText. Returns the length.
int FormatTopology(const Topology& topology, char* out);

// The names of a path, and the path above it.
struct Path {
  std::array<std::string_view, kMaxLevels> names{};
  int count = 0;
  std::string_view parent;  // empty if it has one name
};

// Splits a path into names, which obey the rule of level names. Errors: kPathSyntax with the
// position.
Result<Path> ParsePath(std::string_view text);

// Where a prefix of `from`, of `level` levels and beginning with node `first`, lies in `to` if its
// values are kept. False if `to` has no place for it. A topology may take the place of another if
// all that is assigned lies in the new one where it lay before.
// REQUIRES: 1 <= level <= from.count; `first` is the first node of such a prefix.
bool Renumber(const Topology& from, const Topology& to, int level, int64_t first, Nodes* nodes);

// The lowest and the highest id that nodes can mint: those of other nodes are below or above.
// REQUIRES: layout.node_first(), and its node field holds nodes.last.
Bits LowestIdOf(const Layout& layout, const Nodes& nodes);
Bits HighestIdOf(const Layout& layout, const Nodes& nodes);

}  // namespace detid
