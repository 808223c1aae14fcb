-- SPDX-License-Identifier: PostgreSQL
--
-- The schema, and what no user may touch: the horizon and the seeds.

\echo Use "CREATE EXTENSION pg_detid" to load this file. \quit

-- Whoever can put functions into the schema can have them stand in for ours. So it is the
-- installer's, nobody else may create in it, and it holds no more than tables and generators of his:
-- they outlive a DROP EXTENSION.
DO $$
DECLARE
  stranger text;
BEGIN
  IF (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'detid') <> current_user::regrole THEN
    RAISE EXCEPTION 'schema "detid" belongs to somebody else'
      USING ERRCODE = 'insufficient_privilege', HINT = 'DROP SCHEMA detid;';
  END IF;
  -- Where it was made just now, the last piece takes back what default privileges gave.
  SELECT INTO stranger a.grantee::regrole
  FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
  WHERE n.nspname = 'detid' AND n.xmin <> pg_catalog.pg_current_xact_id()::xid
    AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner;
  IF FOUND THEN
    RAISE EXCEPTION 'others may create in schema "detid"'
      USING ERRCODE = 'insufficient_privilege',
            DETAIL = format('One of them is %s.', CASE stranger WHEN '-' THEN 'PUBLIC' ELSE stranger END),
            HINT = format('REVOKE CREATE ON SCHEMA detid FROM %s; then look what is in it.',
                          CASE stranger WHEN '-' THEN 'PUBLIC' ELSE stranger END);
  END IF;
  SELECT INTO stranger pg_catalog.pg_describe_object(classid, objid, objsubid)
  FROM pg_catalog.pg_depend
  WHERE refclassid = 'pg_catalog.pg_namespace'::regclass AND refobjid = 'detid'::regnamespace
    AND deptype = 'n' AND classid <> 'pg_catalog.pg_extension'::regclass
    AND NOT (classid = 'pg_catalog.pg_class'::regclass
             AND EXISTS (SELECT FROM pg_catalog.pg_class
                         WHERE oid = objid AND relkind IN ('r', 'S') AND relowner = current_user::regrole));
  IF FOUND THEN
    RAISE EXCEPTION 'schema "detid" is not empty'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('It has %s.', stranger), HINT = 'Drop it, or move it to another schema.';
  END IF;
END
$$;

COMMENT ON SCHEMA detid IS 'pg_detid: deterministic ids';

CREATE FUNCTION detid._refuse_change() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_refuse_change';
COMMENT ON FUNCTION detid._refuse_change() IS 'keeps the ledger and the horizon append-only';

-- One row, written in place by the extension alone.
CREATE TABLE detid._horizon (
  horizon bigint NOT NULL,     -- microseconds since 1970
  instance bigint NOT NULL,    -- who minted last: system identifier and data directory, hashed,
  directory bigint NOT NULL,   -- the database's own files, hashed,
  moved_at bigint NOT NULL,    -- (when this came from elsewhere,
  moved bigint NOT NULL,       -- how,
  database oid NOT NULL,
  timeline integer NOT NULL,
  node integer NOT NULL,       -- and under which node id
  moved_node integer NOT NULL, -- which was this one elsewhere)
  checksum bigint NOT NULL,    -- of all others
  since bigint NOT NULL DEFAULT 0,   -- from when on ids of this node are this database's alone
  pruned bigint NOT NULL DEFAULT 0,  -- ledger rows of before may have been removed
  duplicates bigint NOT NULL DEFAULT 0,  -- ledger rows that came by replication, of this node, not minted here:
  first_duplicate bigint NOT NULL DEFAULT 0, -- how many, when the first one,
  last_duplicate bigint NOT NULL DEFAULT 0,  -- and the last one,
  duplicate_entry bigint NOT NULL DEFAULT 0, -- which was this entry
  duplicate_node integer NOT NULL DEFAULT -1,
  stopped integer NOT NULL DEFAULT 0     -- 1: minting is, for these rows
) USING heap;
COMMENT ON TABLE detid._horizon IS
  'upper bound on the node time of any id minted here, in microseconds since 1970, and who minted last';
CREATE FUNCTION detid._first_horizon(generators boolean) RETURNS detid._horizon
  LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_first_horizon';
COMMENT ON FUNCTION detid._first_horizon(boolean) IS
  'what a new horizon starts from, given whether generators outlived an earlier one';
INSERT INTO detid._horizon
  SELECT * FROM detid._first_horizon(EXISTS (SELECT FROM pg_catalog.pg_seclabel WHERE provider = 'detid'));

-- A dump carries the horizon along, so that ids go on above the old ones wherever it is restored.
CREATE FUNCTION detid._merge_horizon() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_merge_horizon';
COMMENT ON FUNCTION detid._merge_horizon() IS 'merges the horizon that a dump brings';
CREATE TRIGGER merge_horizon BEFORE INSERT ON detid._horizon
  FOR EACH ROW EXECUTE FUNCTION detid._merge_horizon();
ALTER TABLE detid._horizon ENABLE ALWAYS TRIGGER merge_horizon;
SELECT pg_catalog.pg_extension_config_dump('detid._horizon', '');

CREATE TABLE detid._seed (
  number integer PRIMARY KEY,
  commitment bytea NOT NULL UNIQUE,
  seed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Of an own seed: what only a copy of this database has, too. It is never exported, so that a
  -- registry tells who mints under a seed from who was given it to verify.
  mark bytea
) USING heap;
-- ANALYZE would copy seeds to where members of pg_read_all_data, and dumps of statistics, find them.
ALTER TABLE detid._seed ALTER COLUMN seed SET STATISTICS 0, ALTER COLUMN mark SET STATISTICS 0;
COMMENT ON TABLE detid._seed IS
  'seeds of random fields; the highest number makes ids, older ones replay; left out of dumps';
CREATE FUNCTION detid._seed_changed() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_seed_changed';
COMMENT ON FUNCTION detid._seed_changed() IS 'has all sessions read the seeds again';
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON detid._seed
  FOR EACH STATEMENT EXECUTE FUNCTION detid._seed_changed();
ALTER TABLE detid._seed ENABLE ALWAYS TRIGGER changed;
