// SPDX-License-Identifier: PostgreSQL
//
// Any text either is refused or is, but for its case and look-alikes, the one text of its value;
// reading it by its length agrees with reading it by its width. The first byte chooses the codec,
// the second the width.

#include "core/codec.h"

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// The text as the codec writes it.
std::string Folded(const detid::Codec& codec, std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (!codec.folds_case) continue;
    const auto written = [&codec](char d) { return codec.alphabet.find(d) != std::string::npos; };
    if (codec.name == "crockford") {
      if (c == 'i' || c == 'I' || c == 'l' || c == 'L') c = '1';
      if (c == 'o' || c == 'O') c = '0';
    }
    if (!written(c) && written(static_cast<char>(c ^ 0x20))) c = static_cast<char>(c ^ 0x20);
  }
  return folded;
}

std::string Written(const detid::Codec& codec, const detid::Bits& value, int bits) {
  char text[detid::kMaxEncoded + 1];
  const int length = detid::Encode(codec, value, bits, text);
  Require(length > 0 && length <= detid::EncodedLength(codec, bits) && text[length] == '\0');
  return text;
}

void CheckRefusal(const detid::Status& status) {
  Require(status.code == detid::Code::kTextSyntax && status.detail[0] != '\0');
  for (const char* c = status.detail; *c != '\0'; c++) Require(*c >= ' ' && *c <= '~');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const detid::Codec& codec = detid::Codecs()[data[0] % detid::Codecs().size()];
  const int bits = data[1] % (detid::kMaxIdBits + 2);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  const detid::Result<detid::Bits> value = detid::Decode(codec, text, bits);
  if (value.ok())
    Require(Written(codec, value.value, bits) == Folded(codec, text));
  else
    CheckRefusal(value.status);

  // Liberal reading takes all that strict reading takes, as the same.
  for (const bool unpadded : {false, true}) {
    const detid::Result<detid::Bits> liberal = detid::DecodeLiberal(codec, text, bits, unpadded);
    Require(!value.ok() || (liberal.ok() && liberal.value == value.value));
    if (liberal.ok())
      Require(Written(codec, liberal.value, bits).size() > 0);
    else
      CheckRefusal(liberal.status);
  }

  const detid::Result<detid::Bytes> bytes = detid::DecodeBytes(codec, text);
  if (!bytes.ok()) {
    CheckRefusal(bytes.status);
    Require(!value.ok() || bits % 8 != 0);  // what has whole bytes is found by them
    return 0;
  }
  const int whole = 8 * bytes.value.count;
  const detid::Result<detid::Bits> again = detid::Decode(codec, text, whole);
  Require(again.ok() && again.value == bytes.value.value);
  Require(Written(codec, again.value, whole) == Folded(codec, text));
  if (value.ok() && codec.align == detid::Align::kNumber) Require(value.value == again.value);
  return 0;
}
