-- Which ids were made here: their random bits are the PRF of their coordinates under a seed at hand.
SET timezone = 'UTC';
SELECT count(detid.create_generator('g_' || layout, layout, audit => 'off')) FROM detid.layouts WHERE random_bits > 0 AND epoch IS NOT NULL;
CREATE TABLE minted AS SELECT layout, ('g_' || layout)::regclass AS generator, random_bits, codec, detid.next_text(('g_' || layout)::regclass) AS id
FROM detid.layouts, generate_series(1, 20) WHERE random_bits > 0 AND epoch IS NOT NULL;
SELECT layout, random_bits, count(*), bool_and(detid.is_genuine(id, generator)) AS genuine FROM minted GROUP BY 1, 2 ORDER BY 1;
-- Any bit changed makes a stranger of it, whatever field it is in. uuid8 has too few random bits to say so of the others.
CREATE FUNCTION flip(bytes bytea, n int) RETURNS bytea IMMUTABLE LANGUAGE sql AS 'SELECT set_bit(bytes, n, 1 - get_bit(bytes, n))';
CREATE TABLE one AS SELECT DISTINCT ON (layout) layout, generator, codec, detid.decode_text(id, codec) AS bytes FROM minted ORDER BY layout;
SELECT layout, count(*) AS changed, count(*) FILTER (WHERE detid.is_genuine(detid.encode(flip(bytes, n), codec), generator)) AS genuine
FROM one, generate_series(0, 8 * length(bytes) - 1) n WHERE layout <> 'uuid8' OR n IN (120, 121, 122, 123, 124, 125, 126, 127) GROUP BY 1 ORDER BY 1;
-- The same as uuids.
SELECT count(*), bool_and(detid.is_genuine(id, 'detid.default_uuid')) FROM detid.next_uuids('detid.default_uuid', 1000) id;
SELECT count(*) FROM detid.next_uuid() id, generate_series(0, 127) n WHERE detid.is_genuine(encode(flip(uuid_send(id), n), 'hex')::uuid, 'detid.default_uuid');
-- Strangers: random uuids, uuids of version 7 made elsewhere, ids of other generators.
SELECT count(*) FROM generate_series(1, 1000) n WHERE detid.is_genuine(gen_random_uuid(), 'g_uuid7')
  OR detid.is_genuine(overlay(overlay(md5(n::text) PLACING '7' FROM 13) PLACING '8' FROM 17)::uuid, 'g_uuid7');
SELECT count(*) FROM minted WHERE detid.is_genuine(id, CASE WHEN layout = 'uuid7' THEN 'detid.default_uuid' ELSE 'g_uuid7' END::regclass);
SELECT detid.is_genuine(detid.next_uuid(), 'g_uuid7'), detid.is_genuine(1, 'g_uuid7'), detid.is_genuine('00000000-0000-0000-0000-000000000000'::uuid, 'g_uuid7'),
  detid.is_genuine('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, 'g_ulid'), detid.is_genuine(gen_random_uuid(), 'g_ksuid');
-- Malformed texts are no error, NULL is NULL.
SELECT DISTINCT detid.is_genuine(id, 'g_ulid') FROM unnest(ARRAY['', 'x', repeat('0', 1000000), '01JWNQSV4N0001R07QFDN8XEJ', '01JWNQSV4N0001R07QFDN8XEJ90', '81JWNQSV4N0001R07QFDN8XEJ9', E'\n', 'é']) id;
SELECT detid.is_genuine(NULL::uuid, 'g_uuid7') IS NULL, detid.is_genuine(NULL::text, 'g_uuid7') IS NULL, detid.is_genuine(NULL::bigint, 'g_uuid7') IS NULL, detid.is_genuine('x'::text, NULL) IS NULL;
-- A seed's ids stay genuine when it is replaced, and those of the new one are.
SELECT count(detid.rotate_seed());
SELECT count(*), bool_and(detid.is_genuine(id, generator)) FROM minted;
SELECT detid.is_genuine(detid.next_uuid('g_uuid7'), 'g_uuid7'), detid.is_genuine(detid.next_text('g_ksuid'), 'g_ksuid');
-- Another node's, made by a generator of the same name: once its seed has been imported.
CREATE TABLE other (layout text, id text);
INSERT INTO other VALUES ('uuid1', 'd35abc50-3ee4-11f0-800e-7b003d93f968'), ('uuid6', '1f03ee4d-35ab-6c50-800e-f900377fc8a8'), ('uuid7', '01972b7c-ec95-7000-8070-03f4f375e179'),
  ('uuid8', '01972b7c-ec95-8000-8000-0003800079dc'), ('ulid', '01JWNQSV4N0001R07QFDN8XEJ9'), ('timeflake', '0304mZhVh7lu9yHZQFufww'),
  ('pushid', '-ORfUDmK---R-E-LiZti'), ('ksuid', '2xuHyvhvSSupchgdp0kjTpdAb5x');
SELECT layout, detid.is_genuine(id, ('g_' || layout)::regclass) FROM other WHERE layout <> 'uuid8';
SELECT detid.import_seed('detid-seed-1-000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f-bc52317b');
SELECT layout, detid.is_genuine(id, ('g_' || layout)::regclass) FROM other;
-- In a CHECK.
CREATE TABLE api (id uuid CHECK (detid.is_genuine(id, 'detid.default_uuid')), key text CHECK (detid.is_genuine(key, 'g_ulid')));
INSERT INTO api VALUES (detid.next_uuid(), detid.next_text('g_ulid')), (NULL, NULL);
INSERT INTO api (id) VALUES ('018570bb-4a7d-7000-8000-000000000000');
INSERT INTO api (key) VALUES ('01JWNQSV4N0001R07QFDN8XEJ8');
-- Of some layouts it cannot be seen.
SELECT detid.create_generator('n_' || layout, layout, audit => 'off') FROM unnest('{snowflake,uuid4,xid,nanoid}'::text[]) layout;
SELECT detid.create_generator('n_node', 'time:48@1ms random:80', audit => 'off');
SELECT detid.is_genuine(1, 'n_snowflake');
SELECT detid.is_genuine(gen_random_uuid(), 'n_uuid4');
SELECT detid.is_genuine('x'::text, 'n_xid');
SELECT detid.is_genuine(detid.next_text('n_nanoid'), 'n_nanoid');
SELECT detid.is_genuine(gen_random_uuid(), 'n_node');
-- A bigint may have random bits too.
SELECT detid.create_generator('g_bigint', 'time:34@1s node:4 sequence:9 random:16', audit => 'off');
SELECT detid.is_genuine(id, 'g_bigint'), detid.is_genuine(id # 1, 'g_bigint'), detid.is_genuine(-id, 'g_bigint') FROM detid.next_id('g_bigint') id;
DROP TABLE api, other, one, minted;
DROP FUNCTION flip;
DO $$ BEGIN PERFORM detid.drop_generator(generator) FROM detid.generators WHERE generator::text ~ '^[gn]_'; END $$;
