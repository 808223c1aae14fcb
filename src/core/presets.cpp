// SPDX-License-Identifier: PostgreSQL

#include "core/presets.h"

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr Preset kPresets[] = {
    {"snowflake", "time:41@1ms node:10 sequence:12", kDefaultEpochUs, false,
     "Twitter's layout with an epoch of 2025-01-01Z"},
    {"twitter", "time:41@1ms node:10 sequence:12", 1288834974657000, false,
     "Twitter Snowflake, 2010"},
    // Of Discord's 42 and Instagram's 41 bits of time the highest is left out: it would be the
    // sign bit. It is 0 until 2084 and 2046.
    {"discord", "time:41@1ms node:10 sequence:12", 1420070400000000, false,
     "Discord developer documentation; node is worker x 32 + process"},
    {"instagram", "time:40@1ms node:13 sequence:10", 1314220021721000, false,
     "Sharding & IDs at Instagram, 2012; node is the shard"},
    {"sonyflake", "time:39@10ms sequence:8 node:16", 1409529600000000, false,
     "Sonyflake, epoch 2014-09-01Z"},
    // 53 bits, the integers that a JavaScript number holds exactly. 40 bits of milliseconds last
    // until 2059; 7 bits of sequence are 128,000 ids a second and node; 64 nodes.
    {"js53", "time:40@1ms node:6 sequence:7", kDefaultEpochUs, false,
     "safe as a JavaScript number: at most Number.MAX_SAFE_INTEGER"},
    {"uuid7", "time:48@1ms const:4=7 sequence:12 const:2=2 node:10 worker:12 random:40", 0, true,
     "RFC 9562 section 5.7; the 12 + 62 free bits as section 6.2 allows"},
};

}  // namespace

std::span<const Preset> Presets() {
  return kPresets;
}

const Preset* FindPreset(std::string_view name) {
  for (const Preset& preset : kPresets)
    if (preset.name == name) return &preset;
  return nullptr;
}

}  // namespace detid
