// SPDX-License-Identifier: PostgreSQL

#include "core/note.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <cstring>
#include <string>

namespace detid {
namespace {

// Of the specification, and of others' documentation.
constexpr char kKey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kNote[] =
    "This is an example message.\n"
    "\n"
    "\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    "\n";

NoteSigner Signer(const char* name, uint8_t seed) {
  uint8_t bytes[32];
  std::memset(bytes, seed, sizeof bytes);
  NoteSigner signer;
  EXPECT_TRUE(MakeSigner(name, bytes, &signer));
  return signer;
}

std::string Signed(const std::string& text, const NoteSigner& signer) {
  char out[4096];
  const size_t n = SignNote(text, signer, out, sizeof out);
  EXPECT_LT(n, sizeof out);
  return {out, n};
}

NoteVerdict Verify(const std::string& note, const NoteKey& key) {
  std::string_view text;
  return VerifyNote(note, key, &text);
}

TEST(Note, ReadsOthers) {
  NoteKey key;
  ASSERT_TRUE(ParseKey(kKey, &key));
  EXPECT_STREQ(key.name, "example.com/foo");
  char text[kMaxKeyText + 1];
  EXPECT_EQ(FormatKey(key, text, sizeof text), std::strlen(kKey));
  EXPECT_STREQ(text, kKey);
  std::string_view says;
  EXPECT_EQ(VerifyNote(kNote, key, &says), NoteVerdict::kSigned);
  EXPECT_EQ(says, "This is an example message.\n");
}

TEST(Note, IsReadAsItWasSigned) {
  const NoteSigner signer = Signer("db.example/ledger", 7);
  const std::string note = Signed("a\nb \xC3\xA9\n", signer);
  std::string_view text;
  EXPECT_EQ(VerifyNote(note, signer.key, &text), NoteVerdict::kSigned);
  EXPECT_EQ(text, "a\nb \xC3\xA9\n");
  char key[kMaxKeyText + 1];
  FormatKey(signer.key, key, sizeof key);
  NoteKey read;
  ASSERT_TRUE(ParseKey(key, &read));
  EXPECT_EQ(Verify(note, read), NoteVerdict::kSigned);
}

TEST(Note, IsForgedIfAnyByteOfTextOrSignatureIsAnother) {
  const NoteSigner signer = Signer("k", 1);
  const std::string note = Signed("one\ntwo\n", signer);
  for (size_t i = 0; i < note.size(); i++) {
    for (const int bit : {1, 2, 32}) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      EXPECT_NE(Verify(changed, signer.key), NoteVerdict::kSigned) << i << " " << bit;
    }
    EXPECT_NE(Verify(note.substr(0, i), signer.key), NoteVerdict::kSigned) << i;
  }
}

TEST(Note, PassesOverThoseItDoesNotKnow) {
  const NoteSigner signer = Signer("log", 1), witness = Signer("witness", 2);
  const std::string text = "one\n", ours = Signed(text, signer), theirs = Signed(text, witness);
  const std::string line = theirs.substr(text.size() + 1);
  for (const std::string& both : {ours + line, text + "\n" + line + ours.substr(text.size() + 1)}) {
    EXPECT_EQ(Verify(both, signer.key), NoteVerdict::kSigned);
    EXPECT_EQ(Verify(both, witness.key), NoteVerdict::kSigned);
  }
  EXPECT_EQ(Verify(ours, witness.key), NoteVerdict::kNotSigned);
  // One of a longer kind of signature, whose key has our name.
  const std::string longer = "\xE2\x80\x94 log " + std::string(400, 'A') + "\n";
  EXPECT_EQ(Verify(ours + longer, signer.key), NoteVerdict::kSigned);
  // A key of the same name is another key.
  EXPECT_EQ(Verify(ours, Signer("log", 3).key), NoteVerdict::kNotSigned);
}

TEST(Note, OneFalseLineOfAKnownKeyMakesItFalse) {
  const NoteSigner signer = Signer("log", 1);
  const std::string good = Signed("one\n", signer), other = Signed("two\n", signer);
  const std::string line = other.substr(5);
  EXPECT_EQ(Verify(good + line, signer.key), NoteVerdict::kForged);
  EXPECT_EQ(Verify("one\n\n" + line + good.substr(5), signer.key), NoteVerdict::kForged);
  // Its beginning alone.
  const std::string cut = good.substr(0, good.size() - 5) + "\n";
  EXPECT_EQ(Verify(cut, signer.key), NoteVerdict::kForged);
}

TEST(Note, RefusesWhatIsNone) {
  NoteKey key;
  ASSERT_TRUE(ParseKey(kKey, &key));
  const std::string note = kNote;
  for (const std::string& bad :
       {std::string(), std::string("\n\n"), std::string("text\n\n"), note.substr(0, 29),
        note.substr(0, note.size() - 1), "\x01" + note, note + "more\n", note + "\n",
        std::string(kMaxNote, 'a') + note, std::string("text\n\n- k AAAAAAAAAA==\n"),
        std::string("text\n\n\xE2\x80\x94 k !!!!AAAA=\n"),
        std::string("text\n\n\xE2\x80\x94  AAAAAAAAA\n")})
    EXPECT_EQ(Verify(bad, key), NoteVerdict::kNoNote) << bad.substr(0, 60);
}

TEST(Note, RefusesKeysThatAreNone) {
  const std::string good = kKey;
  NoteKey key;
  for (const std::string& bad :
       {std::string(), std::string("+"), std::string("a+b+c"), good.substr(1), good + "=",
        good + " ", good.substr(0, good.size() - 1), "a b" + good, std::string(130, 'a') + good,
        std::string("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
        std::string("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
        std::string("example.com/foo+530d903a")})
    EXPECT_FALSE(ParseKey(bad, &key)) << bad;
  const uint8_t bytes[32] = {};
  EXPECT_FALSE(MakeKey("", bytes, &key));
  EXPECT_FALSE(MakeKey("a+b", bytes, &key));
  EXPECT_FALSE(MakeKey("a b", bytes, &key));
  EXPECT_FALSE(MakeKey(std::string(kMaxKeyName + 1, 'a'), bytes, &key));
  EXPECT_TRUE(MakeKey(std::string(kMaxKeyName, 'a'), bytes, &key));
}

}  // namespace
}  // namespace detid
