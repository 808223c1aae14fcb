-- What is marked parallel safe runs in parallel workers, what reads a seed too.
SELECT detid.create_generator('w_key', 'ulid', audit => 'off'), detid.create_generator('w_id', audit => 'off');
SELECT detid.set_mask('w_id');
CREATE TABLE big AS SELECT detid.next_text('w_key') AS key, detid.next_id('w_id') AS id FROM generate_series(1, 20000);
ANALYZE big;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM big WHERE detid.is_genuine(key, 'w_key');
SELECT count(*) FROM big WHERE detid.is_genuine(key, 'w_key');
SELECT count(*) FROM big WHERE detid.unmask(detid.mask(id, 'w_id'), 'w_id') = id AND detid.is_valid(id, 'w_id');
SELECT count(*) FROM big, detid.decode(key, 'w_key') d WHERE detid.compose_text('w_key', d.tick, d.node, d.worker, d.sequence) = key;
SELECT count(*) FROM big WHERE detid.decode_uuid(detid.encode(detid.decode_uuid(key, 'crockford'), 'base58'), 'base58') = detid.decode_uuid(key, 'crockford')
  AND detid.minted_at(key, 'w_key') = (detid.decode_as('ulid', key)).minted_at;
-- The leader takes part, in a session that has read no seed yet, and in one that rotates.
\c -
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) FROM big WHERE detid.is_genuine(key, 'w_key');
BEGIN;
SELECT detid.rotate_seed() IS NOT NULL AS rotated;
INSERT INTO big SELECT detid.next_text('w_key') FROM generate_series(1, 20000);
SELECT count(*) FROM big WHERE detid.is_genuine(key, 'w_key');
COMMIT;
SELECT count(*) FROM big WHERE detid.is_genuine(key, 'w_key');
DROP TABLE big;
DROP SEQUENCE w_key, w_id;
