// SPDX-License-Identifier: PostgreSQL
//
// Keys and signatures here come from RFC 8032 and from OpenSSL: what is signed must stay what it
// is, or nodes and coordinators of two versions do not know each other.

#include "core/heartbeat_signature.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "hex.h"

namespace detid {
namespace {

// RFC 8032, section 7.1, test 1.
constexpr char kTokenText[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr char kKeyText[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Token TestToken() {
  Token token;
  EXPECT_TRUE(StartCrypto());
  EXPECT_TRUE(TokenOf(kTokenText, &token));
  return token;
}

HeartbeatMessage TestMessage() {
  HeartbeatMessage m;
  m.heartbeat.old = {1, 2};
  m.heartbeat.next = {3, 4};
  m.heartbeat.mode = Mode::kLeased;
  m.heartbeat.node = kAnyNode;
  m.heartbeat.instance = 5;
  m.heartbeat.incarnation = 6;
  m.heartbeat.timeline = 7;
  m.heartbeat.node_us = 8;
  m.heartbeat.granted_us = 9;
  m.heartbeat.horizon_us = 10;
  m.heartbeat.since_us = 11;
  m.heartbeat.stops = true;
  m.heartbeat.began = Began::kRecovered;
  m.heartbeat.challenge = 15;
  m.report.proof.emplace();
  for (int i = 0; i < kCommitmentBytes; i++) m.report.proof->byte[i] = static_cast<uint8_t>(i);
  m.report.ids = 12;
  m.report.offset_us = -13;
  m.report.round_trip_us = 14;
  m.report.checkpoint = "note";
  return m;
}

TEST(HeartbeatSignature, KeyIsThatOfRfc8032) {
  EXPECT_EQ(Hex(KeyOf(TestToken()).byte, kNodeKeyBytes), kKeyText);
}

TEST(HeartbeatSignature, IsGolden) {
  EXPECT_EQ(Hex(Sign(TestToken(), TestMessage()).byte, kSignatureBytes),
            "63f23e6b6ae4c33f3e75f1ebed850b2fede149489cec0ebb3079b204696132879"
            "b80c1ecacbcdaf80af0de5e74126e5a06d13c2e2c66b6873b5bca8fd308e207");
}

TEST(HeartbeatSignature, TokenIs64HexDigits) {
  Token token;
  const std::string text = kTokenText;
  EXPECT_TRUE(TokenOf("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60", &token));
  EXPECT_EQ(token.byte[0], 0x9d);
  EXPECT_EQ(token.byte[31], 0x60);
  for (const std::string& bad : {std::string(), text.substr(1), text + "0", text + " ",
                                 " " + text.substr(1), "g" + text.substr(1), "0x" + text.substr(2)})
    EXPECT_FALSE(TokenOf(bad, &token)) << bad;
}

TEST(HeartbeatSignature, VerifiesWhatWasSignedAlone) {
  const Token token = TestToken();
  const NodeKey key = KeyOf(token);
  const Signature signature = Sign(token, TestMessage());
  EXPECT_TRUE(IsSigned(key, signature, TestMessage()));
  for (int bit = 0; bit < 8 * kSignatureBytes; bit++) {
    Signature other = signature;
    other.byte[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(IsSigned(key, other, TestMessage())) << "bit " << bit;
  }
  for (int bit = 0; bit < 8 * kNodeKeyBytes; bit++) {
    NodeKey other = key;
    other.byte[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(IsSigned(other, signature, TestMessage())) << "bit " << bit;
  }
}

// A key of small order verifies signatures of anything, if they are not refused.
TEST(HeartbeatSignature, ZerosSignNothing) {
  EXPECT_FALSE(IsSigned({}, {}, TestMessage()));
}

std::string Text(const Commitment& proof) {
  return Hex(proof.byte, kCommitmentBytes);
}
std::string Text(const std::string_view& text) {
  return text.data() == nullptr ? "absent" : "'" + std::string(text) + "'";
}
template <typename T>
std::string Text(const T& value) {
  return std::to_string(static_cast<int64_t>(value));
}
template <typename T>
std::string Text(const std::optional<T>& value) {
  return value ? Text(*value) : "absent";
}

// What is in each column.
std::map<std::string, std::string> Texts(const HeartbeatMessage& message) {
  std::map<std::string, std::string> texts;
  EachColumn(kHeartbeatColumns, message,
             [&](const auto& column, const auto& value) { texts[column.name] = Text(value); });
  return texts;
}

TEST(HeartbeatSignature, EveryFieldIsSigned) {
  using Change = std::function<void(HeartbeatMessage*)>;
  const Change changes[] = {
      [](HeartbeatMessage* m) { m->heartbeat.old.counter++; },
      [](HeartbeatMessage* m) { m->heartbeat.old.bits++; },
      [](HeartbeatMessage* m) { m->heartbeat.next.counter++; },
      [](HeartbeatMessage* m) { m->heartbeat.next.bits++; },
      [](HeartbeatMessage* m) { std::swap(m->heartbeat.old, m->heartbeat.next); },
      [](HeartbeatMessage* m) { m->heartbeat.mode = Mode::kAssigned; },
      [](HeartbeatMessage* m) { m->heartbeat.node = 0; },
      [](HeartbeatMessage* m) { m->heartbeat.instance ^= int64_t{1} << 62; },
      [](HeartbeatMessage* m) { m->heartbeat.incarnation++; },
      [](HeartbeatMessage* m) { m->heartbeat.timeline++; },
      [](HeartbeatMessage* m) { m->heartbeat.node_us++; },
      [](HeartbeatMessage* m) { m->heartbeat.granted_us++; },
      [](HeartbeatMessage* m) { m->heartbeat.horizon_us++; },
      [](HeartbeatMessage* m) { m->heartbeat.since_us++; },
      [](HeartbeatMessage* m) { m->heartbeat.claims = true; },
      [](HeartbeatMessage* m) { m->heartbeat.retires = true; },
      [](HeartbeatMessage* m) { m->heartbeat.stops = false; },
      [](HeartbeatMessage* m) { m->heartbeat.stops = false, m->heartbeat.claims = true; },
      [](HeartbeatMessage* m) { m->heartbeat.began = Began::kPromoted; },
      [](HeartbeatMessage* m) { m->heartbeat.challenge++; },
      [](HeartbeatMessage* m) { m->report.proof.reset(); },
      [](HeartbeatMessage* m) { m->report.proof->byte[15] ^= 1; },
      [](HeartbeatMessage* m) { ++*m->report.ids; },
      [](HeartbeatMessage* m) { m->report.ids.reset(); },
      [](HeartbeatMessage* m) { m->report.ids.reset(), m->report.offset_us.reset(); },
      [](HeartbeatMessage* m) { ++*m->report.offset_us; },
      [](HeartbeatMessage* m) { ++*m->report.round_trip_us; },
      [](HeartbeatMessage* m) { m->report.checkpoint = "nose"; },
      [](HeartbeatMessage* m) { m->report.checkpoint = "notes"; },
      [](HeartbeatMessage* m) { m->report.checkpoint = ""; },
      [](HeartbeatMessage* m) { m->report.checkpoint = {}; },
  };
  const Token token = TestToken();
  const Signature signature = Sign(token, TestMessage());
  const auto before = Texts(TestMessage());
  auto unchanged = before;
  int number = 0;
  for (const Change& change : changes) {
    HeartbeatMessage message = TestMessage();
    change(&message);
    EXPECT_FALSE(IsSigned(KeyOf(token), signature, message)) << "change " << number;
    for (const auto& [column, text] : Texts(message))
      if (text != before.at(column)) unchanged.erase(column);
    number++;
  }
  // A column that no change is for is forgotten above.
  for (const auto& [column, text] : unchanged) ADD_FAILURE() << column;
}

HeartbeatMessage Sane() {
  HeartbeatMessage m = TestMessage();
  m.heartbeat.next.counter = m.heartbeat.old.counter + 1;
  return m;
}

TEST(Heartbeat, IsSane) {
  EXPECT_TRUE(IsSane(Sane()));
  EXPECT_TRUE(IsSane({Sane().heartbeat, {}}));
  HeartbeatMessage least = Sane();
  least.heartbeat.old.counter = 0, least.heartbeat.next.counter = 1;
  least.heartbeat.node_us = least.heartbeat.granted_us = least.heartbeat.horizon_us =
      least.heartbeat.since_us = 0;
  least.report.ids = least.report.round_trip_us = 0;
  EXPECT_TRUE(IsSane(least));
  HeartbeatMessage most = Sane();
  most.heartbeat.node = INT32_MAX;
  most.heartbeat.old.counter = kMostSane, most.heartbeat.next.counter = kMostSane + 1;
  most.heartbeat.node_us = most.heartbeat.granted_us = most.heartbeat.horizon_us = kMostSane;
  most.report.ids = most.report.round_trip_us = most.report.offset_us = kMostSane;
  const std::string longest(kMaxWitnessed, 'x');
  most.report.checkpoint = longest;
  EXPECT_TRUE(IsSane(most));
  // What means nothing may be any number.
  most.heartbeat.old.bits = most.heartbeat.instance = most.heartbeat.incarnation = INT64_MIN;
  EXPECT_TRUE(IsSane(most));
}

TEST(Heartbeat, IsNotSane) {
  using Change = std::function<void(HeartbeatMessage*)>;
  constexpr int64_t kHourUs = int64_t{3600} * 1000000;
  const Change changes[] = {
      [](HeartbeatMessage* m) { m->heartbeat.old.counter = -1, m->heartbeat.next.counter = 0; },
      [](HeartbeatMessage* m) {
        m->heartbeat.old.counter = kMostSane + 1, m->heartbeat.next.counter = kMostSane + 2;
      },
      [](HeartbeatMessage* m) { m->heartbeat.next.counter++; },
      [](HeartbeatMessage* m) { m->heartbeat.next.counter = m->heartbeat.old.counter; },
      [](HeartbeatMessage* m) { m->heartbeat.node = kAnyNode - 1; },
      [](HeartbeatMessage* m) { m->heartbeat.node_us = -1; },
      [](HeartbeatMessage* m) { m->heartbeat.node_us = kMostSane + 1; },
      [](HeartbeatMessage* m) { m->heartbeat.granted_us = -1; },
      [](HeartbeatMessage* m) { m->heartbeat.granted_us = INT64_MAX; },
      [](HeartbeatMessage* m) { m->heartbeat.horizon_us = -1; },
      [](HeartbeatMessage* m) { m->heartbeat.horizon_us = m->heartbeat.node_us + kHourUs + 1; },
      [](HeartbeatMessage* m) { m->heartbeat.since_us = INT64_MIN; },
      [](HeartbeatMessage* m) { m->report.ids = -1; },
      [](HeartbeatMessage* m) { m->report.round_trip_us = -1; },
      [](HeartbeatMessage* m) { m->report.round_trip_us.reset(); },
      [](HeartbeatMessage* m) { m->report.offset_us.reset(); },
      [](HeartbeatMessage* m) { m->report.offset_us = INT64_MIN; },
      [](HeartbeatMessage* m) {
        static const std::string too_long(kMaxWitnessed + 1, 'x');
        m->report.checkpoint = too_long;
      },
  };
  int number = 0;
  for (const Change& change : changes) {
    HeartbeatMessage message = Sane();
    change(&message);
    EXPECT_FALSE(IsSane(message)) << "change " << number;
    number++;
  }
}

}  // namespace
}  // namespace detid
