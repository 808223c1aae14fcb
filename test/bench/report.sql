-- SPDX-License-Identifier: PostgreSQL
--
-- The benchmark's table, as Markdown.
CREATE FUNCTION pg_temp.m(text) RETURNS float8 LANGUAGE sql AS 'SELECT ns FROM median WHERE name = $1';
CREATE FUNCTION pg_temp.over(text, text) RETURNS float8 LANGUAGE sql AS 'SELECT pg_temp.m($1) - pg_temp.m($2)';
SELECT E'| call | ns a row | over empty | compared with | ratio of overheads |\n|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s |', name, round(pg_temp.m(name)::numeric, 1), round(pg_temp.over(name, base)::numeric, 1), COALESCE(other, ''),
              COALESCE(round((pg_temp.over(other, other_base) / nullif(pg_temp.over(name, base), 0))::numeric, 1)::text || ' times less', ''))
FROM (VALUES
  (1, 'next_id', 'empty', 'nextval', 'empty'),
  (2, 'next_id, granted role', 'empty, granted role', 'nextval', 'empty'),
  (3, 'next_id, worker layout', 'empty', 'nextval', 'empty'),
  (4, 'next_id, audit range', 'empty', 'nextval', 'empty'),
  (5, 'next_uuid', 'empty uuid', 'gen_random_uuid', 'empty uuid'),
  (6, 'next_ids', 'empty set', NULL, NULL),
  (7, 'decode', 'empty of an id', NULL, NULL),
  (8, 'minted_at', 'minted_at, empty', NULL, NULL),
  (9, 'minted_at, generator', 'minted_at, generator, empty', NULL, NULL),
  (10, 'nextval', 'empty', NULL, NULL),
  (11, 'gen_random_uuid', 'empty uuid', NULL, NULL),
  (12, 'uuid_generate_v4', 'empty uuid', NULL, NULL),
  (13, 'node_of, generator', 'node_of, generator, empty', NULL, NULL),
  (14, 'mask', 'mask, empty', 'hmac sha256', 'hmac sha256, empty'),
  (15, 'is_genuine', 'is_genuine, empty', 'hmac sha256', 'hmac sha256, empty'),
  (16, 'hmac sha256', 'hmac sha256, empty', NULL, NULL),
  (17, 'uuid_generate_v5', 'uuid_generate_v5, empty', NULL, NULL),
  (17.1, 'derive_uuid', 'derive_uuid, empty', 'uuid_generate_v5', 'uuid_generate_v5, empty'),
  (17.2, 'derive_id', 'derive_id, empty', 'uuid_generate_v5', 'uuid_generate_v5, empty'),
  (17.3, 'derive_uuid_keyed', 'derive_uuid_keyed, empty', 'hmac sha256', 'hmac sha256, empty'),
  (17.4, 'uuid5', 'uuid5, empty', 'uuid_generate_v5', 'uuid_generate_v5, empty'),
  (18, 'encode hex', 'encode hex, empty', 'bytes in hex', 'bytes in hex, empty'),
  (19, 'encode uuid', 'encode uuid, empty', 'uuid::text', 'uuid::text, empty'),
  (20, 'encode decimal', 'encode decimal, empty', NULL, NULL),
  (21, 'encode crockford', 'encode crockford, empty', NULL, NULL),
  (22, 'encode base36', 'encode base36, empty', NULL, NULL),
  (23, 'encode base58', 'encode base58, empty', NULL, NULL),
  (24, 'encode base62', 'encode base62, empty', NULL, NULL),
  (25, 'encode base64url', 'encode base64url, empty', 'bytes in base64', 'bytes in base64, empty'),
  (26, 'decode_text hex', 'decode_text hex, empty', NULL, NULL),
  (27, 'decode_uuid uuid', 'decode_uuid uuid, empty', 'text::uuid', 'text::uuid, empty'),
  (28, 'decode_text decimal', 'decode_text decimal, empty', NULL, NULL),
  (29, 'decode_text crockford', 'decode_text crockford, empty', NULL, NULL),
  (30, 'decode_text base36', 'decode_text base36, empty', NULL, NULL),
  (31, 'decode_text base58', 'decode_text base58, empty', NULL, NULL),
  (32, 'decode_text base62', 'decode_text base62, empty', NULL, NULL),
  (33, 'decode_text base64url', 'decode_text base64url, empty', NULL, NULL)) t(n, name, base, other, other_base) ORDER BY n;
SELECT E'\n| load of a million rows | ms | times bigserial |\n|---|---|---|';
SELECT format('| %s | %s | %s |', label, round(pg_temp.m(name)::numeric), round((pg_temp.m(name) / pg_temp.m('load bigserial'))::numeric, 2))
FROM (VALUES (1, 'load bigserial', 'bigserial'), (2, 'load off', 'next_id, audit off'), (3, 'load range', 'next_id, audit range'), (4, 'load each', 'next_id with an input, audit each')) t(n, name, label) ORDER BY n;
SELECT E'\n| 8 clients | a second | ratio |\n|---|---|---|';
SELECT format('| %s | %s | %s |', label, round(pg_temp.m(name)::numeric * factor), round((pg_temp.m(name) / pg_temp.m(base))::numeric, 2))
FROM (VALUES
  (1, 'clients nextval', 'nextval, calls', 1000, 'clients nextval'),
  (2, 'clients next_id', 'next_id, calls', 1000, 'clients nextval'),
  (3, 'single bigserial', 'single-row INSERT, bigserial', 1, 'single off'),
  (4, 'single off', 'single-row INSERT, audit off', 1, 'single off'),
  (5, 'single range', 'single-row INSERT, audit range', 1, 'single off')) t(n, name, label, factor, base) ORDER BY n;
SELECT E'\n| single statements, one client | a second | ratio of times |\n|---|---|---|';
SELECT format('| %s | %s | %s |', label, round(pg_temp.m(name)::numeric), round((pg_temp.m(base) / pg_temp.m(name))::numeric, 2))
FROM (VALUES
  (1, 'insert unique', 'INSERT, unique index', 'insert unique'),
  (2, 'claim first', 'claim_id, first', 'insert unique'),
  (3, 'select indexed', 'SELECT, indexed', 'select indexed'),
  (4, 'claim again', 'claim_id, again', 'select indexed')) t(n, name, label, base) ORDER BY n;
SELECT format(E'\nclaim_ids: 100,000 new inputs in %s ms.', round(pg_temp.m('claim load')::numeric));
SELECT format(E'\nverify_replay: %s ids a second.', round(pg_temp.m('replay')::numeric));
SELECT E'\n| single calls, ns | p50 | p99 | p99.9 | slowest |\n|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s |', name, round(pg_temp.m('tail ' || name || ' p50')), round(pg_temp.m('tail ' || name || ' p99')),
              round(pg_temp.m('tail ' || name || ' p99.9')), round(pg_temp.m('tail ' || name || ' max')))
FROM (VALUES (1, 'nextval'), (2, 'next_id'), (3, 'empty')) t(n, name) ORDER BY n;
SELECT format(E'\np99.9 of next_id: %s times that of nextval. Horizon records: %s a second while 8 clients mint.',
              round((pg_temp.m('tail next_id p99.9') / pg_temp.m('tail nextval p99.9'))::numeric, 2), round(pg_temp.m('horizon records')::numeric, 2));
