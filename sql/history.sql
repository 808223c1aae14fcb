-- Ids of random bits that may repeat by chance: none of the last ones is handed out again. detid.history_memory is 256 kB here: 8 windows of up to 1024 ids.
CREATE VIEW options AS SELECT generator, audit, history FROM detid.generators WHERE history > 0 ORDER BY generator::text;
CREATE TABLE minted (g text, n serial, id text);
-- Ids that are among the N before, and whether ids come again at all.
CREATE FUNCTION repeats(name text, history int) RETURNS TABLE (ids bigint, among_the_last bigint, again boolean) LANGUAGE sql AS $$
  SELECT count(*), count(*) FILTER (WHERE ago <= history), bool_or(ago > history)
  FROM (SELECT i - lag(i) OVER (PARTITION BY id ORDER BY i) AS ago FROM (SELECT id, row_number() OVER (ORDER BY n) AS i FROM minted WHERE g = name) m) s $$;
SELECT history_hits AS hits FROM detid.node_status \gset
SELECT detid.create_generator('forgets', 'random:16', audit => 'off'), detid.create_generator('remembers', 'random:16', audit => 'off', history => 1000),
  detid.create_generator('few', 'random:4', audit => 'off', history => 4), detid.create_generator('coupon', 'random:80', codec => 'crockford', prefix => 'c', history => 500, audit => 'off');
