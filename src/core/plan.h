// SPDX-License-Identifier: PostgreSQL
//
// Plan: which layouts hold so many nodes, so many ids a second of each, for so many years. Bits are
// few in a bigint, and none can be added to a field later.

#pragma once

#include <cstdint>
#include <span>

namespace detid {

struct Plan {
  char layout[100] = {};  // a preset's name or a layout's text
  int node_bits = 0, time_bits = 0, sequence_bits = 0;
  int bits = 0;               // of the id
  int spare = 0;              // bits that were not asked for: half of them are the nodes'
  uint32_t unit = 0;          // of a tick, in 100 ns
  double ids_per_second = 0;  // of one node
  double years = 0;           // from the epoch
};

inline constexpr int kMaxPlans = 8;

// Writes the layouts into `plans`, those with the most spare bits first: of 63 bits, and of 53,
// which are exact in JavaScript; if there is none, one of 128. Returns how many; 0 if there is none
// at all. REQUIRES: 1 <= nodes <= 2^31; ids_per_second and years above 0 and finite; room for
// kMaxPlans.
int PlanLayouts(double nodes, double ids_per_second, double years, std::span<Plan> plans);

}  // namespace detid
