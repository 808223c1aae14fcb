// SPDX-License-Identifier: PostgreSQL
//
// The registry client: one background process for each database that is a node. It asks the
// registry for intervals, publishes them in shared memory, and fences the node when it is told to.
// Minting never waits for it, but for the first interval.
//
// What happens in a heartbeat, in this order; a stop anywhere in between harms nobody:
//   1  the pair of nonces is stored, durably
//   2  the coordinator is asked
//   3  what it answered is stored, durably
//   4  node time goes to the start of the interval, and the interval is published (core/registry.h)
//
// On a standby it only asks what it would be told (foretell.h), and becomes what it is above once
// the server is promoted.
//
// Invariants:
//   B1  the database may be anybody's. Only tables that are the extension's are looked at, and only
//       as their owner, in a security-restricted operation: of what he made of them (triggers,
//       rules, policies) nothing runs as the superuser who the process is. What is read is of the
//       columns' types, or is not taken.
//   B2  who keeps a lock delays nothing but steps 1 and 3. Until it is over, the pair that was
//       stored last is sent again: so a fence is heard of, and is in memory before it waits to be
//       stored.
//   B3  the extension is not dropped while the process looks at its tables: it has a lock on it, and
//       looks again whose they are once it has.

#pragma once

namespace detid {

// Called from _PG_init while the server starts. Registers nothing where there is no coordinator.
void RegisterRegistryClients();

}  // namespace detid
