# SPDX-License-Identifier: PostgreSQL
#
# The permutation of src/core/permutation.h from its description alone: prints the literals of
# permutation_test.cpp and prf_test.cpp.
import hashlib
import struct

M = (1 << 64) - 1


def rotl(x, b):
    return (x << b | x >> (64 - b)) & M


def siphash24(key, data):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & M
            v[2] = (v[2] + v[3]) & M
            v[1] = rotl(v[1], 13) ^ v[0]
            v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = rotl(v[0], 32)
            v[2] = (v[2] + v[1]) & M
            v[0] = (v[0] + v[3]) & M
            v[1] = rotl(v[1], 17) ^ v[2]
            v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = rotl(v[2], 32)

    tail = len(data) % 8
    padded = data + bytes(7 - tail) + bytes([len(data) % 256])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def mask_key(seed, salt):
    key = hashlib.blake2b(struct.pack("<Q", salt), digest_size=48, key=seed,
                          person=b"detid-mask-key-1").digest()
    return key[:16], struct.unpack("<QQ", key[16:32]), struct.unpack("<QQ", key[32:])


def permute(key, value, bits):
    prf, first, last = key
    low_bits = (bits + 1) // 2
    high_bits = bits - low_bits
    high, low = value >> low_bits, value % (1 << low_bits)
    rounds = 5 if bits >= 48 else 10 if bits >= 20 else 32 if bits >= 8 else 128
    for r in range(rounds):
        def f(half):
            return siphash24(prf, struct.pack("<Q", half | r << 32 | bits << 40))

        def h(a, b):
            return (a * low + b & M) >> (64 - high_bits)
        if rounds == 5 and r in (0, 4):
            high ^= h(*(first if r == 0 else last))
        elif r % 2 == 0:
            high ^= f(low) % (1 << high_bits)
        else:
            low ^= f(high) % (1 << low_bits)
    return high << low_bits | low


# The example of the SipHash paper's appendix A.
assert siphash24(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5

key = mask_key(bytes(range(32)), 42)
prf, first, last = key
print("key", prf.hex(), *(f"{word:016x}" for word in first + last))
for bits in (1, 2, 3):
    print(bits, [permute(key, v, bits) for v in range(1 << bits)])
for bits in (7, 8, 19, 20, 32, 47, 48, 62, 63):
    print(bits, [permute(key, v, bits) for v in (0, 1, (1 << bits) - 1)])
