// SPDX-License-Identifier: PostgreSQL
//
// The formats as other implementations have them. Each has two functions:
//
//   mint(ms, random)  an id of a time, in milliseconds since 1970; random is of values.mjs
//   see(id)           what the implementation sees in an id, under the names that pg_detid uses:
//                       us       its time, in microseconds since 1970
//                       bytes    the id, in hexadecimal
//                       version  of a uuid
//                       node, worker, sequence, random
//
// and, where they are not a millisecond and 2021, the unit of its time in milliseconds and the year
// from which it has ids.
//
// An implementation that makes ids of given parts but reads none is asked to make the id again from
// the parts that are in it.

import './globals.mjs';

import { DiscordSnowflake, Snowflake, TwitterSnowflake } from '@sapphire/snowflake';
import * as cuid2 from '@paralleldrive/cuid2';
import { ObjectId } from 'bson';
import cuid from 'cuid';
import KSUID from 'ksuid';
import base62 from 'ksuid/base62.js';
import { customRandom, urlAlphabet } from 'nanoid';
import sonyflake from 'sonyflake';
import tsid from 'tsid-ts';
import { TypeID } from 'typeid-js';
import * as ulid from 'ulid';
import pushId from 'unique-push-id';
import * as uuid from 'uuid';
import { Xid } from 'xid-ts';

import { digits, kBase64Url, kPushAlphabet } from './digits.mjs';
import { hex, hexOfNumber, numberOf } from './values.mjs';

const us = (ms) => String(BigInt(ms) * 1000n);

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// Runs a function that asks for the time and chance of the moment.
function at(ms, random, make) {
  const { Date: Now } = globalThis;
  const chance = Math.random;
  globalThis.Date = class extends Now {
    constructor() {
      super(ms);
    }
    static now() {
      return ms;
    }
  };
  Math.random = random;
  try {
    return make();
  } finally {
    globalThis.Date = Now;
    Math.random = chance;
  }
}

// --- uuid -------------------------------------------------------------------------------------

function seeUuid(id) {
  must(uuid.validate(id), `${id} is no uuid`);
  return { bytes: hex(uuid.parse(id)), version: uuid.version(id) };
}

// Milliseconds from 1582-10-15 to 1970: RFC 9562 section 5.1.
const kGregorianMs = 12219292800000n;

// The parts of a uuid1, or the uuid6 that it was.
function seeGregorian(id, version) {
  const one = version === 6 ? uuid.v6ToV1(id) : id;
  const bytes = Buffer.from(uuid.parse(one));
  const ticks = ((numberOf(bytes.subarray(6, 8)) & 0xfffn) << 48n) |
    (numberOf(bytes.subarray(4, 6)) << 32n) | numberOf(bytes.subarray(0, 4));
  const parts = {
    msecs: Number(ticks / 10000n - kGregorianMs),
    nsecs: Number(ticks % 10000n),
    clockseq: bytes.readUInt16BE(8) & 0x3fff,
    node: bytes.subarray(10),
  };
  const make = version === 6 ? uuid.v6 : uuid.v1;
  must(make(parts) === id, `the parts of ${id} make ${make(parts)}`);
  return { ...seeUuid(id), us: String((ticks - kGregorianMs * 10000n) / 10n) };
}

function seeUuid7(id) {
  const bytes = Buffer.from(uuid.parse(id));
  const parts = {
    msecs: bytes.readUIntBE(0, 6),
    seq: ((bytes[6] & 0x0f) << 28) | (bytes[7] << 20) | ((bytes[8] & 0x3f) << 14) |
      (bytes[9] << 6) | (bytes[10] >> 2),
    random: bytes,
  };
  must(uuid.v7(parts) === id, `the parts of ${id} make ${uuid.v7(parts)}`);
  return { ...seeUuid(id), us: us(parts.msecs) };
}

function seeUuid4(id) {
  const again = uuid.v4({ random: uuid.parse(id) });
  must(again === id, `the bits of ${id} make ${again}`);
  return seeUuid(id);
}

const gregorian = (ms, random) => ({
  msecs: ms,
  nsecs: random.integer(0, 10000),
  clockseq: random.integer(0, 0x4000),
  node: random.bytes(6),
});

// The package makes none of version 8, but knows them.
function mintUuid8(random) {
  const bytes = random.bytes(16);
  bytes[6] = 0x80 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return uuid.stringify(bytes);
}

// --- Texts ------------------------------------------------------------------------------------

const bytesOfUlid = (id) => ulid.ulidToUUID(id).replaceAll('-', '').toLowerCase();

