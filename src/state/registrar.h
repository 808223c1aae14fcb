// SPDX-License-Identifier: PostgreSQL
//
// The registrar: one background process for each database that is a node. It asks the registry for
// intervals, publishes them in shared memory, and fences the node when it is told to. Minting never
// waits for it, but for the first interval.
//
// What happens in a beat, in this order; a stop anywhere in between harms nobody:
//   1  the pair of nonces is stored, durably
//   2  the coordinator is asked
//   3  what it answered is stored, durably
//   4  node time goes to the start of the interval, and the interval is published (core/registry.h)

#pragma once

namespace detid {

// Called from _PG_init while the server starts. Registers nothing where there is no coordinator.
void RegisterRegistrars();

}  // namespace detid
