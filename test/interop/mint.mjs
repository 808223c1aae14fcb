// SPDX-License-Identifier: PostgreSQL
//
// Mints as many ids of each format as the argument says, at times up to November 2025, and writes
// them as parse.mjs does.

import { formats } from './formats.mjs';
import { values } from './values.mjs';

const kLastMs = Date.UTC(2025, 10, 1);

for (const [name, { unit = 1, year = 2021, mint, see }] of Object.entries(formats)) {
  const random = values(name);
  for (let i = 0; i < Number(process.argv[2]); i++) {
    const ms = random.integer(Date.UTC(year, 0, 1) / unit, kLastMs / unit) * unit;
    const id = mint(ms, random);
    const seen = see(id);
    if (seen.us !== undefined && Math.floor(seen.us / 1000) !== ms)
      throw new Error(`${name} was to mint ${ms}, and shows ${seen.us} in ${id}`);
    console.log(JSON.stringify({ format: name, id, ...seen }));
  }
}
