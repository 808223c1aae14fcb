// SPDX-License-Identifier: PostgreSQL
//
// mask, unmask: the public face of bigint keys, a keyed permutation of what the layout's bits hold.

#include "core/label.h"
#include "core/permutation.h"
#include "fn/ids.h"
#include "pg/errors.h"
#include "pg/pg.h"
#include "state/definitions.h"
#include "state/secrets.h"

namespace detid {
namespace {

[[noreturn, gnu::cold]] void RaiseNoMask(Oid generator) {
  const Definition& d = DefinitionFor(generator);
  if (!d.layout.is_bigint())
    Raise(Error::kWrongType, "Its layout has %d bits; only bigints are masked.", d.layout.bits);
  if (!d.has_mask) Raise(Error::kNoMask);
  char commitment[kCommitmentText + 1];
  FormatCommitment(d.mask, commitment);
  Raise(Error::kMaskSeedMissing, "The seed has the commitment %s.", commitment);
}

Datum Masked(FunctionCallInfo fcinfo, uint64_t (*permute)(const MaskKey&, uint64_t, int)) {
  const Oid generator = PG_GETARG_OID(1);
  const Secrets& secrets = SecretsFor(generator);
  const int bits = secrets.mask_bits;
  if (bits == 0) [[unlikely]]
    RaiseNoMask(generator);
  const uint64_t id = static_cast<uint64_t>(PG_GETARG_INT64(0));
  if (id > LowMask(bits)) [[unlikely]]
    Raise(Error::kArgumentInvalid,
          "%lld is not within 0 and %llu, the largest of the layout's %d bits.",
          static_cast<long long>(id), static_cast<unsigned long long>(LowMask(bits)), bits);
  PG_RETURN_INT64(static_cast<int64_t>(permute(secrets.mask, id, bits)));
}

}  // namespace

// mask(id bigint, generator regclass) -> bigint
DETID_FUNCTION(detid_mask) {
  return Masked(fcinfo, Permute);
}

// unmask(masked bigint, generator regclass) -> bigint
DETID_FUNCTION(detid_unmask) {
  return Masked(fcinfo, Unpermute);
}

}  // namespace detid
