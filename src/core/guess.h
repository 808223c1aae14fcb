// SPDX-License-Identifier: PostgreSQL
//
// Ids that nobody here minted: read under the published layout of a format that has a name, or
// under every one of them, to see which is likely.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bits.h"
#include "core/compose.h"
#include "core/definition.h"
#include "core/status.h"

namespace detid {

// What anybody's id of a format shows: the preset's published layout, that of a format which is only
// read, or the layout given by its text. Errors: as DefinitionOf.
Result<Definition> PublishedDefinitionOf(std::string_view layout);

// An id in whatever form it comes: as ParseTextForm reads it; a TypeID, with or without its prefix,
// of a format whose own is the uuid's; a number in decimal for bigints. Errors: of ParseTextForm.
Result<Bits> ParseAnyForm(const Definition& definition, std::string_view text,
                          bool unpadded = true);

// Errors: kNotOfLayout for a number that the format's maker gave out before there was the format.
Status CheckAge(const Definition& definition, const Bits& id);

struct Candidate {
  const Preset* preset = nullptr;
  bool own_text = false;  // in the format's own text, not in one that others write it in
  bool timed = false;     // the format shows a time
  bool plausible = false;  // it shows a plausible one, or none
  int64_t minted_us = 0;
  int const_bits = 0;     // that the id has right
  int sequence_bits = 0;  // of the number in the sequence: small ones are likelier
};

inline constexpr int kMaxCandidates = 32;
struct Candidates {
  std::array<Candidate, kMaxCandidates> candidate;
  int count = 0;
};

// The formats that can have made `text`, the likeliest first: those with a plausible time or none;
// of these those whose own text it is, then
// those with more constants right, then those that show a time, with the smaller sequence and the
// later time; equal ones in the order of the presets. The text comes first because a ULID in lower
// case is the bare text of a TypeID, and one in twenty has the constants of some version of a uuid.
// A time is plausible from the format's epoch, but not before 2005, up to a day after `now_us`;
// microseconds since 1970. A format without constants that shows an implausible time is no
// candidate; a uuid keeps its version, whatever its time. What reads as a uuid and fits no format is
// a "uuid". Texts of bigints must have their leading zeros, or every short word would be one.
Candidates Guess(std::string_view text, int64_t now_us);

}  // namespace detid
