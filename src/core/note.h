// SPDX-License-Identifier: PostgreSQL
//
// Signed notes, as the transparency-log community writes them (C2SP signed-note): a text, an empty
// line, and a line for each signature,
//
//   <text, each line of it ended by a newline>
//
//   — <key name> <base64 of the key id, 4 bytes, and the signature>
//
// The key id is the beginning of SHA-256(name || "\n" || 0x01 || public key); 0x01 says Ed25519
// (RFC 8032), which signs the text with its last newline. Who verifies is given keys in one line:
//
//   <key name>+<key id in hex>+<base64 of 0x01 and the public key>
//
// Lines of keys that are not known are passed over: witnesses sign what we signed, and we do not
// know them. A line of a known key whose signature is false makes the note false.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace detid {

inline constexpr size_t kMaxKeyName = 128;
inline constexpr size_t kMaxNote = 65536;  // that is read
inline constexpr size_t kMaxSignatureLine = 5 + kMaxKeyName + 1 + 92 + 1;
inline constexpr size_t kMaxKeyText = kMaxKeyName + 1 + 8 + 1 + 44;

// Who signs and who verifies. A name has no white space and no '+'.
struct NoteKey {
  char name[kMaxKeyName + 1];
  uint8_t id[4];
  uint8_t public_key[32];
};
struct NoteSigner {
  NoteKey key;
  uint8_t seed[32];  // RFC 8032's private key
};

// False for a name that no key can have.
bool MakeSigner(std::string_view name, const uint8_t* seed, NoteSigner* signer);
bool MakeKey(std::string_view name, const uint8_t* public_key, NoteKey* key);

// The line that verifiers are given, and back; false if the text is none, or its id is not that of
// its name and bytes. REQUIRES: size > kMaxKeyText.
size_t FormatKey(const NoteKey& key, char* out, size_t size);
bool ParseKey(std::string_view text, NoteKey* key);

// Writes the text and its signature; returns the length. REQUIRES: text that ends with a newline,
// has no empty line and no control characters; size > its length + 1 + kMaxSignatureLine.
size_t SignNote(std::string_view text, const NoteSigner& signer, char* out, size_t size);

enum class NoteVerdict : uint8_t {
  kSigned,
  kNoNote,     // not of this form
  kNotSigned,  // the key has no line in it
  kForged,     // it has one, which is not of this text
};

// Whether the key has signed the note. `text`: what it says, unless it is kNoNote.
NoteVerdict VerifyNote(std::string_view note, const NoteKey& key, std::string_view* text);

}  // namespace detid