function seeUlid(id) {
  must(ulid.isValid(id), `${id} is no ULID`);
  const bytes = bytesOfUlid(id);
  return { us: us(ulid.decodeTime(id)), bytes, random: bytes.slice(12) };
}

// The digits are KSUID's, and the bits those of a ULID.
function seeTimeflake(id) {
  const bytes = hex(base62.decode(id, 16));
  const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]];
  return seeUlid(ulid.uuidToULID(parts.map((part) => bytes.slice(...part)).join('-')));
}

const mintTimeflake = (ms, random) =>
  base62.encode(Buffer.from(bytesOfUlid(ulid.ulid(ms, random.fraction)), 'hex'), 22);

function seeKsuid(id) {
  const ksuid = KSUID.parse(id);
  return { us: us(ksuid.date.getTime()), bytes: hex(ksuid.raw), random: hex(ksuid.payload) };
}

function seeObjectId(id) {
  const object = new ObjectId(id);
  return { us: us(object.getTimestamp().getTime()), bytes: object.toHexString() };
}

function seeXid(id) {
  const xid = Xid.parse(id);
  return {
    us: us(xid.timestamp() * 1000),
    bytes: hex(xid.toBytes()),
    node: Number(numberOf(xid.machine())),
    worker: xid.pid(),
    sequence: xid.counter(),
  };
}

function mintXid(ms, random) {
  const bytes = random.bytes(12);
  bytes.writeUInt32BE(ms / 1000);
  return new Xid(bytes).toString();
}

const pushDigits = digits(kPushAlphabet);

function seePushId(id) {
  const bytes = pushDigits.read(id, 15);
  const ms = bytes.readUIntBE(0, 6);
  const again = at(ms, Math.random, pushId);
  must(again.length === id.length && again.slice(0, 8) === id.slice(0, 8),
    `${id} should begin as ${again}`);
  return { us: us(ms), bytes: hex(bytes), random: hex(bytes.subarray(6)) };
}

// What of Nano ID is published is its length and its alphabet, whose order means nothing.
function seeNanoId(id) {
  must(id.length === 21 && [...id].every((c) => urlAlphabet.includes(c)), `${id} is no Nano ID`);
  return { random: hex(digits(kBase64Url).read(id, 16)) };
}

// What isCuid of cuid2 takes are letters and digits of any length; that of cuid 1 wants 25 characters.
function seeCuid2(id) {
  must(cuid2.isCuid(id) && id.length === 24, `${id} is no cuid2`);
  return {};
}

// cuid 1 is cut as its README explains.
function seeCuid(id) {
  must(cuid.isCuid(id), `${id} is no cuid`);
  const [time, counter, fingerprint] = [id.slice(1, 9), id.slice(9, 13), id.slice(13, 17)].map((digits) => parseInt(digits, 36));
  must(id.slice(13, 17) === cuid.fingerprint() && at(time, Math.random, cuid).startsWith(id.slice(0, 9)), `${id} has other parts`);
  return { us: us(time), sequence: counter, node: fingerprint };
}

// --- Numbers ----------------------------------------------------------------------------------

const withNumber = (id, rest) => ({ bytes: hexOfNumber(id, 8), ...rest });

function snowflake(maker) {
  return {
    see: (id) => {
      const parts = maker.deconstruct(id);
      return withNumber(id, {
        us: us(parts.timestamp),
        node: Number((parts.workerId << 5n) | parts.processId),
        sequence: Number(parts.increment),
      });
    },
    mint: (ms, random) => maker.generate({
      timestamp: ms,
      workerId: BigInt(random.integer(0, 32)),
      processId: BigInt(random.integer(0, 32)),
      increment: BigInt(random.integer(0, 4096)),
    }).toString(),
  };
}

function seeTsid(id) {
  const parts = tsid.TSID.fromString(id);
  return withNumber(parts.number, {
    us: us(parts.timestamp),
    node: parts.random >> 12,
    sequence: parts.random & 0xfff,
  });
}

// A generator that mints in the millisecond it was made in may go on to the next.
function mintTsid(ms, random) {
  const make = () => new tsid.TSIDGenerator(random.integer(0, 1024));
  const generator = at(ms - 1, random.fraction, make);
  return at(ms, random.fraction, () => generator.create()).toString();
}

// The package counts milliseconds where Sonyflake counts 10: it is given no epoch, so that its
// times are what it counts.
const kSonyflakeEpochMs = Date.UTC(2014, 8, 1);
const { Sonyflake } = sonyflake;

