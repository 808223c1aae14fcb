// SPDX-License-Identifier: PostgreSQL
//
// Definition: what a generator is, and its text form, the security label of its sequence:
//
//   layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; salt=5f0e...
//
// `layout` is a preset's name or a layout's text. Every key must be there once, in any order.
// Layout, epoch, ordering and salt are set once and for all; audit may change.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/layout.h"
#include "core/presets.h"
#include "core/status.h"

namespace detid {

enum class Audit : uint8_t { kOff, kRange, kEach };
enum class Ordering : uint8_t { kBackend, kNode };

std::string_view AuditName(Audit audit);
std::string_view OrderingName(Ordering ordering);
bool ParseAudit(std::string_view text, Audit* audit);
bool ParseOrdering(std::string_view text, Ordering* ordering);

inline constexpr int kMaxLabelText = kMaxLayoutText + 200;

struct Definition {
  Layout layout;
  const Preset* preset = nullptr;  // null for a layout given by its text
  int64_t epoch_us = kDefaultEpochUs;
  uint64_t salt = 0;
  Audit audit = Audit::kRange;
  Ordering ordering = Ordering::kBackend;
};

// A layout by a preset's name or by its text, with the epoch that goes with it.
// Errors: those of ParseLayout.
Result<Definition> DefinitionOf(std::string_view layout);

// The salt for a generator created under this (qualified) name.
uint64_t SaltOf(std::string_view name);

// Errors: kLabelSyntax, and those of ParseLayout and ParseInstant.
Result<Definition> ParseLabel(std::string_view label);

// REQUIRES: size >= kMaxLabelText. Returns the length.
int FormatLabel(const Definition& definition, char* out, int size);

// What decides which id the coordinates make, as a 63-bit number: layout, epoch and salt. A
// generator that is dropped and made again has the same, and goes on with the same coordinates.
uint64_t Fingerprint(const Definition& definition);

// True if nothing but the audit level differs.
bool SameButAudit(const Definition& a, const Definition& b);

// The first instant whose ids the layout cannot hold; microseconds since 1970, INT64_MAX if that
// is beyond 64 bits.
int64_t EndOfEpochUs(const Definition& definition);

// Ids a second and node that the layout has room for, all workers together; 0 where it sets no
// limit.
double IdsPerSecond(const Layout& layout);

// The generators that come with the extension, and the ledger's own.
const Definition& DefaultIdDefinition();
const Definition& DefaultUuidDefinition();
const Definition& LedgerEntryDefinition();

}  // namespace detid
