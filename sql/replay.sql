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

-- A forged entry is found, whatever was forged; replay says which part of it.
CREATE VIEW p AS SELECT DISTINCT definition, generator_name FROM detid._contexts WHERE generator_name LIKE 'public.p\_%';
CREATE FUNCTION forge(generator text, change text, OUT said text) LANGUAGE plpgsql AS $$
DECLARE
  of_context CONSTANT boolean := change LIKE 'context: %';
BEGIN
  SET LOCAL detid.allow_schema_changes = on;
  ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change;
  ALTER TABLE detid._contexts DISABLE TRIGGER refuse_change;
  EXECUTE format(CASE WHEN of_context THEN 'UPDATE detid._contexts SET %s WHERE generator_name = %L'
                      ELSE 'UPDATE detid._ledger SET %s WHERE definition IN (SELECT definition FROM p WHERE generator_name = %L)' END,
                 replace(change, 'context: ', ''), 'public.' || generator);
  SELECT format('%s in %s', sum(v.mismatches), count(v.first_mismatch)) INTO said
  FROM detid.verify_replay(since => '2025-05-31Z', until => '2025-06-02Z') v WHERE v.mismatches > 0;
  SELECT said || ': ' || string_agg(DISTINCT coalesce(r.reason, '-'), ', ') INTO said
  FROM detid.replay(since => '2025-05-31Z', until => '2025-06-02Z') r WHERE NOT r.matches;
  RAISE EXCEPTION USING errcode = 'P0001', message = said;
EXCEPTION WHEN raise_exception THEN
  said := sqlerrm;
END $$;
SELECT generator, change, forge(generator, change) FROM (VALUES
  ('p_id', 'node = 8'), ('p_id', 'worker = worker - 1'), ('p_id', 'position = position + 1'), ('p_id', 'count = 3'),
  ('p_id', 'xact = ''3'''), ('p_id', 'digest = digest # 1'), ('p_id', 'digest = digest # (1::bigint << 40)'),
  ('p_id', 'tag = ''forged'''), ('p_id', 'context = context + 1'),
  ('p_each', 'inputs = ''{mallory,NULL}'''), ('p_each', 'inputs = ''{alice,bob}'''), ('p_each', 'inputs = NULL'),
  ('p_each', 'positions = ARRAY[position, position + 2]'),
  ('p_id', 'definition = definition + 1'), ('p_id', 'attempt = 0'), ('p_id', 'ids = ''\x00c2680e2b400000'''), ('p_uuid', 'ids = set_byte(ids, 20, 7)'), ('p_uuid', 'ids = NULL'), ('p_uuid', 'ids = substr(ids, 1, 16)'), ('p_uuid', 'count = 999'), ('p_uuid', 'count = 2147483647'), ('p_id', 'count = 1048577'),
  ('p_hash', 'inputs = ''{mallory}'''), ('p_hash', 'ids = set_byte(ids, 3, 9)'),
  ('p_id', 'context: role = ''mallory'''), ('p_id', 'context: session_role = ''mallory'''), ('p_id', 'context: application = ''else'''),
  ('p_id', 'context: client = ''10.0.0.1'''), ('p_id', 'context: client = NULL'), ('p_id', 'context: tag = ''else'''),
  ('p_id', 'context: xact_epoch = 5'), ('p_id', 'context: instance = 5'), ('p_id', 'context: worker = 5'), ('p_id', 'context: pinned = false'),
  ('p_id', 'context: generator = 5'), ('p_id', 'context: generator_name = ''public.p_else'''), ('p_id', 'context: definition = 5'),
  ('p_id', 'context: layout = ''time:40@1ms node:11 worker:1 sequence:11'''), ('p_id', 'context: epoch = ''2024-12-31Z'''),
  ('p_id', 'context: sequence_bits = 11')) forged (generator, change);
