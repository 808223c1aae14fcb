// SPDX-License-Identifier: PostgreSQL
//
// Ids by Nano ID's customAlphabet, a line each:
//
//   {"alphabet", "length", "id", "whole"}
//
// `whole`: the texts of that length are as many as some number of bits has values, so that all of them
// are ids of a generator of that alphabet and length.

import { customRandom } from 'nanoid';

import { values } from './values.mjs';

const random = values('nanoid alphabets');
const kLetters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((c) => c !== ';');

function anyAlphabet(size) {
  const letters = [...kLetters];
  for (let i = letters.length - 1; i > 0; i--) {
    const j = random.integer(0, i + 1);
    [letters[i], letters[j]] = [letters[j], letters[i]];
  }
  return letters.slice(0, size).join('');
}

for (const size of [2, 3, 4, 8, 10, 16, 26, 32, 36, 58, 62, 64, 93])
  for (const length of [1, 5, 12, 21]) {
    const alphabet = anyAlphabet(size);
    const id = customRandom(alphabet, length, random.bytes)();
    console.log(JSON.stringify({ alphabet, length, id, whole: (size & (size - 1)) === 0 }));
  }
