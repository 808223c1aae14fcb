// SPDX-License-Identifier: PostgreSQL

#include "core/sqids_blocklist.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/sqids.h"

#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr size_t kMinWord = 3;
constexpr int kLetters = 36;  // 0-9, a-z: all that words of the default list hold

// Of two letters next to each other; negative if one of them is in no word.
constexpr int PairIndex(const char* pair) {
  const int a = LowerDigitValue(pair[0]), b = LowerDigitValue(pair[1]);
  return a < 0 || b < 0 ? -1 : a * kLetters + b;
}

// The default list's words by their first two letters, which few ids have: those of pair p are
// words first[p] .. first[p + 1] - 1.
struct WordTable {
  uint16_t begin[kSqidsBlockWords] = {};  // in kSqidsBlockText
  uint8_t size[kSqidsBlockWords] = {};
  uint16_t first[kLetters * kLetters + 1] = {};

  constexpr std::string_view operator[](int i) const {
    return kSqidsBlockText.substr(begin[i], size[i]);
  }
};

constexpr WordTable MakeWordTable() {
  WordTable table;
  int words = 0, pairs = 0;
  for (size_t at = 0; at < kSqidsBlockText.size();) {
    const size_t end = std::min(kSqidsBlockText.find(' ', at), kSqidsBlockText.size());
    table.begin[words] = static_cast<uint16_t>(at);
    table.size[words] = static_cast<uint8_t>(end - at);
    for (const int pair = PairIndex(&kSqidsBlockText[at]); pairs <= pair; pairs++)
      table.first[pairs] = static_cast<uint16_t>(words);
    words++;
    at = end + 1;
  }
  for (; pairs <= kLetters * kLetters; pairs++) table.first[pairs] = static_cast<uint16_t>(words);
  return table;
}

constexpr WordTable kTable = MakeWordTable();

constexpr bool TableIsSorted() {
  for (int i = 0; i < kSqidsBlockWords; i++) {
    if (kTable[i].size() < kMinWord || (i > 0 && kTable[i] <= kTable[i - 1])) return false;
    for (const char c : kTable[i])
      if (LowerDigitValue(c) < 0) return false;
  }
  return kTable.first[kLetters * kLetters] == kSqidsBlockWords;
}
static_assert(TableIsSorted());

bool IsAt(std::string_view id, size_t at, std::string_view word) {
  if (word.size() > id.size() - at) return false;
  for (size_t i = 0; i < word.size(); i++)
    if (ToLower(id[at + i]) != ToLower(word[i])) return false;
  return true;
}

// The specification's rule, for a word that is in the id at `at`.
bool BlocksAt(std::string_view word, std::string_view id, size_t at) {
  if (word.size() == kMinWord || id.size() <= kMinWord) return id.size() == word.size();
  if (!std::any_of(word.begin(), word.end(), IsDigit)) return true;
  return at == 0 || at + word.size() == id.size();
}

bool DefaultBlocks(std::string_view id) {
  for (size_t at = 0; at + 1 < id.size(); at++) {
    const char lower[2] = {ToLower(id[at]), ToLower(id[at + 1])};
    const int pair = PairIndex(lower);
    if (pair < 0) continue;
    for (int i = kTable.first[pair]; i < kTable.first[pair + 1]; i++)
      if (IsAt(id, at, kTable[i]) && BlocksAt(kTable[i], id, at)) return true;
  }
  return false;
}

bool WordBlocks(std::string_view word, std::string_view id) {
  for (size_t at = 0; at + word.size() <= id.size(); at++)
    if (IsAt(id, at, word) && BlocksAt(word, id, at)) return true;
  return false;
}

bool AnyBlocks(std::span<const std::string_view> words, std::string_view id, Poll poll) {
  bool has[256] = {};  // the id's letters: most words begin with others
  for (const char c : id) has[static_cast<unsigned char>(ToLower(c))] = true;
  const auto in_id = [&](char c) { return has[static_cast<unsigned char>(ToLower(c))]; };
  for (const std::string_view word : words) {
    if (word.size() < kMinWord || word.size() > id.size()) continue;
    if (!in_id(word[0]) || !in_id(word[1])) continue;
    if (WordBlocks(word, id)) return true;
    if (poll != nullptr) poll();
  }
  return false;
}

}  // namespace

bool SqidsBlockList::Blocks(std::string_view id, Poll poll) const {
  return is_default_ ? DefaultBlocks(id) : AnyBlocks(words_, id, poll);
}

}  // namespace detid
