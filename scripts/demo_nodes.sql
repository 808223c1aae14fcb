-- SPDX-License-Identifier: PostgreSQL
--
-- What scripts/demo --nodes runs: a coordinator and three nodes, one of which is copied, and hours
-- in which some are away. Variable dir is where the sockets and the data are.
\set QUIET on
\pset linestyle unicode
\pset border 2
\pset null '-'
\pset footer off
\set coordinator :dir/coordinator
\set db1 :dir/db1
\set w1 :dir/w1
\set w2 :dir/w2
\setenv DIR :dir
-- Until the node mints, or does not.
\set await_ready 'DO $$ BEGIN WHILE NOT (SELECT ready FROM detid.node_status) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;'
\set await_end 'DO $$ BEGIN WHILE (SELECT ready FROM detid.node_status) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;'
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
\set ECHO queries

\echo '\n\n===== On the coordinator: how numbers are laid out, and which nodes there are =====\n'

SELECT detid.define_topology('region:3 cluster:4 member:3');
SELECT detid.assign_prefix('eu') AS eu, detid.assign_prefix('eu/prod-a') AS prod_a, detid.assign_prefix('eu/pool') AS pool;
CREATE ROLE node LOGIN;
SELECT detid.enroll_node('eu/prod-a/db1', 'assigned', 'node') AS token1,
       detid.enroll_node('eu/pool/w1', 'leased', 'node') AS token2,
       detid.enroll_node('eu/pool/w2', 'leased', 'node') AS token3 \gset

\echo '\n\n===== On each node: its token, in the file of detid.node_token_file =====\n'

\c postgres postgres :db1
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
\setenv TOKEN :token1
\! umask 077; echo "$TOKEN" >"$DIR/db1/data/detid_token"
CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id(), what text);
\set ECHO none
\c postgres postgres :w1
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
\setenv TOKEN :token2
\! umask 077; echo "$TOKEN" >"$DIR/w1/data/detid_token"
CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id(), what text);
\c postgres postgres :w2
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
\setenv TOKEN :token3
\! umask 077; echo "$TOKEN" >"$DIR/w2/data/detid_token"
CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id(), what text);
:await_ready
\echo 'and the same on w1 and w2.'

\echo '\n\n===== They mint. Nobody is asked for an id =====\n'

INSERT INTO orders (what) SELECT 'by w2' FROM generate_series(1, 10000);
\c postgres postgres :w1
:await_ready
INSERT INTO orders (what) SELECT 'by w1' FROM generate_series(1, 10000);
\c postgres postgres :db1
:await_ready
\set ECHO queries
\echo On db1:
INSERT INTO orders (what) SELECT 'by db1' FROM generate_series(1, 10000);
SELECT max(id), detid.node_of(max(id)), detid.minted_at(max(id)) FROM orders;
\c postgres postgres :coordinator
\set ECHO none
SELECT pg_sleep(1.5) \g /dev/null
\set ECHO queries
\echo On the coordinator:
SELECT path, node, mode, state, granted_until, ids, skew_ms FROM detid.nodes ORDER BY path;

\echo '\n\n===== Somebody starts a copy of db1 beside it =====\n'

\! pg_basebackup -h "$DIR/db1" -U postgres -c fast -D "$DIR/copy"
\! pg_ctl start -w -s -D "$DIR/copy" -l "$DIR/copy.log" -o "-k '$DIR' -p 5433"
\set ECHO none
\c postgres postgres :db1
:await_end
\set ON_ERROR_STOP off
\set ECHO queries
\echo On db1, as on its copy:
INSERT INTO orders (what) VALUES ('by which of the two?');
\set ON_ERROR_STOP on
\c postgres postgres :coordinator
\echo On the coordinator:
SELECT path, node, state, reason FROM detid.nodes ORDER BY path;
\echo Its log:
\! grep DT001 "$DIR/coordinator/log"

\echo '\n\n===== An operator stops the copy, and says who the node is, in both places =====\n'

\! pg_ctl stop -w -s -D "$DIR/copy"
SELECT detid.unfence('eu/prod-a/db1');
\c postgres postgres :db1
\echo On db1:
SELECT detid.unfence();
\set ECHO none
:await_ready
\set ECHO queries
INSERT INTO orders (what) VALUES ('by db1');
SELECT id > all_before AS later FROM (SELECT id, lag(id) OVER (ORDER BY id) AS all_before FROM orders) AS o ORDER BY id DESC LIMIT 1;

\echo '\n\n===== The coordinator is away =====\n'

\! pg_ctl stop -w -s -m immediate -D "$DIR/coordinator/data"
\set ECHO none
\c postgres postgres :w1
:await_end
\set ECHO queries
\echo An assigned node goes on for days, a leased one to the end of its interval: here that has come.
\c postgres postgres :db1
INSERT INTO orders (what) VALUES ('by db1');
\echo On w1:
\c postgres postgres :w1
\set ON_ERROR_STOP off
INSERT INTO orders (what) VALUES ('by w1');
\set ON_ERROR_STOP on
\! pg_ctl start -w -s -D "$DIR/coordinator/data" -l "$DIR/coordinator/log"
\set ECHO none
:await_ready
\set ECHO queries
INSERT INTO orders (what) VALUES ('by w1');

\echo '\n\n===== All ids in one table =====\n'

\c postgres postgres :coordinator
CREATE TABLE orders (id bigint, what text);
\copy orders FROM PROGRAM 'for node in db1 w1 w2; do psql -X -h "$DIR/$node" -U postgres -d postgres -c "COPY orders TO STDOUT"; done'
SELECT detid.node_path(detid.node_of(id)) AS path, count(*), count(DISTINCT id) AS ids, min(detid.minted_at(id)), max(detid.minted_at(id))
FROM orders GROUP BY path ORDER BY path;
