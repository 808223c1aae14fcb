-- What belongs to the extension changes by the extension only.
SELECT current_setting('detid.allow_schema_changes');

-- Tables, and what is on them.
ALTER TABLE detid._ledger ADD x int;
ALTER TABLE detid._ledger DROP COLUMN tag;
ALTER TABLE detid._ledger ALTER COLUMN tag TYPE varchar;
ALTER TABLE detid._ledger ALTER COLUMN tag SET DEFAULT 'x';
ALTER TABLE detid._ledger ADD CHECK (count > 0);
ALTER TABLE detid._ledger DROP CONSTRAINT _ledger_pkey;
ALTER TABLE detid._ledger DISABLE TRIGGER ALL;
ALTER TABLE detid._ledger ENABLE TRIGGER refuse_change;
ALTER TABLE detid._ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE detid._ledger SET UNLOGGED;
ALTER TABLE detid._ledger OWNER TO CURRENT_USER;
ALTER TABLE detid._ledger RENAME TO other;
ALTER TABLE detid._ledger RENAME COLUMN tag TO other;
ALTER TABLE detid._ledger RENAME CONSTRAINT _ledger_pkey TO other;
ALTER TABLE detid._ledger SET SCHEMA public;
ALTER TABLE detid.claims NO INHERIT detid._ledger;
ALTER TABLE detid._seed ALTER COLUMN seed SET STATISTICS 100;
CREATE INDEX ON detid._ledger (tag);
CREATE UNIQUE INDEX CONCURRENTLY ON detid.claims (tag);
DROP INDEX detid._ledger_pkey;
DROP INDEX CONCURRENTLY detid.claims_id;
ALTER INDEX detid._ledger_pkey RENAME TO other;
ALTER INDEX detid._ledger_pkey DEPENDS ON EXTENSION plpgsql;
CREATE TRIGGER mine BEFORE INSERT ON detid._nodes FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
DROP TRIGGER refuse_change ON detid._ledger;
ALTER TRIGGER refuse_change ON detid._ledger RENAME TO other;
CREATE RULE mine AS ON INSERT TO detid.prefixes DO INSTEAD NOTHING;
CREATE POLICY mine ON detid.claims USING (true);
CREATE STATISTICS mine ON node, position FROM detid._ledger;
CREATE TABLE child () INHERITS (detid._ledger);
CREATE TABLE child (LIKE detid._ledger);
ALTER TABLE child INHERIT detid._ledger;
DROP TABLE child;
CREATE TABLE child (node int, definition bigint, worker int, entry bigint, FOREIGN KEY (node, definition, worker, entry) REFERENCES detid._ledger);
CREATE TABLE child (level int REFERENCES detid.topology);
CREATE TABLE child (level int);
ALTER TABLE child ADD FOREIGN KEY (level) REFERENCES detid.topology;
ALTER TABLE child ADD other int REFERENCES detid.topology;
DROP TABLE child;

-- Views, functions, the schema.
CREATE OR REPLACE VIEW detid.seeds AS SELECT 'x' AS commitment, now() AS created_at, true AS own, true AS current;
ALTER VIEW detid.seeds RENAME TO other;
ALTER VIEW detid.generators SET (security_barrier = true);
CREATE OR REPLACE FUNCTION detid.next_id() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION detid.next_id(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE AGGREGATE detid.next_id(int) (SFUNC = int4pl, STYPE = int);
BEGIN;
SET LOCAL search_path = detid, pg_catalog;
CREATE FUNCTION next_id(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
ROLLBACK;
ALTER FUNCTION detid.next_id() SECURITY DEFINER;
ALTER FUNCTION detid.next_id() RENAME TO other;
ALTER FUNCTION detid.next_id() OWNER TO CURRENT_USER;
ALTER FUNCTION detid.next_id() SET SCHEMA public;
ALTER ROUTINE detid.next_id() DEPENDS ON EXTENSION plpgsql;
ALTER SCHEMA detid RENAME TO other;
ALTER SCHEMA detid OWNER TO CURRENT_USER;

-- Also in a block of code; and nothing was changed.
DO $$ BEGIN EXECUTE 'ALTER TABLE detid._registration ADD x int'; END $$;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'detid._ledger'::regclass AND attnum > 0;

-- What is free.
BEGIN;
ALTER TABLE detid._ledger SET (autovacuum_vacuum_scale_factor = 0.01);
ALTER TABLE detid._ledger RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE detid.claims SET LOGGED;
ALTER TABLE detid._ledger REPLICA IDENTITY FULL;
ALTER TABLE detid._ledger REPLICA IDENTITY DEFAULT;
ALTER TABLE detid._ledger SET TABLESPACE pg_default;
COMMENT ON COLUMN detid._ledger.tag IS 'a request';
GRANT SELECT ON detid._ledger TO PUBLIC;
REVOKE SELECT ON detid._ledger FROM PUBLIC;
CREATE VIEW ours AS SELECT * FROM detid.ledger;
CREATE FUNCTION public.next_id() RETURNS bigint LANGUAGE sql AS 'SELECT detid.next_id()';
CREATE TABLE detid.theirs (x int);
DROP TABLE detid.theirs;
LOCK TABLE detid._ledger;
CLUSTER detid._ledger USING _ledger_pkey;
REINDEX TABLE detid._ledger;
ROLLBACK;
VACUUM (FULL, ANALYZE) detid._ledger;
REINDEX TABLE CONCURRENTLY detid.claims;
ALTER EXTENSION pg_detid UPDATE;

-- With the setting, which is a superuser's.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid._ledger ADD x int;
CREATE INDEX ON detid._ledger (tag);
DROP INDEX detid._ledger_pkey;
ROLLBACK;
CREATE ROLE guard_owner;
SET ROLE guard_owner;
SET detid.allow_schema_changes = on;
RESET ROLE;
DROP ROLE guard_owner;
