-- Node numbers in levels: who has which.
SET timezone = 'UTC';
SELECT detid.node_path(0), detid.node_of_path('eu'), count(*) FROM detid.topology;
-- Of the generators that are there, all hold these nodes.
SELECT detid.define_topology('region:3 cluster:4 member:3');
SELECT * FROM detid.topology ORDER BY level;
-- The lowest number that is free, from 0 on, or a particular one.
SELECT detid.assign_prefix('eu', 'ops'), detid.assign_prefix('us'), detid.assign_prefix('ap', number => 7);
SELECT detid.assign_prefix('eu/prod-a', 'ann'), detid.assign_prefix('eu/prod-b'), detid.assign_prefix('us/prod-a', 'bob', 15);
SELECT detid.assign_prefix('eu/prod-a/db' || n) FROM generate_series(1, 3) n;
SELECT detid.assign_prefix('us/prod-a/db1', number => 7);
SELECT path, level, nodes, owner, assigned_at > now() - interval '1 hour' AS now FROM detid.prefixes ORDER BY nodes, level;
-- From a node to its path and back. Of a path that is not all levels there is no one node.
SELECT n, detid.node_path(n) FROM unnest('{-1,0,2,3,8,127,128,255,254,256,895,896,1023,1024}'::int[]) n;
SELECT p, detid.node_of_path(p) FROM unnest('{eu,eu/prod-a,eu/prod-a/db3,us/prod-a/db1,eu/prod-a/db4,x//y}'::text[]) p;
SELECT detid.node_path(NULL) IS NULL, detid.node_of_path(NULL) IS NULL, detid.assign_prefix(NULL) IS NULL;

-- The path of an id is that of its node.
SELECT detid.create_generator('n_id', audit => 'off'), detid.create_generator('n_first', 'node:10 time:41@1ms sequence:12', audit => 'off'),
       detid.create_generator('n_uuid', 'const:2=1 node:10 time:48@1ms const:4=8 random:64', audit => 'off'), detid.create_generator('n_small', 'node:8 time:40@1ms sequence:12', audit => 'off'),
       detid.create_generator('n_text', 'node:10 time:48@1ms sequence:12 random:26', audit => 'off');
SELECT detid.node_path(detid.node_of(detid.compose('n_id', 1000, 255, 0, 0), 'n_id'));
SELECT node, path, worker FROM detid.trace(detid.compose('n_id', 1000, 2, 0, 0), 'n_id');
SELECT node, path FROM detid.trace(detid.compose('n_id', 1000, 500, 0, 0), 'n_id');
SELECT path FROM detid.trace(detid.compose_uuid('n_uuid', 1000, 2, 0, 0), 'n_uuid') UNION ALL SELECT path FROM detid.trace(detid.compose_text('n_text', 1000, 128, 0, 0), 'n_text');

-- Where the layout begins with the node, a prefix is a range of ids.
SELECT p, r.* FROM unnest('{eu,eu/prod-a,us/prod-a/db1,ap}'::text[]) p, detid.node_range('n_first', p) r;
SELECT (detid.node_range('n_first', 'us/prod-a/db1')).lowest::bigint = detid.compose('n_first', 0, 255, 0, 0),
       (detid.node_range('n_first', 'us/prod-a/db1')).highest::bigint = detid.compose('n_first', (1::bigint << 41) - 1, 255, 0, 4095);
SELECT r.* FROM detid.node_range('n_uuid', 'eu') r UNION ALL SELECT r.* FROM detid.node_range('n_text', 'ap') r;
SELECT * FROM detid.node_range('n_first', NULL), detid.node_range(NULL, 'eu') x;
CREATE TABLE n_ids (id bigint) PARTITION BY RANGE (id);
CREATE TABLE n_us PARTITION OF n_ids FOR VALUES FROM ((detid.node_range('n_first', 'us')).lowest::bigint) TO ((detid.node_range('n_first', 'us')).highest::bigint + 1);
INSERT INTO n_ids VALUES (detid.compose('n_first', 0, 128, 0, 0)), (detid.compose('n_first', (1::bigint << 41) - 1, 255, 0, 4095));
SELECT count(*) FROM n_us;

