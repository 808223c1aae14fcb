-- SPDX-License-Identifier: PostgreSQL
--
-- Seeds are their owner's business alone; what can be told of them without telling them is in a
-- view.

CREATE FUNCTION detid.rotate_seed() RETURNS text
  LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_rotate_seed';
COMMENT ON FUNCTION detid.rotate_seed() IS
  'adds a seed, which makes the random fields from here on; older ones still verify and replay';

CREATE FUNCTION detid.export_seed() RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_export_seed';
COMMENT ON FUNCTION detid.export_seed() IS 'the seed that makes ids here, for detid.import_seed: a secret';

CREATE FUNCTION detid.export_seed(commitment text) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_export_seed';
COMMENT ON FUNCTION detid.export_seed(text) IS 'the seed with a commitment, for detid.import_seed: a secret';

CREATE FUNCTION detid.import_seed(seed text) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_import_seed';
COMMENT ON FUNCTION detid.import_seed(text) IS
  'adds another node''s seed, to verify and replay its ids; never makes ids here';

CREATE VIEW detid.seeds AS
  SELECT pg_catalog.encode(commitment, 'hex') AS commitment, created_at, number > 0 AS own,
         number > 0 AND number = pg_catalog.max(number) OVER () AS current
  FROM detid._seed;
COMMENT ON VIEW detid.seeds IS 'the seeds at hand by their commitments: own or imported, and which one makes ids';

SELECT detid.rotate_seed();
