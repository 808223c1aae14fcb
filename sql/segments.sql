-- The ledger in parts; test/t/048_segments.pl has concurrency, crashes, standbys, dumps and replication.
SELECT detid.create_generator('s_id'), detid.create_generator('s_each', 'uuid7', audit => 'each');
CREATE TABLE s AS SELECT 1 AS part, detid.next_id('s_id') AS id, detid.next_uuid('s_each', repeat('ann ', 200)) AS public;
SELECT count(*) AS tables FROM pg_class WHERE relname ~ '^_ledger_[0-9]' AND relkind = 'r';
SELECT detid.rotate_ledger() AS first \gset
SELECT :'first' ~ '^detid\._ledger_\d{8}_\d{6}$';
SELECT count(*) FROM ONLY detid._ledger;
SELECT detid.rotate_ledger() IS NULL AS empty;
INSERT INTO s SELECT 2, detid.next_id('s_id'), detid.next_uuid('s_each', 'bob');
-- Both are read.
SELECT part, t.verdict, t.input = repeat('ann ', 200) AS long FROM s, detid.trace(id, 's_id') t ORDER BY part;
SELECT part, t.verdict, left(t.input, 6) AS input FROM s, detid.trace(public, 's_each') t ORDER BY part;
SELECT sum(ids) >= 4, sum(mismatches) FROM detid.verify_replay();
SELECT detid.seal_ledger() > 0;
SELECT count(*) FROM detid.verify_ledger(detid.checkpoint());
SELECT segment = :'first'::regclass AS closed, current, bytes > 0, minted_from <= minted_until, sealed, checkpoint > 0, tablespace FROM detid.ledger_segments ORDER BY current;
-- It is guarded as the ledger, and has its privileges.
\set VERBOSITY terse
UPDATE :first SET tag = 'x';
DELETE FROM :first;
TRUNCATE :first;
\set VERBOSITY sqlstate
DROP TABLE :first;
ALTER TABLE :first ADD COLUMN x int;
ALTER TABLE :first NO INHERIT detid._ledger;
CREATE TABLE x () INHERITS (:first);
\set VERBOSITY default
SELECT (SELECT array_agg(a::text ORDER BY a::text) FROM aclexplode(c.relacl) a) = (SELECT array_agg(a::text ORDER BY a::text) FROM aclexplode(l.relacl) a)
FROM pg_class c, pg_class l WHERE c.oid = :'first'::regclass AND l.oid = 'detid._ledger'::regclass;
SELECT * FROM detid.check() WHERE "check" = 'objects' AND detail ~ 'ledger';
-- Without a guard it is no segment that check() takes for one.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE :first DISABLE TRIGGER refuse_truncate;
SELECT ok, regexp_replace(detail, '\d{8}_\d{6}', 'T') FROM detid.check() WHERE "check" = 'objects' AND detail ~ '_ledger';
ROLLBACK;
-- One that is sealed can be taken out, and put back.
INSERT INTO s (id) SELECT detid.next_id('s_id');
SELECT detid.rotate_ledger() AS second \gset
\set VERBOSITY sqlstate
SELECT detid.detach_segment(:'second');
SELECT detid.detach_segment('detid._ledger');
SELECT detid.detach_segment('detid.claims');
SELECT detid.attach_segment(:'first');
SELECT detid.attach_segment('s');
SELECT detid.attach_segment('detid._contexts');
\set VERBOSITY default
SELECT detid.seal_ledger() > 0;
SELECT detid.detach_segment(:'first');
SELECT part, t.verdict FROM s, detid.trace(id, 's_id') t WHERE part < 3 ORDER BY part;
SELECT DISTINCT problem, detail ~ 'All \d+ rows' AS all FROM detid.verify_ledger(detid.checkpoint());
SELECT count(*) FROM detid.ledger_segments;
SELECT detid.attach_segment(:'first');
SELECT count(*) FROM detid.verify_ledger(detid.checkpoint());
SELECT detid.redact_inputs(repeat('ann ', 200));
SELECT count(*) FROM detid.verify_ledger(detid.checkpoint());
SELECT detid.detach_segment(:'first');
DROP TABLE :first;
SELECT DISTINCT problem FROM detid.verify_ledger(detid.checkpoint());
-- Of one that was pruned in part, what is left is noted.
INSERT INTO s SELECT 3, detid.next_id('s_id'), NULL FROM generate_series(1, 3);
SELECT detid.seal_ledger() > 0;
SELECT detid.rotate_ledger() AS third \gset
SELECT detid.prune_ledger('2900-01-01', 1);
SELECT detid.detach_segment(:'third');
SELECT count(*) > 0 AS any, bool_and(problem IN ('detached', 'pruned', 'missing')) FROM detid.verify_ledger(detid.checkpoint());
SELECT detid.attach_segment(:'third');
-- Pruning reaches into segments.
SELECT detid.prune_ledger(now() + interval '1 day') > 2;
SELECT count(*) FROM ONLY detid._ledger;
SELECT detid.detach_segment(:'second');
SET client_min_messages = warning;
DROP TABLE :second;
SELECT detid.detach_segment(:'third');
DROP TABLE :third;
RESET client_min_messages;
-- An id that a segment has is not recorded again.
SET detid.clock = '2025-06-01Z';
SELECT detid.next_id('s_id') > 0;
INSERT INTO detid._ledger SELECT node, worker, definition, position + 1, 1, xact, context, digest FROM ONLY detid._ledger
WHERE (definition, node, worker, position) = (SELECT definition, node, worker, position FROM ONLY detid._ledger WHERE worker < -1 ORDER BY xact::text::bigint DESC LIMIT 1);
SELECT detid.rotate_ledger() AS fourth \gset
\set VERBOSITY terse
SELECT detid.next_id('s_id') > 0;
\set VERBOSITY default
SELECT detid.next_id('s_id') > 0;
RESET detid.clock;
SELECT detid.prune_ledger('2900-01-01') > 0;
SELECT detid.detach_segment(:'fourth');
DROP TABLE :fourth;
-- Who may, and where not.
SET default_transaction_read_only = on;
\set VERBOSITY sqlstate
SELECT detid.rotate_ledger();
RESET default_transaction_read_only;
CREATE ROLE s_nobody;
SET ROLE s_nobody;
SELECT detid.rotate_ledger();
SELECT detid.detach_segment('detid._ledger');
SELECT detid.attach_segment('detid._ledger');
SELECT count(*) FROM detid.ledger_segments;
RESET ROLE;
DROP ROLE s_nobody;
-- Columns and indexes that an owner added would not fit.
INSERT INTO s (id) SELECT detid.next_id('s_id');
SET detid.allow_schema_changes = on;
CREATE INDEX s_context ON detid._ledger (context);
SELECT detid.rotate_ledger();
DROP INDEX detid.s_context;
RESET detid.allow_schema_changes;
\set VERBOSITY default
-- In the transaction that mints, and one that rolls back; not in one that a client may leave open.
BEGIN;
SELECT detid.rotate_ledger();
ROLLBACK;
DO $$
BEGIN
  INSERT INTO s (id) SELECT detid.next_id('s_id');
  PERFORM detid.rotate_ledger();
  INSERT INTO s (id) SELECT detid.next_id('s_id');
END $$;
SELECT count(*) FROM ONLY detid._ledger;
DO $$
BEGIN
  INSERT INTO s (id) SELECT detid.next_id('s_id');
  PERFORM detid.rotate_ledger();
  RAISE EXCEPTION 'rolled back';
END $$;
SELECT count(*) FROM ONLY detid._ledger;
SELECT sum(mismatches) FROM detid.verify_replay();
DROP TABLE s;
DROP SEQUENCE s_id, s_each;
