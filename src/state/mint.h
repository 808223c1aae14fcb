// SPDX-License-Identifier: PostgreSQL
//
// Minting: choosing coordinates that nobody has used. The path from here to sequencer.h and
// compose.h is the hot one: one clock reading, no allocation, no lock, no look-up.

#pragma once

#include "core/sequencer.h"
#include "pg/pg.h"
#include "state/clock.h"
#include "state/minter.h"
#include "state/settings.h"

namespace detid {

// The Minter of `generator`, filled and allowed to this user. `extra` is the caller's fn_extra.
inline Minter* ReadyMinter(FunctionCallInfo fcinfo, Oid generator) {
  Minter* m = static_cast<Minter*>(fcinfo->flinfo->fn_extra);
  if (m == nullptr || m->generator != generator) [[unlikely]] {
    m = MinterFor(generator);
    fcinfo->flinfo->fn_extra = m;
  }
  if (!m->ready || m->user != GetUserId() || XactReadOnly) [[unlikely]]
    Fill(m);
  return m;
}

// Renews the horizon, waits, raises, or says why there is no id.
Grant TakeSlowly(Minter* m, uint32_t wanted, Grant refused);

// The first position of node time's tick. Errors: before the epoch, after its end.
inline uint64_t NowPosition(Minter* m) {
  const int64_t now_us = m->pinned ? settings::pinned_us : NodeTimeUs();
  const uint64_t now = m->Now(m->definition, now_us);
  if (now == kNoPosition) [[unlikely]]
    RaiseOutside(m, now_us);
  return now;
}

// Up to `wanted` consecutive positions that are this backend's from here on.
// REQUIRES: the Minter is ready. Errors: fenced, end of epoch, cancelled, and the horizon's.
inline Grant Take(Minter* m, uint32_t wanted) {
  Grant grant{Verdict::kRaise, 0, 0};
  if (!m->database->fence.is_set()) [[likely]] {
    grant = m->Take(NowPosition(m), wanted);
    if (grant.verdict == Verdict::kGiven && grant.first < m->renew) [[likely]]
      return grant;
  }
  return TakeSlowly(m, wanted, grant);
}

// One position that is this backend's. REQUIRES and errors: as Take.
inline uint64_t TakeOne(Minter* m) {
  if (!m->database->fence.is_set() && !m->ordered) [[likely]] {
    const uint64_t position = m->TakeOne(NowPosition(m));
    if (position != kNoPosition) [[likely]]
      return position;
  }
  return Take(m, 1).first;
}

// Whether an id may be handed out: one that is among its generator's last is not, and is counted.
// Errors: none is found. REQUIRES: the generator has a history.
bool Remember(Minter* m, const Bits& id);

inline bool RecordIfNew(Minter* m, const Bits& id) {
  return m->window == nullptr || Remember(m, id);
}

}  // namespace detid
