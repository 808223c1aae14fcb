-- What is wrong with ids that are already there.
SET timezone = 'UTC';
SELECT detid.create_generator('c_id', audit => 'off'), detid.create_generator('c_js', 'js53', audit => 'off'),
       detid.create_generator('c_uuid', 'uuid7', audit => 'off'), detid.create_generator('c_acc', 'uuid7', prefix => 'acc', audit => 'off'),
       detid.create_generator('c_ord', prefix => 'ord', codec => 'crockford', audit => 'off'), detid.create_generator('c_v4', 'uuid4', audit => 'off'),
       detid.create_generator('c_wide', 'time:42@1ms node:16 worker:18 sequence:18', audit => 'off');

-- NULLs are passed over. Negative ids, ids of other nodes and of this one, which is 7, one three times, two of times to come.
CREATE TABLE c_a (id bigint, note text);
INSERT INTO c_a VALUES (NULL), (-5), (-3),
  (detid.compose('c_id', 1000, 1, 0, 0)), (detid.compose('c_id', 1000, 7, 0, 0)), (detid.compose('c_id', 1000, 7, 0, 1)),
  (detid.compose('c_id', 2000, 2, 0, 0)), (detid.compose('c_id', 2000, 2, 0, 0)), (detid.compose('c_id', 2000, 2, 0, 0)),
  (detid.id_at('c_id', '2094-01-02Z')), (detid.id_at('c_id', '2094-01-01Z'));
SELECT * FROM detid.check_ids('c_id', 'c_a', 'id');
-- More than are fetched at a time, highest first; 53 bits hold a few of them only.
CREATE TABLE c_many AS SELECT detid.compose('c_id', n, 7, 0, 0) AS id FROM generate_series(2500, 1, -1) n;
SELECT problem, ids, example::bigint >> 22 AS tick FROM detid.check_ids('c_id', 'c_many', 'id');
INSERT INTO c_many SELECT id + (1::bigint << 53) FROM c_many WHERE id % 1000 = 0;
SELECT problem, ids, example FROM detid.check_ids('c_js', 'c_many', 'id');
-- What is minted now is not in the future; nothing is there; the table stays as it is.
CREATE TABLE c_empty (id bigint);
INSERT INTO c_empty VALUES (detid.next_id('c_id'));
SELECT problem, ids FROM detid.check_ids('c_id', 'c_empty', 'id');
TRUNCATE c_empty;
SELECT * FROM detid.check_ids('c_id', 'c_empty', 'id');
BEGIN READ ONLY;
SELECT count(*), sum(ids) FROM detid.check_ids('c_id', 'c_a', 'id');
COMMIT;
SELECT count(*) FROM c_a;

-- Several columns: what is in more than one of them, one row a pair.
CREATE SCHEMA "C s";
CREATE TABLE "C s"."B b" (a int, id int8 NOT NULL, "I d" bigint, c int2);
INSERT INTO "C s"."B b" SELECT 1, detid.compose('c_id', 2000, 2, 0, n), n, n FROM generate_series(0, 2) n;
INSERT INTO "C s"."B b" VALUES (2, detid.compose('c_id', 1000, 1, 0, 0), -3, NULL);
SELECT * FROM detid.check_ids('c_id', ARRAY['c_a.id', '"C s"."B b".id', '"C s"."B b"."I d"']) WHERE problem LIKE 'also%' OR problem LIKE 'twice%';
SELECT * FROM detid.check_ids('c_id', ARRAY['"C s"."B b".a', 'contrib_regression."C s"."B b".c']);

