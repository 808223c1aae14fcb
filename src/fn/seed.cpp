// SPDX-License-Identifier: PostgreSQL
//
// rotate_seed, export_seed, import_seed: the seeds behind random fields, for their owner alone.
//
// An exported seed is
//
//   detid-seed-1-<64 hexadecimal digits>-<the first 8 of its commitment>
//
// so that a digit mistyped is noticed.

#include "state/seed.h"

#include <algorithm>

#include "core/codec.h"
#include "core/definition.h"
#include "core/id_text.h"
#include "pg/errors.h"
#include "pg/pg.h"

extern "C" {
#include "catalog/indexing.h"
}

namespace detid {
namespace {

constexpr std::string_view kHead = "detid-seed-1-";
constexpr int kHalfDigits = kSeedBytes;  // of half a seed
constexpr int kCheckDigits = 8;
constexpr size_t kExportedLength = kHead.size() + 2 * kHalfDigits + 1 + kCheckDigits;

Datum BytesDatum(const uint8_t* from, int n) {
  bytea* b = static_cast<bytea*>(palloc(static_cast<Size>(VARHDRSZ + n)));
  SET_VARSIZE(b, VARHDRSZ + n);
  memcpy(VARDATA(b), from, static_cast<size_t>(n));
  return PointerGetDatum(b);
}

Datum CommitmentDatum(const Commitment& c) {
  char text[kCommitmentText + 1];
  FormatCommitment(c, text);
  return CStringGetTextDatum(text);
}

enum class SeedOrigin : bool { kOwn, kImported };

// Adds a seed unless it is there; returns its commitment. Without a query of its own, which a log
// of statements could show with the seed in it.
Datum AddSeed(const char* command, const Seed& seed, SeedOrigin origin) {
  PreventCommandIfReadOnly(command);
  PreventCommandIfParallelMode(command);
  const Oid table = SeedRelation();
  if (pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
  // Two at once would take the same number.
  const Relation relation = table_open(table, ShareRowExclusiveLock);
  const Commitment commitment = Commit(seed);
  int highest = 0, lowest = 0;
  bool there = false;
  EachSeed([&](int number, const Commitment& c, const Seed&) {
    highest = std::max(highest, number);
    lowest = std::min(lowest, number);
    there = there || c == commitment;
  });
  if (!there) {
    Datum values[] = {Int32GetDatum(origin == SeedOrigin::kOwn ? highest + 1 : lowest - 1),
                      BytesDatum(commitment.byte, kCommitmentBytes),
                      BytesDatum(seed.byte, kSeedBytes),
                      TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())};
    bool nulls[std::size(values)] = {};
    CatalogTupleInsert(relation, heap_form_tuple(RelationGetDescr(relation), values, nulls));
    CacheInvalidateRelcache(relation);
    CommandCounterIncrement();
  }
  table_close(relation, NoLock);
  return CommitmentDatum(commitment);
}

void FormatExported(const Seed& seed, char* out) {
  char* at = out + kHead.copy(out, kHead.size());
  for (int half = 0; half < 2; half++) {
    FormatHex(FromUuidBytes(seed.byte + 16 * half), 128, at, kHalfDigits + 1);
    at += kHalfDigits;
  }
  char commitment[kCommitmentText + 1];
  FormatCommitment(Commit(seed), commitment);
  snprintf(at, 1 + kCheckDigits + 1, "-%.*s", kCheckDigits, commitment);
}

// Does not repeat the text in an error: it may be most of a seed.
Seed ParseExported(std::string_view text) {
  Seed seed;
  bool right = text.size() == kExportedLength && text.substr(0, kHead.size()) == kHead;
  const Codec& hex = *FindCodec("hex");
  for (int half = 0; half < 2 && right; half++) {
    const Result<Bits> bits = Decode(
        hex, text.substr(kHead.size() + static_cast<size_t>(half) * kHalfDigits, kHalfDigits), 128);
    right = bits.ok();
    if (right) ToUuidBytes(bits.value, seed.byte + 16 * half);
  }
  if (right) {
    char again[kExportedLength + 1];
    FormatExported(seed, again);
    right = text == std::string_view(again, kExportedLength);
  }
  if (!right)
    Raise(Error::kArgumentInvalid,
          "The text is not what detid.export_seed has returned; it has %zu characters.",
          text.size());
  return seed;
}

}  // namespace

// Trigger on detid._seed, after any change: sessions that hold keys of seeds read them again.
DETID_FUNCTION(detid_seed_changed) {
  if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "not called by trigger manager");
  CacheInvalidateRelcache(reinterpret_cast<const TriggerData*>(fcinfo->context)->tg_relation);
  PG_RETURN_POINTER(nullptr);
}

// rotate_seed() -> text: a seed from libsodium's random source makes the ids from here on. Returns
// its commitment.
DETID_FUNCTION(detid_rotate_seed) {
  Seed seed = NewSeed();
  const Datum commitment = AddSeed("rotate_seed()", seed, SeedOrigin::kOwn);
  explicit_bzero(&seed, sizeof seed);
  return commitment;
}

// import_seed(seed text) -> text: a seed of another node, to verify and replay what it has made.
// Returns its commitment.
DETID_FUNCTION(detid_import_seed) {
  Seed seed = ParseExported(View(PG_GETARG_TEXT_PP(0)));
  const Datum commitment = AddSeed("import_seed()", seed, SeedOrigin::kImported);
  explicit_bzero(&seed, sizeof seed);
  return commitment;
}

// export_seed([commitment text]) -> text: the one with that commitment; the one that makes ids.
DETID_FUNCTION(detid_export_seed) {
  Seed seed;
  Commitment commitment;
  if (PG_NARGS() == 0) {
    if (!CurrentSeed(&seed, &commitment))
      Raise(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
  } else {
    const std::string_view given = View(PG_GETARG_TEXT_PP(0));
    if (!ParseCommitment(given, &commitment) || !FindSeed(commitment, &seed))
      Raise(Error::kArgumentInvalid, "There is no seed with the commitment \"%.*s\".",
            Clip(given, 60), given.data());
  }
  char exported[kExportedLength + 1];
  FormatExported(seed, exported);
  explicit_bzero(&seed, sizeof seed);
  PG_RETURN_TEXT_P(cstring_to_text_with_len(exported, kExportedLength));
}

}  // namespace detid
