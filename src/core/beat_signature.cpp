// SPDX-License-Identifier: PostgreSQL

#include "core/beat_signature.h"

#include <sodium.h>

#include <cstring>

#include "core/no_postgres.h"

namespace detid {
namespace {

static_assert(kTokenBytes == crypto_sign_SEEDBYTES);
static_assert(kBeatKeyBytes == crypto_sign_PUBLICKEYBYTES);
static_assert(kSignatureBytes == crypto_sign_BYTES);

constexpr char kDomain[16] = "detid-beat-1";

class Message {
 public:
  Message() { Add(kDomain, sizeof kDomain); }

  void Number(int64_t number) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(number) >> 8 * i);
    Add(bytes, sizeof bytes);
  }
  void Flag(bool flag) { Add(flag ? "\1" : "\0", 1); }
  void Add(const void* bytes, size_t size) {
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }

  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  uint8_t bytes_[256];
  size_t size_ = 0;
};

// Every field of both: with another field this does not compile. Then add it here, and to the test.
Message MessageOf(const Beat& beat, const BeatReport& report) {
  const auto& [old, next, mode, node, instance, life, timeline, node_us, granted_us, horizon_us,
               since_us, claims, retires, stops, began, challenge] = beat;
  const auto& [has_proof, proof, ids, offset_us, round_trip_us] = report;
  Message m;
  for (const Nonce& nonce : {old, next}) {
    m.Number(nonce.counter);
    m.Number(nonce.bits);
  }
  m.Number(static_cast<int64_t>(mode));
  for (const int64_t number : {int64_t{node}, instance, life, timeline, node_us, granted_us,
                               horizon_us, since_us, static_cast<int64_t>(began), challenge, ids,
                               offset_us, round_trip_us})
    m.Number(number);
  for (const bool flag : {claims, retires, stops, has_proof}) m.Flag(flag);
  m.Add(proof.byte, sizeof proof.byte);
  return m;
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Token NewToken() {
  Token token;
  FillRandom(token.byte, sizeof token.byte);
  return token;
}

bool TokenOf(std::string_view text, Token* token) {
  if (text.size() != 2 * kTokenBytes) return false;
  for (size_t i = 0; i < kTokenBytes; i++) {
    const int high = DigitOf(text[2 * i]), low = DigitOf(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    token->byte[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

BeatKey KeyOf(const Token& token) {
  BeatKey key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(key.byte, secret, token.byte);
  sodium_memzero(secret, sizeof secret);
  return key;
}

Signature Sign(const Token& token, const Beat& beat, const BeatReport& report) {
  Signature signature;
  BeatKey key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(key.byte, secret, token.byte);
  const Message m = MessageOf(beat, report);
  crypto_sign_detached(signature.byte, nullptr, m.bytes(), m.size(), secret);
  sodium_memzero(secret, sizeof secret);
  return signature;
}

bool IsSigned(const BeatKey& key, const Signature& signature, const Beat& beat,
              const BeatReport& report) {
  const Message m = MessageOf(beat, report);
  return crypto_sign_verify_detached(signature.byte, m.bytes(), m.size(), key.byte) == 0;
}

}  // namespace detid
