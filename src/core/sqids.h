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
#include <cstdint>
#include <span>
#include <string_view>

#include "core/status.h"

namespace detid {

inline constexpr std::string_view kSqidsLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
inline constexpr int kMinSqidsLetters = 3;
inline constexpr int kMaxSqidsLetters = '~' - '!' + 1;  // printable ASCII without the space
inline constexpr int kMaxSqidsMinLength = 255;

// Most numbers in one id; the specification sets no limit.
inline constexpr int kMaxSqidsNumbers = 64;

// The longest id: the first letter, then numbers of 63 bits in base 2 (an alphabet of 3 letters has
// 2 digits) and a separator between two. Padding, of up to kMaxSqidsMinLength, makes none longer.
inline constexpr int kMaxSqidsText = 1 + kMaxSqidsNumbers * 63 + kMaxSqidsNumbers - 1;
static_assert(kMaxSqidsText >= kMaxSqidsMinLength);

// An alphabet that was checked, in the order in which encoding and decoding begin.
struct SqidsAlphabet {
  std::array<char, kMaxSqidsLetters> letters;
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

  // REQUIRES: id.size() <= kMaxSqidsText.
  bool Blocks(std::string_view id) const;

 private:
  SqidsBlockList(bool is_default, std::span<const std::string_view> words)
      : is_default_(is_default), words_(words) {}

  bool is_default_;
  std::span<const std::string_view> words_;
};

// Writes the id of `numbers`, not terminated, and returns its length: at least `min_length`, but 0
// for no numbers. A blocked id is replaced by the next of as many as there are letters.
// Errors: kSqidsInvalid for a negative number, more than kMaxSqidsNumbers, a min_length that is not
// within 0 and kMaxSqidsMinLength; kSqidsBlocked if all ids of the numbers are blocked.
// REQUIRES: out has kMaxSqidsText bytes.
Result<int> EncodeSqids(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                        int min_length, const SqidsBlockList& blocked, char* out);

// Writes the numbers of an id and returns their count. What holds other characters than the
// alphabet's has none, as the specification says, nor has what is too long for encoding to have
// made it: over kMaxSqidsText characters or kMaxSqidsNumbers numbers.
// Not only what encoding gives is decoded: compare with the numbers' encoding to tell.
// Errors: kSqidsOverflow for a number above 2^63 - 1.
// REQUIRES: out has room for kMaxSqidsNumbers.
Result<int> DecodeSqids(const SqidsAlphabet& alphabet, std::string_view id, int64_t* out);

}  // namespace detid
