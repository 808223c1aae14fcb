// SPDX-License-Identifier: PostgreSQL
//
// Writes values of several widths as other implementations of each codec do, a line each:
//
//   {"codec", "bits", "by", "bytes", "id", "also"}
//
// `bytes` are the value in hexadecimal, `by` is the implementation, which has read `id` back, and
// `also`, if it is there, another text that it reads as the same value.

import './globals.mjs';

import { base32crockford, base32hexnopad, base58, base64urlnopad, hex as base16 } from '@scure/base';
import { UUID } from 'bson';
import base62 from 'ksuid/base62.js';
import tsid from 'tsid-ts';
import { TypeID } from 'typeid-js';
import { fixULIDBase32, ulidToUUID, uuidToULID } from 'ulid';
import { Xid } from 'xid-ts';
import z32 from 'z32';

import { digits, kPushAlphabet } from './digits.mjs';
import { hex, hexOfNumber, numberOf, values } from './values.mjs';

const kBase36 = '0123456789abcdefghijklmnopqrstuvwxyz';

const written = (coder) => ({ write: coder.encode, read: coder.decode });

const inLowerCase = ({ write, read }) => ({
  write: (bytes) => write(bytes).toLowerCase(),
  read: (id) => read(id.toUpperCase()),
});

const ofWidth = (alphabet, width) => (bits) => ({
  write: (bytes) => digits(alphabet).write(bytes, width[bits]),
  read: (id) => digits(alphabet).read(id, bits / 8),
});

// fixULIDBase32 knows what else is read as a digit.
const asUlid = {
  write: (bytes) => uuidToULID(new UUID(bytes).toHexString(true)),
  read: (id) => new UUID(ulidToUUID(fixULIDBase32(id))).buffer,
  also: (id) => id.toLowerCase().replaceAll('0', 'o').replace('1', 'i').replaceAll('1', 'L'),
};

const asTsid = {
  write: (bytes) => new tsid.TSID(numberOf(bytes)).toString(),
  read: (id) => Buffer.from(hexOfNumber(tsid.TSID.fromString(id).number, 8), 'hex'),
  also: (id) => id.toLowerCase(),
};

const asNumber = (bits) => ({
  write: (bytes) => numberOf(bytes).toString(),
  read: (id) => Buffer.from(hexOfNumber(id, bits / 8), 'hex'),
});

const kWidths = [64, 128, 160];

// Digits by width.
const kBase62Widths = { 64: 11, 128: 22, 160: 27 };
const kPushWidths = { 64: 11, 120: 20, 128: 22, 160: 27 };

// codec, implementation, widths in bits, and the implementation for a width.
const kCodecs = [
  ['hex', '@scure/base', kWidths, () => ({ ...written(base16), also: (id) => id.toUpperCase() })],
  ['uuid', 'bson', [128], () => ({
    write: (bytes) => new UUID(bytes).toHexString(true),
    read: (id) => new UUID(id).buffer,
    also: (id) => id.toUpperCase(),
  })],
  ['decimal', 'BigInt', kWidths, asNumber],
  ['crockford', 'tsid-ts', [64], () => asTsid],
  ['crockford', 'ulid', [128], () => asUlid],
  ['crockford', '@scure/base', [160], () => written(base32crockford)],
  ['typeid', 'typeid-js', [128], () => ({
    write: (bytes) => TypeID.fromUUIDBytes('', bytes).getSuffix(),
    read: (id) => TypeID.fromString(id).toUUIDBytes(),
  })],
  ['base32hex', '@scure/base', kWidths, () => written(base32hexnopad)],
  ['xid', 'xid-ts', [96], () => ({
    write: (bytes) => new Xid(bytes).toString(),
    read: (id) => Xid.parse(id).toBytes(),
  })],
  ['xid', '@scure/base', kWidths, () => inLowerCase(written(base32hexnopad))],
  ['base36', 'base-x', kWidths, ofWidth(kBase36, { 64: 13, 128: 25, 160: 31 })],
  ['base58', '@scure/base', kWidths, () => written(base58)],
  ['base62', 'ksuid', kWidths, (bits) => ({
    write: (bytes) => base62.encode(bytes, kBase62Widths[bits]),
    read: (id) => base62.decode(id, bits / 8),
  })],
  ['base64url', '@scure/base', kWidths, () => written(base64urlnopad)],
  ['pushid', 'base-x', [64, 120, 128, 160], ofWidth(kPushAlphabet, kPushWidths)],
  ['zbase32', 'z32', kWidths, () => written(z32)],
];

// Nothing, everything, one bit, zeros in front, and values from everywhere.
function* valuesOf(bits, random) {
  const count = bits / 8;
  yield Buffer.alloc(count);
  yield Buffer.alloc(count, 0xff);
  for (let bit = 0; bit < bits; bit += 7) {
    const one = Buffer.alloc(count);
    one[bit >> 3] = 0x80 >> (bit & 7);
    yield one;
  }
  for (let zeros = 1; zeros < count; zeros++)
    yield Buffer.concat([Buffer.alloc(zeros), random.bytes(count - zeros)]);
  for (let i = 0; i < 200; i++) yield random.bytes(count);
}

for (const [codec, by, widths, ofBits] of kCodecs) {
  for (const bits of widths) {
    const { write, read, also } = ofBits(bits);
    for (const value of valuesOf(bits, values(`${codec} ${bits}`))) {
      const line = { codec, bits, by, bytes: hex(value), id: write(value) };
      if (also) line.also = also(line.id);
      for (const id of [line.id, line.also ?? line.id])
        if (hex(read(id)) !== line.bytes) throw new Error(`${by} reads ${id} as ${hex(read(id))}`);
      console.log(JSON.stringify(line));
    }
  }
}
