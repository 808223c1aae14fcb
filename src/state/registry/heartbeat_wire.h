// SPDX-License-Identifier: PostgreSQL
//
// How a question is sent and an answer is read: a statement, texts for its parameters, and a row,
// all as the tables of core/heartbeat_columns.h have them.

#pragma once

#include <cstdio>

#include "core/heartbeat_signature.h"
#include "core/registry_text.h"

struct pg_result;

namespace detid {

struct Question : HeartbeatMessage {
  Token token;  // by which it is signed; it is not sent
};

// How this process knows its questions in pg_stat_activity, over a connection pooler, too: they
// begin with it.
const char* HeartbeatMark();

const char* HeartbeatStatement();

// What a question is sent as: texts, or null for NULL. Of the token there is nothing in it.
class HeartbeatParameters {
 public:
  static constexpr int kCount = 2 + static_cast<int>(CountOf(kHeartbeatColumns));

  explicit HeartbeatParameters(const Question& q) {
    Add(KeyOf(q.token).byte);
    Add(Sign(q.token, q).byte);
    const HeartbeatMessage& message = q;
    EachColumn(kHeartbeatColumns, message, [this](const auto&, const auto& value) { Add(value); });
  }
  const char* const* values() const { return values_; }

 private:
  void Add(const char* text) { values_[count_++] = text; }
  void Add(int64_t number) {
    snprintf(texts_[count_], sizeof texts_[count_], "%lld", static_cast<long long>(number));
    Add(texts_[count_]);
  }
  void Add(int32_t number) { Add(int64_t{number}); }
  void Add(bool flag) { Add(flag ? "true" : "false"); }
  void Add(Mode mode) { Add(NameOf(mode)); }
  void Add(Began began) { Add(NameOf(began)); }
  void Add(const Commitment& proof) { Add(proof.byte); }
  void Add(std::string_view text) { Add(text.data()); }
  template <typename T>
  void Add(const std::optional<T>& value) {
    if (value)
      Add(*value);
    else
      Add(static_cast<const char*>(nullptr));
  }
  template <size_t kBytes>
  void Add(const uint8_t (&byte)[kBytes]) {
    static_assert(2 * kBytes + 3 <= sizeof texts_[0]);
    char* text = texts_[count_];
    snprintf(text, 3, "\\x");
    for (size_t i = 0; i < kBytes; i++) snprintf(text + 2 + 2 * i, 3, "%02x", byte[i]);
    Add(static_cast<const char*>(text));
  }

  const char* values_[kCount];
  char texts_[kCount][2 * kSignatureBytes + 3];
  int count_ = 0;
};

// False if the answer is that of another version.
bool ParseReply(const pg_result* result, Reply* reply);

}  // namespace detid
