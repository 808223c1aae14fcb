// SPDX-License-Identifier: PostgreSQL
//
// Reads ids, {"format", "id"} a line, and writes what other implementations see in each: the same
// with what `see` of formats.mjs tells, or with an error.

import { createInterface } from 'node:readline';

import { formats } from './formats.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  const { format, id } = JSON.parse(line);
  let seen;
  try {
    seen = formats[format].see(id);
  } catch (error) {
    seen = { error: error.message };
  }
  console.log(JSON.stringify({ format, id, ...seen }));
}
