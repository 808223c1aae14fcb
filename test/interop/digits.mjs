// SPDX-License-Identifier: PostgreSQL
//
// Texts of fixed width in any alphabet, by base-x. Its own texts begin with a zero digit for each
// leading zero byte; these begin with as many as the width takes.

import baseX from 'base-x';

export const kPushAlphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
export const kBase64Url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function digits(alphabet) {
  const base = baseX(alphabet);
  const zero = alphabet[0];
  const significant = (list, isZero) => {
    const first = [...list].findIndex((item) => !isZero(item));
    return first < 0 ? list.slice(list.length) : list.slice(first);
  };
  return {
    write: (bytes, width) =>
      base.encode(significant(bytes, (byte) => byte === 0)).padStart(width, zero),
    read: (text, count) => {
      const found = base.decode(significant(text, (digit) => digit === zero));
      return Buffer.concat([Buffer.alloc(count - found.length), Buffer.from(found)]);
    },
  };
}
