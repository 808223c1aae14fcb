-- How likely random ids collide.
SET extra_float_digits = 0;  -- 15 digits, which all machines share
-- 0 and 1 ids cannot, more ids than values must; between them, exactly.
SELECT ids, detid.collision_probability(2, ids) FROM generate_series(0, 5) ids;
-- 23 people share a birthday with about one half; so do 20 of 256 values.
SELECT detid.collision_probability(8, 20);
-- Tiny ones are as exact as large ones: one in N, three in N, for pairs and triples.
SELECT bits, detid.collision_probability(bits, 2) = power(0.5::float8, bits) AS pair,
       detid.collision_probability(bits, 3) AS triple
FROM unnest('{16,17,63,74,122,128,160,1022}'::int[]) bits;
SELECT detid.collision_probability(1023, 2), detid.collision_probability(1023, power(2::numeric, 1023) + 1);
-- 2^64 ids of 128 bits, the square root of the space: 1 - exp(-1/2).
SELECT detid.collision_probability(128, 18446744073709551616), 1 - exp(-0.5::float8) AS limit;
-- More than a bigint or a double holds is a number of ids too; a fraction of an id is none.
SELECT detid.collision_probability(128, 1e39), detid.collision_probability(128, 1e4000),
       detid.collision_probability(8, 1.9999999999999999999999), detid.collision_probability(8, 20.5) = detid.collision_probability(8, 20) AS same;

-- The other way round.
SELECT p, detid.ids_for_probability(128, p)::float8 AS uuids, detid.ids_for_probability(122, p)::float8 AS v4, detid.ids_for_probability(63, p) AS bigints
FROM unnest('{0,1e-18,1e-9,1e-6,0.01,0.5,0.99,1}'::float8[]) p;
SELECT detid.ids_for_probability(128, 0), detid.ids_for_probability(128, 1e-20), detid.ids_for_probability(128, 1);
SELECT bits, detid.ids_for_probability(bits, 1) - trunc(power(2::numeric, bits)) AS beyond, detid.ids_for_probability(bits, 0.5) AS half
FROM unnest('{1,2,8,52,53,54,63,64,100}'::int[]) bits;
SELECT detid.ids_for_probability(1023, 1) = power(2::numeric, 1023) + 1 AS exact, scale(detid.ids_for_probability(160, 0.5));
-- It is the smallest number of ids, also where a double holds no more than some of its digits.
SELECT count(*), bool_and(detid.collision_probability(bits, n) >= p AND detid.collision_probability(bits, n - greatest(1, trunc(n / 4503599627370496))) < p) AS smallest
FROM generate_series(1, 1021, 20) bits, unnest('{5e-324,1e-30,1e-9,0.1,0.5,0.9,0.9999999999999999}'::float8[]) p, detid.ids_for_probability(bits, p) n;

-- 50,000 ids a second on each of a million nodes: 215 quadrillion millennia, until all 128 bits are used up; 14 years until two random ones are equal as likely as not.
SELECT detid.years_until(128, 50000 * 1e6, 1), detid.years_until(128, 50000 * 1e6, 0.5), detid.years_until(128, 50000 * 1e6, 0);
-- A year has 365.25 days.
SELECT detid.years_until(8, 257 / (365.25 * 86400), 1);

SELECT detid.collision_probability(NULL, 1), detid.collision_probability(1, NULL), detid.ids_for_probability(NULL, 0), detid.ids_for_probability(1, NULL),
       detid.years_until(NULL, 1, 1), detid.years_until(1, NULL, 1), detid.years_until(1, 1, NULL);
SELECT detid.collision_probability(0, 1);
SELECT detid.collision_probability(1024, 1);
SELECT detid.ids_for_probability(-1, 0.5);
SELECT detid.years_until(2147483647, 1, 0.5);
SELECT detid.collision_probability(8, -1);
SELECT detid.collision_probability(8, -1e-9);
SELECT detid.collision_probability(8, -1e400);
SELECT detid.collision_probability(8, 'NaN');
SELECT detid.collision_probability(8, 'Infinity');
SELECT detid.collision_probability(8, '-Infinity');
SELECT detid.ids_for_probability(8, -5e-324);
SELECT detid.ids_for_probability(8, 1.0000000000000002);
SELECT detid.ids_for_probability(8, 'NaN');
SELECT detid.ids_for_probability(8, 'Infinity');
SELECT detid.years_until(8, 0, 0.5);
SELECT detid.years_until(8, -1, 0.5);
SELECT detid.years_until(8, 'NaN', 0.5);
SELECT detid.years_until(8, 'Infinity', 0.5);
SELECT detid.years_until(8, 1, 'NaN');
SELECT detid.years_until(8, 1, 1.5);
SELECT detid.years_until(1023, 5e-324, 0.5);
