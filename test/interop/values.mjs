// SPDX-License-Identifier: PostgreSQL
//
// Values that look random and are the same in every run, and how they are written as hexadecimal.

import { createHash } from 'node:crypto';

export function values(seed) {
  let count = 0;
  const bytes = (n) => {
    const hash = () => createHash('sha256').update(`${seed} ${count++}`).digest();
    return Buffer.concat(Array.from({ length: Math.ceil(n / 32) }, hash)).subarray(0, n);
  };
  // From `from` on and less than `to`.
  const integer = (from, to) => from + Number(bytes(8).readBigUInt64BE() % BigInt(to - from));
  const fraction = () => integer(0, 2 ** 32) / 2 ** 32;  // as Math.random
  return { bytes, integer, fraction };
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const hexOfNumber = (n, bytes) => BigInt(n).toString(16).padStart(2 * bytes, '0');
export const numberOf = (bytes) => BigInt(`0x${hex(bytes)}`);
