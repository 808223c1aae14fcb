// SPDX-License-Identifier: PostgreSQL
//
// encode, decode_text, decode_id, decode_uuid: ids of any kind in any codec; and what the view
// detid.codecs shows.

#include "core/codec.h"

#include "fn/ids.h"
#include "fn/record.h"
#include "pg/errors.h"
#include "pg/pg.h"

extern "C" {
#include "funcapi.h"
}

namespace detid {
namespace {

constexpr int kBigintBits = 64;
constexpr int kBigintIdBits = 63;  // an id is not negative
constexpr int kUuidBits = 128;

const Codec& CodecArgument(FunctionCallInfo fcinfo) {
  const std::string_view name = View(PG_GETARG_TEXT_PP(1));
  const Codec* codec = FindCodec(name);
  if (codec == nullptr)
    Raise(Error::kNoSuchCodec, "The codec is \"%.*s\".", Clip(name, 60), name.data());
  return *codec;
}

void RequireWidth(const Codec& codec, int bits) {
  if (EncodedLength(codec, bits) == 0)
    Raise(Error::kArgumentInvalid, "The codec %s cannot hold %d bits.", codec.name.data(), bits);
}

Datum EncodedDatum(const Codec& codec, const Bits& id, int bits) {
  RequireWidth(codec, bits);
  char text[kMaxEncoded + 1];
  const int n = Encode(codec, id, bits, text);
  return PointerGetDatum(cstring_to_text_with_len(text, n));
}

Bits DecodedArgument(FunctionCallInfo fcinfo, int bits) {
  const Codec& codec = CodecArgument(fcinfo);
  RequireWidth(codec, bits);
  const Result<Bits> id = DecodeLiberal(codec, View(PG_GETARG_TEXT_PP(0)), bits);
  if (!id.ok()) Raise(id.status);
  return id.value;
}

}  // namespace

// encode(id bigint, codec text) -> text: its 64 bits
DETID_FUNCTION(detid_encode_id) {
  const int64 id = PG_GETARG_INT64(0);
  if (id < 0) Raise(Error::kNegativeId, "The id is %lld.", static_cast<long long>(id));
  return EncodedDatum(CodecArgument(fcinfo), {{static_cast<uint64_t>(id), 0, 0}}, kBigintBits);
}

// encode(id uuid, codec text) -> text
DETID_FUNCTION(detid_encode_uuid) {
  return EncodedDatum(CodecArgument(fcinfo), FromUuidBytes(PG_GETARG_UUID_P(0)->data), kUuidBits);
}

// encode(id bytea, codec text) -> text: a number of 1 to 20 bytes, big-endian
DETID_FUNCTION(detid_encode_bytes) {
  const bytea* bytes = PG_GETARG_BYTEA_PP(0);
  const size_t n = VARSIZE_ANY_EXHDR(bytes);
  if (n == 0 || n > kMaxIdBits / 8)
    Raise(Error::kArgumentInvalid, "The id has %zu bytes; 1 to %d may be.", n, kMaxIdBits / 8);
  uint8_t whole[kBitsBytes] = {};
  memcpy(whole + kBitsBytes - n, VARDATA_ANY(bytes), n);
  const Bits id = FromBytes(whole);
  return EncodedDatum(CodecArgument(fcinfo), id, static_cast<int>(8 * n));
}

// decode_text(text, codec) -> bytea: as many bytes as the text has room for
DETID_FUNCTION(detid_decode_text) {
  const Codec& codec = CodecArgument(fcinfo);
  const Result<Bytes> decoded = DecodeBytes(codec, View(PG_GETARG_TEXT_PP(0)));
  if (!decoded.ok()) Raise(decoded.status);
  const int n = decoded.value.count;
  bytea* bytes = static_cast<bytea*>(palloc(static_cast<Size>(VARHDRSZ + n)));
  SET_VARSIZE(bytes, VARHDRSZ + n);
  uint8_t whole[kBitsBytes];
  ToBytes(decoded.value.value, whole);
  memcpy(VARDATA(bytes), whole + kBitsBytes - n, static_cast<size_t>(n));
  PG_RETURN_BYTEA_P(bytes);
}

// decode_id(text, codec) -> bigint. Errors besides: 2^63 and above are no ids.
DETID_FUNCTION(detid_decode_id) {
  const uint64_t id = DecodedArgument(fcinfo, kBigintBits).word[0];
  if (id >> 63 != 0)
    Raise(Status::Error(Code::kTextSyntax, "Its number %llu is beyond 9223372036854775807.",
                        static_cast<unsigned long long>(id)));
  PG_RETURN_INT64(static_cast<int64_t>(id));
}

// decode_uuid(text, codec) -> uuid
DETID_FUNCTION(detid_decode_uuid) {
  return UuidDatum(DecodedArgument(fcinfo, kUuidBits));
}

namespace {

void AddLength(Record<8>* row, const Codec& codec, int bits) {
  const int length = EncodedLength(codec, bits);
  if (length > 0)
    row->Add(Int32GetDatum(length));
  else
    row->Skip();
}

}  // namespace

// _codecs() -> the rows of the view detid.codecs
DETID_FUNCTION(detid_codecs) {
  InitMaterializedSRF(fcinfo, 0);
  ReturnSetInfo* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const Codec& codec : Codecs()) {
    Record<8> row;
    row.AddText(codec.name.data());
    AddLength(&row, codec, kBigintIdBits);
    AddLength(&row, codec, kUuidBits);
    row.Add(BoolGetDatum(codec.width == Width::kFixed));
    row.Add(BoolGetDatum(codec.ordered));
    row.Add(BoolGetDatum(codec.folds_case));
    row.AddText(codec.alphabet.data());
    row.AddText(codec.source.data());
    row.Put(set);
  }
  return Datum{0};
}

}  // namespace detid
