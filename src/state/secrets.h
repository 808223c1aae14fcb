// SPDX-License-Identifier: PostgreSQL
//
// Secrets: the keys that a generator has from the seeds at hand, to verify its ids and to mask
// them. Read from detid._seed once, and kept by the backend until a seed, the generator or a
// privilege changes.

#pragma once

#include "core/definition.h"
#include "core/permutation.h"
#include "state/seed.h"

namespace detid {

struct Secrets {
  bool ready = false;
  bool invalidated = false;  // while it was being read
  ObjectId user = 0;         // whose privilege was checked
  uint8_t mask_bits = 0;     // of the layout; 0: there is no mask, or its seed is not at hand
  MaskKey mask{};
  int count = 0;  // of keys: the seed that makes ids here, then the others
  GeneratorKey* keys = nullptr;
};

// The secrets of a generator, for who may mint from it or look at it. Errors: no privilege, no
// generator.
const Secrets& SecretsFor(ObjectId generator);

// What module.cpp tells.
namespace secrets {
void OnRelationChange(ObjectId relation);  // InvalidOid: any
void OnRoleChange();
void OnTransactionEnd();
}  // namespace secrets

}  // namespace detid
