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
  ('decode', 'detid.decode(i::bigint)')) calls(name, expression);
-- Of a sample of ids, each in turn with the empty function that it is compared with.
INSERT INTO measured SELECT name || side, ns[n] FROM (VALUES
  ('minted_at', 'detid.minted_at(id)', 'empty(id)'),
  ('minted_at, generator', 'detid.minted_at(id, ''detid.default_id'')', 'empty(id, ''wide''::regclass)'),
  ('node_of, generator', 'detid.node_of(id, ''detid.default_id'')', 'empty(id, ''wide''::regclass)'),
  ('mask', 'detid.mask(id, ''detid.default_id'')', 'empty(id, ''wide''::regclass)'),
  ('is_genuine', 'detid.is_genuine(u, ''detid.default_uuid'')', 'empty(u, ''wide''::regclass)'),
  ('hmac sha256', 'hmac(bytes, ''\x00112233445566778899aabbccddeeff'', ''sha256'')', 'empty(u, ''wide''::regclass)'),
  ('uuid_generate_v5', 'uuid_generate_v5(u, ''wide'')', 'empty(u, ''wide''::regclass)'),
  ('derive_uuid', 'detid.derive_uuid(u, ''wide''::text)', 'empty(u, ''wide''::regclass)'),
  ('derive_id', 'detid.derive_id(''bench'', id)', 'empty(id, ''wide''::regclass)'),
  ('derive_uuid_keyed', 'detid.derive_uuid_keyed(''bench'', id)', 'empty(id, ''wide''::regclass)'),
  ('uuid5', 'detid.uuid5(u, ''wide'')', 'empty(u, ''wide''::regclass)'),
  ('encode hex', 'detid.encode(u, ''hex'')', 'empty_text(u, ''hex'')'),
  ('encode uuid', 'detid.encode(u, ''uuid'')', 'empty_text(u, ''hex'')'),
  ('encode decimal', 'detid.encode(u, ''decimal'')', 'empty_text(u, ''hex'')'),
  ('encode crockford', 'detid.encode(u, ''crockford'')', 'empty_text(u, ''hex'')'),
  ('encode base36', 'detid.encode(u, ''base36'')', 'empty_text(u, ''hex'')'),
  ('encode base58', 'detid.encode(u, ''base58'')', 'empty_text(u, ''hex'')'),
  ('encode base62', 'detid.encode(u, ''base62'')', 'empty_text(u, ''hex'')'),
  ('encode base64url', 'detid.encode(u, ''base64url'')', 'empty_text(u, ''hex'')'),
  ('bytes in hex', 'encode(bytes, ''hex'')', 'empty_text(u, ''hex'')'),
  ('uuid::text', 'u::text', 'empty_text(u, ''hex'')'),
  ('bytes in base64', 'encode(bytes, ''base64'')', 'empty_text(u, ''hex'')'),
  ('decode_text hex', 'detid.decode_text("hex", ''hex'')', 'empty_uuid("hex", ''hex'')'),
  ('decode_text decimal', 'detid.decode_text("decimal", ''decimal'')', 'empty_uuid("decimal", ''decimal'')'),
  ('decode_text crockford', 'detid.decode_text("crockford", ''crockford'')', 'empty_uuid("crockford", ''crockford'')'),
  ('decode_text base36', 'detid.decode_text("base36", ''base36'')', 'empty_uuid("base36", ''base36'')'),
  ('decode_text base58', 'detid.decode_text("base58", ''base58'')', 'empty_uuid("base58", ''base58'')'),
  ('decode_text base62', 'detid.decode_text("base62", ''base62'')', 'empty_uuid("base62", ''base62'')'),
  ('decode_text base64url', 'detid.decode_text("base64url", ''base64url'')', 'empty_uuid("base64url", ''base64url'')'),
  ('decode_uuid uuid', 'detid.decode_uuid(uuid, ''uuid'')', 'empty_uuid(uuid, ''uuid'')'),
  ('text::uuid', 'uuid::uuid', 'empty_uuid(uuid, ''uuid'')')) calls(name, expression, base),
  LATERAL pair(expression, base, 40) ns, (VALUES (1, ''), (2, ', empty')) sides(n, side);
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
