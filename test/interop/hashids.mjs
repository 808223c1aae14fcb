// SPDX-License-Identifier: PostgreSQL
//
// Ids of lists of numbers by Hashids' own implementation, a line each:
//
//   {"salt", "min_length", "alphabet", "numbers", "id", "read"}
//
// Numbers are texts, as JSON's hold 2^53 only. `numbers` are null if the id is a text that nobody
// minted; `read` is what the implementation reads: none, where it throws.

import Hashids from 'hashids';

import { values } from './values.mjs';

const random = values('hashids');
const pick = (list) => list[random.integer(0, list.length)];

const kLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890';
const kPrintable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

function shuffled(letters) {
  const list = [...letters];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(0, i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const anyAlphabet = () => shuffled(kPrintable).slice(0, random.integer(16, 95)).join('');
const anySalt = () => Array.from({ length: random.integer(0, 120) }, () => pick([' ', ...kPrintable])).join('');
const anyNumber = () => random.bytes(8).readBigUInt64BE() >> BigInt(random.integer(1, 64));
const anyNumbers = () => Array.from({ length: random.integer(1, 9) }, anyNumber);

function* all() {
  for (let n = 0; n < 300; n++) yield { numbers: [BigInt(n)] };
  for (let i = 0; i < 500; i++) yield { numbers: anyNumbers() };
  for (let i = 0; i < 500; i++) yield { numbers: anyNumbers(), salt: anySalt() };
  for (let i = 0; i < 500; i++) yield { numbers: anyNumbers(), salt: anySalt(), min_length: random.integer(0, 300) };
  for (let i = 0; i < 1000; i++)
    yield { numbers: anyNumbers(), salt: anySalt(), min_length: random.integer(0, 60), alphabet: anyAlphabet() };
  for (let i = 0; i < 1000; i++) {
    const alphabet = pick([kLetters, anyAlphabet()]);
    const id = Array.from({ length: random.integer(1, pick([4, 30])) }, () => pick(alphabet)).join('');
    yield { id, salt: anySalt(), min_length: pick([0, id.length]), alphabet };
  }
}

function decode(hashids, id) {
  try {
    return hashids.decode(id);
  } catch {
    return [];
  }
}

for (const given of all()) {
  const { salt = '', min_length = 0, alphabet = kLetters, numbers = null } = given;
  const hashids = new Hashids(salt, min_length, alphabet);
  const id = given.id ?? hashids.encode(numbers);
  const text = (list) => list?.map(String) ?? null;
  console.log(JSON.stringify({ salt, min_length, alphabet, numbers: text(numbers), id, read: text(decode(hashids, id)) }));
}
