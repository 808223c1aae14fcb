// SPDX-License-Identifier: PostgreSQL

#include "fn/seal_compare.h"

namespace detid {
namespace {

// How far one looks for the next row that is as it was, around one that is not.
constexpr uint64_t kLookAhead = 64;

const char* PlaceOf(const Seal& s, uint64_t i, const LeafList& rows, size_t next) {
  const char* where = psprintf(
      "It was row %llu of the %llu that were sealed when the ledger had %llu",
      static_cast<unsigned long long>(i + 1), static_cast<unsigned long long>(s.size - s.first),
      static_cast<unsigned long long>(s.size));
  if (next > 0 && next <= rows.count)
    return psprintf("%s, behind entry %lld of transaction %llu.", where,
                    static_cast<long long>(rows.leaf[next - 1].key.position),
                    static_cast<unsigned long long>(rows.leaf[next - 1].xact));
  return psprintf("%s.", where);
}

// How many rows are missing before the row j, if it was sealed further behind, and the next one
// too; 0 if not. That is not tried for ever.
uint64_t FarTo(const Seal& s, uint64_t i, const LeafList& rows, size_t j, int* searches) {
  constexpr int kMostSearches = 1000;
  const uint64_t sealed = s.size - s.first;
  if (++*searches > kMostSearches || !rows.leaf[j].known) return 0;
  for (uint64_t k = i + 1; k < sealed; k++) {
    if (k % (1 << 20) == 0) CHECK_FOR_INTERRUPTS();
    if (HasTag(s, k, rows.leaf[j]) &&
        (j + 1 == rows.count || k + 1 == sealed || HasTag(s, k + 1, rows.leaf[j + 1])))
      return k - i;
  }
  return 0;
}

}  // namespace

uint64_t CompareRows(const Seal& s, const LeafList& rows, const Gone& gone, Report* report) {
  const uint64_t sealed = s.size - s.first;
  uint64_t i = 0, problems = 0;
  int far_searches = 0;
  if (rows.count == 0) {
    report->Add(gone.problem, nullptr,
                psprintf("All %llu rows that were sealed when the ledger had %llu are gone.%s",
                         static_cast<unsigned long long>(sealed),
                         static_cast<unsigned long long>(s.size), gone.besides));
    return sealed;
  }
  size_t j = 0;
  while (i < sealed || j < rows.count) {
    if (i < sealed && j < rows.count && HasTag(s, i, rows.leaf[j])) {
      i++;
      j++;
      continue;
    }
    uint64_t missing = 0, added = 0;
    for (uint64_t k = 1; k <= kLookAhead && missing == 0 && added == 0; k++) {
      if (j < rows.count && i + k < sealed && HasTag(s, i + k, rows.leaf[j])) missing = k;
      if (i < sealed && j + k < rows.count && HasTag(s, i, rows.leaf[j + k])) added = k;
    }
    if (j == rows.count) missing = sealed - i;
    if (i == sealed) added = rows.count - j;
    if (missing == 0 && added == 0) missing = FarTo(s, i, rows, j, &far_searches);
    if (missing == 0 && added == 0) {
      report->Add("altered", &rows.leaf[j].key, PlaceOf(s, i, rows, j));
      i++;
      j++;
      problems++;
      continue;
    }
    for (; missing > 0 && added == 0; missing--, i++, problems++)
      report->Add(gone.problem, nullptr, psprintf("%s%s", PlaceOf(s, i, rows, j), gone.besides));
    for (; added > 0; added--, j++, problems++)
      report->Add("added", &rows.leaf[j].key,
                  psprintf("It is of transaction %llu, whose rows were sealed without it.",
                           static_cast<unsigned long long>(rows.leaf[j].xact)));
  }
  return problems;
}

}  // namespace detid
