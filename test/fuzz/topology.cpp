// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is a topology whose written form gives the same; its prefixes stay
// where they are in itself. Any text either is refused or is a path made of its names.

#include "core/topology.h"

#include <cstdlib>
#include <string_view>

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckTopology(std::string_view text, uint64_t random) {
  const detid::Result<detid::Topology> first = detid::ParseTopology(text);
  if (!first.ok()) return;
  const detid::Topology& t = first.value;
  Require(t.count >= 1 && t.below(0) == t.bits && t.bits <= detid::kMaxNodeBits);
  char written[detid::kMaxTopologyText], again[detid::kMaxTopologyText];
  const std::string_view whole(written, static_cast<size_t>(detid::FormatTopology(t, written)));
  const detid::Result<detid::Topology> second = detid::ParseTopology(whole);
  Require(second.ok());
  Require(std::string_view(
              again, static_cast<size_t>(detid::FormatTopology(second.value, again))) == whole);

  detid::Nodes nodes = t.all();
  for (int level = 1; level <= t.count; level++) {
    const detid::Nodes parent = nodes;
    nodes = t.Within(parent, level,
                     static_cast<int64_t>(random & detid::LowMask(t.levels[level - 1].bits)));
    random = random * 0x9e3779b97f4a7c15 + 1;
    Require(parent.first <= nodes.first && nodes.first <= nodes.last && nodes.last <= parent.last);
    detid::Nodes now;
    Require(detid::Renumber(t, second.value, level, nodes.first, &now) && now == nodes);
  }
  Require(nodes.first == nodes.last);
}

void CheckPath(std::string_view text) {
  const detid::Result<detid::Path> path = detid::ParsePath(text);
  if (!path.ok()) return;
  Require(path.value.count >= 1 && text.size() <= detid::kMaxPath);
  size_t length = static_cast<size_t>(path.value.count) - 1;
  for (int i = 0; i < path.value.count; i++) length += path.value.names[i].size();
  Require(length == text.size());
  if (path.value.count == 1) {
    Require(path.value.parent.empty());
    return;
  }
  const detid::Result<detid::Path> parent = detid::ParsePath(path.value.parent);
  Require(parent.ok() && parent.value.count == path.value.count - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  uint64_t random = size;
  for (const char c : text) random = (random ^ static_cast<uint8_t>(c)) * 0x9e3779b97f4a7c15;
  CheckTopology(text, random);
  CheckPath(text);
  return 0;
}
