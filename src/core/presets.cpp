// SPDX-License-Identifier: PostgreSQL

#include "core/presets.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/no_postgres.h"

namespace detid {
namespace {

// 1582-10-15Z, the first day of the Gregorian calendar: RFC 9562 section 5.1.
constexpr int64_t kGregorianEpochUs = -12219292800000000;

constexpr Preset kPresets[] = {
    {"snowflake", "decimal", "time:41@1ms node:10 sequence:12", "", kDefaultEpochUs, false,
     "Twitter's layout with an epoch of 2025-01-01Z"},
    // The last number that was counted is 29700859247 (TweetedAt, ODU Web Science, 2019).
    {"twitter", "decimal", "time:41@1ms node:10 sequence:12", "", 1288834974657000, false,
     "Twitter Snowflake, 2010", 29700859248},
    // The highest bit of the time of Discord, Instagram, Mastodon and TSID would be a bigint's
    // sign, and is left out: it is 0 until 2084, 2046, 6429 and 2089.
    {"discord", "decimal", "time:41@1ms node:10 sequence:12", "", 1420070400000000, false,
     "Discord developer documentation; node is worker x 32 + process"},
    {"instagram", "decimal", "time:40@1ms node:13 sequence:10", "", 1314220021721000, false,
     "Sharding & IDs at Instagram, 2012; node is the shard"},
    // Mastodon counted its statuses until October 2017: no snowflake is older than that year.
    // Its 16 low bits are a hash and a counter; only the time can be read from its ids.
    {"mastodon", "decimal", "time:47@1ms node:6 sequence:10", "time:47@1ms random:16", 0, true,
     "Mastodon, lib/mastodon/snowflake.rb", uint64_t{1483228800000} << 16},
    {"sonyflake", "decimal", "time:39@10ms sequence:8 node:16", "", 1409529600000000, false,
     "Sonyflake, epoch 2014-09-01Z"},
    {"tsid", "crockford", "time:41@1ms node:10 sequence:12", "", 1577836800000000, false,
     "TSID Creator, epoch 2020-01-01Z"},
    // 53 bits, the integers that a JavaScript number holds exactly. 40 bits of milliseconds last
    // until 2059; 7 bits of sequence are 128,000 ids a second and node; 64 nodes.
    {"js53", "decimal", "time:40@1ms node:6 sequence:7", "", kDefaultEpochUs, false,
     "safe as a JavaScript number: at most Number.MAX_SAFE_INTEGER"},

    // The clock sequence is 3 bits of sequence, 10 of node and one of random; the multicast bit of
    // the RFC's node is set, as section 6.10 has it for nodes that are no MAC address.
    {"uuid1", "uuid",
     "time:32@100ns^0 time:16^32 const:4=1 time:12^48 const:2=2 sequence:3 node:10 random:8 "
     "const:1=1 worker:12 random:28",
     "time:32@100ns^0 time:16^32 const:4=1 time:12^48 const:2=2 random:62", kGregorianEpochUs, true,
     "RFC 9562 section 5.1; does not sort by time, uuid6 does"},
    {"uuid4", "uuid", "random:48 const:4=4 random:12 const:2=2 random:62", "", kDefaultEpochUs,
     false, "RFC 9562 section 5.4; a stream of the seed"},
    {"uuid6", "uuid",
     "time:48@100ns const:4=6 time:12 const:2=2 sequence:3 node:10 random:8 const:1=1 worker:12 "
     "random:28",
     "time:48@100ns const:4=6 time:12 const:2=2 random:62", kGregorianEpochUs, true,
     "RFC 9562 section 5.6"},
    {"uuid7", "uuid", "time:48@1ms const:4=7 sequence:12 const:2=2 node:10 worker:12 random:40",
     "time:48@1ms const:4=7 random:12 const:2=2 random:62", 0, true,
     "RFC 9562 section 5.7; the 12 + 62 free bits as section 6.2 allows"},
    // What version 8 holds is its maker's business: here, the largest node and worker numbers.
    {"uuid8", "uuid", "time:48@1ms const:4=8 sequence:12 const:2=2 node:31 worker:18 random:13",
     "random:48 const:4=8 random:12 const:2=2 random:62", 0, true,
     "RFC 9562 section 5.8; uuid7 for more nodes and backends"},

    {"ulid", "crockford", "time:48@1ms sequence:12 node:10 worker:12 random:46",
     "time:48@1ms random:80", 0, true, "ULID specification"},
    {"timeflake", "base62", "time:48@1ms sequence:12 node:10 worker:12 random:46",
     "time:48@1ms random:80", 0, true, "Timeflake specification"},
    {"pushid", "pushid", "time:48@1ms sequence:12 node:10 worker:12 random:38",
     "time:48@1ms random:72", 0, true,
     "Firebase, The 2^120 Ways to Ensure Unique Identifiers, 2015"},
    {"ksuid", "base62", "time:32@1s sequence:24 node:16 worker:16 random:72",
     "time:32@1s random:128", 1400000000000000, true, "Segment KSUID"},
    {"xid", "xid", "time:32@1s node:24 worker:16 sequence:24", "", 0, true,
     "rs/xid; node is the machine, worker the process, sequence the counter"},
    {"objectid", "hex", "time:32@1s node:24 worker:16 sequence:24",
     "time:32@1s random:40 sequence:24", 0, true,
     "BSON ObjectId; node and worker are its 5 bytes that are unique to a process"},
    {"nanoid", "base64url", "random:126", "", kDefaultEpochUs, false,
     "Nano ID, 21 characters; a stream of the seed"},
    // The highest bit of the letter and of the digits is 0, as 26 letters and 23 digits of radix 36
    // have less than 5 and 119 bits.
    {"cuid2", "cuid2", "const:1=0 random:4 const:1=0 random:118", "random:124", kDefaultEpochUs,
     false, "cuid2, 24 characters; a stream of the seed in place of its hash"},
};

constexpr Preset kForeign[] = {
    {"uuid2", "uuid", "random:48 const:4=2 random:12 const:2=2 random:62", "", kDefaultEpochUs,
     true, "RFC 9562 section 5.2: DCE security; its time is one of 7 minutes, and not read"},
    {"uuid3", "uuid", "hash:48 const:4=3 hash:12 const:2=2 hash:62", "", kDefaultEpochUs, true,
     "RFC 9562 section 5.3: MD5 of a name"},
    {"uuid5", "uuid", "hash:48 const:4=5 hash:12 const:2=2 hash:62", "", kDefaultEpochUs, true,
     "RFC 9562 section 5.5: SHA-1 of a name"},
    {"nil", "uuid", "const:64=0 const:64=0", "", kDefaultEpochUs, true, "RFC 9562 section 5.9"},
    {"max", "uuid", "const:64=0xffffffffffffffff const:64=0xffffffffffffffff", "", kDefaultEpochUs,
     true, "RFC 9562 section 5.10"},
    {"cuid", "cuid", "time:42@1ms sequence:21 node:21 random:42", "", 0, true,
     "cuid version 1; sequence is the counter, node the fingerprint"},
    {"uuid", "uuid", "random:128", "", kDefaultEpochUs, true,
     "a uuid of another variant, or of no version of RFC 9562"},
};

struct Alias {
  std::string_view word, name;
};
constexpr Alias kAliases[] = {
    {"typeid", "uuid7"},  {"uuid", "uuid7"},    {"guid", "uuid4"},      {"mongodb", "objectid"},
    {"bson", "objectid"}, {"tweet", "twitter"}, {"firebase", "pushid"},
};

constexpr size_t kMaxWord = 24;

// How many characters must be put in, left out or replaced to make one word of the other; case,
// hyphens and underscores do not count. REQUIRES: neither is longer than kMaxWord.
size_t Distance(std::string_view a, std::string_view b) {
  size_t row[kMaxWord + 1];
  size_t columns = 0;
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (const char c : a) {
    if (c == '-' || c == '_' || c == ' ') continue;
    size_t diagonal = row[0];
    row[0] = ++columns;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t replaced = diagonal + (ToLower(c) != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const Preset> Presets() {
  return kPresets;
}

std::span<const Preset> ForeignFormats() {
  return kForeign;
}

std::string_view NearestLayout(std::string_view word) {
  if (word.empty() || word.size() > kMaxWord) return {};
  for (const Alias& alias : kAliases)
    if (Distance(word, alias.word) == 0) return alias.name;
  std::string_view nearest;
  size_t least = std::min<size_t>(3, word.size() / 2 + 1);  // fewer changes than that
  for (const Preset& preset : kPresets)
    if (const size_t n = Distance(word, preset.name); n < least) {
      least = n;
      nearest = preset.name;
    }
  return nearest;
}

const Preset* FindPreset(std::string_view name) {
  for (const Preset& preset : kPresets)
    if (preset.name == name) return &preset;
  return nullptr;
}

}  // namespace detid
