-- SPDX-License-Identifier: PostgreSQL
--
-- One round of loads: a million rows into an empty table, in ns a row.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE OR REPLACE PROCEDURE load(what text, key text) LANGUAGE plpgsql AS $$
DECLARE
  t float8;
BEGIN
  DROP TABLE IF EXISTS load;
  EXECUTE format('CREATE TABLE load (id %s PRIMARY KEY, x integer)', key);
  COMMIT;
  t := ms('INSERT INTO load (x) SELECT i FROM generate_series(1, 1000000) i');
  INSERT INTO measured VALUES (what, t);
  COMMIT;
END $$;
CHECKPOINT;
CALL load('load bigserial', 'bigserial');
CHECKPOINT;
CALL load('load off', 'bigint DEFAULT detid.next_id(''wide'')');
CHECKPOINT;
CALL load('load range', 'bigint DEFAULT detid.next_id(''ranged'')');
CHECKPOINT;
CALL load('load each', 'bigint DEFAULT detid.next_id(''each'', ''an input'')');
DROP TABLE load;