-- What is given back is given again.
SELECT detid.release_prefix('eu/prod-a/db2'), detid.release_prefix('us/prod-a/db1'), detid.release_prefix('us/prod-a');
SELECT detid.assign_prefix('eu/prod-a/db4'), detid.assign_prefix('eu/prod-a/db5'), detid.assign_prefix('us/prod-b');
SELECT detid.node_path(1), detid.node_path(255);

-- A topology that is defined again, or whose levels get other names, moves nothing; nor does a first level with more bits.
SELECT detid.define_topology('region:3 cluster:4 member:3');
SELECT detid.define_topology(' continent:3  cluster:4 server:3');
SELECT detid.define_topology('continent:5 cluster:4 server:3');
SELECT level, name, bits FROM detid.topology ORDER BY level;
SELECT detid.assign_prefix('sa', number => 31), detid.assign_prefix('af'), detid.node_path(2), detid.node_path(4095);
SELECT * FROM detid.node_range('n_first', 'ap');
-- Below what is assigned, levels are cut and joined.
SELECT detid.release_prefix(path) FROM (SELECT path FROM detid.prefixes WHERE level > 1 ORDER BY level DESC) p;
SELECT detid.define_topology('continent:5 zone:2 cluster:2 server:1 cpu:2');
SELECT detid.assign_prefix('us/z1'), detid.assign_prefix('us/z2'), detid.assign_prefix('us/z2/c', number => 3), detid.assign_prefix('us/z2/c/s'), detid.assign_prefix('us/z2/c/s/core', number => 2);
SELECT detid.node_of_path('us/z2/c/s/core'), detid.node_path(128 + 32 + 3 * 8 + 2);
SET client_min_messages = warning;
SELECT detid.define_topology('continent:5 zone:2 cluster:2 server:1 cpu:1 core:1');
SELECT detid.release_prefix('us/z2/c/s/core'), detid.define_topology('continent:5 zone:2 cluster:2 server:1 cpu:1 core:1');
RESET client_min_messages;

-- What an operator is told: this node is 7.
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'topology';
SELECT detid.release_prefix('eu');
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'topology';

-- With 31 bits, up to the last node number there is.
SELECT detid.release_prefix(path) FROM (SELECT path FROM detid.prefixes ORDER BY level DESC) p;
SET client_min_messages = warning;
SELECT detid.define_topology('a:1 b:30');
RESET client_min_messages;
SELECT detid.assign_prefix('x'), detid.assign_prefix('y'), detid.assign_prefix('y/y', number => 1073741823), detid.assign_prefix('y/x');
SELECT detid.node_of_path('y/y'), detid.node_of_path('y/x');
SELECT detid.node_path(2147483647), detid.node_path(2147483646), detid.node_path(0);
SELECT detid.release_prefix('y/x'), detid.assign_prefix('y/z'), detid.assign_prefix('y/w');

-- What counts is committed, or of the transaction itself, whatever its isolation level; a rollback gives it back.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT detid.assign_prefix('x/a'), detid.assign_prefix('x/b');
SAVEPOINT s;
SELECT detid.assign_prefix('x/c');
ROLLBACK TO s;
SELECT detid.assign_prefix('x/d');
ROLLBACK;
SELECT detid.assign_prefix('x/e');

-- Whatever the search_path is, and what stands in it.
CREATE SCHEMA n_evil;
CREATE FUNCTION n_evil.no(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE OPERATOR n_evil.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = n_evil.no);
CREATE FUNCTION n_evil.lower(int4range) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE TABLE n_evil.prefixes (path text);
SET search_path = n_evil, pg_catalog;
SELECT detid.assign_prefix('x/f', 'o'), detid.node_path(1), detid.node_of_path('x/e'), detid.release_prefix('x/f');
RESET search_path;

DROP SCHEMA n_evil CASCADE;
DROP TABLE n_ids;
DROP SEQUENCE n_id, n_first, n_uuid, n_small, n_text;
DELETE FROM detid.prefixes;
DELETE FROM detid.topology;
