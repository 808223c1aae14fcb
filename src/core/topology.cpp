// SPDX-License-Identifier: PostgreSQL

#include "core/topology.h"

#include <cstdio>
#include <cstring>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr bool IsOfName(char c) {
  return IsLower(c) || IsDigit(c) || c == '_' || c == '-';
}

// What was expected at offset `at`; `code` says of what.
Status Expected(Code code, std::string_view text, size_t at, const char* expected) {
  const std::string_view rest = text.substr(at);
  if (rest.empty()) return Status::Error(code, "At its end, %s was expected.", expected);
  return Status::Error(code, "At character %zu, \"%.*s\": %s was expected.", at + 1, Clip(rest, 20),
                       rest.data(), expected);
}

// Reads a name at offset *at, and steps over it.
Status TakeName(Code code, std::string_view text, size_t* at, std::string_view* name) {
  const size_t start = *at;
  size_t end = start;
  while (end < text.size() && IsOfName(text[end])) end++;
  if (end == start || !IsLower(text[start]))
    return Expected(code, text, start, "a name that begins with a letter from a to z");
  if (end - start > kMaxLevelName)
    return Expected(code, text, start, "a name of up to 63 characters");
  *name = text.substr(start, end - start);
  *at = end;
  return Status::Ok();
}

Status TakeLevel(std::string_view text, size_t* at, Level* level) {
  std::string_view name;
  if (Status s = TakeName(Code::kTopologySyntax, text, at, &name); !s.ok()) return s;
  if (*at == text.size() || text[*at] != ':')
    return Expected(Code::kTopologySyntax, text, *at, "\":\" and a number of bits");
  const size_t bits_at = ++*at;
  int bits = 0;
  while (*at < text.size() && IsDigit(text[*at]) && bits <= kMaxNodeBits)
    bits = 10 * bits + (text[(*at)++] - '0');
  if (bits < 1 || bits > kMaxNodeBits)
    return Expected(Code::kTopologySyntax, text, bits_at, "a number of bits from 1 to 31");
  if (*at < text.size() && text[*at] != ' ')
    return Expected(Code::kTopologySyntax, text, *at, "a space or the end");
  level->bits = static_cast<uint8_t>(bits);
  level->name_length = static_cast<uint8_t>(name.size());
  std::memcpy(level->name, name.data(), name.size());
  return Status::Ok();
}

Status Validate(const Topology& t, int bits) {
  if (t.count == 0) return Status::Error(Code::kTopologyInvalid, "It has no levels.");
  if (bits > kMaxNodeBits)
    return Status::Error(Code::kTopologyInvalid,
                         "Its levels have %d bits; a node number has %d at the most.", bits,
                         kMaxNodeBits);
  for (int i = 0; i < t.count; i++)
    for (int j = 0; j < i; j++)
      if (t.levels[i].name_text() == t.levels[j].name_text())
        return Status::Error(Code::kTopologyInvalid, "It has two levels \"%.*s\".",
                             t.levels[i].name_length, t.levels[i].name);
  return Status::Ok();
}

const Field& NodeField(const Layout& layout) {
  int i = 0;
  while (layout.fields[i].kind != Kind::kNode) i++;
  return layout.fields[i];
}

}  // namespace

int Topology::below(int level) const {
  int sum = 0;
  for (int i = level; i < count; i++) sum += levels[i].bits;
  return sum;
}

Nodes Topology::Within(const Nodes& parent, int level, int64_t value) const {
  const int64_t first = parent.first + (value << below(level));
  return {first, first + static_cast<int64_t>(LowMask(below(level)))};
}

Result<Topology> ParseTopology(std::string_view text) {
  Topology t;
  int bits = 0;
  for (size_t at = 0;;) {
    while (at < text.size() && text[at] == ' ') at++;
    if (at == text.size()) break;
    if (t.count == kMaxLevels)
      return Expected(Code::kTopologySyntax, text, at,
                      "the end, as a topology has at most 8 levels: no level");
    Level& level = t.levels[t.count++];
    if (Status s = TakeLevel(text, &at, &level); !s.ok()) return s;
    bits += level.bits;
  }
  if (Status s = Validate(t, bits); !s.ok()) return s;
  t.bits = static_cast<uint8_t>(bits);
  return t;
}

int FormatTopology(const Topology& t, char* out) {
  int n = 0;
  out[0] = '\0';
  for (int i = 0; i < t.count; i++)
    n += std::snprintf(out + n, static_cast<size_t>(kMaxTopologyText - n), "%s%.*s:%d",
                       i > 0 ? " " : "", t.levels[i].name_length, t.levels[i].name,
                       t.levels[i].bits);
  return n;
}

Result<Path> ParsePath(std::string_view text) {
  Path path;
  for (size_t at = 0;; at++) {
    if (path.count == kMaxLevels)
      return Expected(Code::kPathSyntax, text, at,
                      "the end, as a topology has at most 8 levels: no name");
    if (at > 0) path.parent = text.substr(0, at - 1);
    if (Status s = TakeName(Code::kPathSyntax, text, &at, &path.names[path.count]); !s.ok())
      return s;
    path.count++;
    if (at == text.size()) return path;
    if (text[at] != '/') return Expected(Code::kPathSyntax, text, at, "\"/\" or the end");
  }
}

bool Renumber(const Topology& from, const Topology& to, int level, int64_t first, Nodes* nodes) {
  if (to.count < level) return false;
  *nodes = to.all();
  for (int i = 1; i <= level; i++) {
    const uint64_t value =
        static_cast<uint64_t>(first) >> from.below(i) & LowMask(from.levels[i - 1].bits);
    if (value > LowMask(to.levels[i - 1].bits)) return false;
    *nodes = to.Within(*nodes, i, static_cast<int64_t>(value));
  }
  return true;
}

Bits LowestIdOf(const Layout& layout, const Nodes& nodes) {
  Bits id = layout.fixed;
  const Field& node = NodeField(layout);
  PutBits(&id, node.shift, node.bits, static_cast<uint64_t>(nodes.first));
  return id;
}

Bits HighestIdOf(const Layout& layout, const Nodes& nodes) {
  Bits id, other;
  const Field& node = NodeField(layout);
  PutBits(&id, node.shift, node.bits, static_cast<uint64_t>(nodes.last));
  PutBits(&other, node.shift, node.bits, ~static_cast<uint64_t>(nodes.last));
  for (int w = 0; w < 3; w++)
    id.word[w] |= layout.fixed.word[w] | ~(layout.fixed_mask.word[w] | other.word[w]);
  return id;
}

}  // namespace detid
