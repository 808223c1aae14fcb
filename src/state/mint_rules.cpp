// SPDX-License-Identifier: PostgreSQL

#include "state/mint_rules.h"

#include "core/history.h"
#include "core/instant.h"
#include "pg/pg.h"
#include "state/seed.h"
#include "state/settings.h"

namespace detid {

Refusal WorkerRule(const Layout& layout, const char* name) {
  if (!layout.shows(Kind::kWorker) ||
      static_cast<uint64_t>(MaxBackends) <= LowMask(layout.bits_of(Kind::kWorker)) + 1)
    return {};
  return Refuse(Error::kWorkerTooNarrow,
                "The layout of %s has %d worker bits; the server has %d backends.", name,
                layout.bits_of(Kind::kWorker), MaxBackends);
}

Refusal NodeRule(const Layout& layout, const char* name, int32_t node) {
  const uint64_t largest =
      LowMask(layout.shows(Kind::kNode) ? layout.bits_of(Kind::kNode) : kMaxNodeBits);
  if (static_cast<uint64_t>(node) <= largest) return {};
  return Refuse(Error::kNodeIdTooLarge, "%s is %d; the layout of %s has %d node bits.",
                settings::node_id >= 0 ? "detid.node_id" : "The node number", node, name,
                layout.bits_of(Kind::kNode));
}

Refusal EndRule(const Definition& d, const char* name) {
  char end[kMaxInstantText];
  FormatInstant(EndOfEpochUs(d), end, sizeof end);
  return Refuse(Status::Error(Code::kEpochEnd, "The layout of %s ends at %s.", name, end));
}

Refusal TimeRule(const Definition& d, const char* name, int64_t now_us) {
  if (now_us >= EndOfEpochUs(d)) return EndRule(d, name);
  if (now_us >= d.epoch_us) return {};
  char now[kMaxInstantText], epoch[kMaxInstantText];
  FormatInstant(now_us, now, sizeof now);
  FormatInstant(d.epoch_us, epoch, sizeof epoch);
  return Refuse(Status::Error(Code::kBeforeEpoch, "Node time is %s; the epoch of %s is %s.", now,
                              name, epoch));
}

Refusal SeedRule(const Definition& d, GeneratorKey* key, Commitment* commitment,
                 LedgerKey* ledger_key, bool* has_seed) {
  Seed seed;
  *has_seed = CurrentSeed(&seed, commitment);
  if (*has_seed) {
    *key = KeyOf(d, seed);
    *ledger_key = DeriveLedgerKey(seed);
    explicit_bzero(&seed, sizeof seed);
    return {};
  }
  if (!d.layout.shows(Kind::kRandom) && !d.scatter && d.audit == Audit::kOff) return {};
  return Refuse(Status::Error(Code::kSeedMissing, "The table detid._seed is empty."));
}

Refusal ShardRefusal() {
  return Refuse(Error::kTooManyGenerators,
                "detid.max_generators is %d; a role may use as many as it leaves to others.",
                settings::max_generators);
}

Refusal HistoryRefusal(uint32_t ids) {
  return Refuse(
      Error::kHistoryFull,
      "A history of %u ids takes %u kB; detid.history_memory is %d kB, of which a role may "
      "use as much as it leaves to others.",
      ids, 1u << (HistoryBits(ids) - 4), settings::history_memory_kb);
}

}  // namespace detid
