-- What is minted goes into the ledger with the transaction that minted it.
SET timezone = 'UTC';
SELECT detid.create_generator('l_range');
SELECT detid.create_generator('l_each', audit => 'each');
SELECT detid.create_generator('l_off', audit => 'off');
CREATE VIEW l AS
  SELECT generator_name, minted_at, tick, sequence, count, first_id, last_id, ids, inputs, positions, tag, pinned
  FROM detid.ledger WHERE generator_name LIKE 'public.l_%' ORDER BY node, entry, generator_name;
SELECT detid.next_id('l_off') > 0;
SET detid.clock = '2025-06-01T00:00:00Z';
SELECT detid.next_id('l_off') > 0;
SELECT array_agg(id) FROM detid.next_ids('l_range', 3) id;
BEGIN;
SET LOCAL detid.tag = 'req-8f2';
SELECT detid.next_id('l_each', 'alice'), detid.next_id('l_each', 'bob'), detid.next_id('l_each', NULL);
COMMIT;
SELECT * FROM l;

-- A savepoint's rollback takes its own ids along and no others.
BEGIN;
SELECT detid.next_id('l_range');
SAVEPOINT a;
SELECT detid.next_id('l_range');
SAVEPOINT b;
SELECT detid.next_id('l_range');
RELEASE b;
ROLLBACK TO a;
SELECT detid.next_id('l_range');
COMMIT;
SELECT first_id, last_id, count FROM l OFFSET 2;

-- Nothing of a transaction that rolls back.
BEGIN;
SELECT detid.next_id('l_range') > 0;
ROLLBACK;
SELECT count(*) FROM l;

-- Positions that are not consecutive are recorded one by one.
BEGIN;
SELECT detid.next_id('l_each', 'one');
SET LOCAL detid.clock = '2025-06-01T00:00:00.5Z';
SELECT detid.next_id('l_each', 'two');
COMMIT;
SELECT ids, inputs, positions FROM l OFFSET 4;

-- Append-only.
UPDATE detid._ledger SET tag = 'forged';
DELETE FROM detid._ledger;
TRUNCATE detid._ledger;
UPDATE detid._contexts SET role = 'forged';
DELETE FROM detid._contexts;
TRUNCATE detid._contexts;
UPDATE detid.ledger SET tag = 'forged';
DELETE FROM detid.ledger;
UPDATE detid._horizon SET horizon = 0;
DELETE FROM detid._horizon;
INSERT INTO detid._horizon VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);  -- merged: nothing is lowered
SELECT count(*), min(horizon) > 0 FROM detid._horizon;

-- But for pruning.
SELECT detid.prune_ledger(NULL);
SELECT detid.prune_ledger('infinity');
SELECT detid.prune_ledger('2025-06-01 00:00:00.1Z', 0);
SELECT detid.prune_ledger('2025-06-01 00:00:00.1Z', 2) = 2;
SELECT count(*) FROM l;
SELECT detid.prune_ledger('2025-06-02Z') > 0;
SELECT count(*) FROM l;

-- Coordinates that the ledger has already are not minted again: nothing commits.
SELECT detid.next_id('l_range') > 0;
INSERT INTO detid._ledger SELECT node, worker, definition, position + 1, 1, xact, context, digest FROM detid._ledger
WHERE (definition, node, worker, position) = (SELECT definition, node, worker, position FROM detid._ledger WHERE worker < -1 ORDER BY xact::text::bigint DESC LIMIT 1);
\set VERBOSITY terse
SELECT detid.next_id('l_range') > 0;
\set VERBOSITY default
SELECT detid.next_id('l_range') > 0;
SELECT count(*), sum(count) FROM l;
-- Another application is another row.
BEGIN;
SET LOCAL application_name = 'one';
SELECT detid.next_id('l_range') > 0;
SET LOCAL application_name = 'two';
SELECT detid.next_id('l_range') > 0;
COMMIT;
SELECT application, count(*), sum(count) FROM detid.ledger WHERE generator_name = 'public.l_range' AND application IN ('one', 'two') GROUP BY 1 ORDER BY 1;
-- Each generator of a transaction has its own run: a table with two keys, a child and a trigger that mint.
SELECT detid.create_generator('l_key'), detid.create_generator('l_public', 'uuid7'), detid.create_generator('l_child', audit => 'each');
CREATE TABLE l_parents (id bigint DEFAULT detid.next_id('l_key'), public uuid DEFAULT detid.next_uuid('l_public'), n integer);
CREATE TABLE l_children (id bigint DEFAULT detid.next_id('l_child', 'of a parent'));
CREATE FUNCTION l_have_child() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l_children DEFAULT VALUES; RETURN NEW; END $$;
CREATE TRIGGER child BEFORE INSERT ON l_parents FOR EACH ROW EXECUTE FUNCTION l_have_child();
INSERT INTO l_parents (n) SELECT generate_series(1, 100);
SELECT generator_name, count(*), sum(count), min(cardinality(inputs)) FROM l WHERE generator_name IN ('public.l_key', 'public.l_public', 'public.l_child') GROUP BY 1 ORDER BY 1;
SELECT generator, entries, ids, mismatches FROM detid.verify_replay() WHERE generator IN ('l_key'::regclass, 'l_public'::regclass, 'l_child'::regclass) ORDER BY 1;
-- A savepoint takes its part of each run along, and the runs go on behind it where they can.
BEGIN;
INSERT INTO l_parents (n) VALUES (1);
SAVEPOINT a;
INSERT INTO l_parents (n) VALUES (2);
ROLLBACK TO a;
INSERT INTO l_parents (n) VALUES (3);
RELEASE a;
INSERT INTO l_parents (n) VALUES (4), (5);
COMMIT;
SELECT generator_name, array_agg(count ORDER BY first_id) FROM l WHERE generator_name IN ('public.l_key', 'public.l_public', 'public.l_child') AND tick = (SELECT max(tick) FROM l m WHERE m.generator_name = l.generator_name) GROUP BY 1 ORDER BY 1;
SELECT count(*), count(DISTINCT id), count(DISTINCT public) FROM l_parents;
SELECT detid.prune_ledger('2025-06-02Z') > 0;
DROP TABLE l_parents, l_children;
DROP FUNCTION l_have_child;
DROP VIEW l;
DROP SEQUENCE l_range, l_each, l_off, l_key, l_public, l_child;
