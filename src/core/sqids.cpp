// SPDX-License-Identifier: PostgreSQL

#include "core/sqids.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace detid {
namespace {

// The specification's shuffle, which depends on nothing but the order before it.
constexpr void Shuffle(SqidsAlphabet* a) {
  const int n = a->size;
  for (int i = 0, j = n - 1; j > 0; i++, j--) {
    const uint32_t r =
        (static_cast<uint32_t>(i * j) + CodeOf(a->letters[i]) + CodeOf(a->letters[j])) %
        static_cast<uint32_t>(n);
    std::swap(a->letters[i], a->letters[r]);
  }
}

constexpr SqidsAlphabet Shuffled(std::string_view letters) {
  SqidsAlphabet a{{}, static_cast<int>(letters.size())};
  std::copy(letters.begin(), letters.end(), a.letters.begin());
  Shuffle(&a);
  return a;
}

constexpr SqidsAlphabet kDefaultAlphabet = Shuffled(kSqidsLetters);

// Turned so that it would begin with letter `offset`, then written backwards: what the first number
// is encoded by.
SqidsAlphabet TurnedBack(const SqidsAlphabet& a, int offset) {
  SqidsAlphabet back{{}, a.size};
  const auto begin = a.letters.begin(), turn = begin + offset, end = begin + a.size;
  std::reverse_copy(turn, end, std::reverse_copy(begin, turn, back.letters.begin()));
  return back;
}

char SeparatorOf(const SqidsAlphabet& a) {
  return a.letters[0];
}

std::string_view DigitsOf(const SqidsAlphabet& a) {
  return {a.letters.data() + 1, static_cast<size_t>(a.size - 1)};
}

// How many numbers there are between two polls.
constexpr size_t kPollEvery = 1 << 16;

// The id that begins with letter `offset`.
size_t EncodeFrom(const SqidsAlphabet& alphabet, int offset, std::span<const int64_t> numbers,
                  int min_length, char* out, Poll poll) {
  SqidsAlphabet a = TurnedBack(alphabet, offset);
  char* end = out;
  *end++ = alphabet.letters[offset];
  for (size_t i = 0; i < numbers.size(); i++) {
    if (i > 0) {
      *end++ = SeparatorOf(a);
      Shuffle(&a);
      if (poll != nullptr && i % kPollEvery == 0) poll();
    }
    end = WriteNumber(static_cast<uint64_t>(numbers[i]), DigitsOf(a), end);
  }
  // Decoding stops where a separator is followed by another, so padding begins with two, as far as
  // it goes.
  if (end - out < min_length) *end++ = SeparatorOf(a);
  while (end - out < min_length) {
    Shuffle(&a);
    end = std::copy_n(a.letters.data(), std::min<long>(min_length - (end - out), a.size), end);
  }
  return static_cast<size_t>(end - out);
}

Status CheckNumbers(std::span<const int64_t> numbers, int min_length) {
  for (size_t i = 0; i < numbers.size(); i++)
    if (numbers[i] < 0)
      return Status::Error(Code::kSqidsInvalid, "Number %zu is %lld; none may be negative.", i + 1,
                           static_cast<long long>(numbers[i]));
  if (min_length < 0 || min_length > kMaxSqidsMinLength)
    return Status::Error(Code::kSqidsInvalid, "The minimum length is %d, not within 0 and %d.",
                         min_length, kMaxSqidsMinLength);
  return Status::Ok();
}

// A letter that depends on all the numbers and their count, for ids of like numbers to differ.
int FirstOffset(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers) {
  const uint32_t n = static_cast<uint32_t>(alphabet.size);
  uint32_t sum = static_cast<uint32_t>(numbers.size());
  for (size_t i = 0; i < numbers.size(); i++)
    sum +=
        CodeOf(alphabet.letters[static_cast<uint64_t>(numbers[i]) % n]) + static_cast<uint32_t>(i);
  return static_cast<int>(sum % n);
}

}  // namespace

Result<SqidsAlphabet> SqidsAlphabetOf(std::string_view letters) {
  if (letters == kSqidsLetters) return kDefaultAlphabet;
  if (const Status status = CheckAlphabet(letters, kMinSqidsLetters); !status.ok()) return status;
  return Shuffled(letters);
}

Result<size_t> SqidsLength(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                           int min_length) {
  if (const Status status = CheckNumbers(numbers, min_length); !status.ok()) return status;
  if (numbers.empty()) return size_t{0};
  size_t length = numbers.size();  // the first letter, and a separator between two numbers
  for (const int64_t number : numbers)
    length += NumberLength(static_cast<uint64_t>(number), static_cast<size_t>(alphabet.size - 1));
  return std::max(length, static_cast<size_t>(min_length));
}

Result<size_t> EncodeSqids(const SqidsAlphabet& alphabet, std::span<const int64_t> numbers,
                           int min_length, const SqidsBlockList& blocked, char* out, Poll poll) {
  if (const Status status = CheckNumbers(numbers, min_length); !status.ok()) return status;
  if (numbers.empty()) return size_t{0};
  const int first = FirstOffset(alphabet, numbers);
  for (int attempt = 0; attempt < alphabet.size; attempt++) {
    const size_t n =
        EncodeFrom(alphabet, (first + attempt) % alphabet.size, numbers, min_length, out, poll);
    if (!blocked.Blocks({out, n}, poll)) return n;
  }
  return Status::Error(Code::kSqidsBlocked,
                       "The numbers have %d ids, one a letter of the alphabet.", alphabet.size);
}

size_t DecodeSqids(const SqidsAlphabet& alphabet, std::string_view id, int64_t* out, size_t room,
                   Poll poll) {
  if (id.empty()) return 0;
  const std::string_view letters(alphabet.letters.data(), static_cast<size_t>(alphabet.size));
  if (id.find_first_not_of(letters) != std::string_view::npos) return 0;
  SqidsAlphabet a = TurnedBack(alphabet, static_cast<int>(letters.find(id[0])));
  size_t count = 0;
  for (std::string_view rest = id.substr(1); !rest.empty();) {
    const size_t end = std::min(rest.find(SeparatorOf(a)), rest.size());
    if (end == 0) return count;
    int64_t number;
    if (!ReadNumber(rest.substr(0, end), DigitsOf(a), &number)) return 0;
    if (count < room) out[count] = number;
    count++;
    if (poll != nullptr && count % kPollEvery == 0) poll();
    if (end == rest.size()) return count;
    Shuffle(&a);
    rest.remove_prefix(end + 1);
  }
  return count;
}

}  // namespace detid
