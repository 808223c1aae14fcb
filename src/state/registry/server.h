// SPDX-License-Identifier: PostgreSQL
//
// How this server came to write where it is, and whether it is being shut down, as the registry is
// told (core/registry.h).

#pragma once

#include "core/registry.h"
#include "state/registry/registration.h"

namespace detid {

// A server that began as a standby, and streamed from another one in this incarnation, was
// promoted. What began from a backup was recovered; and so was a standby that only read an archive,
// as it cannot be told from that. What `stored` says of this place and timeline counts before what
// this incarnation shows: after a restart nothing does. REQUIRES: the server is not in recovery.
Began BeganHere(const StoredRegistration& stored, const Origin& here);

// Whether the server is being shut down, smartly or fast: it does not come to life again.
bool ServerStops();

// From here on SIGTERM does not end this process, which looks whether it is to end itself; but at
// once while it waits for what may have no end. REQUIRES: it has a latch.
void EndWhenAsked();
bool EndAsked();
void ForgetEnd();  // as it is what is being done
void EndAtOnce(bool at_once);

}  // namespace detid