SELECT * FROM options;
SELECT label FROM pg_seclabels WHERE objname = 'remembers';
-- One by one and many at once. 65536 ids; without a history 300 of 20000 are among the last 1000.
INSERT INTO minted (g, id) SELECT 'forgets', detid.next_id('forgets') FROM generate_series(1, 20000);
INSERT INTO minted (g, id) SELECT 'remembers', detid.next_id('remembers') FROM generate_series(1, 5000);
INSERT INTO minted (g, id) SELECT 'remembers', id FROM detid.next_ids('remembers', 10000) id;
INSERT INTO minted (g, id) SELECT 'remembers', detid.next_id('remembers', 'input') FROM generate_series(1, 3000);
INSERT INTO minted (g, id) SELECT 'remembers', detid.next_text('remembers') FROM generate_series(1, 2000);
INSERT INTO minted (g, id) SELECT 'few', detid.next_id('few') FROM generate_series(1, 2000);
SELECT ids, among_the_last > 100 AS repeats FROM repeats('forgets', 1000);
SELECT * FROM repeats('remembers', 1000);
SELECT * FROM repeats('few', 4);
SELECT history_hits > :hits + 500 AS counted FROM detid.node_status;
SELECT count(DISTINCT id), bool_and(id LIKE 'c\_%') FROM (SELECT detid.next_text('coupon') AS id FROM generate_series(1, 1000)) s;
SELECT detid.last_id('remembers')::text = (SELECT id FROM minted WHERE g = 'remembers' ORDER BY n DESC LIMIT 1) AS last;
SELECT count(*) FROM detid.next_ids('remembers', 0);
-- What is refused is a gap: a rollback forgets nothing.
BEGIN; CREATE TEMP TABLE undone AS SELECT detid.next_id('few') AS id FROM generate_series(1, 4); SELECT string_agg(id::text, ' ') AS undone FROM undone \gset
ROLLBACK;
SELECT count(*) FROM (SELECT detid.next_id('few') AS id) s WHERE id::text = ANY (string_to_array(:'undone', ' '));
-- Wide ones.
SELECT detid.create_generator('token', 'uuid4', audit => 'off', history => 1024);
SELECT count(DISTINCT id) FROM (SELECT detid.next_uuid('token') AS id FROM generate_series(1, 1000) UNION ALL SELECT detid.next_uuids('token', 4000)) s;
-- Audited: replay makes the same ids.
SELECT detid.create_generator('audited', 'random:14 node:6', history => 1000), detid.create_generator('hashed', 'random:12 hash:20', audit => 'each', history => 1000);
SELECT count(detid.next_id('audited')) FROM generate_series(1, 3000);
SELECT count(*) FROM detid.next_ids('audited', 5000);
SELECT count(DISTINCT detid.next_id('hashed', 'the same')) FROM generate_series(1, 1000);
SELECT generator, ids, entries > 10 AS runs_are_cut, mismatches, unverified FROM (SELECT * FROM detid.verify_replay('audited') UNION ALL SELECT * FROM detid.verify_replay('hashed')) s ORDER BY 1;
SELECT t.verdict FROM (SELECT last_id FROM detid.ledger WHERE generator_name = 'public.audited' ORDER BY entry DESC LIMIT 1) l, LATERAL detid.trace(last_id, 'audited') t;
-- It may be changed while it is in use: within what the window holds it goes on, and so it does when it was off.
SELECT detid.set_history('remembers', 100);
INSERT INTO minted (g, id) SELECT 'lower', detid.next_id('remembers') FROM generate_series(1, 5000);
SELECT * FROM repeats('lower', 100);
SELECT detid.set_history('remembers', 0);
INSERT INTO minted (g, id) SELECT 'off', detid.next_id('remembers') FROM generate_series(1, 10000);
SELECT among_the_last > 10 AS repeats FROM repeats('off', 1000);
SELECT detid.set_history('remembers', 1024);
INSERT INTO minted (g, id) SELECT 'on', detid.next_id('remembers') FROM generate_series(1, 10000);
SELECT * FROM repeats('on', 1024);
BEGIN; SELECT detid.set_history('remembers', 7); ROLLBACK;
-- Beyond that it takes another window, and this server has not so much memory.
SELECT detid.set_history('forgets', 4096), detid.set_history('few', 0);
INSERT INTO minted (g, id) SELECT 'forgets', detid.next_id('forgets');
SELECT detid.set_history('forgets', 1024);
INSERT INTO minted (g, id) SELECT 'raised', detid.next_id('forgets') FROM generate_series(1, 20000);
SELECT * FROM repeats('raised', 1024);
SELECT detid.next_id('few') >= 0, detid.next_id('audited') > 0, detid.next_text('coupon') > '';
-- A generator that is dropped gives its memory back.
DROP SEQUENCE token, audited, hashed, coupon;
SELECT detid.set_history('forgets', 2048);
INSERT INTO minted (g, id) SELECT 'more', detid.next_id('forgets') FROM generate_series(1, 20000);
SELECT * FROM repeats('more', 2048);
-- A pinned clock has a window of its own.
SET detid.clock = '2025-06-01T12:00:00Z';
INSERT INTO minted (g, id) SELECT 'pinned', detid.next_id('remembers') FROM generate_series(1, 5000);
SELECT * FROM repeats('pinned', 1024);
RESET detid.clock;
-- It has taken nothing from the others.
INSERT INTO minted (g, id) SELECT 'more', detid.next_id('forgets') FROM generate_series(1, 5000);
SELECT * FROM repeats('more', 2048);
-- The options of others are not touched, and if_not_exists does not mind.
SELECT detid.set_audit('forgets', 'each');
SELECT detid.create_generator('forgets', 'random:16', if_not_exists => true, history => 5);
SELECT * FROM options;
-- Not for ids that are unique, or that are the same for the same input.
SELECT detid.create_generator('refused', history => 1000);
SELECT detid.create_generator('refused', 'uuid7', history => 1000);
SELECT detid.create_generator('refused', 'hash:128', history => 1000);
SELECT detid.set_history('detid.default_uuid', 1);
-- Not for so many that free ids are hard to find. What takes more than all the memory is seen when ids are minted.
SELECT detid.create_generator('refused', 'random:16', history => 16385);
SELECT detid.create_generator('refused', 'random:3', history => 1);
SELECT detid.set_history('few', 5);
SELECT detid.set_history('remembers', 16384);
SELECT detid.next_id('remembers');
SELECT detid.set_history('remembers', 1000);
-- Out of range; NULL.
SELECT detid.create_generator('refused', 'uuid4', history => -1);
SELECT detid.create_generator('refused', 'uuid4', history => 16777217);
SELECT detid.set_history('remembers', -1);
SELECT detid.set_history(NULL, 1000) IS NULL, detid.set_history('remembers', NULL) IS NULL;
SELECT detid.set_history('pg_class', 1000);
SELECT detid.create_generator('plain', 'uuid4', history => NULL), history FROM detid.generators WHERE generator = 'few'::regclass;
SECURITY LABEL FOR detid ON SEQUENCE plain IS 'layout=uuid4; epoch=2025-01-01Z; audit=range; ordering=backend; salt=1; history=0';
-- For the owner.
CREATE ROLE history_user;
GRANT USAGE ON SEQUENCE remembers TO history_user;
SET ROLE history_user;
SELECT detid.set_history('remembers', 1);
SELECT detid.next_id('remembers') >= 0;
RESET ROLE;
DROP VIEW options;
DROP TABLE minted;
DROP FUNCTION repeats;
-- What is claimed is among the last, too.
SELECT detid.create_generator('h_claim', 'random:8', audit => 'off', history => 60);
CREATE TEMP TABLE handed_out AS SELECT detid.claim_id('h_claim', i) AS id FROM generate_series(1, 30) i;
INSERT INTO handed_out SELECT detid.next_id('h_claim') FROM generate_series(1, 30);
SELECT count(*), count(DISTINCT id) FROM handed_out;
DROP TABLE handed_out;
DROP SEQUENCE h_claim;
DROP SEQUENCE forgets, remembers, few, plain;
DROP ROLE history_user;
