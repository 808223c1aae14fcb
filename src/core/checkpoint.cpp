// SPDX-License-Identifier: PostgreSQL

#include "core/checkpoint.h"

#include <charconv>
#include <cstdio>
#include <cstring>

#include "core/base64.h"
#include "core/instant.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr std::string_view kNode = "node ", kTime = "time ";

// The next line of a text without its newline; false at the end, or if it has none, is empty, or
// has control characters.
bool NextLine(std::string_view* text, std::string_view* line) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return false;
  *line = text->substr(0, end);
  text->remove_prefix(end + 1);
  for (const char c : *line)
    if (static_cast<unsigned char>(c) < ' ') return false;
  return !line->empty();
}

// A decimal number as it is written: without a sign, or a zero before it.
template <typename Int>
bool ParseNumber(std::string_view text, Int* number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *number);
  return !text.empty() && text[0] != '-' && (text[0] != '0' || text.size() == 1) &&
         error == std::errc() && at == end;
}

bool Begins(std::string_view line, std::string_view with) {
  return line.substr(0, with.size()) == with;
}

// Another's extension may begin with our words: then it says nothing to us.
void ParseExtension(std::string_view line, Checkpoint* c) {
  if (Begins(line, kNode)) {
    int32_t node = 0;
    if (c->node < 0 && ParseNumber(line.substr(kNode.size()), &node)) c->node = node;
  } else if (Begins(line, kTime)) {
    const Result<int64_t> time = ParseInstant(line.substr(kTime.size()));
    if (c->time_us < 0 && time.ok() && time.value >= 0) c->time_us = time.value;
  }
}

}  // namespace

size_t FormatCheckpoint(const Checkpoint& c, char* out, size_t size) {
  char root[Base64Size(kHashBytes)];
  ToBase64(c.root.byte, root);
  int n = std::snprintf(out, size, "%s\n%llu\n%s\n", c.origin,
                        static_cast<unsigned long long>(c.size), root);
  const auto rest = [&] { return size - static_cast<size_t>(n); };
  if (c.node >= 0)
    n += std::snprintf(out + n, rest(), "%s%d\n", kNode.data(), static_cast<int>(c.node));
  if (c.time_us >= 0) {
    char time[kMaxInstantText];
    FormatInstant(c.time_us, time, sizeof time);
    n += std::snprintf(out + n, rest(), "%s%s\n", kTime.data(), time);
  }
  return static_cast<size_t>(n);
}

bool ParseCheckpoint(std::string_view text, Checkpoint* c) {
  *c = Checkpoint{};
  std::string_view origin, size, root, line;
  if (!NextLine(&text, &origin) || origin.size() > kMaxKeyName || !NextLine(&text, &size) ||
      !ParseNumber(size, &c->size) || c->size >> kMaxTreeLevels != 0 || !NextLine(&text, &root) ||
      !FromBase64(root, c->root.byte))
    return false;
  std::memcpy(c->origin, origin.data(), origin.size());
  while (!text.empty()) {
    if (!NextLine(&text, &line)) return false;
    ParseExtension(line, c);
  }
  return true;
}

bool ParseNotedCheckpoint(std::string_view note, Checkpoint* checkpoint) {
  const size_t end = note.find("\n\n");
  return end != std::string_view::npos && ParseCheckpoint(note.substr(0, end + 1), checkpoint);
}

}  // namespace detid
