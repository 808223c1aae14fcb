// SPDX-License-Identifier: PostgreSQL

#include "core/hashids.h"

#include <algorithm>

#include "core/no_postgres.h"

namespace detid {
namespace {

// The separators that an alphabet has, so that no two letters of an id make a word of them.
constexpr std::string_view kSeparators = "cfhistuCFHISTU";
// One separator for so many halves of a letter at the most, and one guard for so many letters.
constexpr int kHalvesASeparator = 7;
constexpr int kLettersAGuard = 12;
constexpr size_t kFirstModulus = 100;

// How many numbers there are between two polls.
constexpr size_t kPollEvery = 1 << 16;

constexpr int DivideUp(int a, int b) {
  return (a + b - 1) / b;
}

// The published shuffle: the same letters and salt have the same order. REQUIRES: the salt lies
// elsewhere.
void Shuffle(std::string_view salt, Letters* a) {
  if (salt.empty()) return;
  size_t sum = 0;
  for (size_t left = static_cast<size_t>(a->size), v = 0; left > 1; left--, v++) {
    v %= salt.size();
    const size_t code = CodeOf(salt[v]);
    sum += code;
    std::swap(a->letter[left - 1], a->letter[(code + v + sum) % (left - 1)]);
  }
}

// Takes the first letters of one away, and puts them behind the other.
void Move(int count, Letters* from, Letters* to) {
  for (int i = 0; i < count; i++) to->Add(from->letter[static_cast<size_t>(i)]);
  std::copy(from->letter.begin() + count, from->letter.begin() + from->size, from->letter.begin());
  from->size -= count;
}

// The order of the alphabet for the next number of an id with this first letter.
void ShuffleNext(const Hashids& h, char first, Letters* a) {
  Letters salt;
  salt.Add(first);
  for (const std::string_view part : {h.salt.view(), a->view()})
    for (const char c : part)
      if (salt.size < a->size) salt.Add(c);
  Shuffle(salt.view(), a);
}

// What the first letter and the guards depend on.
uint64_t SumOf(std::span<const int64_t> numbers) {
  uint64_t sum = 0;
  for (size_t i = 0; i < numbers.size(); i++)
    sum += static_cast<uint64_t>(numbers[i]) % (i + kFirstModulus);
  return sum;
}

char Pick(const Letters& a, uint64_t n) {
  return a.letter[n % static_cast<uint64_t>(a.size)];
}

size_t BareLength(const Hashids& h, std::span<const int64_t> numbers) {
  size_t length = numbers.size();  // the first letter, and a separator between two numbers
  for (const int64_t number : numbers)
    length += NumberLength(static_cast<uint64_t>(number), static_cast<size_t>(h.alphabet.size));
  return length;
}

// The id without guards and what is beyond them; *a is left as the last number had it.
void EncodeBare(const Hashids& h, std::span<const int64_t> numbers, uint64_t sum, Letters* a,
                char* out, Poll poll) {
  const char first = Pick(h.alphabet, sum);
  *out++ = first;
  for (size_t i = 0; i < numbers.size(); i++) {
    const auto number = static_cast<uint64_t>(numbers[i]);
    ShuffleNext(h, first, a);
    char* end = WriteNumber(number, a->view(), out);
    if (i + 1 < numbers.size()) *end++ = Pick(h.separators, number % (CodeOf(*out) + i));
    out = end;
    if (poll != nullptr && i % kPollEvery == kPollEvery - 1) poll();
  }
}

// What is between two places of an id, as often as the alphabet fits: the letters of its second
// half before it, those of its first half behind it; of the last time, what there is room for.
void Pad(Letters* a, char* begin, char* end, char* from, char* to) {
  const long half = a->size / 2;
  while (begin < from || to < end) {
    const Letters salt = *a;
    Shuffle(salt.view(), a);
    const char* const letters = a->letter.data();
    const long before = std::min<long>(a->size - half, from - begin);
    const long behind = std::min<long>(half, end - to);
    std::copy_n(letters + a->size - before, before, from -= before);
    to = std::copy_n(letters, behind, to);
  }
}

// How many letters are before an id, if it has so many beyond its guards.
size_t LettersBefore(size_t letters, size_t alphabet) {
  const size_t times = (letters + alphabet - 1) / alphabet;
  return times * (alphabet - alphabet / 2) - (times * alphabet - letters) / 2;
}

// The part of a text between its guards, or all of it; empty if it cannot be an id.
std::string_view WithoutGuards(const Hashids& h, std::string_view id) {
  const std::string_view guards = h.guards.view();
  const size_t first = id.find_first_of(guards);
  if (first == std::string_view::npos) return id;
  id.remove_prefix(first + 1);
  const size_t second = id.find_first_of(guards);
  if (second == std::string_view::npos) return id;
  return id.find_first_of(guards, second + 1) == std::string_view::npos ? id.substr(0, second)
                                                                        : std::string_view{};
}

}  // namespace

Result<Hashids> HashidsOf(std::string_view salt, std::string_view letters) {
  Hashids h;
  bool seen[256] = {};
  Letters different;
  for (size_t i = 0; i < letters.size(); i++) {
    const char c = letters[i];
    if (!IsPrintable(c)) return AlphabetError(letters, i, "is not printable ASCII, or is a space");
    if (!seen[CodeOf(c)]) different.Add(c);
    seen[CodeOf(c)] = true;
  }
  if (different.size < kMinHashidsLetters)
    return Status::Error(Code::kAlphabetInvalid,
                         "\"%.*s\" has %d different characters; %d are the least.",
                         Clip(letters, 60), letters.data(), different.size, kMinHashidsLetters);
  for (size_t i = 0; i < salt.size(); i++) {
    if (CodeOf(salt[i]) > 0x7f)
      return Status::Error(Code::kHashidsInvalid,
                           "Byte %zu of the salt is 0x%02X, which is not ASCII.", i + 1,
                           CodeOf(salt[i]));
    // A shuffle takes fewer characters than there are letters.
    if (h.salt.size < kMaxLetters) h.salt.Add(salt[i]);
  }

  for (const char c : different.view())
    if (kSeparators.find(c) == std::string_view::npos) h.alphabet.Add(c);
  for (const char c : kSeparators)
    if (seen[CodeOf(c)]) h.separators.Add(c);
  Shuffle(h.salt.view(), &h.separators);
  const int separators = DivideUp(2 * h.alphabet.size, kHalvesASeparator);
  if (2 * h.alphabet.size > kHalvesASeparator * h.separators.size)
    Move(separators - h.separators.size, &h.alphabet, &h.separators);
  Shuffle(h.salt.view(), &h.alphabet);
  const int guards = DivideUp(h.alphabet.size, kLettersAGuard);
  Move(guards, h.alphabet.size < 3 ? &h.separators : &h.alphabet, &h.guards);
  return h;
}

Result<size_t> HashidsLength(const Hashids& h, std::span<const int64_t> numbers, int min_length) {
  for (size_t i = 0; i < numbers.size(); i++)
    if (numbers[i] < 0)
      return Status::Error(Code::kHashidsInvalid, "Number %zu is %lld; none may be negative.",
                           i + 1, static_cast<long long>(numbers[i]));
  if (min_length < 0 || min_length > kMaxHashidsMinLength)
    return Status::Error(Code::kHashidsInvalid, "The minimum length is %d, not within 0 and %d.",
                         min_length, kMaxHashidsMinLength);
  if (numbers.empty()) return size_t{0};
  return std::max(BareLength(h, numbers), static_cast<size_t>(min_length));
}

size_t EncodeHashids(const Hashids& h, std::span<const int64_t> numbers, int min_length, char* out,
                     Poll poll) {
  if (numbers.empty()) return 0;
  const size_t bare = BareLength(h, numbers);
  const size_t length = std::max(bare, static_cast<size_t>(min_length));
  const size_t guards = std::min<size_t>(2, length - bare);
  const size_t before = LettersBefore(length - bare - guards, static_cast<size_t>(h.alphabet.size));
  const uint64_t sum = SumOf(numbers);
  Letters a = h.alphabet;
  char* const from = out + before;  // the first guard
  char* const id = from + (guards > 0);
  EncodeBare(h, numbers, sum, &a, id, poll);
  if (guards > 0) *from = Pick(h.guards, sum + CodeOf(id[0]));
  if (guards > 1) id[bare] = Pick(h.guards, sum + CodeOf(id[1]));
  Pad(&a, out, out + length, from, from + bare + guards);
  return length;
}

size_t HashidsCount(const Hashids& h, std::string_view id) {
  const std::string_view separators = h.separators.view(), bare = WithoutGuards(h, id);
  if (bare.size() < 2) return 0;
  size_t count = 1;
  for (const char c : bare.substr(1)) count += separators.find(c) != std::string_view::npos;
  return 2 * count <= bare.size() ? count : 0;
}

bool DecodeHashids(const Hashids& h, std::string_view id, int min_length, int64_t* numbers,
                   char* again, Poll poll) {
  std::string_view rest = WithoutGuards(h, id);
  const char first = rest[0];
  Letters a = h.alphabet;
  size_t count = 0;
  for (size_t end = 0; end < rest.size(); count++) {
    rest.remove_prefix(end + 1);
    end = std::min(rest.find_first_of(h.separators.view()), rest.size());
    ShuffleNext(h, first, &a);
    if (end == 0 || !ReadNumber(rest.substr(0, end), a.view(), &numbers[count])) return false;
    if (poll != nullptr && count % kPollEvery == kPollEvery - 1) poll();
  }
  const Result<size_t> length = HashidsLength(h, {numbers, count}, min_length);
  if (!length.ok() || length.value != id.size()) return false;
  EncodeHashids(h, {numbers, count}, min_length, again, poll);
  return id == std::string_view(again, id.size());
}

}  // namespace detid
