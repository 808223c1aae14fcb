-- The registry as its operators and as nodes see it: who may ask, and what is answered.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE ROLE r_node LOGIN; CREATE ROLE r_other LOGIN;
SELECT detid.define_topology('region:3 cluster:4 member:3');
SELECT detid.assign_prefix('eu'), detid.assign_prefix('eu/a'), detid.assign_prefix('eu/pool');
-- An assigned node has a path of all levels; its prefix is assigned with it.
SELECT detid.enroll_node('eu/a/db1', 'assigned', 'r_node') AS db1, detid.enroll_node('eu/a/db2', role => 'r_node') AS db2 \gset
SELECT length(:'db1'), :'db1' ~ '^[0-9a-f]+$' AS hex, :'db1' <> :'db2' AS differ, detid.node_of_path('eu/a/db2');
-- A leased one takes a number of the prefix above it, which is for leased nodes alone.
SELECT detid.enroll_node('eu/pool/w1', 'leased', 'r_node') AS w1, detid.enroll_node('eu/pool/w2', 'leased', 'r_node') AS w2 \gset
SELECT path, node, mode, state, reason, granted_until, last_seen FROM detid.nodes ORDER BY path;
SELECT detid.assign_prefix('eu/pool/db1');
SELECT detid.release_prefix('eu/pool');
SELECT detid.release_prefix('eu/a/db1');
SELECT detid.enroll_node('eu/x', 'leased');
SELECT detid.enroll_node('eu/a/db1');
SELECT detid.enroll_node('eu/a');
SELECT detid.enroll_node('eu/a/db3', 'borrowed');
SELECT detid.enroll_node('eu//db3');
SELECT detid.enroll_node('us/a/db3');
SELECT detid.enroll_node(NULL) IS NULL AS null;

-- A heartbeat, with its times left out. Times of a node are near those of this server. Who insists asks
-- again with the challenge that he is told.
CREATE FUNCTION r_us(after interval DEFAULT '0') RETURNS bigint LANGUAGE sql
  RETURN (extract(epoch FROM clock_timestamp() + after) * 1000000)::bigint;
CREATE FUNCTION r_sign(token bytea, signature bytea, old_counter bigint, old_bits bigint, next_counter bigint, next_bits bigint, mode text,
  asked_node bigint, instance bigint, asked_incarnation bigint, timeline bigint, node_us bigint, granted_us bigint, horizon_us bigint, since_us bigint,
  claims boolean, retires boolean, stops boolean, began text, challenge bigint, seed bytea, ids bigint, offset_us bigint, round_trip_us bigint, checkpoint text,
  OUT key bytea, OUT signed bytea) LANGUAGE c AS 'pg_detid', 'detid_sign_heartbeat';
