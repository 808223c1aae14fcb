-- Range scans by time over a key.
SET timezone = 'UTC';
SELECT detid.create_generator('r_id', audit => 'off');
SELECT detid.create_generator('r_last', 'node:10 time:41@1ms sequence:12', audit => 'off');
SELECT detid.id_at('r_id', '2025-01-01Z'), detid.id_at('r_id', '2025-01-01 00:00:00.001Z'), detid.id_at('r_id', '2025-06-01Z');
SELECT detid.uuid_at('detid.default_uuid', '2023-01-02 04:26:40.637Z');
SELECT detid.minted_at(detid.id_at('r_id', '2025-06-01 12:34:56.789Z'), 'r_id');
-- Within a tick, the tick's own beginning: no id of that time is missed.
SELECT detid.id_at('r_id', '2025-06-01 00:00:00.0009Z') = detid.id_at('r_id', '2025-06-01Z');

CREATE TABLE r (id bigint PRIMARY KEY);
SET detid.clock = '2025-06-01T00:00:00Z';
INSERT INTO r SELECT detid.next_ids('r_id', 500);
SET detid.clock = '2025-06-01T01:00:00Z';
INSERT INTO r SELECT detid.next_ids('r_id', 500);
ANALYZE r;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM r WHERE id >= detid.id_at('r_id', '2025-06-01 00:30Z');
SELECT count(*) FROM r WHERE id >= detid.id_at('r_id', '2025-06-01 00:30Z');
SELECT count(*) FROM r WHERE id < detid.id_at('r_id', '2025-06-01 00:30Z');

-- Partitions are pruned.
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE TABLE rp (id bigint) PARTITION BY RANGE (id);
DO $$ BEGIN
  EXECUTE format('CREATE TABLE rp_may PARTITION OF rp FOR VALUES FROM (0) TO (%s)', detid.id_at('r_id', '2025-06-01Z'));
  EXECUTE format('CREATE TABLE rp_june PARTITION OF rp FOR VALUES FROM (%s) TO (%s)', detid.id_at('r_id', '2025-06-01Z'), detid.id_at('r_id', '2025-07-01Z'));
END $$;
EXPLAIN (COSTS OFF) SELECT * FROM rp WHERE id >= detid.id_at('r_id', '2025-06-10Z');

SELECT detid.id_at(NULL, now()), detid.id_at('r_id', NULL), detid.uuid_at(NULL, NULL);
-- Every time has a bound. Before the epoch it is the lowest id.
SELECT at, detid.id_at('r_id', at) FROM unnest('{-infinity,0044-03-15 BC,1925-01-01,2024-12-31 23:59:59.999999Z,2025-01-01Z}'::timestamptz[]) at;
SELECT count(*) FROM r WHERE id >= detid.id_at('r_id', now() - interval '30 years') AND id < detid.id_at('r_id', 'infinity');
-- From the end on it is what lies above the highest id, where the type holds that; else the highest id.
SELECT detid.create_generator('r_js', 'js53', audit => 'off'), detid.create_generator('r_long', 'time:60@1s', audit => 'off');
SELECT at, detid.id_at('r_id', at) FROM unnest('{2094-09-07 15:47:35.551Z,2094-09-07 15:47:35.552Z,294276-12-31,infinity}'::timestamptz[]) at;
SELECT at, detid.id_at('r_js', at) FROM unnest('{2059-11-04 19:53:47.775Z,2059-11-04 19:53:47.776Z,infinity}'::timestamptz[]) at;
SELECT at, detid.id_at('r_long', at) FROM unnest('{62000-01-01Z,294276-12-31Z,infinity}'::timestamptz[]) at;
SELECT detid.uuid_at('detid.default_uuid', '-infinity'), detid.uuid_at('detid.default_uuid', 'infinity');
SELECT 'ffffffff-ffff-7fff-bfff-ffffffffffff' < detid.uuid_at('detid.default_uuid', 'infinity') AS above_all;
CREATE TABLE rq (id bigint) PARTITION BY RANGE (id);
CREATE TABLE rq_old PARTITION OF rq FOR VALUES FROM (detid.id_at('r_js', '-infinity')) TO (detid.id_at('r_js', '2025-06-01Z'));
CREATE TABLE rq_new PARTITION OF rq FOR VALUES FROM (detid.id_at('r_js', '2025-06-01Z')) TO (detid.id_at('r_js', 'infinity'));
INSERT INTO rq VALUES (0), (9007199254740991);
SELECT tableoid::regclass, id FROM rq ORDER BY id;
INSERT INTO rq VALUES (9007199254740992);
SELECT detid.position_at('r_id', '-infinity'), detid.position_at('r_id', '2025-01-01 00:00:01Z');
SELECT detid.position_at('r_id', 'infinity');
SELECT detid.id_at('r_last', '2025-06-01Z');
SELECT detid.id_at('detid.default_uuid', '2025-06-01Z');
SELECT detid.uuid_at('r_id', '2025-06-01Z');
DROP TABLE r, rp, rq;
DROP SEQUENCE r_id, r_last, r_js, r_long;
