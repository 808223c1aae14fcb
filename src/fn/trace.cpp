// SPDX-License-Identifier: PostgreSQL
//
// What is behind trace: the ledger's entry that holds an id, and replay's verdict.

#include "fn/ids.h"
#include "fn/record.h"
#include "fn/search.h"
#include "state/definitions.h"

namespace detid {
namespace {

void AddTexts(Record<13>* row, const LedgerContext* c) {
  const auto add = [&](std::string_view text) {
    if (text.data() == nullptr) return row->Skip();
    row->Add(PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))));
  };
  if (c == nullptr) return row->Skip(5);
  add(c->session_role);
  add(c->role);
  add(c->application);
  add(c->client);
  add(c->tag);
}

}  // namespace

// _find_entry(generator regclass, id text) -> setof (node, entry, ordinal, xact, session_role,
// role, application, client, tag, input, pinned, matches, reason): the ledger's entry that holds
// the id, if there is one, and replay's verdict.
DETID_FUNCTION(detid_find_entry) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Oid generator = PG_GETARG_OID(0);
  const Definition d = DefinitionFor(generator);
  const Bits id = IdArgument(fcinfo, 1, TEXTOID, d);
  EntryReader* reader = OpenEntries();
  FindEntry(reader, generator, d, id, [&](const Entry& e, int i) {
    Record<13> row;
    row.Add(Int32GetDatum(e.first.node));
    row.Add(Int64GetDatum(e.entry));
    row.Add(Int32GetDatum(i + 1));
    if (e.context != nullptr)
      row.Add(FullTransactionIdGetDatum(FullTransactionIdFromEpochAndXid(
          static_cast<uint32_t>(e.context->xact_epoch), e.row.xact)));
    else
      row.Skip();
    AddTexts(&row, e.context);
    if (e.row.tag != nullptr) {
      row.next--;
      row.Add(PointerGetDatum(e.row.tag));
    }
    const std::string_view input = InputOf(e, i);
    if (input.data() != nullptr)
      row.Add(
          PointerGetDatum(cstring_to_text_with_len(input.data(), static_cast<int>(input.size()))));
    else
      row.Skip();
    row.Add(BoolGetDatum(e.row.key.worker < kNoWorker));
    const char* altered = e.reason == nullptr ? Altered(e) : nullptr;
    if (e.reason == nullptr)
      row.Add(BoolGetDatum(altered == nullptr && Regenerate(e, i) == id));
    else if (e.refuted)
      row.Add(BoolGetDatum(false));
    else
      row.Skip();
    if (e.reason != nullptr || altered != nullptr)
      row.AddText(altered != nullptr ? altered : e.reason);
    else
      row.Skip();
    row.Put(set);
  });
  CloseEntries(reader);
  return Datum{0};
}

}  // namespace detid
