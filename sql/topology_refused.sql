-- Topologies, prefixes and paths that are refused.
SELECT detid.assign_prefix('eu');
SELECT detid.release_prefix('eu');
SELECT detid.define_topology('');
SELECT detid.define_topology('region:3 cluster');
SELECT detid.define_topology('region:0');
SELECT detid.define_topology('region:3 Cluster:4');
SELECT detid.define_topology('region:30 cluster:2');
SELECT detid.define_topology('region:3 region:4');
SELECT detid.define_topology(repeat('a', 64) || ':3');
-- Generators that not all nodes can mint from are named; more of them are counted. Without a node they do not matter.
SELECT detid.create_generator('n_js', 'js53', audit => 'off'), detid.create_generator('n_none', 'time:41@1ms sequence:12', audit => 'off');
SELECT detid.define_topology('region:3 cluster:4');
SELECT detid.define_topology('region:1 cluster:1 member:1');
SELECT detid.create_generator('n_' || n, 'time:41@1ms node:2 sequence:12', audit => 'off') FROM generate_series(1, 6) n;
SELECT detid.define_topology('region:2 cluster:1 member:1');

SELECT detid.assign_prefix('eu'), detid.assign_prefix('us', number => 2), detid.assign_prefix('eu/a'), detid.assign_prefix('eu/a/m');
SELECT detid.assign_prefix(p) FROM unnest('{""}'::text[]) p;
SELECT detid.assign_prefix('/eu');
SELECT detid.assign_prefix('a//b');
SELECT detid.assign_prefix('eu/');
SELECT detid.assign_prefix('EU');
SELECT detid.assign_prefix('eu/a b');
SELECT detid.assign_prefix('eu/' || repeat('x', 64));
SELECT detid.assign_prefix('eu/a/m/n');
SELECT detid.assign_prefix('ap/a');
-- Taken: the path, the number; there is no such number; there is none left.
SELECT detid.assign_prefix('eu');
SELECT detid.assign_prefix('ap', number => 2);
SELECT detid.assign_prefix('ap', number => 4);
SELECT detid.assign_prefix('ap', number => -1);
SELECT detid.assign_prefix('eu/a/n');
SELECT detid.assign_prefix('eu/a/o');
SELECT detid.release_prefix('eu');
SELECT detid.release_prefix('eu/b');
SELECT detid.release_prefix('eu//b');
-- Nothing that is assigned moves.
SELECT detid.define_topology('region:2 cluster:2 member:1');
SELECT detid.define_topology('region:2 cluster:1 member:2');
SELECT detid.define_topology('region:2 member:2');
SELECT detid.define_topology('region:1 cluster:1 member:1');
SELECT detid.define_topology('world:1 region:2 cluster:1 member:1');
SELECT * FROM detid.topology ORDER BY level;
-- Nor do two overlap, whoever writes.
\set VERBOSITY terse
INSERT INTO detid.prefixes (path, level, nodes) VALUES ('ap', 1, '[3,6)');
INSERT INTO detid.prefixes (path, level, nodes) VALUES ('ap', 2, '[12,16)');
INSERT INTO detid.prefixes (path, level, nodes) VALUES ('ap', 1, '[-4,0)'), ('sa', 1, 'empty');
INSERT INTO detid.prefixes (path, level, nodes) VALUES ('ap', 1, '(,)');
\set VERBOSITY default
-- Ranges of ids.
SELECT detid.create_generator('n_first', 'node:3 time:41@1ms sequence:12', audit => 'off'), detid.create_generator('n_58', 'node:4 time:48@1ms random:64', codec => 'base58', audit => 'off');
SELECT * FROM detid.node_range('n_js', 'eu');
SELECT * FROM detid.node_range('n_none', 'eu');
SELECT * FROM detid.node_range('n_58', 'eu');
SELECT * FROM detid.node_range('n_first', 'us');
SELECT * FROM detid.node_range('n_first', 'ap');
SELECT * FROM detid.node_range('n_first', 'a//b');
SELECT * FROM detid.node_range('pg_class', 'eu');
BEGIN READ ONLY;
SELECT detid.node_path(1), (detid.node_range('n_first', 'eu')).lowest;
SAVEPOINT s;
SELECT detid.assign_prefix('ap');
ROLLBACK TO s;
SELECT detid.release_prefix('ap');
ROLLBACK TO s;
SELECT detid.define_topology('region:2 cluster:1 member:1');
ROLLBACK;
-- A table that somebody changed is not believed.
BEGIN;
UPDATE detid.topology SET name = 'X' WHERE level = 1;
SELECT detid.assign_prefix('ap');
ROLLBACK;
DROP SEQUENCE n_js, n_none, n_first, n_58, n_1, n_2, n_3, n_4, n_5, n_6;
DELETE FROM detid.prefixes;
DELETE FROM detid.topology;
