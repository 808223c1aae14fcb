-- SPDX-License-Identifier: PostgreSQL
--
-- One round of all calls; :rows a call.
\set ON_ERROR_STOP on
INSERT INTO measured SELECT name, ns(expression, :rows) FROM (VALUES
  ('empty', 'empty(''wide''::regclass)'),
  ('empty uuid', 'empty_uuid(''wide''::regclass)'),
  ('empty of an id', 'empty(i::bigint)'),
  ('nextval', 'nextval(''seq''::regclass)'),
  ('gen_random_uuid', 'gen_random_uuid()'),
  ('uuid_generate_v4', 'uuid_generate_v4()'),
  ('next_id', 'detid.next_id(''wide''::regclass)'),
  ('next_id, worker layout', 'detid.next_id(''worker''::regclass)'),
  ('next_id, audit range', 'detid.next_id(''ranged''::regclass)'),
  ('next_uuid', 'detid.next_uuid(''uuid''::regclass)'),
  ('decode', 'detid.decode(i::bigint)'),
  ('minted_at', 'detid.minted_at(i::bigint)'),
  ('minted_at, generator', 'detid.minted_at(i::bigint, ''wide''::regclass)')) calls(name, expression);
-- Of a sample of ids. Each follows the empty function that it is compared with.
INSERT INTO measured SELECT name, ns(expression, :rows, 'sample, generate_series(1, %s / 1000) i') FROM (VALUES
  ('empty of an id and a generator', 'empty(id, ''wide''::regclass)'),
  ('mask', 'detid.mask(id, ''detid.default_id'')'),
  ('node_of, generator', 'detid.node_of(id, ''detid.default_id'')'),
  ('empty of a uuid and a generator', 'empty(u, ''wide''::regclass)'),
  ('is_genuine', 'detid.is_genuine(u, ''detid.default_uuid'')'),
  ('hmac sha256', 'hmac(bytes, ''\x00112233445566778899aabbccddeeff'', ''sha256'')'),
  ('uuid_generate_v5', 'uuid_generate_v5(u, ''wide'')'),
  ('empty to text', 'empty_text(u, ''hex'')'),
  ('encode hex', 'detid.encode(u, ''hex'')'),
  ('bytes in hex', 'encode(bytes, ''hex'')'),
  ('encode uuid', 'detid.encode(u, ''uuid'')'),
  ('uuid::text', 'u::text'),
  ('encode decimal', 'detid.encode(u, ''decimal'')'),
  ('encode crockford', 'detid.encode(u, ''crockford'')'),
  ('encode base36', 'detid.encode(u, ''base36'')'),
  ('encode base58', 'detid.encode(u, ''base58'')'),
  ('encode base62', 'detid.encode(u, ''base62'')'),
  ('encode base64url', 'detid.encode(u, ''base64url'')'),
  ('bytes in base64', 'encode(bytes, ''base64'')'),
  ('empty of text', 'empty_uuid(crockford, ''crockford'')'),
  ('decode_text hex', 'detid.decode_text(hex, ''hex'')'),
  ('decode_uuid uuid', 'detid.decode_uuid(uuid, ''uuid'')'),
  ('text::uuid', 'uuid::uuid'),
  ('decode_text decimal', 'detid.decode_text("decimal", ''decimal'')'),
  ('decode_text crockford', 'detid.decode_text(crockford, ''crockford'')'),
  ('decode_text base36', 'detid.decode_text(base36, ''base36'')'),
  ('decode_text base58', 'detid.decode_text(base58, ''base58'')'),
  ('decode_text base62', 'detid.decode_text(base62, ''base62'')'),
  ('decode_text base64url', 'detid.decode_text(base64url, ''base64url'')')) calls(name, expression);
INSERT INTO measured SELECT 'empty set', ns('*', :rows, 'empty_set(''wide'', %s)');
INSERT INTO measured SELECT 'next_ids', ns('*', :rows, 'detid.next_ids(''wide'', %s)');
SET ROLE granted;
SELECT ns('detid.next_id(''wide''::regclass)', :rows) AS granted,
       ns('empty(''wide''::regclass)', :rows) AS granted_empty \gset
RESET ROLE;
INSERT INTO measured VALUES ('next_id, granted role', :granted), ('empty, granted role', :granted_empty);

-- Single calls, in turn.
INSERT INTO measured
SELECT name || at, t[n]
FROM (VALUES ('tail nextval', 'nextval(regclass)', 'seq'), ('tail next_id', 'detid.next_id(regclass)', 'wide'),
             ('tail empty', 'empty(regclass)', 'wide')) calls(name, f, g),
     LATERAL tail(f::regprocedure, g::regclass, :rows) t,
     (VALUES (1, ' p50'), (2, ' p99'), (3, ' p99.9'), (4, ' max')) points(n, at);
