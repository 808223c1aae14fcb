// SPDX-License-Identifier: PostgreSQL
//
// Verifies receipts as docs/layouts.md describes them, with what Node has of SHA-256 and Ed25519:
//
//   node receipt.mjs KEY < receipts, one a line
//
// prints "true" or why not, a line a receipt.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest()
const base64 = (text) => Buffer.from(text, 'base64')
const int64 = (n) => { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(n)); return b }
const int32 = (n) => { const b = Buffer.alloc(4); b.writeInt32LE(n); return b }

const contextFields = [
  ['generator', 'number'], ['generator_name', 'text'], ['definition', 'number'], ['layout', 'text'], ['epoch', 'number'],
  ['sequence_bits', 'number'], ['seed', 'bytes'], ['pinned', 'number'], ['instance', 'number'], ['xact_epoch', 'number'],
  ['worker', 'number'], ['session_role', 'text'], ['role', 'text'], ['application', 'text'], ['client', 'text'], ['tag', 'text'],
]
function contextHash(context) {
  return sha256(...contextFields.flatMap(([name, kind]) => {
    const value = context[name]
    if (kind === 'number') return [int64(value)]
    if (kind === 'bytes') return [base64(value)]
    if (value === null) return [int64(-1)]
    const text = Buffer.from(value)
    return [int64(text.length), text]
  }))
}

function restHash(row) {
  const parts = []
  const add = (letter, bytes) => parts.push(Buffer.from(letter), int64(bytes.length), bytes)
  if (row.ids !== null) add('i', base64(row.ids))
  if (row.positions !== null) add('p', Buffer.concat(row.positions.map(int64)))
  if (row.tag !== null) add('t', Buffer.from(row.tag))
  if (row.claim !== null) add('c', base64(row.claim))
  if (row.inputs !== null)
    add('n', Buffer.concat(row.inputs.map((i) => (i === null ? Buffer.alloc(32) : i.commitment ? base64(i.commitment) : sha256(base64(i.salt), Buffer.from(i.text))))))
  return parts.length === 0 ? Buffer.alloc(32) : sha256(...parts)
}

function leafHash({ row, context }) {
  return sha256(Buffer.from([0]), int64(row.definition), int64(row.position), int32(row.node), int32(row.worker), int32(row.count),
    int32(row.attempt), int64(row.xact), int64(row.digest), contextHash(context), restHash(row))
}

// RFC 9162 section 2.1.3.2.
function rootOf(leaf, index, size, proof) {
  const node = (left, right) => sha256(Buffer.from([1]), left, right)
  let fn = index, sn = size - 1n, root = leaf
  for (const p of proof) {
    if (sn === 0n) return null
    if (fn % 2n === 1n || fn === sn) {
      root = node(p, root)
      while (fn % 2n === 0n && fn !== 0n) { fn /= 2n; sn /= 2n }
    } else {
      root = node(root, p)
    }
    fn /= 2n
    sn /= 2n
  }
  return sn === 0n ? root : null
}

// The text of a signed note, if the key has signed it.
function textOf(note, key) {
  const [name, id, bytes] = [key.slice(0, key.indexOf('+')), key.split('+')[1], base64(key.slice(key.indexOf('+') + 10))]
  const end = note.indexOf('\n\n')
  const text = note.slice(0, end + 1)
  const line = note.slice(end + 2).split('\n').find((l) => l.startsWith(`\u2014 ${name} `))
  if (line === undefined || bytes.length !== 33 || bytes[0] !== 1) return null
  const signature = base64(line.split(' ')[2])
  if (signature.subarray(0, 4).toString('hex') !== id) return null
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)])
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, Buffer.from(text), publicKey, signature.subarray(4)) ? text : null
}

for (const line of readFileSync(0, 'utf8').split('\n').filter((l) => l !== '')) {
  const receipt = JSON.parse(line)
  const text = textOf(receipt.checkpoint, process.argv[2])
  if (text === null) { console.log('not signed'); continue }
  const [, size, root] = text.split('\n')
  const made = rootOf(leafHash(receipt), BigInt(receipt.index), BigInt(size), receipt.proof.map(base64))
  console.log(made !== null && made.equals(base64(root)) ? 'true' : 'no such leaf')
}
