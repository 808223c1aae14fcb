// SPDX-License-Identifier: PostgreSQL
//
// Two inputs are claimed and derived alike if they are the same, field by field, and only then;
// what is written has the length that was foretold. Of a fuzzer's bytes, 0 ends a field, as no text
// has one, and 1 ends the first input; the first two bytes are the attempts.

#include "core/derive.h"

#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using detid::Derived;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Input {
  std::vector<std::string_view> fields;
  uint64_t attempt = 0;

  friend bool operator==(const Input&, const Input&) = default;
};

std::vector<char> ClaimOf(const Input& input) {
  const int count = static_cast<int>(input.fields.size());
  std::vector<char> claim(detid::ClaimBytes(input.fields.data(), count, input.attempt));
  detid::WriteClaim(input.fields.data(), count, input.attempt, claim.data());
  return claim;
}

detid::Bits DerivedOf(const Input& input) {
  detid::Deriver deriver;
  deriver.Begin(Derived::kUuid, nullptr);
  for (const std::string_view field : input.fields) deriver.Add(field);
  return deriver.End();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Input inputs[2];
  for (Input& input : inputs) {
    input.attempt = *data++ % 4;
    size--;
  }
  const std::string_view rest(reinterpret_cast<const char*>(data), size);
  size_t begin = 0;
  int which = 0;
  for (size_t i = 0; i <= rest.size(); i++) {
    const bool ends = i == rest.size() || rest[i] == 0 || (rest[i] == 1 && which == 0);
    if (!ends) continue;
    inputs[which].fields.push_back(rest.substr(begin, i - begin));
    begin = i + 1;
    if (i < rest.size() && rest[i] == 1) which = 1;
  }
  if (inputs[1].fields.empty()) inputs[1].fields.push_back("");

  const bool same = inputs[0] == inputs[1];
  Require((ClaimOf(inputs[0]) == ClaimOf(inputs[1])) == same);
  const bool same_fields = inputs[0].fields == inputs[1].fields;
  Require((DerivedOf(inputs[0]) == DerivedOf(inputs[1])) == same_fields);
  return 0;
}
