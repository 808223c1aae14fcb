// SPDX-License-Identifier: PostgreSQL

#include "core/heartbeat_signature.h"

#include <sodium.h>

#include <cstring>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

static_assert(kTokenBytes == crypto_sign_SEEDBYTES);
static_assert(kNodeKeyBytes == crypto_sign_PUBLICKEYBYTES);
static_assert(kSignatureBytes == crypto_sign_BYTES);

constexpr std::string_view kDomain = "detid-heartbeat1";

class Signed {
 public:
  explicit Signed(const HeartbeatMessage& message) {
    Bytes(kDomain.data(), kDomain.size());
    EachColumn(kHeartbeatColumns, message, [this](const auto&, const auto& value) { Add(value); });
  }
  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  void Add(int64_t number) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
      bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(number) >> 8 * i);
    Bytes(bytes, sizeof bytes);
  }
  void Add(int32_t number) { Add(int64_t{number}); }
  void Add(bool flag) { Byte(flag ? 1 : 0); }
  void Add(Mode mode) { Byte(static_cast<uint8_t>(mode)); }
  void Add(Began began) { Byte(static_cast<uint8_t>(began)); }
  void Add(const Commitment& proof) { Bytes(proof.byte, sizeof proof.byte); }
  template <typename T>
  void Add(const std::optional<T>& value) {
    Add(value.has_value());
    if (value) Add(*value);
  }
  void Add(std::string_view text) {
    Add(text.data() != nullptr);
    if (text.data() == nullptr || text.size() > kMaxWitnessed) return;
    Add(static_cast<int64_t>(text.size()));
    Bytes(text.data(), text.size());
  }

  void Byte(uint8_t byte) { bytes_[size_++] = byte; }
  void Bytes(const void* bytes, size_t size) {
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }

  // No other field takes more than a proof does.
  uint8_t
      bytes_[kDomain.size() + CountOf(kHeartbeatColumns) * (1 + kCommitmentBytes) + kMaxWitnessed];
  size_t size_ = 0;
};

}  // namespace

Token NewToken() {
  Token token;
  FillRandom(token.byte, sizeof token.byte);
  return token;
}

bool TokenOf(std::string_view text, Token* token) {
  if (text.size() != 2 * kTokenBytes) return false;
  for (size_t i = 0; i < kTokenBytes; i++) {
    const int high = HexValue(text[2 * i]), low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    token->byte[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

NodeKey KeyOf(const Token& token) {
  NodeKey key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(key.byte, secret, token.byte);
  sodium_memzero(secret, sizeof secret);
  return key;
}

Signature Sign(const Token& token, const HeartbeatMessage& message) {
  Signature signature;
  NodeKey key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(key.byte, secret, token.byte);
  const Signed m(message);
  crypto_sign_detached(signature.byte, nullptr, m.bytes(), m.size(), secret);
  sodium_memzero(secret, sizeof secret);
  return signature;
}

bool IsSigned(const NodeKey& key, const Signature& signature, const HeartbeatMessage& message) {
  const Signed m(message);
  return crypto_sign_verify_detached(signature.byte, m.bytes(), m.size(), key.byte) == 0;
}

}  // namespace detid
