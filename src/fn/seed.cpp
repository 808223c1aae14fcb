// SPDX-License-Identifier: PostgreSQL
//
// rotate_seed, export_seed, import_seed: the seeds behind random fields, for their owner alone.

#include "state/seed.h"

#include <algorithm>

#include "core/label.h"
#include "fn/secret.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {
namespace {

constexpr char kHead[] = "detid-seed-1-";

enum class SeedOrigin : bool { kOwn, kImported };

// Adds a seed unless it is there; returns its commitment.
Datum AddSeed(const char* command, const Seed& seed, SeedOrigin origin) {
  const Relation relation = OpenSecrets(SeedRelation(), command);
  const Commitment commitment = Commit(seed);
  int highest = 0, lowest = 0;
  bool there = false;
  EachSeed([&](int number, const Commitment& c, const Seed&) {
    highest = std::max(highest, number);
    lowest = std::min(lowest, number);
    there = there || c == commitment;
  });
  const int number = origin == SeedOrigin::kOwn ? highest + 1 : lowest - 1;
  Seed mark = NewSeed();
  if (!there)
    AddSecretRow(relation, INT4OID, Int32GetDatum(number), commitment, seed,
                 origin == SeedOrigin::kOwn ? &mark : nullptr);
  explicit_bzero(&mark, sizeof mark);
  table_close(relation, NoLock);
  return CommitmentDatum(commitment);
}

}  // namespace

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
  Seed seed = ParseExported(kHead, "detid.export_seed", View(PG_GETARG_TEXT_PP(0)));
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
  const Datum exported = ExportedDatum(kHead, seed);
  explicit_bzero(&seed, sizeof seed);
  return exported;
}

}  // namespace detid
