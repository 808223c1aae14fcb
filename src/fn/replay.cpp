// SPDX-License-Identifier: PostgreSQL
//
// replay: recorded outputs made again from recorded inputs, and compared, one by one. verify_replay
// counts.

#include "core/id_text.h"
#include "fn/entry_scan.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

// replay(generator, since, until) -> setof (entry, ordinal, recorded, regenerated, matches, reason)
DETID_FUNCTION(detid_replay) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  EachEntry(WantedBy(fcinfo), [&](const Entry& e) {
    const char* altered = e.reason == nullptr ? Altered(e) : nullptr;
    const MemoryContext one =
        AllocSetContextCreate(CurrentMemoryContext, "row", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(one);
    for (int i = 0; i < e.count; i++) {
      CHECK_FOR_INTERRUPTS();
      char text[kMaxIdText];
      Bits recorded;
      const bool is_recorded = Recorded(e, i, &recorded);
      Record<6> row;
      row.Add(Int64GetDatum(e.entry));
      row.Add(Int32GetDatum(i + 1));
      if (is_recorded) {
        FormatId(e.layout.bits, recorded, text, sizeof text);
        row.AddText(text);
      } else {
        row.Skip();
      }
      if (e.reason == nullptr) {
        const Bits id = Regenerate(e, i);
        FormatId(e.layout.bits, id, text, sizeof text);
        row.AddText(text);
        const bool same = !is_recorded || recorded == id;
        row.Add(BoolGetDatum(altered == nullptr && same));
        if (altered != nullptr)
          row.AddText(altered);
        else if (!same)
          row.AddText("another id was recorded");
        else
          row.Skip();
      } else {
        if (e.made_again) {
          FormatId(e.layout.bits, Regenerate(e, i), text, sizeof text);
          row.AddText(text);
        } else {
          row.Skip();
        }
        if (e.refuted)
          row.Add(BoolGetDatum(false));
        else
          row.Skip();
        row.AddText(e.reason);
      }
      row.Put(set);
      MemoryContextReset(one);
    }
    MemoryContextSwitchTo(old);
    MemoryContextDelete(one);
    return true;
  });
  return Datum{0};
}

}  // namespace detid
