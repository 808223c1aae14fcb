-- Where an id came from.
SET timezone = 'UTC';
SELECT detid.create_generator('t_id');
SELECT detid.create_generator('t_each', audit => 'each');
SELECT detid.create_generator('t_off', audit => 'off');
SELECT detid.create_generator('t_uuid', 'uuid7');
SELECT detid.create_generator('t_random', 'random:60', audit => 'each');
SET detid.clock = '2025-06-01T00:00:00Z';
SET detid.tag = 'load 1';
BEGIN;
SELECT detid.next_id('t_off') AS off_id, min(id) + 2 AS range_id FROM detid.next_ids('t_id', 5) id \gset
SELECT detid.next_id('t_each', 'alice') AS each_id, detid.next_uuid('t_uuid') AS uuid, detid.next_id('t_random') AS random_id \gset
COMMIT;
\set cols 'minted_by, minted_at, node, tick, sequence, ordinal, tag, input, pinned, verdict'
SELECT :cols FROM detid.trace(:range_id, 't_id');
SELECT :cols FROM detid.trace(:each_id, 't_each');
SELECT :cols FROM detid.trace(:'uuid'::uuid, 't_uuid');
SELECT :cols FROM detid.trace(upper(:'uuid'), 't_uuid');
SELECT :cols FROM detid.trace(:random_id, 't_random');
SELECT :cols FROM detid.trace(:off_id, 't_off');
SELECT :cols FROM detid.trace(:range_id + 100, 't_id');
SELECT role = current_user, xact IS NOT NULL, entry > 0 FROM detid.trace(:range_id, 't_id');

-- Guessed random bits are seen through.
SELECT verdict FROM detid.trace(overlay(:'uuid' placing 'ffffffffff' from 27)::uuid, 't_uuid');
SELECT count(*) FROM detid.trace(NULL::bigint);
SELECT verdict FROM detid.trace(detid.id_at('detid.default_id', '2025-06-01Z'));
SELECT detid.prune_ledger('2025-06-02Z') > 0;
DROP SEQUENCE t_id, t_each, t_off, t_uuid, t_random;
