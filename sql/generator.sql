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
SELECT objoid::regclass, label FROM pg_seclabel WHERE provider = 'detid' ORDER BY 1::text;

-- If it exists, it must be the same.
SELECT detid.create_generator('orders_id', if_not_exists => true);
SELECT detid.create_generator('orders_id', 'twitter', if_not_exists => true);
SELECT detid.create_generator('orders_id');

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

-- Nothing is left behind.
DROP SEQUENCE g_js, g_uuid, g_own, g_wide;
DROP SCHEMA "Odd Schema" CASCADE;
SELECT count(*) FROM pg_seclabel WHERE provider = 'detid';
SELECT generator FROM detid.generators ORDER BY generator::text;
