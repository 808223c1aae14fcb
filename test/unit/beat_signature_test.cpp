// SPDX-License-Identifier: PostgreSQL
//
// Keys and signatures here come from RFC 8032 and from OpenSSL: what is signed must stay what it is,
// or nodes and coordinators of two versions do not know each other.

#include "core/beat_signature.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <string>

namespace detid {
namespace {

std::string Hex(const uint8_t* bytes, size_t n) {
  std::string text;
  for (size_t i = 0; i < n; i++) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

// RFC 8032, section 7.1, test 1.
constexpr char kTokenText[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr char kKeyText[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Token TestToken() {
  Token token;
  EXPECT_TRUE(StartCrypto());
  EXPECT_TRUE(TokenOf(kTokenText, &token));
  return token;
}

Beat TestBeat() {
  Beat b;
  b.old = {1, 2};
  b.next = {3, 4};
  b.mode = Mode::kLeased;
  b.node = kAnyNode;
  b.instance = 5;
  b.life = 6;
  b.timeline = 7;
  b.node_us = 8;
  b.granted_us = 9;
  b.horizon_us = 10;
  b.since_us = 11;
  b.stops = true;
  b.began = Began::kRecovered;
  b.challenge = 15;
  return b;
}

BeatReport TestReport() {
  BeatReport r;
  r.has_proof = true;
  for (int i = 0; i < kCommitmentBytes; i++) r.proof.byte[i] = static_cast<uint8_t>(i);
  r.ids = 12;
  r.offset_us = -13;
  r.round_trip_us = 14;
  return r;
}

TEST(BeatSignature, KeyIsThatOfRfc8032) {
  EXPECT_EQ(Hex(KeyOf(TestToken()).byte, kBeatKeyBytes), kKeyText);
}

TEST(BeatSignature, IsGolden) {
  EXPECT_EQ(Hex(Sign(TestToken(), TestBeat(), TestReport()).byte, kSignatureBytes),
            "9587e76004b596b1f32d8f55b1a344f035720463cf4399220c0d1e21366d9cf0"
            "6d76047422ce07d4286466dd9abdcf5838de6c7a89203ece990ebb5c6243f70b");
}

TEST(BeatSignature, TokenIs64HexDigits) {
  Token token;
  const std::string text = kTokenText;
  EXPECT_TRUE(TokenOf("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60", &token));
  EXPECT_EQ(token.byte[0], 0x9d);
  EXPECT_EQ(token.byte[31], 0x60);
  for (const std::string& bad : {std::string(), text.substr(1), text + "0", text + " ",
                                 " " + text.substr(1), "g" + text.substr(1), "0x" + text.substr(2)})
    EXPECT_FALSE(TokenOf(bad, &token)) << bad;
}

TEST(BeatSignature, VerifiesWhatWasSignedAlone) {
  const Token token = TestToken();
  const BeatKey key = KeyOf(token);
  const Signature signature = Sign(token, TestBeat(), TestReport());
  EXPECT_TRUE(IsSigned(key, signature, TestBeat(), TestReport()));
  for (int bit = 0; bit < 8 * kSignatureBytes; bit++) {
    Signature other = signature;
    other.byte[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(IsSigned(key, other, TestBeat(), TestReport())) << "bit " << bit;
  }
  for (int bit = 0; bit < 8 * kBeatKeyBytes; bit++) {
    BeatKey other = key;
    other.byte[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(IsSigned(other, signature, TestBeat(), TestReport())) << "bit " << bit;
  }
}

// A key of small order verifies signatures of anything, if they are not refused.
TEST(BeatSignature, ZerosSignNothing) {
  EXPECT_FALSE(IsSigned({}, {}, TestBeat(), TestReport()));
}

TEST(BeatSignature, EveryFieldIsSigned) {
  using Change = std::function<void(Beat*, BeatReport*)>;
  const Change changes[] = {
      [](Beat* b, BeatReport*) { b->old.counter++; },
      [](Beat* b, BeatReport*) { b->old.bits++; },
      [](Beat* b, BeatReport*) { b->next.counter++; },
      [](Beat* b, BeatReport*) { b->next.bits++; },
      [](Beat* b, BeatReport*) { std::swap(b->old, b->next); },
      [](Beat* b, BeatReport*) { b->mode = Mode::kAssigned; },
      [](Beat* b, BeatReport*) { b->node = 0; },
      [](Beat* b, BeatReport*) { b->instance ^= int64_t{1} << 62; },
      [](Beat* b, BeatReport*) { b->life++; },
      [](Beat* b, BeatReport*) { b->timeline++; },
      [](Beat* b, BeatReport*) { b->node_us++; },
      [](Beat* b, BeatReport*) { b->granted_us++; },
      [](Beat* b, BeatReport*) { b->horizon_us++; },
      [](Beat* b, BeatReport*) { b->since_us++; },
      [](Beat* b, BeatReport*) { b->claims = true; },
      [](Beat* b, BeatReport*) { b->retires = true; },
      [](Beat* b, BeatReport*) { b->stops = false; },
      [](Beat* b, BeatReport*) { b->stops = false, b->claims = true; },
      [](Beat* b, BeatReport*) { b->began = Began::kPromoted; },
      [](Beat* b, BeatReport*) { b->challenge++; },
      [](Beat*, BeatReport* r) { r->has_proof = false; },
      [](Beat*, BeatReport* r) { r->proof.byte[15] ^= 1; },
      [](Beat*, BeatReport* r) { r->ids++; },
      [](Beat*, BeatReport* r) { r->offset_us++; },
      [](Beat*, BeatReport* r) { r->round_trip_us++; },
  };
  const Token token = TestToken();
  const Signature signature = Sign(token, TestBeat(), TestReport());
  int number = 0;
  for (const Change& change : changes) {
    Beat beat = TestBeat();
    BeatReport report = TestReport();
    change(&beat, &report);
    EXPECT_FALSE(IsSigned(KeyOf(token), signature, beat, report)) << "change " << number;
    number++;
  }
}

}  // namespace
}  // namespace detid
