-- What is minted goes into the ledger with the transaction that minted it.
SET timezone = 'UTC';
SELECT detid.create_generator('l_range');
SELECT detid.create_generator('l_each', audit => 'each');
SELECT detid.create_generator('l_off', audit => 'off');
CREATE VIEW l AS
  SELECT generator_name, minted_at, tick, sequence, count, first_id, last_id, ids, inputs, positions, tag, pinned
  FROM detid.ledger WHERE generator_name LIKE 'public.l_%' ORDER BY node, entry;
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
UPDATE detid.ledger SET tag = 'forged';
DELETE FROM detid.ledger;
TRUNCATE detid.ledger;
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
DROP VIEW l;
DROP SEQUENCE l_range, l_each, l_off;
