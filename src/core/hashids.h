// SPDX-License-Identifier: PostgreSQL
//
// Hashids: short texts for lists of numbers, shuffled by a salt (nothing is secret: a few texts of
// known numbers tell the salt). Sqids came after them. Source: hashids.org, and its implementation
// in JavaScript.
//
// An id is a first letter, which the numbers decide, and the numbers in positional notation, each
// by an alphabet of its own, with a separator between two that the number before it decides. One
// that is too short gets a guard before it, one behind it, and then letters on both sides.
//
//   xzK 8 laHquq 5 1pM    letters, guard, id, guard, letters
//
// Exactly one text of a list of numbers is read: the one that encoding gives.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/digits.h"
#include "core/status.h"

namespace detid {

inline constexpr std::string_view kHashidsLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890";
inline constexpr int kMinHashidsLetters = 16;
inline constexpr int kMaxHashidsMinLength = 1000;

// Letters of an alphabet in some order.
struct Letters {
  std::array<char, kMaxLetters> letter;
  int size = 0;

  std::string_view view() const { return {letter.data(), static_cast<size_t>(size)}; }
  void Add(char c) { letter[static_cast<size_t>(size++)] = c; }
};

// What follows from a salt and an alphabet.
struct Hashids {
  Letters alphabet;    // of digits, in the order in which encoding begins
  Letters separators;  // between two numbers
  Letters guards;      // between an id and what makes it longer
  Letters salt;        // as much of it as counts
};

// A character that comes twice in `letters` counts once. Errors: kAlphabetInvalid unless they are
// at least 16 different printable ASCII characters, of which the space is none; kHashidsInvalid for
// a salt that is not of ASCII, as implementations disagree about others.
Result<Hashids> HashidsOf(std::string_view salt, std::string_view letters);

// The length of the id of `numbers`, of which there may be any number. Errors: kHashidsInvalid for
// a negative number, and for a min_length that is not within 0 and kMaxHashidsMinLength.
Result<size_t> HashidsLength(const Hashids& hashids, std::span<const int64_t> numbers,
                             int min_length);

// Writes the id of `numbers`, not terminated, and returns its length: at least `min_length`, but 0
// for no numbers. REQUIRES: HashidsLength is no error; out has as many bytes.
size_t EncodeHashids(const Hashids& hashids, std::span<const int64_t> numbers, int min_length,
                     char* out, Poll poll = nullptr);

// How many numbers the id has, if it is one; 0 if it cannot be one.
size_t HashidsCount(const Hashids& hashids, std::string_view id);

// Reads the numbers of an id; false if it is none: not what encoding them gives, or one of them is
// above 2^63 - 1. REQUIRES: numbers has room for HashidsCount, which is not 0; again, for as many
// bytes as the id has.
bool DecodeHashids(const Hashids& hashids, std::string_view id, int min_length, int64_t* numbers,
                   char* again, Poll poll = nullptr);

}  // namespace detid
