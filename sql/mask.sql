-- The public faces of bigint keys: a keyed permutation of the layout's range.
SET detid.clock = '2025-01-01T00:00:00Z';
SELECT detid.create_generator('k_eight', 'time:8@1s', audit => 'off'), detid.create_generator('k_id', audit => 'off'), detid.create_generator('k_js', 'js53', audit => 'off'), detid.create_generator('k_one', 'time:1@1s', audit => 'off');
RESET detid.clock;
SELECT detid.mask(1, 'k_id');
SELECT detid.set_mask('k_eight'), detid.set_mask('k_one');
-- All 256 values of 8 bits, each once; both values of one bit.
SELECT count(DISTINCT mask), min(mask), max(mask), bool_and(detid.unmask(mask, 'k_eight') = n) AS back, bool_and(detid.mask(detid.unmask(n, 'k_eight'), 'k_eight') = n) AS forth
FROM generate_series(0, 255) n, detid.mask(n, 'k_eight') mask;
SELECT array_agg(mask ORDER BY mask), bool_and(detid.unmask(mask, 'k_one') = n) FROM generate_series(0, 1) n, detid.mask(n, 'k_one') mask;
-- Out of range.
SELECT detid.mask(256, 'k_eight');
SELECT detid.unmask(256, 'k_eight');
SELECT detid.mask(-1, 'k_eight');
SELECT detid.unmask(-9223372036854775808, 'k_eight');
-- A mask is set once.
\set VERBOSITY terse
SELECT detid.set_mask('k_eight', 'bc52317b9ed656889cdda32758ae848f');
SELECT detid.rotate_seed() IS NOT NULL AS rotated;
SELECT detid.set_mask('k_eight');
\set VERBOSITY default
SELECT detid.set_scatter('k_id', true), detid.set_audit('k_eight', 'range');
SELECT generator, masked, scatter FROM detid.generators WHERE generator::text ~ '^k_' ORDER BY generator::text;
SELECT count(DISTINCT detid.mask(n, 'k_eight')) FROM generate_series(0, 255) n;
-- By another node's seed, which is at hand once it has been imported. Then the faces are literal.
SELECT detid.set_mask('k_id', '8d92495632c822e4404d5b034541edbe'), detid.set_mask('k_js', '8d92495632c822e4404d5b034541edbe');
SELECT detid.mask(54910556208918528, 'k_id');
SELECT detid.unmask(1, 'k_js');
SELECT detid.import_seed('detid-seed-1-404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f-8d924956');
SELECT id, detid.mask(id, 'k_id'), detid.unmask(detid.mask(id, 'k_id'), 'k_id') = id AS back FROM unnest('{0,1,54910556208918528,54910556208918529,9223372036854775807}'::bigint[]) id;
SELECT id, detid.mask(id, 'k_js'), detid.unmask(detid.mask(id, 'k_js'), 'k_js') = id AS back FROM unnest('{0,1,107247180096384,9007199254740991}'::bigint[]) id;
SELECT detid.mask(9007199254740992, 'k_js');
-- The faces of a thousand ids: all different, of the layout, and in no order.
SELECT count(DISTINCT mask), bool_and(detid.is_valid(mask, 'k_js')) AS valid, bool_and(detid.unmask(mask, 'k_js') = id) AS back, corr(n, mask) BETWEEN -0.2 AND 0.2 AS unordered
FROM detid.next_ids('k_js', 1000) WITH ORDINALITY AS i (id, n), detid.mask(id, 'k_js') mask;
-- NULL, and what has no mask.
SELECT detid.mask(NULL, 'k_id') IS NULL, detid.mask(1, NULL) IS NULL, detid.unmask(NULL, 'k_id') IS NULL, detid.unmask(1, NULL) IS NULL, detid.set_mask(NULL) IS NULL, detid.set_mask('k_id', NULL) IS NULL;
SELECT detid.mask(1, 'detid.default_uuid');
SELECT detid.mask(1, 'detid.default_id');
SELECT detid.mask(1, 'pg_class');
SELECT detid.create_generator('k_uuid', 'uuid7');
SELECT detid.set_mask('k_uuid');
SELECT detid.create_generator('k_none');
SELECT detid.set_mask('k_none', 'bc52317b');
SELECT detid.set_mask('k_none', repeat('g', 1000000));
DROP SEQUENCE k_eight, k_id, k_js, k_one, k_uuid, k_none;
