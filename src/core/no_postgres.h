// SPDX-License-Identifier: PostgreSQL
//
// The last include of every core source file: it stops the build when a PostgreSQL header came
// along. Core is used, tested, fuzzed and simulated without a server.

#if defined(POSTGRES_H) || defined(PG_MODULE_MAGIC) || defined(PG_VERSION_NUM) || defined(C_H)
#error "src/core must not include PostgreSQL's headers"
#endif
