-- Generators: sequences with a label.
SET timezone = 'UTC';
SELECT detid.create_generator('orders_id');
SELECT detid.create_generator('g_js', 'js53', audit => 'off');
SELECT detid.create_generator('g_uuid', 'uuid7', audit => 'each');
SELECT detid.create_generator('g_own', 'time:32@1s node:8 sequence:20', epoch => '2020-01-01Z', ordering => 'node');
SELECT detid.create_generator('g_wide', 'time:48@1ms const:4=7 sequence:12 node:16 worker:16 random:64', epoch => '2025-01-01Z');
CREATE SCHEMA "Odd Schema";
SELECT detid.create_generator('"Odd Schema"."order''s; id"', 'sonyflake');
SELECT * FROM detid.generators ORDER BY generator::text;

-- The definition is the label; the salt comes from the name.
SELECT objoid::regclass, label FROM pg_seclabel WHERE provider = 'detid' ORDER BY objoid::regclass::text;

-- If it exists, it must be the same.
SELECT detid.create_generator('orders_id', if_not_exists => true);
SELECT detid.create_generator('orders_id', 'twitter', if_not_exists => true);
SELECT detid.create_generator('orders_id');
-- An epoch without a zone is one of the session's: what it is in UTC is told.
SET timezone = 'Europe/Berlin';
SELECT detid.create_generator('g_zone', epoch => '2025-01-01');
SELECT detid.create_generator('g_utc', epoch => '2025-01-01Z');
SET timezone = 'UTC';
SELECT generator, epoch FROM detid.generators WHERE generator::text IN ('g_zone', 'g_utc') ORDER BY generator::text;
DROP SEQUENCE g_zone, g_utc;
-- An epoch whose time is over is none.
SELECT detid.create_generator('g_over', epoch => '1950-01-01Z');
SELECT detid.create_generator('g_over', 'time:20@1s node:4');

-- Only the audit level can be changed.
SELECT detid.set_audit('orders_id', 'each');
SELECT audit FROM detid.generators WHERE generator = 'orders_id'::regclass;
SECURITY LABEL FOR detid ON SEQUENCE orders_id IS 'layout=twitter; epoch=2025-01-01T00:00:00Z; audit=each; ordering=backend; salt=1';
SECURITY LABEL FOR detid ON SEQUENCE orders_id IS NULL;

-- A plain nextval or setval is an error.
SELECT nextval('orders_id');
SELECT setval('orders_id', 42);
SELECT setval('orders_id', 1, false);
SELECT nextval('detid.default_id');

-- A default depends on its generator, which is renamed safely.
CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id('orders_id'));
DROP SEQUENCE orders_id;
SELECT detid.drop_generator('orders_id');
ALTER SEQUENCE orders_id RENAME TO order_ids;
INSERT INTO orders DEFAULT VALUES;
SELECT count(*) FROM orders WHERE id > 0;
DROP TABLE orders;
SELECT detid.drop_generator('order_ids');

-- A generator that is made again, with the other ordering too, goes on.
CREATE TABLE again (id bigint PRIMARY KEY);
DO $$
BEGIN
  FOR i IN 1..3 LOOP
    PERFORM detid.create_generator('g_again', 'time:32@1s sequence:19 worker:12', ordering => (ARRAY['backend', 'node'])[1 + i % 2]);
    INSERT INTO again SELECT detid.next_ids('g_again', 10);
    PERFORM detid.drop_generator('g_again');
  END LOOP;
END $$;
SELECT count(*) FROM again;
DROP TABLE again;

-- A salt is its generator's: nobody else can have the same random bits.
SELECT detid.create_generator('g_first');
ALTER SEQUENCE g_first RENAME TO g_moved;
SELECT detid.create_generator('g_first');
SELECT count(DISTINCT substring(label FROM 'salt=.*')) FROM pg_seclabel WHERE objoid IN ('g_first'::regclass, 'g_moved'::regclass);
CREATE ROLE regress_detid_stranger;
CREATE SCHEMA stranger AUTHORIZATION regress_detid_stranger;
SET ROLE regress_detid_stranger;
CREATE SEQUENCE stranger.s AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
\set VERBOSITY terse
DO $$
BEGIN
  EXECUTE format('SECURITY LABEL FOR detid ON SEQUENCE stranger.s IS %L', (SELECT label FROM pg_seclabel WHERE objoid = 'g_moved'::regclass));
END $$;
\set VERBOSITY default
RESET ROLE;
DROP SCHEMA stranger CASCADE;
DROP ROLE regress_detid_stranger;
DROP SEQUENCE g_first, g_moved;

-- Nothing is left behind.
DROP SEQUENCE g_js, g_uuid, g_own, g_wide;
DROP SCHEMA "Odd Schema" CASCADE;
SELECT count(*) FROM pg_seclabel WHERE provider = 'detid';
SELECT generator FROM detid.generators ORDER BY generator::text;