function seeSonyflake(id) {
  const parts = Sonyflake.decompose(id, { epoch: 0 });
  return withNumber(id, {
    us: us(parts.timestamp * 10 + kSonyflakeEpochMs),
    node: parts.machineId,
    sequence: parts.sequence,
  });
}

const mintSonyflake = (ms, random) =>
  new Sonyflake({ epoch: 0, machineId: random.integer(0, 65536) }).generateCustomId({
    timestamp: Math.floor((ms - kSonyflakeEpochMs) / 10),
    sequence: random.integer(0, 256),
  });

// What JavaScript itself makes of the number; division instead of bits, which end at 32.
function seeJs53(id) {
  const n = JSON.parse(id);
  must(Number.isSafeInteger(n) && JSON.stringify(n) === id, `${id} is no safe integer`);
  return withNumber(n, {
    us: us(Math.floor(n / 8192) + Date.UTC(2025, 0, 1)),
    node: Math.floor(n / 128) % 64,
    sequence: n % 128,
  });
}

const mintJs53 = (ms, random) =>
  JSON.stringify((ms - Date.UTC(2025, 0, 1)) * 8192 + random.integer(0, 8192));

// Without a package: the arithmetic of Instagram's publication, and of Mastodon's source.
const kInstagramEpochMs = 1314220021721n;

const seeInstagram = (id) => withNumber(id, {
  us: us((BigInt(id) >> 23n) + kInstagramEpochMs),
  node: Number((BigInt(id) >> 10n) % 8192n),
  sequence: Number(BigInt(id) % 1024n),
});

const mintInstagram = (ms, random) => String(
  ((BigInt(ms) - kInstagramEpochMs) << 23n) | BigInt(random.integer(0, 2 ** 23)));

const seeMastodon = (id) => withNumber(id, { us: us(BigInt(id) >> 16n) });

const mintMastodon = (ms, random) => String((BigInt(ms) << 16n) | BigInt(random.integer(0, 65536)));

// --- All of them ------------------------------------------------------------------------------

export const formats = {
  uuid1: { see: (id) => seeGregorian(id, 1), mint: (ms, random) => uuid.v1(gregorian(ms, random)) },
  uuid4: { see: seeUuid4, mint: (ms, random) => uuid.v4({ random: random.bytes(16) }) },
  uuid6: { see: (id) => seeGregorian(id, 6), mint: (ms, random) => uuid.v6(gregorian(ms, random)) },
  uuid7: {
    see: seeUuid7,
    mint: (ms, random) => uuid.v7({ msecs: ms, random: random.bytes(16) }),
  },
  uuid8: { see: seeUuid, mint: (ms, random) => mintUuid8(random) },
  typeid: {
    see: (id) => seeUuid7(TypeID.fromString(id, 'order').toUUID()),
    mint: (ms, random) =>
      TypeID.fromUUID('order', uuid.v7({ msecs: ms, random: random.bytes(16) })).toString(),
  },

  ulid: { see: seeUlid, mint: (ms, random) => ulid.ulid(ms, random.fraction) },
  timeflake: { see: seeTimeflake, mint: mintTimeflake },
  pushid: { see: seePushId, mint: (ms, random) => at(ms, random.fraction, pushId) },
  ksuid: {
    unit: 1000,
    see: seeKsuid,
    mint: (ms, random) => KSUID.fromParts(ms, random.bytes(16)).string,
  },
  xid: { unit: 1000, see: seeXid, mint: mintXid },
  objectid: {
    unit: 1000,
    see: seeObjectId,
    mint: (ms) => new ObjectId(ObjectId.generate(ms / 1000)).toHexString(),
  },
  nanoid: {
    see: seeNanoId,
    mint: (ms, random) => customRandom(urlAlphabet, 21, random.bytes)(),
  },
  cuid2: {
    see: seeCuid2,
    mint: (ms, random) => cuid2.init({ random: random.fraction, fingerprint: 'test', counter: () => ms })(),
  },
  cuid: { see: seeCuid, mint: (ms, random) => at(ms, random.fraction, cuid) },

  snowflake: { year: 2025, ...snowflake(new Snowflake(Date.UTC(2025, 0, 1))) },
  twitter: snowflake(TwitterSnowflake),
  discord: snowflake(DiscordSnowflake),
  instagram: { see: seeInstagram, mint: mintInstagram },
  mastodon: { see: seeMastodon, mint: mintMastodon },
  sonyflake: { unit: 10, see: seeSonyflake, mint: mintSonyflake },
  tsid: {
    see: seeTsid,
    mint: mintTsid,
  },
  js53: { year: 2025, see: seeJs53, mint: mintJs53 },
};