CREATE FUNCTION r_heartbeat(token text, old bigint, old_bits bigint, bits bigint, mode text DEFAULT 'leased', node bigint DEFAULT -1,
  instance bigint DEFAULT 1, incarnation bigint DEFAULT 1, timeline bigint DEFAULT 1, ahead interval DEFAULT '0', claims bool DEFAULT false,
  retires bool DEFAULT false, insists bool DEFAULT true, seed bytea DEFAULT NULL, began text DEFAULT 'plainly', stops bool DEFAULT false,
  horizon interval DEFAULT NULL, ids bigint DEFAULT 5, off bigint DEFAULT 0, trip bigint DEFAULT 0, checkpoint text DEFAULT NULL,
  OUT outcome text, OUT reason text, OUT number int, OUT counter bigint, OUT next bigint, OUT seconds numeric, OUT path text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  h record;
  challenge bigint := 0;
BEGIN
  FOR i IN 1 .. CASE WHEN insists THEN 2 ELSE 1 END LOOP
    SELECT h1.* INTO h
    FROM (SELECT CASE WHEN token <> 'no token' THEN pg_catalog.decode(token, 'hex') END, r_us(ahead), coalesce(r_us(horizon), 0)) AS t(token, node_us, horizon_us),
      r_sign(t.token, NULL, old, old_bits, old + 1, bits, mode, node, instance, incarnation, timeline, node_us, 0, horizon_us, 0, claims, retires, stops, began, challenge, seed, ids, off, trip, checkpoint) s,
      detid._heartbeat(s.key, s.signed, old, old_bits, old + 1, bits, mode, node, instance, incarnation, timeline, node_us, 0, horizon_us, 0, claims, retires, stops, began, challenge, seed, ids, off, trip, checkpoint) h1;
    challenge := h.challenge;
    EXIT WHEN challenge = 0;
  END LOOP;
  outcome := h.outcome; reason := h.reason; number := h.node; counter := h.counter; next := h.bits; path := h.path;
  seconds := CASE h.limit_us WHEN 9223372036854775807 THEN 'infinity' ELSE round((h.limit_us - h.start_us) / 1e6) END;
END
$$;
GRANT EXECUTE ON FUNCTION r_us, r_heartbeat TO r_node, r_other;

-- Who has not both the role and the token learns nothing.
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0);
SET SESSION AUTHORIZATION r_other;
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0);
SET SESSION AUTHORIZATION r_node;
SELECT outcome FROM r_heartbeat('no token', 0, 0, 11, 'assigned', 0);
SELECT outcome FROM r_heartbeat(NULL, 0, 0, 11, 'assigned', 0);
SELECT outcome FROM r_heartbeat(:'db1', -5, 0, 11, 'assigned', 0);
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'borrowed', 8);
-- Nor who tells what cannot be, and would break what operators look at.
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, seed => '\x11');
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, off => -9223372036854775808);
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, trip => -1);
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, off => NULL);
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, ids => -1);
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, horizon => '1 day');
-- Nor who says another thing than was signed, or brings a signature that is none.
CREATE FUNCTION pg_temp.r_forged(token text, change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a text[] := ARRAY['0', '0', '1', '11', '''assigned''', '0', '1', '1', '1', r_us()::text, '0', '0', '0', 'false', 'false', 'false', '''plainly''', '0', 'NULL', '5', '0', '0', 'NULL'];
  key bytea;
  signed bytea;
  answer text;
BEGIN
  EXECUTE format('SELECT key, signed FROM r_sign(decode(%L, ''hex''), NULL, %s)', token, array_to_string(a, ', ')) INTO key, signed;
  EXECUTE 'SELECT ' || change INTO key, signed, a USING key, signed, a;
  EXECUTE format('SELECT outcome FROM detid._heartbeat(%L, %L, %s)', key, signed, array_to_string(a, ', ')) INTO answer;
  RETURN answer;
EXCEPTION WHEN invalid_authorization_specification THEN RETURN 'refused';
END $$;
SELECT change, pg_temp.r_forged(:'db1', change) FROM (VALUES
  ('$1, set_byte($2, 0, get_byte($2, 0) # 1), $3'), ('$1, set_bit($2, 511, 1 - get_bit($2, 511)), $3'),
  ('set_byte($1, 31, get_byte($1, 31) # 1), $2, $3'), ('$1, substr($2, 1, 63), $3'), ('$1, $2 || ''\x00'', $3'),
  ('$1, '''', $3'), ('''''::bytea, $2, $3'), ('$1, decode(repeat(''00'', 64), ''hex''), $3'),
  ('decode(repeat(''00'', 32), ''hex''), decode(repeat(''00'', 64), ''hex''), $3'), ('$1, NULL::bytea, $3')) v(change);
-- Each of its values is another one than was signed.
SELECT n, pg_temp.r_forged(:'db1', format('$1, $2, $3[:%s] || %L::text || $3[%s:]', n - 1, other, n + 1))
  FROM unnest(ARRAY['2', '1', '2', '12', '''leased''', '1', '2', '2', '2', r_us('1 s')::text, '1', '1', '1', 'true', 'true', 'true', '''promoted''', '1',
    '''\x11111111111111111111111111111111''', '6', '1', '1', '''x''']) WITH ORDINALITY o(other, n) ORDER BY n;
DROP FUNCTION pg_temp.r_forged;
SELECT outcome FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, began => 'well');
SELECT count(*) FROM detid.nodes;
SELECT count(*) FROM detid._nodes;
SELECT detid.enroll_node('eu/a/db9');
SELECT detid.unfence('eu/a/db1');
SELECT detid.check_topology();
-- What is not as it was enrolled is refused, which changes nothing.
SELECT * FROM r_heartbeat(:'db1', 0, 0, 11, 'leased');
SELECT * FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 9);
SELECT * FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, ahead => '1 day');
-- An assigned node has its number for good.
SELECT * FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0);
SELECT * FROM r_heartbeat(:'db1', 1, 11, 12, 'assigned', 0);
-- What it asked before arrives late: it is refused, and fences nobody.
SELECT * FROM r_heartbeat(:'db1', 0, 0, 11, 'assigned', 0, incarnation => 2, insists => false);
-- A leased one has an interval, which is prolonged. The same pair again has the same answer.
SELECT * FROM r_heartbeat(:'w1', 0, 0, 21);
SELECT * FROM r_heartbeat(:'w1', 1, 21, 22);
SELECT * FROM r_heartbeat(:'w1', 1, 21, 22);
-- Two have one number never.
SELECT * FROM r_heartbeat(:'w2', 0, 0, 31);
-- A nonce that was used: the leased node goes on, who has shown it is fenced. But a message from the past is only refused.
SELECT * FROM r_heartbeat(:'w1', 1, 21, 99, insists => false);
SELECT * FROM r_heartbeat(:'w1', 1, 21, 99);
SELECT * FROM r_heartbeat(:'w1', 2, 22, 23);
-- So is a copy in another directory, and a backup that was recovered, whatever its timeline is.
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2);
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2, timeline => 2);
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2, timeline => 2, began => 'recovered');
-- A promoted standby waits for the node, and takes its place when that has stopped.
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2, timeline => 2, began => 'promoted');
RESET SESSION AUTHORIZATION;
SELECT path, state, reason FROM detid.nodes WHERE path = 'eu/pool/w1';
SET SESSION AUTHORIZATION r_node;
SELECT * FROM r_heartbeat(:'w1', 1, 21, 22, stops => true);
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, stops => true);
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2, timeline => 2, began => 'promoted', insists => false);
SELECT * FROM r_heartbeat(:'w1', 3, 23, 24, instance => 2, timeline => 2, began => 'promoted');
SELECT * FROM r_heartbeat(:'w1', 3, 23, 25, instance => 1);
-- Of an assigned node which of two is it cannot be told: both are fenced, for good.
SELECT * FROM r_heartbeat(:'db1', 2, 12, 13, 'assigned', 0, instance => 2);
SELECT * FROM r_heartbeat(:'db1', 2, 12, 13, 'assigned', 0);
-- So are two nodes that show one seed.
SELECT outcome, reason FROM r_heartbeat(:'db2', 0, 0, 41, 'assigned', 1, seed => '\x11111111111111111111111111111111');
SELECT outcome, reason FROM r_heartbeat(:'w2', 1, 31, 32, seed => '\x11111111111111111111111111111111');
SELECT outcome, reason FROM r_heartbeat(:'db2', 1, 41, 42, 'assigned', 1, seed => '\x22222222222222222222222222222222');
RESET SESSION AUTHORIZATION;
SELECT path, node, mode, state, reason, granted_until = 'infinity' AS forever, last_seen IS NOT NULL AS seen, ids, skew_ms, skew_error_ms,
       fenced_at IS NOT NULL AS fenced FROM detid.nodes ORDER BY path;