-- Another seed, and a context that is gone.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid._contexts DISABLE TRIGGER refuse_change;
SAVEPOINT seed;
UPDATE detid._contexts SET seed = set_byte(seed, 0, get_byte(seed, 0) # 1) WHERE generator_name = 'public.p_id';
SELECT DISTINCT matches, reason FROM detid.replay('p_id');
ROLLBACK TO seed;
DELETE FROM detid._contexts WHERE generator_name = 'public.p_id';
SELECT DISTINCT matches, reason FROM detid.replay('p_id');
SELECT entry > 0 AS entry, count, first_id, role, xact, pinned FROM detid.ledger WHERE generator IS NULL;
ROLLBACK;

-- A row written by hand may hold anything: no verdict, no crash.
BEGIN;
INSERT INTO detid._ledger SELECT node, worker, definition, n, c, xact, context, digest, b, i, s, tag, a
FROM (SELECT * FROM detid._ledger WHERE definition IN (SELECT definition FROM p)) l,
     (VALUES (1, 2, NULL::bytea, NULL::text[], '{1,NULL}'::bigint[], NULL::int), (2, 0, NULL, NULL, NULL, NULL), (3, -5, NULL, NULL, NULL, NULL), (4, 2, NULL, NULL, '{1}', NULL), (5, 65, NULL, NULL, '{1}', NULL),
             (6, 3, '\x00112233', NULL, NULL, NULL), (7, 1, NULL, '{a,b}', NULL, NULL), (8, 1, NULL, '{{a},{b}}', NULL, 0), (9, 1, NULL, NULL, NULL, -2), (-9, 1, NULL, NULL, NULL, NULL), (10, 1, '', '{}', '{}', NULL)) v (n, c, b, i, s, a);
SELECT generator, entry, matches, reason, count(*) FROM (VALUES ('p_each'), ('p_uuid'), ('p_id'), ('p_hash')) g (generator), detid.replay(generator) WHERE entry <= 10 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2;
SELECT entry, count, first_id, last_id, ids, inputs, positions FROM detid.ledger WHERE entry <= 10 AND generator_name = 'public.p_id' ORDER BY 1;
ROLLBACK;

-- A name may be anything, too.
BEGIN;
INSERT INTO detid._contexts SELECT n, 0, name, 1, layout, epoch, sequence_bits, seed, pinned, instance, xact_epoch, worker, session_role, role, application, client, tag
FROM (SELECT * FROM detid._contexts WHERE generator_name = 'public.p_id' LIMIT 1) c, unnest('{"","\"",a.b.c,a.b.c.d,"nowhere.x",".","public.p_id"}'::text[]) WITH ORDINALITY AS names (name, n);
INSERT INTO detid._ledger SELECT node, worker, 1, n, count, xact, n, digest FROM detid._ledger, generate_series(1, 7) n WHERE definition IN (SELECT definition FROM p WHERE generator_name = 'public.p_id') AND n <> 0;
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
DROP FUNCTION forge;
DROP VIEW p;
DROP SEQUENCE p_each, p_uuid, p_hash;

-- Of a generator that is gone what was recorded is shown, and no more.
SELECT detid.create_generator('p_gone', 'uuid7');
SELECT count(*) FROM detid.next_uuids('p_gone', 5);
DROP SEQUENCE p_gone;
SELECT r.ordinal, r.recorded IN (l.first_id, l.last_id) AS recorded, r.regenerated, r.matches, r.reason
FROM detid.replay(since => '2025-06-01Z', until => '2025-06-02Z') r JOIN detid.ledger l ON l.entry = r.entry AND l.count = 5 AND l.generator_name = 'public.p_gone' WHERE r.reason IS NOT NULL ORDER BY 1;
SELECT detid.prune_ledger('2025-06-02Z') > 0;
-- Several processes count the same.
SELECT detid.create_generator('p_id', 'time:41@1ms node:8 worker:9 sequence:5', audit => 'each'), detid.create_generator('p_range', 'uuid7');
CREATE TABLE p AS SELECT detid.next_id('p_id', 'input ' || i) AS id, detid.next_uuid('p_range') AS public FROM generate_series(1, 500) i;
SELECT count(*) FROM (SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay() EXCEPT SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay(workers => 3)) d;
SELECT generator, ids, mismatches FROM detid.verify_replay('p_id', workers => 1);
SELECT generator, ids, mismatches FROM detid.verify_replay('p_range', since => '-infinity', until => '2024-01-01', workers => 2);
SELECT count(*) FROM detid.verify_replay(workers => -1);
SELECT count(*) FROM detid.verify_replay(workers => 2000);
DROP TABLE p;
DROP SEQUENCE p_id, p_range;
