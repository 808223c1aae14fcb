// SPDX-License-Identifier: PostgreSQL

#include "state/ledger.h"

#include <algorithm>

#include "pg/pg.h"
#include "state/ledger_context.h"
#include "state/ledger_row.h"
#include "state/minter.h"
#include "state/settings.h"

namespace detid {
namespace {

// The buffer's bounds; an early write empties it as far as L3 allows.
constexpr int kMaxEntries = 1024;
constexpr size_t kMaxBufferBytes = 4 << 20;
// Of the current transaction; null and 0 outside of one that mints.
MemoryContext context = nullptr;
LedgerEntry* entries = nullptr;
int count = 0, capacity = 0;
size_t bytes = 0;
// True from the flush before commit on: what is minted then is written at once.
bool committing = false;

void Clear() {
  if (context != nullptr) MemoryContextDelete(context);
  context = nullptr;
  entries = nullptr;
  count = capacity = 0;
  bytes = 0;
}

LedgerEntry* AddEntry() {
  if (context == nullptr)
    context =
        AllocSetContextCreate(TopTransactionContext, "pg_detid ledger", ALLOCSET_DEFAULT_SIZES);
  if (count == capacity) {
    const int more = capacity == 0 ? 16 : capacity * 2;
    const Size size = sizeof(LedgerEntry) * static_cast<Size>(more);
    entries = static_cast<LedgerEntry*>(capacity == 0 ? MemoryContextAlloc(context, size)
                                                      : repalloc(entries, size));
    capacity = more;
  }
  return &entries[count];  // counted once it is complete
}

// Text shared with the entry before where it is the same; null stays null.
char* ShareOrCopy(char* before, const char* text) {
  if (text == nullptr) return nullptr;
  if (before != nullptr && strcmp(before, text) == 0) return before;
  bytes += strlen(text) + 1;
  return MemoryContextStrdup(context, text);
}

// Takes entries [first, count) off the buffer. Tags stay until the buffer is empty: others may
// share them.
void DropTail(int first) {
  if (first == 0) {
    Clear();
    return;
  }
  while (count > first) {
    LedgerEntry* e = &entries[--count];
    if (e->each == nullptr) continue;
    for (int i = 0; i < e->ids.count; i++)
      if (e->each->input[i] != nullptr) pfree(e->each->input[i]);
    bytes -= sizeof(LedgerEach) + e->each->input_bytes;
    pfree(e->each);
  }
}

int TailOf(SubTransactionId subtransaction) {
  int first = count;
  while (first > 0 && entries[first - 1].subtransaction == subtransaction) first--;
  return first;
}

// Writes the entries of the current subtransaction and takes them off the buffer.
void WriteTail(int first) {
  if (first == count) return;
  WriteLedger(entries + first, count - first);
  DropTail(first);
}

bool Full() {
  return committing || count >= kMaxEntries || bytes >= kMaxBufferBytes;
}

// The generator's last entry that is known, else the last one of all; null if there is none.
LedgerEntry* LastOf(const Minter* m) {
  if (count == 0) return nullptr;
  const int i = m->last_entry;
  return &entries[i < count && entries[i].generator == m->generator ? i : count - 1];
}

// The entry that this id extends, or null.
LedgerEntry* Extendable(const Minter* m, uint64_t position, bool each) {
  LedgerEntry* e = LastOf(m);
  if (e == nullptr || e->generator != m->generator || e->row.node != m->node ||
      e->role != m->user || e->pinned != m->pinned || e->row.definition != m->fingerprint ||
      e->row.worker != m->ledger_worker || !(e->seed == m->seed) ||
      e->tag_changes != settings::tag_changes ||
      strcmp(application_name != nullptr ? application_name : "", m->context.application) != 0 ||
      e->subtransaction != GetCurrentSubTransactionId() || (e->each != nullptr) != each ||
      position > e->last_of_run)
    return nullptr;
  if (!each) return position == e->next && e->ids.count < kMaxRun ? e : nullptr;
  // Of a worker that others have a part in, only what is consecutive is this backend's (A8).
  return e->ids.count < kMaxEach && e->each->input_bytes < kMaxEachInputBytes &&
                 (m->ledger_worker == kNoWorker ? position == e->next : position >= e->next)
             ? e
             : nullptr;
}

LedgerEntry* NewEntry(Minter* m, uint64_t position, const Bits& id, bool each) {
  const SaidOfRow said = SayWho(m);  // before the entry: it may write, and fail
  LedgerEntry* e = AddEntry();
  const LedgerEntry* last = LastOf(m);
  DescribeMint(m, position, id, said, e);
  e->tag = ShareOrCopy(last != nullptr ? last->tag : nullptr, e->tag);
  e->subtransaction = GetCurrentSubTransactionId();
  if (each) {
    e->each = static_cast<LedgerEach*>(MemoryContextAlloc(context, sizeof(LedgerEach)));
    e->each->input_bytes = 0;
    bytes += sizeof(LedgerEach);
  }
  m->last_entry = count++;
  return e;
}

}  // namespace

void RecordMint(Minter* m, uint64_t position, const Bits& id, std::string_view input) {
  RequireNoRows();
  // A hash of the input cannot be replayed without it.
  const bool each = m->audit == Audit::kEach ||
                    (input.data() != nullptr && m->definition.layout.shows(Kind::kHash));
  LedgerEntry* e = Extendable(m, position, each);
  if (e == nullptr) {
    if (Full()) WriteTail(TailOf(GetCurrentSubTransactionId()));
    e = NewEntry(m, position, id, each);
  }
  if (each) {
    text* copy = nullptr;
    if (input.data() != nullptr) {
      const Size size = VARHDRSZ + input.size();
      copy = static_cast<text*>(MemoryContextAlloc(context, size));
      SET_VARSIZE(copy, size);
      memcpy(VARDATA(copy), input.data(), input.size());
      bytes += size;
      e->each->input_bytes += size;
    }
    e->each->position[e->ids.count] = position;
    e->each->id[e->ids.count] = id;
    e->each->input[e->ids.count] = copy;
  }
  AddToEntry(position, id, e);
  if (committing) WriteTail(TailOf(GetCurrentSubTransactionId()));
}

namespace ledger {

void OnTransaction(XactEvent event) {
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
      committing = true;
      if (count > 0) WriteTail(0);
      break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PREPARE:
    case XACT_EVENT_ABORT:
      // The transaction's memory goes by itself.
      context = nullptr;
      entries = nullptr;
      count = capacity = 0;
      bytes = 0;
      committing = false;
      ForgetRows(1);
      break;
    default:
      break;
  }
}

void OnSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent) {
  if (event == SUBXACT_EVENT_ABORT_SUB) ForgetRows(GetCurrentTransactionNestLevel());
  if (count == 0) return;
  switch (event) {
    case SUBXACT_EVENT_PRE_COMMIT_SUB:
      if (Full()) WriteTail(TailOf(mine));
      break;
    case SUBXACT_EVENT_COMMIT_SUB:
      for (int i = TailOf(mine); i < count; i++) entries[i].subtransaction = parent;
      break;
    case SUBXACT_EVENT_ABORT_SUB:
      DropTail(TailOf(mine));
      break;
    default:
      break;
  }
}

}  // namespace ledger

}  // namespace detid
