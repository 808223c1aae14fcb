// SPDX-License-Identifier: PostgreSQL

#include "fn/checkpoints.h"

#include <algorithm>

#include "pg/query.h"

namespace detid {

Keys KeysOf(Oid owner, const char* name, Report* report) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows =
      q.Read("SELECT key, handover FROM detid.seal_keys WHERE name = $1 ORDER BY created_at",
             Seen::kBySnapshot);
  Keys keys = {static_cast<NoteKey*>(palloc(sizeof(NoteKey) * std::max<uint64_t>(rows, 1))), 0};
  bool* good = static_cast<bool*>(palloc0(std::max<uint64_t>(rows, 1)));
  for (bool more = true; more;) {
    more = false;
    for (uint64_t i = 0; i < rows; i++) {
      NoteKey key;
      const char* text = TextAt(i, 1);
      const char* handover = TextAt(i, 2);
      if (good[i] || !ParseKey(text, &key) || strcmp(key.name, name) != 0) continue;
      std::string_view says;
      const char* want = psprintf("%s\nhandover\n%s\n", name, text);
      if (handover == nullptr) good[i] = keys.count == 0;  // only the first needs none
      for (int k = 0; handover != nullptr && k < keys.count; k++)
        good[i] |= VerifyNote(handover, keys.key[k], &says) == NoteVerdict::kSigned && says == want;
      if (!good[i]) continue;
      keys.key[keys.count++] = key;
      more = true;
    }
  }
  for (uint64_t i = 0; i < rows; i++)
    if (!good[i])
      report->Add("key", nullptr,
                  psprintf("The key %s was not handed over by one before.", TextAt(i, 1)));
  return keys;
}

bool IsSigned(const Keys& keys, std::string_view note, std::string_view* text) {
  for (int i = 0; i < keys.count; i++)
    if (VerifyNote(note, keys.key[i], text) == NoteVerdict::kSigned) return true;
  return false;
}

const char* Contradiction(const SealList& seals, const Checkpoint& c) {
  const uint64_t size = seals.count == 0 ? 0 : seals.seal[seals.count - 1].size;
  if (c.size > size)
    return psprintf(
        "It has %llu rows, the ledger %llu: rows and seals were removed, or the database "
        "was restored to an earlier time.",
        static_cast<unsigned long long>(c.size), static_cast<unsigned long long>(size));
  for (int i = 0; i < seals.count; i++) {
    const Seal& s = seals.seal[i];
    if (s.size != c.size) continue;
    return s.root == c.root ? nullptr
                            : "The ledger has another root at that size: it was rewritten, or the "
                              "database was copied and both copies went on (a fork).";
  }
  return psprintf(
      "The ledger was never sealed at %llu rows: it was rewritten, or the database was "
      "copied and both copies went on (a fork).",
      static_cast<unsigned long long>(c.size));
}

void CheckCheckpoints(Oid owner, const char* name, const SealList& seals, const Keys& keys,
                      Report* report) {
  Query q(owner);
  q.Text(name);
  const uint64_t rows = q.Read(
      "SELECT note, size::text, encode(root, 'hex') FROM detid.checkpoints WHERE name = $1 ORDER "
      "BY size",
      Seen::kBySnapshot);
  for (uint64_t i = 0; i < rows; i++) {
    std::string_view text;
    Checkpoint c;
    const char* what = nullptr;
    if (!IsSigned(keys, TextAt(i, 1), &text) || !ParseCheckpoint(text, &c) ||
        strcmp(c.origin, name) != 0)
      what = "It is not signed by a key of the tree.";
    else if (strcmp(TextAt(i, 2), psprintf("%llu", static_cast<unsigned long long>(c.size))) != 0)
      what = "Its note is of another size.";
    else
      what = Contradiction(seals, c);
    if (what != nullptr) {
      report->Add("checkpoint", nullptr,
                  psprintf("The stored checkpoint of %s at %s rows: %s", name, TextAt(i, 2), what));
    }
  }
}

}  // namespace detid
