// SPDX-License-Identifier: PostgreSQL
//
// The origin of who mints: this server with its data directory, its timeline, this database with
// its own directory.

#pragma once

#include "core/horizon.h"

namespace detid {

// REQUIRES: the server is not in recovery. Asks the file system: not under a lock.
Origin OriginHere();

// Of this database's files, hashed. No database has it that is made under the same oid later, nor
// one that was moved to another tablespace. It stays the same while anybody is connected.
uint64_t DatabaseDirectory();

// The instance and the database of an origin as one number, for the registry: a copy of a database
// in the same server is another node.
int64_t PlaceOf(const Origin& origin);

}  // namespace detid
