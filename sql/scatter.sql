-- Sequences that do not begin at 0, so that id % n spreads while little is minted. One id a millisecond, under a pinned clock.
CREATE FUNCTION one_a_millisecond(generator regclass, count int) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 0..count - 1 LOOP
    PERFORM set_config('detid.clock', to_char(timestamptz '2025-06-01 12:00Z' + i * interval '1 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), false);
    RETURN NEXT detid.next_id(generator);
  END LOOP;
END $$;
SET timezone = 'UTC';
SELECT detid.create_generator('plain', audit => 'off'), detid.create_generator('scattered', audit => 'off', scatter => true), detid.create_generator('ordered', audit => 'off', ordering => 'node', scatter => true),
  detid.create_generator('worker', 'time:41@1ms worker:12 sequence:10', audit => 'off', scatter => true), detid.create_generator('narrow', 'time:41@1ms node:10 sequence:2', audit => 'off', scatter => true);
-- Without it all of them are in one bucket of 16.
SELECT id % 16 AS bucket, count(*) FROM one_a_millisecond('plain', 1600) id GROUP BY 1;
-- With it, 100 on average: between 40 and 170 but for one seed in many millions. In order, and the time is what it was.
CREATE TABLE spread AS SELECT g.name, i.* FROM unnest('{scattered,ordered,worker}'::text[]) g (name), one_a_millisecond(name::regclass, 1600) WITH ORDINALITY AS i (id, n);
SELECT name, count(*) AS buckets, min(count) > 40 AND max(count) < 170 AS even FROM (SELECT name, id % 16, count(*) FROM spread GROUP BY 1, 2) b GROUP BY 1 ORDER BY 1;
SELECT name, count(*) AS buckets, min(count) > 100 AND max(count) < 320 AS even FROM (SELECT name, id % 7, count(*) FROM spread GROUP BY 1, 2) b GROUP BY 1 ORDER BY 1;
SELECT name, bool_and(rising) AS rising, bool_and(detid.minted_at(id, name::regclass) = timestamptz '2025-06-01 12:00Z' + (n - 1) * interval '1 ms') AS timely
FROM (SELECT *, id > lag(id, 1, 0::bigint) OVER (PARTITION BY name ORDER BY n) AS rising FROM spread) s GROUP BY 1 ORDER BY 1;
-- A tick begins in the lower half of the sequence.
SELECT name, max((detid.decode(id, name::regclass)).sequence) < CASE name WHEN 'worker' THEN 512 ELSE 2048 END AS lower_half FROM spread GROUP BY 1 ORDER BY 1;
-- Within a tick ids are consecutive, and what does not fit runs on into the next: as many fit into max_ahead as without.
SET detid.clock = '2025-06-01T13:00:00Z';
SELECT id - first_value(id) OVER (ORDER BY id) AS distance FROM (SELECT detid.next_id('scattered') AS id FROM generate_series(1, 5)) five;
SELECT count(DISTINCT id), bool_and(detid.minted_at(id, 'scattered') BETWEEN '2025-06-01 13:00:00Z' AND '2025-06-01 13:00:00.003Z') AS within FROM detid.next_ids('scattered', 10000) id;
SELECT count(DISTINCT id) FROM detid.next_ids('narrow', 4000) id;
-- It can be switched at any time, and ids still rise.
CREATE TABLE switched (n serial, id bigint);
INSERT INTO switched (id) SELECT detid.next_id('plain') FROM generate_series(1, 5);
SELECT detid.set_scatter('plain', true);
INSERT INTO switched (id) SELECT detid.next_id('plain') FROM generate_series(1, 5);
SET detid.clock = '2025-06-01T13:00:00.001Z';
INSERT INTO switched (id) SELECT detid.next_id('plain') FROM generate_series(1, 5);
SELECT detid.set_scatter('plain', false);
INSERT INTO switched (id) SELECT detid.next_id('plain') FROM generate_series(1, 5);
SELECT count(DISTINCT id), bool_and(rising) AS rising FROM (SELECT id, id > lag(id, 1, 0::bigint) OVER (ORDER BY n) AS rising FROM switched) s;
SELECT generator, scatter FROM detid.generators WHERE generator::text IN ('plain', 'scattered') ORDER BY generator::text;
-- Too few sequence bits.
SELECT detid.create_generator('refused', 'time:41@1ms node:10 sequence:1', scatter => true);
SELECT detid.create_generator('refused', 'uuid4', scatter => true);
SELECT detid.create_generator('flat', 'time:41@1ms node:10');
SELECT detid.set_scatter('flat', true);
SELECT detid.set_scatter(NULL, true) IS NULL, detid.set_scatter('flat', NULL) IS NULL;
SELECT detid.set_scatter('pg_class', true);
DROP TABLE spread, switched;
DROP SEQUENCE plain, scattered, ordered, worker, narrow, flat;
DROP FUNCTION one_a_millisecond;
