-- The lowest id of a time in every layout that begins with it: as a literal, it can be typed by who knows the format.
SET timezone = 'UTC';
SELECT count(detid.create_generator('r_' || layout, layout, audit => 'off')) FROM detid.layouts;
SELECT layout, detid.id_at(('r_' || layout)::regclass, '2025-06-01 12:34:56.789Z') FROM detid.layouts WHERE type = 'bigint';
SELECT layout, detid.uuid_at(('r_' || layout)::regclass, '2025-06-01 12:34:56.789Z') FROM detid.layouts WHERE type = 'uuid' AND time_first;
SELECT layout, detid.text_at(('r_' || layout)::regclass, '2025-06-01 12:34:56.789Z') FROM detid.layouts WHERE time_first AND codec <> 'decimal';
-- It is of the layout, shows the tick's beginning, and no id of that time or later is below it.
SET detid.clock = '2025-06-01T12:34:56.789Z';
SELECT layout, detid.minted_at(at, generator), at COLLATE "C" <= detid.next_text(generator) COLLATE "C" AS lowest
FROM (SELECT layout, ('r_' || layout)::regclass AS generator FROM detid.layouts WHERE time_first AND codec <> 'decimal') g, detid.text_at(generator, '2025-06-01 12:34:56.789Z') at;
-- An index on text ids, and partitions.
CREATE TABLE post (id text COLLATE "C" PRIMARY KEY DEFAULT detid.next_text('r_ulid'));
INSERT INTO post SELECT FROM generate_series(1, 500);
SET detid.clock = '2025-06-01T13:00:00Z';
INSERT INTO post SELECT FROM generate_series(1, 500);
ANALYZE post;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM post WHERE id >= detid.text_at('r_ulid', '2025-06-01 12:59Z');
RESET enable_seqscan;
SELECT count(*) FROM post WHERE id >= detid.text_at('r_ulid', '2025-06-01 12:59Z');
CREATE TABLE event (id uuid DEFAULT detid.next_uuid('r_uuid6')) PARTITION BY RANGE (id);
CREATE TABLE event_may PARTITION OF event FOR VALUES FROM (detid.uuid_at('r_uuid6', '2025-05-01Z')) TO (detid.uuid_at('r_uuid6', '2025-06-01Z'));
CREATE TABLE event_june PARTITION OF event FOR VALUES FROM (detid.uuid_at('r_uuid6', '2025-06-01Z')) TO (detid.uuid_at('r_uuid6', '2025-07-01Z'));
INSERT INTO event SELECT FROM generate_series(1, 3);
SELECT tableoid::regclass, count(*) FROM event GROUP BY 1;
EXPLAIN (COSTS OFF) SELECT FROM event WHERE id >= detid.uuid_at('r_uuid6', '2025-06-10Z');
CREATE TABLE toot (id bigint DEFAULT detid.next_id('r_mastodon')) PARTITION BY RANGE (id);
CREATE TABLE toot_may PARTITION OF toot FOR VALUES FROM (detid.id_at('r_mastodon', '2025-05-01Z')) TO (detid.id_at('r_mastodon', '2025-06-01Z'));
CREATE TABLE toot_june PARTITION OF toot FOR VALUES FROM (detid.id_at('r_mastodon', '2025-06-01Z')) TO (detid.id_at('r_mastodon', '2025-07-01Z'));
EXPLAIN (COSTS OFF) SELECT FROM toot WHERE id < detid.id_at('r_mastodon', '2025-05-10Z');
SET enable_seqscan = off;
-- An index on the time in the id, and a generated column.
CREATE TABLE visit (id uuid DEFAULT detid.next_uuid('r_uuid1'), at timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'r_uuid1')) STORED);
CREATE INDEX ON visit (detid.minted_at(id, 'r_uuid1'));
INSERT INTO visit SELECT FROM generate_series(1, 3);
EXPLAIN (COSTS OFF) SELECT FROM visit WHERE detid.minted_at(id, 'r_uuid1') >= '2025-06-01 13:00Z';
SELECT count(*), min(at), max(at) FROM visit WHERE detid.minted_at(id, 'r_uuid1') >= '2025-06-01 13:00Z';
-- Refused: times that no id has, layouts and codecs that do not sort by time.
SELECT detid.uuid_at('r_uuid7', '62000-01-01Z');
SELECT detid.uuid_at('r_uuid6', '62000-01-01Z');
SELECT detid.id_at('r_snowflake', '60490-01-01Z');
SELECT detid.uuid_at('r_uuid7', '294276-12-31Z');
SELECT detid.uuid_at('r_uuid1', '2025-06-01Z');
SELECT detid.uuid_at('r_uuid4', '2025-06-01Z');
SELECT detid.text_at('r_nanoid', '2025-06-01Z');
SELECT detid.text_at('r_twitter', '2025-06-01Z');
SELECT detid.text_at('r_ksuid', '2014-05-13 16:53:19Z');
SELECT detid.text_at('r_ksuid', '2150-06-19 23:21:35Z');
SELECT detid.text_at('r_ksuid', '2150-06-19 23:21:36Z');
SELECT detid.uuid_at('r_uuid6', '1582-10-14 23:59Z');
SELECT detid.uuid_at('r_ulid', '-infinity');
SELECT detid.uuid_at('r_ulid', '10889-08-02 05:31:50.656Z');
SELECT detid.uuid_at('r_ksuid', '2025-06-01Z');
SELECT detid.id_at('r_ksuid', '2025-06-01Z');
SELECT detid.uuid_at('r_tsid', '2025-06-01Z');
DROP TABLE post, event, toot, visit;
DO $$ BEGIN PERFORM detid.drop_generator(('r_' || layout)::regclass) FROM detid.layouts; END $$;
