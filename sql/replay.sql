-- Recorded ids made again.
SET timezone = 'UTC';
SELECT detid.create_generator('p_id');
SELECT detid.create_generator('p_each', 'time:41@1ms node:10 sequence:12', audit => 'each');
SELECT detid.create_generator('p_uuid', 'uuid7');
SELECT detid.create_generator('p_hash', 'time:48@1ms sequence:12 node:16 hash:64');
SET detid.clock = '2025-06-01T00:00:00Z';
BEGIN;
SELECT array_agg(id) FROM detid.next_ids('p_id', 4) id;
SELECT detid.next_id('p_each', 'alice'), detid.next_id('p_each');
SELECT count(*) FROM detid.next_uuids('p_uuid', 1000);
SELECT detid.next_text('p_hash', 'carol');
COMMIT;
SELECT ordinal, recorded, regenerated, matches, reason FROM detid.replay('p_id') ORDER BY entry, ordinal;
SELECT ordinal, recorded, regenerated, matches, reason FROM detid.replay('p_each') ORDER BY entry, ordinal;
SELECT ordinal, recorded, regenerated, matches, reason FROM detid.replay('p_hash') ORDER BY entry, ordinal;
SELECT count(*), count(recorded), bool_and(matches) FROM detid.replay('p_uuid');
SELECT generator, entries, ids, mismatches, first_mismatch, unverified FROM detid.verify_replay(since => '2025-05-31Z', until => '2025-06-02Z') WHERE generator::text LIKE 'p\_%' ORDER BY generator::text;
SELECT * FROM detid.verify_replay('p_id', until => '2025-06-01Z');

-- A forged entry is found, wherever the forgery is.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid.ledger DISABLE TRIGGER refuse_change;
UPDATE detid.ledger SET last_id = '1' WHERE generator_name = 'public.p_id';
SELECT ordinal, recorded, regenerated, matches FROM detid.replay('p_id');
SELECT ids, mismatches, first_mismatch IS NOT NULL AS found FROM detid.verify_replay('p_id');
UPDATE detid.ledger SET digest = 0 WHERE generator_name = 'public.p_uuid';
SELECT ids, mismatches FROM detid.verify_replay('p_uuid');
UPDATE detid.ledger SET inputs = '{mallory,NULL}' WHERE generator_name = 'public.p_each';
SELECT ids, mismatches FROM detid.verify_replay('p_each');
UPDATE detid.ledger SET inputs = '{mallory}' WHERE generator_name = 'public.p_hash';
SELECT ids, mismatches FROM detid.verify_replay('p_hash');
ROLLBACK;

-- A row written by hand may hold anything: no verdict, no crash.
BEGIN;
INSERT INTO detid.ledger SELECT node, 1, minted_at, generator, generator_name, definition, worker, tick, sequence, 2, first_id, last_id, digest, seed, '{NULL,1}', inputs, '{NULL}', xact, role, tag, pinned
FROM detid.ledger WHERE generator_name = 'public.p_each';
INSERT INTO detid.ledger SELECT node, 2, minted_at, generator, generator_name, definition, worker, tick, sequence, -5, first_id, last_id, digest, seed, NULL, NULL, NULL, xact, role, tag, pinned
FROM detid.ledger WHERE generator_name = 'public.p_id';
SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay('p_each') UNION ALL
SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay('p_id');
ROLLBACK;

-- A count that no row can hold is a mismatch, and no work.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid.ledger DISABLE TRIGGER refuse_change;
UPDATE detid.ledger SET count = 2147483647 WHERE generator_name = 'public.p_uuid';
SELECT ordinal, regenerated, matches, reason, count(*) FROM detid.replay('p_uuid') GROUP BY 1, 2, 3, 4;
SELECT entries > 0 AS entries, entries = ids AS one_each, ids = mismatches AS all_of_them, first_mismatch IS NOT NULL AS found, unverified FROM detid.verify_replay('p_uuid');
UPDATE detid.ledger SET count = 1048577 WHERE generator_name = 'public.p_id';
SELECT DISTINCT matches, reason FROM detid.replay('p_id');
ROLLBACK;

-- A name may be anything, too.
BEGIN;
INSERT INTO detid.ledger SELECT node, n, minted_at, 0, name, 1, worker, tick, sequence, count, first_id, last_id, digest, seed, ids, inputs, positions, xact, role, tag, pinned
FROM detid.ledger, unnest('{"","\"",a.b.c,a.b.c.d,"nowhere.x",".","public.p_id"}'::text[]) WITH ORDINALITY AS names (name, n) WHERE generator_name = 'public.p_id' AND entry = (SELECT min(entry) FROM detid.ledger WHERE generator_name = 'public.p_id');
SELECT reason, count(DISTINCT entry) FROM detid.replay() WHERE entry < 10 GROUP BY 1;
SELECT count(*) FROM detid.verify_replay() WHERE generator IS NULL;
ROLLBACK;

-- Without the seed there is no verdict, and no false alarm.
BEGIN;
DELETE FROM detid._seed;
SELECT matches, reason, count(*) FROM detid.replay('p_uuid') GROUP BY 1, 2;
SELECT ids, mismatches, unverified FROM detid.verify_replay('p_uuid');
ROLLBACK;

-- Nor without the generator, also if another has its name now.
ALTER SEQUENCE p_id RENAME TO p_renamed;
SELECT ids, mismatches, unverified FROM detid.verify_replay('p_renamed');
DROP SEQUENCE p_each, p_renamed;
SELECT detid.create_generator('p_each', 'time:41@1ms node:12 sequence:10', audit => 'each');
SELECT DISTINCT matches, reason FROM detid.replay('p_each');
SELECT generator, ids, mismatches, unverified FROM detid.verify_replay(since => '2025-06-01Z', until => '2025-06-01 00:00:00.001Z') WHERE generator IS NULL;

SELECT * FROM detid.replay('pg_class');
SELECT detid.prune_ledger('2025-06-02Z') > 0;
DROP SEQUENCE p_each, p_uuid, p_hash;