-- Uuids, in a domain too; of a version that is not the layout's; without a time and a node.
CREATE DOMAIN c_key AS uuid;
CREATE DOMAIN c_keys AS c_key;
CREATE TABLE c_u (id c_keys);
INSERT INTO c_u VALUES ('2ed6657d-e927-568b-95e1-2665a8aea6a2'), ('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), ('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'),
  ('ff000000-0000-7000-8000-000000000000'), ('018570bb-4a7d-7000-8070-000000000000'), ('00000000-0000-0000-0000-000000000000');
SELECT problem, ids, example FROM detid.check_ids('c_uuid', 'c_u', 'id');
SELECT problem, ids, example FROM detid.check_ids('c_v4', 'c_u', 'id');
SELECT problem, ids, example FROM detid.check_ids('c_wide', 'c_u', 'id');

-- Texts: as next_text writes them, and no others.
CREATE TABLE c_t (id text, v varchar(40), c char(40), n name);
INSERT INTO c_t SELECT t, t, t, t FROM unnest(ARRAY[
  'acc_01fwhe4yde95ys9e6e4602jwwf', 'ACC_01fwhe4yde95ys9e6e4602jwwf', 'usr_01fwhe4yde95ys9e6e4602jwwf', '01fwhe4yde95ys9e6e4602jwwf', '', 'x', 'x',
  '017f22e2-79b0-7cc3-98c4-dc0c0c07398f']) t;
INSERT INTO c_t (id) VALUES (repeat('ä', 100000)), (detid.text_at('c_acc', '2900-01-01Z')), (NULL);
SELECT problem, ids, left(example, 40) AS example FROM detid.check_ids('c_acc', 'c_t', 'id');
SELECT column_name, problem, ids, example FROM detid.check_ids('c_acc', '{c_t.v,c_t.c,c_t.n}') WHERE problem LIKE 'not%' OR problem LIKE 'also%';
SELECT problem, ids, length(example) FROM detid.check_ids('c_acc', '{c_t.id}') WHERE problem LIKE 'not%';
DELETE FROM c_t WHERE id <> repeat('ä', 100000);
SELECT problem, ids, example = repeat('ä', 240) AS clipped FROM detid.check_ids('c_acc', 'c_t', 'id');
-- The same id as a text and as a number or a uuid is one id.
CREATE TABLE c_m (t text, i bigint, a text, u uuid);
INSERT INTO c_m SELECT 'ord_' || detid.encode(n, 'crockford'), n, 'acc_' || detid.encode(u, 'typeid'), u
  FROM generate_series(40, 42) n, format('018570bb-4a7d-7000-8000-0000000000%s', n) f, CAST(f AS uuid) u;
UPDATE c_m SET t = i::text WHERE i = 40;
SELECT * FROM detid.check_ids('c_ord', '{c_m.t,c_m.i,c_m.u}') WHERE problem !~ 'node|future';
SELECT * FROM detid.check_ids('c_acc', '{c_m.u,c_m.a,c_m.i}') WHERE problem LIKE 'also%';
SELECT problem, ids FROM detid.check_ids('c_wide', '{c_m.t,c_m.i}') WHERE problem LIKE 'also%';

CREATE VIEW c_texts AS SELECT u::text, i::text FROM c_m;
SELECT table_name, problem, ids, example FROM detid.check_ids('c_uuid', '{c_texts.u,c_m.u}') WHERE problem LIKE 'also%'
UNION ALL SELECT table_name, problem, ids, example FROM detid.check_ids('c_id', '{c_m.i,c_texts.i}') WHERE problem LIKE 'also%';

-- Without a node id nothing is of this node.
ALTER DATABASE contrib_regression SET detid.node_id = -1;
\c -
SELECT * FROM detid.check_ids('c_id', 'c_a', 'id');
ALTER DATABASE contrib_regression RESET detid.node_id;
\c -

-- Views, materialized views, partitions, temporary tables.
CREATE VIEW c_view AS SELECT id::numeric::bigint AS id FROM c_a;
CREATE MATERIALIZED VIEW c_mat AS SELECT id FROM c_a;
CREATE TABLE c_part (id bigint) PARTITION BY RANGE (id);
CREATE TABLE c_part_1 PARTITION OF c_part DEFAULT;
INSERT INTO c_part SELECT id FROM c_a WHERE id IS NOT NULL;
CREATE TEMP TABLE c_temp AS SELECT id FROM c_a;
SELECT table_name, sum(ids) FROM detid.check_ids('c_id', '{c_view.id,c_mat.id,c_part.id,c_temp.id}') WHERE problem NOT LIKE 'also%' GROUP BY 1 ORDER BY 1;

-- Whatever the search_path is, and what stands in it.
CREATE SCHEMA c_evil;
CREATE FUNCTION c_evil.no(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE OPERATOR c_evil.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = c_evil.no);
CREATE FUNCTION c_evil.count(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE DOMAIN c_evil.int8 AS pg_catalog.text;
SET search_path = c_evil, pg_catalog;
SELECT problem, ids FROM detid.check_ids('public.c_ord'::regclass, '{public.c_m.t,public.c_m.i}') WHERE ids OPERATOR(pg_catalog.>) 0::pg_catalog.int8;
SET search_path = '';
SELECT table_name, problem, ids FROM detid.check_ids('public.c_id', 'public.c_a', 'id') WHERE ids > 0;
RESET search_path;

DROP VIEW c_view, c_texts;
DROP MATERIALIZED VIEW c_mat;
DROP TABLE c_a, c_many, c_empty, "C s"."B b", c_u, c_t, c_m, c_part, c_temp;
DROP DOMAIN c_key CASCADE;
DROP SCHEMA "C s", c_evil CASCADE;
DROP SEQUENCE c_id, c_js, c_uuid, c_acc, c_ord, c_v4, c_wide;
