// SPDX-License-Identifier: PostgreSQL
//
// The table of layouts that have a name. A preset's text and epoch never change once released:
// ids that were minted under it must be decodable for ever (test/unit/presets_test.cpp pins them).

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace detid {

struct Preset {
  std::string_view name;
  std::string_view codec;   // of the text form
  std::string_view layout;  // what is minted
  // What anybody's id of the format shows, where that is less than `layout`: bits that are free
  // there are random here. Empty if it is the same.
  std::string_view published;
  int64_t epoch_us;  // microseconds since 1970-01-01Z
  bool epoch_fixed;  // an outside parser reads the time, so no other epoch is allowed
  std::string_view source;
  uint64_t first_id = 0;  // ids below it are older than the format: they were counted
};

std::span<const Preset> Presets();

// nullptr if no preset has that name.
const Preset* FindPreset(std::string_view name);

// Formats that are read and not minted: the versions of RFC 9562 that are no presets, nil and max,
// cuid version 1, and "uuid" for 128 bits that are no other's.
std::span<const Preset> ForeignFormats();

// The name that is likely meant by a word that is none: another case, a letter or two wrong, or
// what others call the format. Empty if none is near.
std::string_view NearestLayout(std::string_view word);

// The epoch of a layout given by its text, where none is named: 2025-01-01Z.
inline constexpr int64_t kDefaultEpochUs = 1735689600000000;

}  // namespace detid
