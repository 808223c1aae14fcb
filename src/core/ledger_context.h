// SPDX-License-Identifier: PostgreSQL
//
// A context: what the rows of the ledger have in common that a session writes, once for all of
// them. It is known by a number that follows from what it says:
//
//   number = the 63 lowest bits of BLAKE2b-128, key: the ledger's key (ledger_digest.h), personal
//            "detid-context1", of the fields in their order: a number as 8 bytes, little-endian, a
//            text as its length and its bytes, one that is absent as the length -1. Or less than
//            kContextNumbers more, where another context has that number, or the same one is being
//            written under it by a transaction that has not ended.
//
// Invariants:
//   A3  nobody hands numbers out. So sessions agree without waiting for each other, ledgers of
//       several nodes are merged as they are, and a context that was changed has another number
//       than its rows say.
//   A4  without the seed nobody finds two contexts of one number.

#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "core/columns.h"
#include "core/ledger_digest.h"
#include "core/prf.h"

namespace detid {

struct Instant {
  int64_t us = 0;  // since 1970
};

// Texts whose data() is null are absent.
struct LedgerContext {
  uint32_t generator = 0;  // its oid on the minting node
  std::string_view generator_name;
  int64_t definition = 0;
  std::string_view layout;  // text, with the epoch what positions of the definition mean
  Instant epoch;
  int32_t sequence_bits = 0;
  Commitment seed{};  // whose key the rows' digests have
  bool pinned = false;
  int64_t instance = 0;    // of the database and its timeline
  int32_t xact_epoch = 0;  // the upper half of the rows' transactions
  int32_t worker = 0;      // of the backend
  std::string_view session_role, role;
  std::string_view application, client;
  std::string_view tag;  // of rows that have none of their own
};

inline constexpr uint64_t kContextNumbers = 1 << 20;

// clang-format off
inline constexpr std::tuple kContextColumns{
    Column{"generator", [](auto& c) -> auto& { return c.generator; }},
    Column{"generator_name", [](auto& c) -> auto& { return c.generator_name; }},
    Column{"definition", [](auto& c) -> auto& { return c.definition; }},
    Column{"layout", [](auto& c) -> auto& { return c.layout; }},
    Column{"epoch", [](auto& c) -> auto& { return c.epoch; }},
    Column{"sequence_bits", [](auto& c) -> auto& { return c.sequence_bits; }},
    Column{"seed", [](auto& c) -> auto& { return c.seed; }},
    Column{"pinned", [](auto& c) -> auto& { return c.pinned; }},
    Column{"instance", [](auto& c) -> auto& { return c.instance; }},
    Column{"xact_epoch", [](auto& c) -> auto& { return c.xact_epoch; }},
    Column{"worker", [](auto& c) -> auto& { return c.worker; }},
    Column{"session_role", [](auto& c) -> auto& { return c.session_role; }},
    Column{"role", [](auto& c) -> auto& { return c.role; }},
    Column{"application", [](auto& c) -> auto& { return c.application; }},
    Column{"client", [](auto& c) -> auto& { return c.client; }},
    Column{"tag", [](auto& c) -> auto& { return c.tag; }},
};
// clang-format on
static_assert(CountOf(kContextColumns) == MembersOf<LedgerContext>());

// Calls add(bytes, size) with what is hashed of a context, piece by piece.
template <typename Add>
void HashFields(const LedgerContext& context, Add add) {
  const auto number = [&](int64_t n) { add(&n, sizeof n); };
  EachColumn(kContextColumns, context, [&](const auto&, const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string_view>) {
      number(value.data() == nullptr ? int64_t{-1} : static_cast<int64_t>(value.size()));
      add(value.data(), value.size());
    } else if constexpr (std::is_same_v<Value, Commitment>) {
      add(value.byte, sizeof value.byte);
    } else if constexpr (std::is_same_v<Value, Instant>) {
      number(value.us);
    } else {
      number(static_cast<int64_t>(value));
    }
  });
}

// The number of a context, not 0.
uint64_t NumberOf(const LedgerKey& key, const LedgerContext& context);

// One of the numbers that it may have. REQUIRES: offset < kContextNumbers.
constexpr uint64_t NumberAfter(uint64_t number, uint64_t offset) {
  return (number + offset) & INT64_MAX;
}

// Whether a context may have this number.
bool MayHaveNumber(const LedgerKey& key, const LedgerContext& context, uint64_t number);

}  // namespace detid
