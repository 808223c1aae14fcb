-- SPDX-License-Identifier: PostgreSQL
--
-- The benchmark's objects: empty functions, generators that are not at their capacity, and a
-- function that times an expression.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE FUNCTION empty(regclass) RETURNS bigint LANGUAGE c STRICT VOLATILE AS :'empty', 'empty_bigint';
CREATE FUNCTION empty(bigint) RETURNS bigint LANGUAGE c STRICT IMMUTABLE AS :'empty', 'empty_bigint';
CREATE FUNCTION empty_uuid(regclass) RETURNS uuid LANGUAGE c STRICT VOLATILE AS :'empty', 'empty_uuid';
CREATE FUNCTION empty_set(regclass, integer) RETURNS SETOF bigint LANGUAGE c STRICT VOLATILE ROWS 1000 AS :'empty', 'empty_set';
CREATE FUNCTION empty(bigint, regclass) RETURNS bigint LANGUAGE c STRICT IMMUTABLE AS :'empty', 'empty_bigint';
CREATE FUNCTION empty(uuid, regclass) RETURNS bigint LANGUAGE c STRICT IMMUTABLE AS :'empty', 'empty_bigint';
CREATE FUNCTION empty_text(uuid, text) RETURNS text LANGUAGE c STRICT IMMUTABLE AS :'empty', 'empty_text';
CREATE FUNCTION empty_uuid(text, text) RETURNS uuid LANGUAGE c STRICT IMMUTABLE AS :'empty', 'empty_uuid';
CREATE FUNCTION tail(regprocedure, regclass, integer) RETURNS float8[] LANGUAGE c STRICT VOLATILE AS :'empty', 'tail';
CREATE SEQUENCE seq;
SELECT detid.create_generator('wide', 'time:41@1ms node:4 sequence:18', audit => 'off');
SELECT detid.create_generator('worker', 'time:29@1s node:2 worker:8 sequence:24', audit => 'off');
SELECT detid.create_generator('uuid', 'time:48@1ms const:4=7 sequence:12 const:2=2 sequence:3 node:10 worker:12 random:37', epoch => '1970-01-01Z', audit => 'off');
SELECT detid.create_generator('ranged', 'time:41@1ms node:4 sequence:18', audit => 'range');
SELECT detid.create_generator('each', 'time:41@1ms node:4 sequence:18', audit => 'each');
SELECT detid.create_generator('claimed');
SELECT detid.set_namespace_secret('bench');
SELECT detid.set_mask('detid.default_id');
-- A thousand ids, and a uuid in every codec.
CREATE TABLE sample AS SELECT id, u, uuid_send(u) AS bytes, detid.encode(u, 'hex') AS hex, u::text AS uuid, detid.encode(u, 'decimal') AS "decimal",
  detid.encode(u, 'crockford') AS crockford, detid.encode(u, 'base36') AS base36, detid.encode(u, 'base58') AS base58,
  detid.encode(u, 'base62') AS base62, detid.encode(u, 'base64url') AS base64url
FROM (SELECT detid.next_id() AS id, detid.next_uuid() AS u FROM generate_series(1, 1000)) minted;
VACUUM ANALYZE sample;
CREATE ROLE granted;
GRANT USAGE ON SEQUENCE wide TO granted;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO granted;

-- Nanoseconds a row of an expression over a source of that many rows, after one warm-up.
CREATE FUNCTION ns(expression text, rows integer, source text DEFAULT 'generate_series(1, %s / 1000) g, generate_series(1, 1000) i') RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
  query text := format('SELECT count(%s) FROM ' || source, expression, rows);
  started timestamptz;
BEGIN
  EXECUTE query;
  started := clock_timestamp();
  EXECUTE query;
  RETURN extract(epoch FROM clock_timestamp() - started) * 1e9 / rows;
END $$;

-- Nanoseconds a row of an expression over the sample, and of the empty one that it is compared with:
-- in turn, in batches of 20,000, so that both see the machine in the same moods. Lower quartiles.
CREATE FUNCTION pair(expression text, base text, rounds integer) RETURNS float8[]
LANGUAGE plpgsql AS $$
DECLARE
  queries text[] := ARRAY[format('SELECT count(%s) FROM sample, generate_series(1, 20) i', expression),
                          format('SELECT count(%s) FROM sample, generate_series(1, 20) i', base)];
  measured float8[] := '{}';
  bases float8[] := '{}';
  started timestamptz;
  took float8;
BEGIN
  FOR round IN 1..rounds LOOP
    FOR side IN 1..2 LOOP
      started := clock_timestamp();
      EXECUTE queries[side];
      took := extract(epoch FROM clock_timestamp() - started) * 1e9 / 20000;
      IF side = 1 THEN measured := measured || took; ELSE bases := bases || took; END IF;
    END LOOP;
  END LOOP;
  RETURN ARRAY[(SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY ns) FROM unnest(measured) ns),
               (SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY ns) FROM unnest(bases) ns)];
END $$;

-- Milliseconds of a statement.
CREATE FUNCTION ms(statement text) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz := clock_timestamp();
BEGIN
  EXECUTE statement;
  RETURN extract(epoch FROM clock_timestamp() - started) * 1e3;
END $$;

CREATE TABLE measured (name text, ns float8);
CREATE VIEW median AS
  SELECT name, percentile_cont(0.5) WITHIN GROUP (ORDER BY ns) AS ns FROM measured GROUP BY name;
