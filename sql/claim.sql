-- The id that an input has for ever.
SET detid.clock = '2025-06-01T12:00:00Z';
SELECT detid.create_generator('c_id'), detid.create_generator('c_uuid', 'uuid7'), detid.create_generator('c_text', 'ksuid'), detid.create_generator('c_ord', 'uuid7', prefix => 'ord'), detid.create_generator('c_off', audit => 'off');
SELECT detid.claim_id('c_id', 'alice'), detid.claim_id('c_id', 'bob'), detid.claim_id('c_id', 'alice') AS again;
SET detid.clock = '2025-06-01T13:00:00Z';
SELECT detid.claim_id('c_id', 'alice') AS later, detid.minted_at(detid.claim_id('c_id', 'carol'), 'c_id') = '2025-06-01T13:00:00Z' AS at_once;
-- Several inputs; integers and uuids as their texts.
SELECT detid.claim_id('c_id', 'stripe', 42) = detid.claim_id('c_id', 'stripe', '42') AS same, detid.claim_id('c_id', 'ab', 'c') <> detid.claim_id('c_id', 'a', 'bc') AS cut, detid.claim_id('c_id', '{stripe,42}') <> detid.claim_id('c_id', 'stripe', 42) AS no_array, detid.claim_id('c_id', VARIADIC '{stripe,42}'::text[]) = detid.claim_id('c_id', 'stripe', 42) AS an_array;
-- What created says.
SELECT id, created FROM detid.claim('c_id', 'dave');
SELECT id = detid.claim_id('c_id', 'dave')::text AS same, created FROM detid.claim('c_id', 'dave');
-- Each generator has claims of its own, of its own type.
SELECT detid.claim_uuid('c_uuid', 'alice') = detid.claim_uuid('c_uuid', 'alice') AS uuid, detid.claim_text('c_uuid', 'alice') = detid.claim_uuid('c_uuid', 'alice')::text AS as_text, detid.claim_text('c_text', 'alice') = detid.claim_text('c_text', 'alice') AS ksuid, detid.claim_text('c_ord', 'alice') LIKE 'ord\_%' AS prefix;
SELECT detid.last_id('c_id') = detid.claim_id('c_id', 'erin') AS not_yet, detid.last_id('c_id') = detid.claim_id('c_id', 'erin') AS last;
-- Whole loads, in the order of the array.
SELECT input, id = detid.claim_id('c_id', coalesce(input, 'none')) AS same, created FROM detid.claim_ids('c_id', '{frank,alice,NULL,frank,"",grace}');
SELECT input, created FROM detid.claim_uuids('c_uuid', '{alice,bob}');
SELECT input, created FROM detid.claim_texts('c_ord', '{alice,bob}');
SELECT count(*) FROM detid.claim_ids('c_id', '{}');
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE created) FROM detid.claim_ids('c_id', (SELECT array_agg('n' || i % 500) FROM generate_series(1, 1000) i));
-- Claims are ledger rows, with their inputs; 'off' records their hash alone.
SELECT generator_name, node, count, first_id = last_id AS one, inputs, attempt, pinned FROM detid.ledger WHERE generator = 'c_id'::regclass AND inputs[1] IN ('alice', 'stripe') ORDER BY entry;
SELECT detid.claim_id('c_off', 'alice') = detid.claim_id('c_off', 'alice') AS same;
SELECT inputs IS NULL AS no_inputs FROM detid.ledger WHERE generator = 'c_off'::regclass;
SELECT input, verdict FROM detid.trace(detid.claim_id('c_id', 'stripe', 42), 'c_id');
SELECT input, verdict FROM detid.trace(detid.claim_text('c_ord', 'alice'), 'c_ord');
SELECT generator, entries = ids AS one_each, mismatches, unverified FROM detid.verify_replay() WHERE generator::text ~ '^c_' ORDER BY generator::text;
-- They vanish with their transaction or savepoint, and are pruned never.
BEGIN;
SELECT created FROM detid.claim('c_id', 'heidi');
SAVEPOINT s;
SELECT created FROM detid.claim('c_id', 'ivan');
ROLLBACK TO s;
SELECT created FROM detid.claim('c_id', 'ivan');
ROLLBACK;
SELECT created FROM detid.claim('c_id', 'heidi');
SELECT detid.prune_ledger('2100-01-01Z') >= 0 AS pruned;
SELECT created FROM detid.claim('c_id', 'alice');
UPDATE detid.claims SET ids = '1';
DELETE FROM detid.claims;
TRUNCATE detid.claims;
DELETE FROM detid._ledger;
-- A generator that is dropped and made again has its claims again.
SELECT detid.claim_id('c_id', 'alice') AS alice \gset
DROP SEQUENCE c_id;
SELECT detid.create_generator('c_id');
SELECT detid.claim_id('c_id', 'alice') = :alice AS same;
DROP SEQUENCE c_id, c_uuid, c_text, c_ord, c_off;
