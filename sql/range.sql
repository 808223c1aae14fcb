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
SELECT detid.id_at('r_id', 'infinity');
SELECT detid.id_at('r_id', '-infinity');
SELECT detid.id_at('r_id', '2024-12-31 23:59:59.999999Z');
SELECT detid.id_at('r_id', '2094-09-07 15:47:35.551Z');
SELECT detid.id_at('r_id', '2094-09-07 15:47:35.552Z');
SELECT detid.id_at('r_last', '2025-06-01Z');
SELECT detid.id_at('detid.default_uuid', '2025-06-01Z');
SELECT detid.uuid_at('r_id', '2025-06-01Z');
DROP TABLE r, rp;
DROP SEQUENCE r_id, r_last;
