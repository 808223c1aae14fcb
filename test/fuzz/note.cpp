// SPDX-License-Identifier: PostgreSQL
//
// Any bytes are a note or none; nobody's bytes are a note that our key has signed; what is read as
// a checkpoint or as a key is written and read to the same.

#include "core/note.h"

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/checkpoint.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const uint8_t seed[32] = {1};
  detid::NoteSigner signer;
  Require(detid::MakeSigner("k", seed, &signer));
  std::string_view text;
  Require(detid::VerifyNote(input, signer.key, &text) != detid::NoteVerdict::kSigned);

  detid::NoteKey key;
  if (detid::ParseKey(input, &key)) {
    char out[detid::kMaxKeyText + 1];
    detid::NoteKey back;
    Require(detid::ParseKey({out, detid::FormatKey(key, out, sizeof out)}, &back));
    Require(std::memcmp(key.public_key, back.public_key, sizeof key.public_key) == 0);
  }

  detid::Checkpoint c;
  if (detid::ParseCheckpoint(input, &c)) {
    char out[detid::kMaxCheckpointText];
    detid::Checkpoint back;
    Require(detid::ParseCheckpoint({out, detid::FormatCheckpoint(c, out, sizeof out)}, &back));
    Require(c.size == back.size && c.root == back.root && c.node == back.node &&
            c.time_us == back.time_us && std::strcmp(c.origin, back.origin) == 0);
  }
  return 0;
}
