// SPDX-License-Identifier: PostgreSQL
//
// Ids by the JavaScript implementation of the Sqids specification, version 0.3.0; those of numbers
// above 2^53 with its arithmetic done in BigInt.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sqids.h"

namespace detid {

using Words = std::vector<std::string_view>;

struct SqidsVector {
  std::vector<int64_t> numbers;
  std::string_view alphabet;
  int min_length;
  std::optional<Words> blocked;
  std::string_view id;
};

inline constexpr std::nullopt_t kDefault = std::nullopt;
inline constexpr std::string_view kHex = "0123456789abcdef";
inline constexpr std::string_view kAll94 =
    "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
    "{|}~";

inline const SqidsVector kSqidsVectors[] = {
    {{0}, kSqidsLetters, 0, kDefault, "bM"},
    {{1}, kSqidsLetters, 0, kDefault, "Uk"},
    {{2}, kSqidsLetters, 0, kDefault, "gb"},
    {{9}, kSqidsLetters, 0, kDefault, "nJ"},
    {{10}, kSqidsLetters, 0, kDefault, "98"},
    {{60}, kSqidsLetters, 0, kDefault, "cc"},
    {{61}, kSqidsLetters, 0, kDefault, "Ukp"},
    {{62}, kSqidsLetters, 0, kDefault, "bnn"},
    {{100}, kSqidsLetters, 0, kDefault, "86u"},
    {{1000}, kSqidsLetters, 0, kDefault, "pnd"},
    {{123456789}, kSqidsLetters, 0, kDefault, "rDOOFW"},
    {{1000000000000}, kSqidsLetters, 0, kDefault, "VCxVAWZg"},
    {{9007199254740991}, kSqidsLetters, 0, kDefault, "ABARpJzdz9"},
    {{0, 0}, kSqidsLetters, 0, kDefault, "SvIz"},
    {{0, 1}, kSqidsLetters, 0, kDefault, "n3qa"},
    {{1, 0}, kSqidsLetters, 0, kDefault, "nWqP"},
    {{9, 9}, kSqidsLetters, 0, kDefault, "lhiR"},
    {{1, 2, 3}, kSqidsLetters, 0, kDefault, "86Rf07"},
    {{3, 2, 1}, kSqidsLetters, 0, kDefault, "8HRf0Y"},
    {{0, 0, 0, 0, 0}, kSqidsLetters, 0, kDefault, "4JOuloIsr6"},
    {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, kSqidsLetters, 0, kDefault, "hwB5vcCxfAyBnVKMtAaV"},
    {{44, 27, 13}, kSqidsLetters, 0, kDefault, "0sT4th"},
    {{7, 7, 7, 7}, kSqidsLetters, 0, kDefault, "ylr03cjE"},
    {{1048576, 3, 65535}, kSqidsLetters, 0, kDefault, "KRlhE5GQe4M"},
    {{9007199254740991, 0, 9007199254740991}, kSqidsLetters, 0, kDefault, "C3CvJFVwV1SJrRgQnsfcfI"},
    {{2025, 6, 1, 12, 0, 0}, kSqidsLetters, 0, kDefault, "5mMQQZjoisCK3"},
    {{9223372036854775807}, kSqidsLetters, 0, kDefault, "AqkYhRmbHpEX"},
    {{9223372036854775806}, kSqidsLetters, 0, kDefault, "Oi1gVtLmSTHI"},
    {{4611686018427387904}, kSqidsLetters, 0, kDefault, "VWDIsbLqMgvq"},
    {{54901761638404096}, kSqidsLetters, 0, kDefault, "4rehhtfc441"},
    {{9223372036854775807, 0, 9223372036854775807},
     kSqidsLetters,
     0,
     kDefault,
     "CuaMqvAPlJnDSJr9lqFQvLPnBC"},
    {{15583}, kSqidsLetters, 0, kDefault, "rxzk"},
    {{21606}, kSqidsLetters, 0, kDefault, "ZTAa"},
    {{44266}, kSqidsLetters, 0, kDefault, "zGo4"},
    {{79296}, kSqidsLetters, 0, kDefault, "z8QD"},
    {{125256}, kSqidsLetters, 0, kDefault, "Aoca"},
    {{4572721}, kSqidsLetters, 0, kDefault, "JExTR"},
    {{7244046}, kSqidsLetters, 0, kDefault, "vRy7J"},
    {{8683554}, kSqidsLetters, 0, kDefault, "DWUTQ"},
    {{681788281780}, kSqidsLetters, 0, kDefault, "XJaaxMJm"},
    {{50954839515004}, kSqidsLetters, 0, kDefault, "XyJMoRcAR"},
    {{21077759302899}, kSqidsLetters, 0, kDefault, "mzWcloTRA"},
    {{10273180003}, kSqidsLetters, 0, kDefault, "nyJM7lb"},
    {{887513, 189788}, kSqidsLetters, 0, kDefault, "zElM6cpPT"},
    {{160380, 36599}, kSqidsLetters, 0, kDefault, "mWzExrDH"},
    {{21, 16148592051}, kSqidsLetters, 0, kDefault, "DQPcScSPB"},
    {{6003067}, kSqidsLetters, 0, kDefault, "qcumZ"},
    {{7981053}, kSqidsLetters, 0, kDefault, "qfagZ"},
    {{4990622549493055}, kSqidsLetters, 0, kDefault, "qc0nnasseZ"},
    {{1, 2, 3}, kHex, 0, kDefault, "489158"},
    {{1, 2, 3}, "abc", 0, kDefault, "aacacbaa"},
    {{0}, "abc", 0, kDefault, "ca"},
    {{1000000}, "abc", 0, kDefault, "aaaaababbbbabbabbbbbb"},
    {{1, 2, 3}, "cba", 0, kDefault, "bbabcabb"},
    {{31, 5}, "01234", 0, kDefault, "4244311"},
    {{1, 2, 3}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0, kDefault, "SXNZKL"},
    {{1, 2, 3}, kAll94, 0, kDefault, "g;^/c&"},
    {{9007199254740991, 5}, kAll94, 0, kDefault, "b>3XXUdB!pGm"},
    {{77, 7}, ".-_~", 0, kDefault, "..._.~.-"},
    {{19}, "abcdefghijklmnopqrstuvwxyz", 0, kDefault, "cx"},
    {{42}, "9876543210zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA", 0, kDefault, "Jr"},
    {{0}, kSqidsLetters, 1, kDefault, "bM"},
    {{1, 2, 3}, kSqidsLetters, 6, kDefault, "86Rf07"},
    {{1, 2, 3}, kSqidsLetters, 7, kDefault, "86Rf07x"},
    {{1, 2, 3}, kSqidsLetters, 8, kDefault, "86Rf07xd"},
    {{1, 2, 3}, kSqidsLetters, 10, kDefault, "86Rf07xd4z"},
    {{1, 2, 3},
     kSqidsLetters,
     62,
     kDefault,
     "86Rf07xd4zBmiJXQG6otHEbew02c3PWsUOLZxADhCpKj7aVFv9I8RquYrNlSTM"},
    {{1, 2, 3},
     kSqidsLetters,
     65,
     kDefault,
     "86Rf07xd4zBmiJXQG6otHEbew02c3PWsUOLZxADhCpKj7aVFv9I8RquYrNlSTMyf1"},
    {{0, 0}, kSqidsLetters, 40, kDefault, "SvIzsqYMyQwI3GWgJAe17URxX8V924Co0DaTZLtF"},
    {{1},
     kSqidsLetters,
     255,
     kDefault,
     "UkLWZg9DAJQ7XlrzYPhmvbTLu4E0jy2iBtdk6Copn8H5wGF3xqNSVacOUfIs"
     "eK1MRxe9QjCicFl62IzoEbW3XDUHpfAkGB0dtmYyh8q1TnRJvu475VsZLMSN"
     "OKwraPgqwCaXhnQEUMv8r6s9V2BzGx4i0WKuFtdJlPZckTYfNL5meHoIjSRy"
     "bp71O3ADgcgCS4a1vlsbr2kVZNiFQKfyUHLEJ3OudqB9YtxepG67XMAzm0w8"
     "nPWjDhoIR5TAzt8"},
    {{1, 2, 3}, "abc", 20, kDefault, "aacacbaabbcabcabcabc"},
    {{5}, kHex, 16, kDefault, "dba87fd65143ea2b"},
    {{4572721}, kSqidsLetters, 0, Words{}, "aho1e"},
    {{15583}, kSqidsLetters, 0, Words{}, "CocK"},
    {{100000}, kSqidsLetters, 0, Words{"ArUO"}, "QyG4"},
    {{100000}, kSqidsLetters, 0, Words{"ARUO"}, "QyG4"},
    {{4572721}, kSqidsLetters, 0, Words{"ArUO"}, "aho1e"},
    {{1000000, 2000000},
     kSqidsLetters,
     0,
     Words{"JSwXFaosAN", "OCjV9JK64o", "rBHf", "79SM", "7tE6"},
     "1aYeB7bRUt"},
    {{1, 2, 3},
     kSqidsLetters,
     0,
     Words{"86Rf07", "se8ojk", "ARsz1p", "Q8AI49", "5sQRZO"},
     "KA5FQN"},
    {{1000}, kSqidsLetters, 0, Words{"pnd"}, "LM7"},
    {{1, 2, 3}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0, Words{"sxnzkl"}, "IBSHOZ"},
    {{1}, kSqidsLetters, 0, Words{"uk"}, "Uk"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"86R"}, "86Rf07"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"Rf0"}, "86Rf07"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"6Rf0"}, "86Rf07"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"6rf0", "86rf"}, "se8ojk"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"rf07"}, "se8ojk"},
    {{1, 2, 3}, kSqidsLetters, 0, Words{"6rf"}, "86Rf07"},
    {{1, 2, 3}, kSqidsLetters, 10, Words{"rf07xd"}, "86Rf07xd4z"},
    {{1, 2, 3}, kSqidsLetters, 10, Words{"xd4z"}, "se8ojkCQvX"},
    {{1, 2, 3}, kSqidsLetters, 12, Words{"d4zB"}, "86Rf07xd4zBm"},
    {{0}, "abc", 3, Words{"cab", "abc"}, "bca"},
};

}  // namespace detid
