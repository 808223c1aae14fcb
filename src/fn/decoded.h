// SPDX-License-Identifier: PostgreSQL
//
// What an id shows, as columns and as a picture.

#pragma once

#include "core/picture.h"
#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

namespace detid {

// Wide fields as hexadecimal text.
inline Datum HexDatum(const Bits& value, int bits) {
  char text[kMaxIdText];
  FormatHex(value, bits, text, sizeof text);
  return CStringGetTextDatum(text);
}

// minted_at, node, worker, tick, sequence, random, hash; NULL where the layout shows none.
template <int n>
void AddDecoded(Record<n>* row, const Definition& d, const Decomposed& parts) {
  const Coordinates& c = parts.coordinates;
  const auto add = [&](Kind kind, auto value) {
    if (d.layout.shows(kind))
      row->Add(value());
    else
      row->Skip();
  };
  add(Kind::kTime, [&] { return TimestampTzGetDatum(TimestampOfTick(d, c.tick)); });
  add(Kind::kNode, [&] { return Int32GetDatum(c.node); });
  add(Kind::kWorker, [&] { return Int32GetDatum(c.worker); });
  add(Kind::kTime, [&] { return Int64GetDatum(c.tick); });
  add(Kind::kSequence, [&] { return Int64GetDatum(c.sequence); });
  add(Kind::kRandom, [&] { return HexDatum(parts.random, d.layout.bits_of(Kind::kRandom)); });
  add(Kind::kHash, [&] { return HexDatum(parts.hash, d.layout.bits_of(Kind::kHash)); });
}

inline Datum PictureDatum(const Definition& d, const Bits& id) {
  char* picture = static_cast<char*>(palloc(kMaxPicture));
  const Status status = DrawPicture(d, id, picture, kMaxPicture);
  if (!status.ok()) Raise(status);
  return PointerGetDatum(cstring_to_text(picture));
}

}  // namespace detid
