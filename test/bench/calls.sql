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
