-- SPDX-License-Identifier: PostgreSQL
--
-- Secrets of namespaces, for keyed derivation. Like seeds (00-schema.sql), they are their owner's
-- business alone: no dump, no statistics, no publication takes them along.

CREATE TABLE detid._namespace (
  name text COLLATE "C" PRIMARY KEY,
  commitment bytea NOT NULL,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
) USING heap;
ALTER TABLE detid._namespace ALTER COLUMN secret SET STATISTICS 0;
COMMENT ON TABLE detid._namespace IS 'secrets under which ids are derived; left out of dumps';
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON detid._namespace
  FOR EACH STATEMENT EXECUTE FUNCTION detid._seed_changed();
ALTER TABLE detid._namespace ENABLE ALWAYS TRIGGER changed;

CREATE FUNCTION detid.set_namespace_secret(namespace text) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_set_namespace_secret';
COMMENT ON FUNCTION detid.set_namespace_secret(text) IS
  'gives a namespace a fresh secret, for ever, and returns its commitment';

CREATE FUNCTION detid.set_namespace_secret(namespace text, secret text) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_set_namespace_secret';
COMMENT ON FUNCTION detid.set_namespace_secret(text, text) IS
  'gives a namespace the secret that it has elsewhere, and returns its commitment';

CREATE FUNCTION detid.export_namespace_secret(namespace text) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_export_namespace_secret';
COMMENT ON FUNCTION detid.export_namespace_secret(text) IS
  'the secret of a namespace, for detid.set_namespace_secret: a secret';

CREATE VIEW detid.namespaces AS
  SELECT name, pg_catalog.encode(commitment, 'hex') AS commitment, created_at
  FROM detid._namespace
  OFFSET 0;  -- or who may write to views could change what is behind it
COMMENT ON VIEW detid.namespaces IS 'the namespaces that have a secret, by its commitment';
