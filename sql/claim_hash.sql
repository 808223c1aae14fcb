-- Claims whose id is a hash of the input: where it is another's, the next attempt enters the hash.
SELECT detid.create_generator('d_id', 'node:10 hash:53'), detid.create_generator('d_8', 'hash:8'), detid.create_generator('d_12', 'node:4 hash:12'), detid.create_generator('d_uuid', 'time:48@1ms const:4=8 hash:12 const:2=2 hash:62'), detid.create_generator('d_off', 'hash:8', audit => 'off'), detid.create_generator('d_rnd', 'random:8');
-- The first attempt's is what compose makes of the input.
SELECT detid.claim_id('d_id', 'alice'), detid.compose('d_id', 0, 7, 0, 0, 'alice') AS composed;
SELECT detid.claim_id('d_id', 'ab', 'c'), detid.claim_id('d_id', 'a', 'bc'), detid.claim_id('d_id', 'abc');
SELECT attempt, count(*) FROM detid.ledger WHERE generator = 'd_id'::regclass GROUP BY 1;
-- 8 bits, filled to the last free value. Which input gets which is the same each time.
SELECT count(DISTINCT id), min(id), max(id), md5(string_agg(id::text, ' ' ORDER BY i)) FROM (SELECT i, detid.claim_id('d_8', i) AS id FROM generate_series(1, 256) i) s;
SELECT detid.claim_id('d_8', 257);
SELECT count(*) FROM generate_series(1, 256) i, detid.claim('d_8', i) WHERE created;
SELECT attempt > 0 AS met, count(*) FROM detid.ledger WHERE generator = 'd_8'::regclass GROUP BY 1 ORDER BY 1;
SELECT max(attempt) FROM detid.ledger WHERE generator = 'd_8'::regclass;
-- 12 bits, in one load.
SELECT count(DISTINCT id), count(*) FILTER (WHERE created) FROM detid.claim_ids('d_12', (SELECT array_agg(i::text) FROM generate_series(1, 4096) i));
SELECT * FROM detid.claim_ids('d_12', '{4097}');
-- Random ones, too, are never another input's.
SELECT count(DISTINCT id) FROM (SELECT detid.claim_id('d_rnd', i) AS id FROM generate_series(1, 256) i) s;
\set VERBOSITY terse
SELECT detid.claim_id('d_rnd', 257);
\set VERBOSITY default
-- With a time, the id is of the moment it was claimed.
SELECT detid.claim_uuid('d_uuid', 'alice') = detid.claim_uuid('d_uuid', 'alice') AS same;
-- Replay makes each again from what was recorded; without the input it has no verdict.
SELECT detid.claim_id('d_off', 'alice') IS NOT NULL AS claimed;
SELECT generator, ids, mismatches, unverified FROM detid.verify_replay() WHERE generator::text ~ '^d_' ORDER BY generator::text;
SELECT input, verdict FROM detid.trace((SELECT first_id::bigint FROM detid.ledger WHERE generator = 'd_8'::regclass ORDER BY attempt DESC LIMIT 1), 'd_8');
SELECT verdict FROM detid.trace(detid.claim_id('d_off', 'alice'), 'd_off');
-- A row that is not what the claim would make is noticed.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid.claims DISABLE TRIGGER refuse_change;
UPDATE detid.claims SET attempt = attempt + 1 WHERE definition = (SELECT min(definition) FROM detid.ledger WHERE generator = 'd_id'::regclass) AND inputs = '{alice}';
SELECT ids, mismatches FROM detid.verify_replay('d_id');
UPDATE detid.claims SET inputs = '{tampered}' WHERE definition = (SELECT min(definition) FROM detid.ledger WHERE generator = 'd_rnd'::regclass) AND inputs = '{5}';
UPDATE detid.claims SET ids = '\x0000', origin = 1 WHERE definition = (SELECT min(definition) FROM detid.ledger WHERE generator = 'd_12'::regclass) AND inputs = '{5}';
SELECT generator, ids, mismatches FROM detid.verify_replay() WHERE generator::text IN ('d_rnd', 'd_12') ORDER BY 1;
SELECT verdict FROM detid.trace((SELECT first_id::bigint FROM detid.ledger WHERE inputs = '{tampered}'), 'd_rnd');
UPDATE detid.claims SET inputs = '{NULL}' WHERE definition = (SELECT min(definition) FROM detid.ledger WHERE generator = 'd_id'::regclass) AND inputs = '{alice}';
SELECT reason FROM detid.replay('d_id') WHERE reason IS NOT NULL;
ROLLBACK;
-- Bad input.
SELECT detid.claim_id('d_id', VARIADIC '{}'::text[]);
SELECT detid.claim_id('d_id', VARIADIC '{a,NULL}'::text[]) IS NULL, detid.claim_id('d_id', NULL) IS NULL, detid.claim_id(NULL, 'a') IS NULL, (detid.claim('d_id', NULL::text)).id IS NULL;
SELECT detid.claim_uuid('d_id', 'a');
SELECT detid.claim_id('d_uuid', 'a');
SELECT * FROM detid.claim_uuids('d_id', '{a}');
SELECT * FROM detid.claim_ids('d_uuid', NULL);
SELECT detid.claim_id('d_id', now());
SELECT detid.claim_id('pg_class', 'a');
SELECT detid.claim_id('d_id', repeat('x', 1000000)) = detid.claim_id('d_id', repeat('x', 1000000)) AS megabyte;
BEGIN READ ONLY;
SELECT detid.claim_id('d_id', 'alice');
SELECT detid.claim_id('d_id', 'nobody');
ROLLBACK;
DROP SEQUENCE d_id, d_8, d_12, d_uuid, d_off, d_rnd;
