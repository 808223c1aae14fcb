// SPDX-License-Identifier: PostgreSQL
//
// Definition: what a generator is. Its text form is in label.h.
//
// Only audit, scatter and history may change once they are set, so that decoding is honest for
// ever.

#pragma once

#include <cstdint>
#include <string_view>

#include "core/check_character.h"
#include "core/codec.h"
#include "core/digits.h"
#include "core/layout.h"
#include "core/presets.h"
#include "core/prf.h"
#include "core/status.h"

namespace detid {

enum class Audit : uint8_t { kOff, kRange, kEach };
enum class Ordering : uint8_t { kBackend, kNode };

std::string_view AuditName(Audit audit);
std::string_view OrderingName(Ordering ordering);
bool ParseAudit(std::string_view text, Audit* audit);
bool ParseOrdering(std::string_view text, Ordering* ordering);

inline constexpr int kMaxPrefix = 63;
inline constexpr int kMaxOwnDigits = kMaxLetters - 1;  // a ; would end the alphabet in a label

struct Definition {
  Layout layout;
  const Preset* preset = nullptr;  // null for a layout given by its text
  int64_t epoch_us = kDefaultEpochUs;
  uint64_t salt = 0;
  Audit audit = Audit::kRange;
  Ordering ordering = Ordering::kBackend;
  bool scatter = false;
  bool has_mask = false;
  uint32_t history = 0;                          // ids; 0: none are remembered
  Commitment mask{};                             // of the seed behind the mask; if has_mask
  const Codec* codec = nullptr;                  // null if it has an alphabet of its own
  CheckCharacter check = CheckCharacter::kNone;  // of the text form
  uint8_t own_digits = 0;                        // of an alphabet of its own; 0: it has a codec
  uint8_t own_length = 0;                        // of a text of them
  char own_alphabet[kMaxOwnDigits];
  uint8_t prefix_length = 0;  // 0: no prefix
  char prefix[kMaxPrefix];

  std::string_view prefix_text() const { return {prefix, prefix_length}; }

  // The digits of the text form: of an alphabet of its own, or of the codec.
  bool has_own_alphabet() const { return own_digits > 0; }
  std::string_view digits() const {
    return has_own_alphabet() ? std::string_view(own_alphabet, own_digits) : codec->alphabet;
  }
  // Whether texts of ids sort as their ids do.
  bool texts_sort() const;
};

// The width in which ids of a layout are written in a codec: the layout's own. Codecs that write
// bytes (RFC 4648) have whole ones of a bigint.
inline int TextBits(const Layout& layout, const Codec& codec) {
  return layout.is_bigint() && codec.align == Align::kTail ? (layout.bits + 7) / 8 * 8
                                                           : layout.bits;
}

// The error of a part of a label, or of what is to become one; `why` is a clause.
Status LabelError(std::string_view part, const char* why);

// A layout by a preset's name or by its text, with the epoch that goes with it.
// Errors: those of ParseLayout; kNoSuchLayout for a word that is no name.
Result<Definition> DefinitionOf(std::string_view layout);

// The codec of a definition that names none: the preset's; TypeID's for uuids with a prefix; else
// decimal for bigints, hexadecimal for others.
const Codec* DefaultCodec(const Definition& definition);

// Sets a prefix, and the codec that goes with it. Up to 63 letters, digits and _, beginning with a
// letter and not ending with _; empty for none. Errors: kLabelSyntax.
Status SetPrefix(std::string_view prefix, Definition* definition);

// Whether a prefix is one of TypeID 0.3: of a to z and _ only, ending with a letter.
bool IsTypeIdPrefix(std::string_view prefix);

// Errors: kLabelSyntax, if there is no such codec or it cannot hold the layout's ids.
Status SetCodec(std::string_view name, Definition* definition);

// Sets an alphabet in place of a codec: the id is a number, written with as many of these digits as
// the greatest needs. Errors: kLabelSyntax, unless they are 2 to 93 different printable ASCII
// characters without the space and the semicolon.
Status SetAlphabet(std::string_view alphabet, Definition* definition);

inline constexpr std::string_view kNanoIdAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr int kNanoIdLength = 21;

// A Nano ID of another alphabet or length: the layout of as many random bits as texts of that
// length tell apart. Errors: those of SetAlphabet; kLabelSyntax for a length that is not within 1
// and what 160 bits have.
Result<Definition> NanoIdOf(std::string_view alphabet, int length);

// Errors: kLabelSyntax, if there is no such check character.
Status SetCheck(std::string_view name, Definition* definition);

// Whether prefix, codec and check character go together: with the codec typeid the prefix is
// TypeID's, so that the texts are TypeIDs; and not every codec has every check character.
// Errors: kLabelSyntax.
Status CheckTextForm(const Definition& definition);

// Whether ids of the layout can have this ordering. Errors: kLayoutInvalid.
Status CheckOrdering(const Layout& layout, Ordering ordering);

// Whether the sequence has room for the start of a tick to be chosen. Errors: kLayoutInvalid.
Status CheckScatter(const Layout& layout);

// Whether the layout's ids may repeat by chance, and leave room beside the last `ids` of them:
// 4 times as many, counted in whole chunks (history.h). REQUIRES: 1 <= ids <= kMaxHistory.
// Errors: kLayoutInvalid.
Status CheckHistory(const Layout& layout, uint32_t ids);

// The salt for a generator created under this (qualified) name.
uint64_t SaltOf(std::string_view name);

// What decides which id the coordinates make, as a 63-bit number: layout, epoch and salt. A
// generator that is dropped and made again has the same, and goes on with the same coordinates.
uint64_t Fingerprint(const Definition& definition);

// True if a generator's definition may become `to`: nothing differs but what may change, and a mask
// may be given to one that has none.
bool MayBecome(const Definition& from, const Definition& to);

// The first instant whose ids the layout cannot hold; microseconds since 1970, INT64_MAX if that
// is beyond 64 bits.
int64_t EndOfEpochUs(const Definition& definition);

// Ids a second and node that the layout has room for, all workers together; 0 where it sets no
// limit.
double IdsPerSecond(const Layout& layout);

// The generators that come with the extension.
const Definition& DefaultIdDefinition();
const Definition& DefaultUuidDefinition();

}  // namespace detid
