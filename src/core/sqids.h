// SPDX-License-Identifier: PostgreSQL
//
// Sqids: short texts for lists of numbers, which hide the numbers' order from the eye (nothing is
// secret: whoever knows the alphabet decodes them). Source: the Sqids specification, sqids.org.
//
// An id is a first letter, which says how the alphabet is turned, and the numbers in positional
// notation, each by an alphabet of its own, with a separator between two. Several texts decode to
// the same numbers; only one of them is what encoding gives.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/digits.h"
#include "core/status.h"

namespace detid {

inline constexpr std::string_view kSqidsLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
inline constexpr int kMinSqidsLetters = 3;
inline constexpr int kMaxSqidsMinLength = 255;

// An alphabet that was checked, in the order in which encoding and decoding begin.
struct SqidsAlphabet {
  std::array<char, kMaxLetters> letters;
  int size;
};

// Errors: kAlphabetInvalid unless `letters` are 3 to 94 different printable ASCII characters, of
// which the space is none. (The specification allows every different single-byte character.)
Result<SqidsAlphabet> SqidsAlphabetOf(std::string_view letters);

// Which words an id shall not hold. Case of ASCII does not matter. Words of fewer than 3 characters
// block nothing; words of 3, and all words for ids of up to 3, block equal ids only; words with a
// digit block ids that begin or end with them; other words, ids that contain them.
class SqidsBlockList {
 public:
  // The specification's list, which never changes: an id is the same for ever.
  static SqidsBlockList Default() { return SqidsBlockList(true, {}); }

  // `words` must outlive the list; in any case and order.
  static SqidsBlockList Of(std::span<const std::string_view> words) {
    return SqidsBlockList(false, words);
  }

  // In linear time, for each word of a list of one's own.
  bool Blocks(std::string_view id, Poll poll = nullptr) const;

 private:
  SqidsBlockList(bool is_default, std::span<const std::string_view> words)
      : is_default_(is_default), words_(words) {}

  bool is_default_;
  std::span<const std::string_view> words_;
};

// The length of the id of `numbers`, of which there may be any number. Errors: kSqidsInvalid for a
// negative number, and for a min_length that is not within 0 and kMaxSqidsMinLength.
Result<size_t> SqidsLength(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                           int min_length);

// Writes the id of `numbers`, not terminated, and returns its length: at least `min_length`, but 0
// for no numbers. A blocked id is replaced by the next of as many as there are letters.
// Errors: those of SqidsLength; kSqidsBlocked if all ids of the numbers are blocked.
// REQUIRES: out has SqidsLength bytes.
Result<size_t> EncodeSqids(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                           int min_length, const SqidsBlockList& blocked, char* out,
                           Poll poll = nullptr);

// Returns how many numbers an id has, and writes the first of them, up to `room`. What holds other
// characters than the alphabet's has none, as the specification says, nor has what holds a number
// above 2^63 - 1. Not only what encoding gives is decoded: compare with the numbers' encoding to
// tell.
size_t DecodeSqids(const SqidsAlphabet& alphabet, std::string_view id, int64_t* out, size_t room,
                   Poll poll = nullptr);

}  // namespace detid
