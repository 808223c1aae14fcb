// SPDX-License-Identifier: PostgreSQL
//
// Ids of lists of numbers by Sqids' own implementation, a line each:
//
//   {"alphabet", "min_length", "blocklist", "numbers", "id", "read"}
//
// `blocklist` is null for the specification's. `id` is null if every id of the numbers is blocked.
// `numbers` are null if the id is a text that nobody minted; `read` is what the implementation reads.

import Sqids, { defaultOptions } from 'sqids';

import { values } from './values.mjs';

const random = values('sqids');
const pick = (list) => list[random.integer(0, list.length)];

function shuffled(text) {
  const letters = [...text];
  for (let i = letters.length - 1; i > 0; i--) {
    const j = random.integer(0, i + 1);
    [letters[i], letters[j]] = [letters[j], letters[i]];
  }
  return letters.join('');
}

const kLetters = `${defaultOptions.alphabet}-_.~!*'()`;
const anyAlphabet = () => shuffled(kLetters).slice(0, random.integer(3, kLetters.length));

// Of any magnitude that the implementation can hold.
const anyNumber = () => random.integer(0, 2 ** random.integer(1, 54));
const anyNumbers = () => Array.from({ length: random.integer(0, 9) }, anyNumber);

// Words of the alphabet that are short enough to be met.
const anyBlocklist = (alphabet) => Array.from({ length: random.integer(0, 40) }, () =>
  Array.from({ length: random.integer(3, 5) }, () => pick(alphabet)).join(''));

function* all() {
  for (let n = 0; n < 300; n++) yield { numbers: [n] };
  for (let i = 0; i < 1000; i++) yield { numbers: anyNumbers() };
  for (const length of [64, 65, 100, 1000])
    yield { numbers: Array.from({ length }, (_, n) => n), alphabet: anyAlphabet(), blocklist: [] };
  for (let i = 0; i < 500; i++) yield { numbers: anyNumbers(), min_length: random.integer(0, 256) };
  for (let i = 0; i < 1000; i++) {
    const alphabet = anyAlphabet();
    const blocklist = pick([null, anyBlocklist(alphabet)]);
    yield { numbers: anyNumbers(), alphabet, min_length: random.integer(0, 30), blocklist };
  }
  // Short enough for the numbers that the implementation holds.
  for (let i = 0; i < 1000; i++) {
    const alphabet = pick([defaultOptions.alphabet, anyAlphabet()]);
    const length = random.integer(1, alphabet.length < 8 ? 16 : 8);
    yield { alphabet, id: Array.from({ length }, () => pick(alphabet)).join('') };
  }
}

function encode(sqids, numbers) {
  try {
    return sqids.encode(numbers);
  } catch (error) {
    if (/max attempts/.test(error.message)) return null;
    throw error;
  }
}

for (const given of all()) {
  const { alphabet = defaultOptions.alphabet, min_length = 0, blocklist = null } = given;
  const sqids = new Sqids({
    alphabet,
    minLength: min_length,
    blocklist: blocklist ? new Set(blocklist) : defaultOptions.blocklist,
  });
  const numbers = given.numbers ?? null;
  const id = given.id ?? encode(sqids, numbers);
  const read = id === null ? null : sqids.decode(id);
  console.log(JSON.stringify({ alphabet, min_length, blocklist, numbers, id, read }));
}
