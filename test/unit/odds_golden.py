# SPDX-License-Identifier: PostgreSQL
#
# The probabilities of src/core/odds.h by other means than there: exact fractions where the product
# is short, else the Gamma function's logarithm to 900 digits. Prints the literals of odds_test.cpp.
from decimal import Decimal, getcontext
from fractions import Fraction
from math import comb

getcontext().prec = 900


def bernoulli(count):
    b = [Fraction(1)]
    for m in range(1, count):
        b.append(-sum(comb(m + 1, k) * b[k] for k in range(m)) / (m + 1))
    return b


B = bernoulli(42)


def decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def ln_factorial(n):
    """Less half the logarithm of 2 pi. Exact to n^-40."""
    n = Decimal(n)
    value = n * n.ln() - n + n.ln() / 2
    for k in range(1, 21):
        value += decimal(B[2 * k]) / (2 * k * (2 * k - 1) * n ** (2 * k - 1))
    return value


def by_product(bits, ids):
    none = Fraction(1)
    for i in range(1, ids):
        none *= Fraction((1 << bits) - i, 1 << bits)
    return decimal(1 - none)


def by_factorials(bits, ids):
    values = 1 << bits
    ln = ln_factorial(values) - ln_factorial(values - ids) - ids * Decimal(values).ln()
    return 1 - ln.exp()


def probability(bits, ids):
    return by_product(bits, ids) if ids <= 2000 else by_factorials(bits, ids)


for bits, ids in (24, 500), (64, 2000), (128, 3):
    ratio = by_factorials(bits, ids) / by_product(bits, ids)
    assert abs(ratio - 1) < Decimal(10) ** -100, (bits, ids, ratio)

CASES = [
    (1, 2), (2, 3), (8, 20), (8, 100), (16, 2), (16, 3), (16, 302), (16, 1500), (16, 2000),
    (17, 2), (17, 3), (17, 4), (17, 10), (17, 427), (17, 1500), (17, 2000), (17, 3000),
    (20, 5), (32, 2), (32, 1000), (32, 77163), (32, 500000), (40, 1), (40, 1000000),
    (46, 1000000), (62, 5000000000), (63, 2), (63, 3037000500), (74, 10 ** 12), (80, 2 ** 41),
    (122, 103 * 10 ** 12), (122, 2 ** 61), (128, 2), (128, 3), (128, 4096), (128, 10 ** 6),
    (128, 10 ** 12), (128, 2 ** 53 - 1), (128, 2 ** 64), (128, 2 ** 65), (128, 2 ** 66), (160, 10 ** 9),
    (160, 2 ** 80), (256, 2 ** 100), (1023, 2), (1023, 10 ** 6), (1023, 2 ** 511),
]
for bits, ids in CASES:
    print(f"      {{{bits}, {float(ids)!r}, {float(probability(bits, ids))!r}}},")
