// SPDX-License-Identifier: PostgreSQL
//
// Ids by the JavaScript implementation of Hashids, version 2.3.0; among them those of its own
// tests, and of pg_hashids'.

#pragma once

#include <string_view>
#include <vector>

#include "core/hashids.h"

namespace detid {

struct HashidsVector {
  std::vector<int64_t> numbers;
  std::string_view salt;
  int min_length;
  std::string_view alphabet;
  std::string_view id;
};

inline const HashidsVector kHashidsVectors[] = {
    {{0}, "", 0, kHashidsLetters, "gY"},
    {{1}, "", 0, kHashidsLetters, "jR"},
    {{928728}, "", 0, kHashidsLetters, "R8ZN0"},
    {{1, 2, 3}, "", 0, kHashidsLetters, "o2fXhV"},
    {{1, 0, 0}, "", 0, kHashidsLetters, "jRfMcP"},
    {{0, 0, 1}, "", 0, kHashidsLetters, "jQcMcW"},
    {{0, 0, 0}, "", 0, kHashidsLetters, "gYcxcr"},
    {{1000000000000}, "", 0, kHashidsLetters, "gLpmopgO6"},
    {{9007199254740991}, "", 0, kHashidsLetters, "lEW77X7g527"},
    {{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, "", 0, kHashidsLetters, "BrtltWt2tyt1tvt7tJt2t1tD"},
    {{10000000000, 0, 0, 0, 999999999999999}, "", 0, kHashidsLetters, "G6XOnGQgIpcVcXcqZ4B8Q8B9y"},
    {{9007199254740991, 9007199254740991, 9007199254740991},
     "",
     0,
     kHashidsLetters,
     "5KoLLVL49RLhYkppOplM6piwWNNANny8N"},
    {{1000000001, 1000000002, 1000000003, 1000000004, 1000000005},
     "",
     0,
     kHashidsLetters,
     "BPg3Qx5f8VrvQkS16wpmwIgj9Q4Jsr93gqx"},
    {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
     "",
     0,
     kHashidsLetters,
     "1wfphpilsMtNumCRFRHXIDSqT2UPcWf1hZi3s7tN"},
    {{9223372036854775807}, "", 0, kHashidsLetters, "p21ZD04m8GQ42"},
    {{4294967295, 9223372036854775807, 0}, "", 0, kHashidsLetters, "qExOgKYfkj7yro2Lq1okHB"},
    {{1, 2, 3}, "this is my salt", 0, kHashidsLetters, "laHquq"},
    {{12345}, "this is my salt", 0, kHashidsLetters, "NkK9"},
    {{683, 94108, 123, 5}, "this is my salt", 0, kHashidsLetters, "aBMswoO2UB3Sj"},
    {{1}, "this is my salt", 8, kHashidsLetters, "gB0NV05e"},
    {{1234567}, "this is my salt", 0, "0123456789abcdef", "b332db5"},
    {{0},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "nej1m3d5a6yn875e7gr9kbwpqol02q"},
    {{1},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "dw1nqdp92yrajvl9v6k3gl5mb0o8ea"},
    {{928728},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "onqr0bk58p642wldq14djmw21ygl39"},
    {{1, 2, 3},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "18apy3wlqkjvd5h1id7mn5ore2d06b"},
    {{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "op7qrcdc3cgc2c0cbcrcoc5clce4d6"},
    {{9007199254740991, 9007199254740991, 9007199254740991},
     "this is my salt",
     30,
     "xzal86grmb4jhysfoqp3we7291kuct5iv0nd",
     "aa5kow86ano1pt3e1aqm239awkt9pk380w9l3q6"},
    {{1001}, "", 0, kHashidsLetters, "jNl"},
    {{1234567}, "This is my salt", 0, kHashidsLetters, "Pdzxp"},
    {{1234567}, "This is my salt", 10, kHashidsLetters, "PlRPdzxpR7"},
    {{1234567}, "This is my salt", 10, "abcdefghijABCDxFGHIJ1234567890", "3GJ956J9B9"},
    {{1, 2, 3}, "", 0, "cCsSfFhHuUiItT01", "00h10i00"},
    {{1, 2, 3}, "pepper", 40, "cCsSfFhHuUiItT01", "010101010101010F11t01S11F101010101010101"},
    {{1, 2, 3}, "", 25, "abdegjklCFHISTUc", "eljldelgbjaljCbFdadkekgbj"},
    {{1, 2, 3}, "", 0, "abdegjklmnopqrSF", "nqSjaq"},
    {{1, 2, 3}, "", 0, "abdegjklmnopqrvwxyzABDEGJKLMNOPQRVWXYZ1234567890", "GAbDdR"},
    {{1, 2, 3},
     "",
     0,
     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890`~!@#$%^&*()-_=+\\|'\";:/"
     "?.>,<{[}]",
     "D7f/hw"},
    {{1, 2, 3},
     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890`~!@#$%^&*()-_=+\\|'\";:/"
     "?.>,<{[}]",
     300,
     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890`~!@#$%^&*()-_=+\\|'\";:/"
     "?.>,<{[}]",
     "VK>w#'J~Er5Xp$9<]v{5K%\"oMn0D@]|1YX=`G/"
     "3pw'^.[:*A;q8*{^v5#\\.LxEy9$37'w%P+Bp,G]=0<N@}'42n]7~=po,\"{<0`[ZqAO;!|r-+*BK$yx[|q:@K5%,BQ$"
     "GNx'OX091Ly_.v]\"3=4M`z%-HJf,(7>VD!86P*J+-;Ypn2Z^w~{#o/Er\\&<A}N^%E\\D915/"
     "J3VM#@wPY6Q&v:.X>L}8G_n6/>r-!&MX[YAZJ`\"K1Q4o_DO:V|q2;~V94_Z&B2-L6}<xy7EJ8\\>r$Q,~+NO!#PLG/"
     "on6%7^AP+8|-"},
    {{1, 2, 3},
     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890`~!@#$%^&*()-_=+\\|'\";:/"
     "?.>,<{[}]",
     0,
     kHashidsLetters,
     "wkHqf8"},
    {{7}, "   ", 0, kHashidsLetters, "kZ"},
    {{7}, "`~!@#$%^&*()-_=+\\|'\";:/?.>,<{[}]", 0, "`~!@#$%^&*()-_=+\\|'\";:/?.>,<{[}]", ")_"},
    {{7}, "x", 2, "abcdefghijklmnopqrstuvwxyz01234567", "rp"},
    {{7}, "x", 3, "abcdefghijklmnopqrstuvwxyz01234567", "erp"},
    {{7}, "x", 4, "abcdefghijklmnopqrstuvwxyz01234567", "erpv"},
    {{7}, "x", 5, "abcdefghijklmnopqrstuvwxyz01234567", "xerpv"},
    {{7}, "x", 6, "abcdefghijklmnopqrstuvwxyz01234567", "2xerpv"},
    {{7}, "x", 7, "abcdefghijklmnopqrstuvwxyz01234567", "2xerpvz"},
    {{7}, "x", 8, "abcdefghijklmnopqrstuvwxyz01234567", "02xerpvz"},
    {{7}, "x", 26, "abcdefghijklmnopqrstuvwxyz01234567", "w1olpjgmr02xerpvz5nq76k4b3"},
    {{7}, "x", 27, "abcdefghijklmnopqrstuvwxyz01234567", "w1olpjgmr02xerpvz5nq76k4b3y"},
    {{7}, "x", 28, "abcdefghijklmnopqrstuvwxyz01234567", "nw1olpjgmr02xerpvz5nq76k4b3y"},
    {{7},
     "x",
     49,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yj"},
    {{7},
     "x",
     50,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yjp"},
    {{7},
     "x",
     51,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "3mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yjp"},
    {{7},
     "x",
     52,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "k3mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yjp"},
    {{7},
     "x",
     53,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "k3mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yjpz"},
    {{7},
     "x",
     100,
     "abcdefghijklmnopqrstuvwxyz01234567",
     "j47xwbg05py2zlo0yqjlxw57bk3mw7x046b5grnw1olpjgmr02xerpvz5nq76k4b3yq1klzo32yjpzrogp216mn47qjnr"
     "6k314m0"},
    {{7}, "x", 2, "abcdefghijklmnopqrstuvwxyz", "vl"},
    {{7}, "x", 3, "abcdefghijklmnopqrstuvwxyz", "pvl"},
    {{7}, "x", 4, "abcdefghijklmnopqrstuvwxyz", "pvlp"},
    {{7}, "x", 19, "abcdefghijklmnopqrstuvwxyz", "yqkjaglopvlpvdmzenx"},
    {{7}, "x", 20, "abcdefghijklmnopqrstuvwxyz", "wyqkjaglopvlpvdmzenx"},
    {{7}, "x", 21, "abcdefghijklmnopqrstuvwxyz", "wyqkjaglopvlpvdmzenxr"},
    {{7}, "x", 40, "abcdefghijklmnopqrstuvwxyz", "lkgoxnrmlejwyqkjaglopvlpvdmzenxrzvdykqaw"},
    {{7}, "x", 41, "abcdefghijklmnopqrstuvwxyz", "lkgoxnrmlejwyqkjaglopvlpvdmzenxrzvdykqawj"},
};

}  // namespace detid