SELECT problem, path, regexp_replace(detail, '^since .* 20\d\d \S+: ', '') AS detail, hint FROM detid.check_topology() ORDER BY path, problem;
-- Until an operator has seen to it. The next one that asks is the node, above what was granted.
SELECT detid.unfence('eu/a/db1'), detid.unfence('eu/a/db2'), detid.unfence('eu/pool/w2');
SELECT detid.unfence('eu/a/db7');
SET SESSION AUTHORIZATION r_node;
SELECT outcome, reason, number, counter FROM r_heartbeat(:'db1', 1, 11, 50, 'assigned', 0, instance => 3);
SELECT outcome, reason FROM r_heartbeat(:'db2', 1, 41, 42, 'assigned', 1, seed => '\x22222222222222222222222222222222');
SELECT outcome, reason FROM r_heartbeat(:'w2', 1, 31, 32, seed => '\x11111111111111111111111111111111');
RESET SESSION AUTHORIZATION;
-- Another token: the one before is good no more.
SELECT detid.new_token('eu/a/db2') AS new \gset
SET SESSION AUTHORIZATION r_node;
SELECT outcome FROM r_heartbeat(:'db2', 2, 42, 43, 'assigned', 1);
SELECT outcome FROM r_heartbeat(:'new', 2, 42, 43, 'assigned', 1);
-- Whatever the session is like, what is answered is durable.
SET synchronous_commit = off;
BEGIN;
SELECT outcome FROM r_heartbeat(:'new', 3, 43, 44, 'assigned', 1);
SHOW synchronous_commit;
COMMIT;
SHOW synchronous_commit;
RESET synchronous_commit;
BEGIN READ ONLY;
SELECT outcome FROM r_heartbeat(:'new', 4, 44, 45, 'assigned', 1);
ROLLBACK;
-- A node that has stopped minting says so; its number is somebody else's later, and that one begins above.
SELECT outcome FROM r_heartbeat(:'w2', 2, 32, 33, retires => true);
SELECT outcome, reason FROM r_heartbeat(:'w2', 3, 33, 34);
RESET SESSION AUTHORIZATION;
SELECT detid.move_node('eu/a/db1', 'eu/a/db4') AS db4 \gset
SELECT detid.node_of_path('eu/a/db1'), detid.node_of_path('eu/a/db4');
SELECT detid.move_node('eu/a/db4', 'eu/b/db4');
SELECT detid.move_node('eu/a/db4', 'eu/a/db2');
SELECT detid.move_node('eu/a/db1', 'eu/a/db5');
SET SESSION AUTHORIZATION r_node;
SELECT outcome, reason FROM r_heartbeat(:'db1', 3, 50, 51, 'assigned', 0, instance => 3);
SELECT outcome, number, detid.minted_at(0) IS NOT NULL FROM r_heartbeat(:'db4', 0, 0, 61, 'assigned', 0);
RESET SESSION AUTHORIZATION;
SELECT granted_from > now() AS above FROM detid.nodes WHERE path = 'eu/a/db4' AND state = 'active';
SELECT detid.retire_node('eu/a/db2'), detid.retire_node('eu/a/db4'), detid.retire_node('eu/pool/w1');
SELECT detid.retire_node('eu/a/db4');
SELECT detid.enroll_node('eu/pool/w1', 'leased', 'r_node') IS NOT NULL AS again;
SELECT path, node, state FROM detid.nodes ORDER BY path, enrolled_at;
SELECT detid.unfence('eu/a/db4');
SELECT detid.retire_node('eu/pool/w1');
SELECT count(detid.release_prefix(path)) FROM (SELECT path FROM detid.prefixes ORDER BY level DESC) p;

-- What would be replicated, and cannot be passed over.
TRUNCATE detid._nodes;
TRUNCATE detid._numbers;
TRUNCATE detid._coordinator;
TRUNCATE detid._registration;
DELETE FROM detid._nodes; DELETE FROM detid._numbers; DELETE FROM detid.topology;
DROP FUNCTION r_heartbeat, r_us;
REVOKE ALL ON SCHEMA detid FROM r_node, r_other; REVOKE ALL ON ALL FUNCTIONS IN SCHEMA detid FROM r_node, r_other;
DROP ROLE r_node, r_other;
