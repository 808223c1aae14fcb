// SPDX-License-Identifier: PostgreSQL

#include "core/note.h"

#include <sodium.h>

#include <cstdio>
#include <cstring>

#include "core/ascii.h"
#include "core/base64.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

constexpr uint8_t kEd25519 = 1;
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014, a space
constexpr size_t kSigned = 4 + crypto_sign_BYTES;

static_assert(kMaxSignatureLine >= kDash.size() + kMaxKeyName + 1 + Base64Size(kSigned));

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxKeyName) return false;
  for (const char c : name)
    if (!IsPrintable(c) || c == '+') return false;
  return true;
}

// One line of signatures: its parts, without its newline.
struct Line {
  std::string_view name, base64;
  uint8_t id[4];
};

bool ParseLine(std::string_view line, Line* l) {
  if (line.substr(0, kDash.size()) != kDash) return false;
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0) return false;
  l->name = line.substr(0, space);
  l->base64 = line.substr(space + 1);
  uint8_t begin[6];  // of 8 characters
  if (l->base64.size() <= 8 || !FromBase64(l->base64.substr(0, 8), begin)) return false;
  std::memcpy(l->id, begin, sizeof l->id);
  return true;
}

// Where the signatures begin: behind the last empty line.
bool Split(std::string_view note, std::string_view* text, std::string_view* signatures) {
  if (note.size() > kMaxNote) return false;
  const size_t at = note.rfind("\n\n");
  if (at == std::string_view::npos) return false;
  *text = note.substr(0, at + 1);
  *signatures = note.substr(at + 2);
  for (const char c : *text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
  return !signatures->empty() && signatures->back() == '\n';
}

}  // namespace

bool MakeKey(std::string_view name, const uint8_t* public_key, NoteKey* key) {
  if (!IsName(name)) return false;
  std::memcpy(key->name, name.data(), name.size());
  key->name[name.size()] = '\0';
  std::memcpy(key->public_key, public_key, sizeof key->public_key);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(name.data()), name.size());
  const uint8_t between[] = {'\n', kEd25519};
  crypto_hash_sha256_update(&state, between, sizeof between);
  crypto_hash_sha256_update(&state, public_key, sizeof key->public_key);
  uint8_t hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256_final(&state, hash);
  std::memcpy(key->id, hash, sizeof key->id);
  return true;
}

bool MakeSigner(std::string_view name, const uint8_t* seed, NoteSigner* signer) {
  uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret, seed);
  sodium_memzero(secret, sizeof secret);
  std::memcpy(signer->seed, seed, sizeof signer->seed);
  return MakeKey(name, public_key, &signer->key);
}

size_t FormatKey(const NoteKey& key, char* out, size_t size) {
  uint8_t bytes[1 + sizeof key.public_key] = {kEd25519};
  std::memcpy(bytes + 1, key.public_key, sizeof key.public_key);
  char base64[Base64Size(sizeof bytes)];
  ToBase64(bytes, base64);
  return static_cast<size_t>(std::snprintf(out, size, "%s+%02x%02x%02x%02x+%s", key.name, key.id[0],
                                           key.id[1], key.id[2], key.id[3], base64));
}

bool ParseKey(std::string_view text, NoteKey* key) {
  const size_t first = text.find('+');
  if (first == std::string_view::npos || text.size() < first + 10 || text[first + 9] != '+')
    return false;
  uint8_t bytes[1 + sizeof key->public_key];
  if (!FromBase64(text.substr(first + 10), bytes) || bytes[0] != kEd25519 ||
      !MakeKey(text.substr(0, first), bytes + 1, key))
    return false;
  for (size_t i = 0; i < 8; i++) {
    const int digit = i % 2 == 0 ? key->id[i / 2] >> 4 : key->id[i / 2] & 15;
    if (HexValue(text[first + 1 + i]) != digit) return false;
  }
  return true;
}

size_t SignNote(std::string_view text, const NoteSigner& signer, char* out, size_t size) {
  uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret, signer.seed);
  uint8_t bytes[kSigned];
  std::memcpy(bytes, signer.key.id, 4);
  crypto_sign_detached(bytes + 4, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                       text.size(), secret);
  sodium_memzero(secret, sizeof secret);
  char base64[Base64Size(kSigned)];
  ToBase64(bytes, base64);
  return static_cast<size_t>(std::snprintf(out, size, "%.*s\n%s%s %s\n",
                                           static_cast<int>(text.size()), text.data(), kDash.data(),
                                           signer.key.name, base64));
}

NoteVerdict VerifyNote(std::string_view note, const NoteKey& key, std::string_view* text) {
  std::string_view lines;
  if (!Split(note, text, &lines)) return NoteVerdict::kNoNote;
  NoteVerdict verdict = NoteVerdict::kNotSigned;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    Line line;
    if (!ParseLine(lines.substr(0, end), &line)) return NoteVerdict::kNoNote;
    lines.remove_prefix(end + 1);
    if (verdict == NoteVerdict::kForged || line.name != key.name ||
        std::memcmp(line.id, key.id, sizeof key.id) != 0)
      continue;
    uint8_t bytes[kSigned];
    const bool good =
        FromBase64(line.base64, bytes) &&
        crypto_sign_verify_detached(bytes + 4, reinterpret_cast<const uint8_t*>(text->data()),
                                    text->size(), key.public_key) == 0;
    verdict = good ? NoteVerdict::kSigned : NoteVerdict::kForged;
  }
  return verdict;
}

}  // namespace detid
