// SPDX-License-Identifier: PostgreSQL

#include "state/origin.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/prf.h"
#include "pg/pg.h"
#include "state/settings.h"

namespace detid {
namespace {

// When a file was made, in nanoseconds; 0 if this system or file system does not tell.
uint64_t BirthOf(const char* path) {
#ifdef STATX_BTIME
  struct statx file;
  if (statx(AT_FDCWD, path, 0, STATX_BTIME, &file) == 0 && (file.stx_mask & STATX_BTIME))
    return static_cast<uint64_t>(file.stx_btime.tv_sec) * 1000000000 + file.stx_btime.tv_nsec;
#endif
  return 0;
}

// Errors: the file cannot be looked at. Then nobody knows where this is, and it is no other place.
struct stat Look(const char* path) {
  struct stat file = {};
  if (stat(path, &file) != 0)
    ereport(ERROR, (errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path)));
  return file;
}

// Of the server's data directory, hashed.
uint64_t InstanceHere() {
  static uint64_t known = 0;  // of the process
  if (known != 0) return known;
  // The directory's inode alone may be that of its original: the root of every volume has the same
  // number, and one that is free is used again. PG_VERSION is written once, by initdb or by who
  // copies; a backend's working directory is the data directory.
  const uint64_t who[] = {GetSystemIdentifier(), static_cast<uint64_t>(Look(DataDir).st_ino),
                          static_cast<uint64_t>(Look("PG_VERSION").st_ino), BirthOf("PG_VERSION")};
  return known = HashBits({reinterpret_cast<const char*>(who), sizeof who}, 63).word[0];
}

}  // namespace

// A file that is made new with its directory, in every way to make a database. Its inode may have
// been another's before; and where the file system does not tell when a file was made, the last
// change is as good, as there is none.
uint64_t DatabaseDirectory() {
  static uint64_t known = 0;  // of the process, which has one database
  if (known != 0) return known;
  char path[MAXPGPATH];
  snprintf(path, sizeof path, "%s/PG_VERSION", DatabasePath);
  const struct stat file = Look(path);
  uint64_t made = BirthOf(path);
  if (made == 0)
    made = static_cast<uint64_t>(file.st_mtim.tv_sec) * 1000000000 +
           static_cast<uint64_t>(file.st_mtim.tv_nsec);
  const uint64_t what[] = {static_cast<uint64_t>(file.st_ino), made};
  const uint64_t hash = HashBits({reinterpret_cast<const char*>(what), sizeof what}, 63).word[0];
  return known = std::max<uint64_t>(hash, 1);
}

Origin OriginHere() {
  return {InstanceHere(), MyDatabaseId, GetWALInsertionTimeLine(), settings::node_id,
          DatabaseDirectory()};
}

int64_t PlaceOf(const Origin& w) {
  const uint64_t where[] = {w.instance, w.database};
  return static_cast<int64_t>(
      HashBits({reinterpret_cast<const char*>(where), sizeof where}, 63).word[0]);
}

}  // namespace detid
