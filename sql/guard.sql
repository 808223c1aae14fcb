-- What belongs to the extension changes by the extension only.
SELECT current_setting('detid.allow_schema_changes');

-- Tables, and what is on them.
ALTER TABLE detid.ledger ADD x int;
ALTER TABLE detid.ledger DROP COLUMN tag;
ALTER TABLE detid.ledger ALTER COLUMN tag TYPE varchar;
ALTER TABLE detid.ledger ALTER COLUMN tag SET DEFAULT 'x';
ALTER TABLE detid.ledger ADD CHECK (count > 0);
ALTER TABLE detid.ledger DROP CONSTRAINT ledger_pkey;
ALTER TABLE detid.ledger DISABLE TRIGGER ALL;
ALTER TABLE detid.ledger ENABLE TRIGGER refuse_change;
ALTER TABLE detid.ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE detid.ledger SET UNLOGGED;
ALTER TABLE detid.ledger OWNER TO CURRENT_USER;
ALTER TABLE detid.ledger RENAME TO other;
ALTER TABLE detid.ledger RENAME COLUMN tag TO other;
ALTER TABLE detid.ledger RENAME CONSTRAINT ledger_pkey TO other;
ALTER TABLE detid.ledger SET SCHEMA public;
ALTER TABLE detid.claims NO INHERIT detid.ledger;
ALTER TABLE detid._seed ALTER COLUMN seed SET STATISTICS 100;
CREATE INDEX ON detid.ledger (tag);
CREATE UNIQUE INDEX CONCURRENTLY ON detid.claims (tag);
DROP INDEX detid.ledger_minted_at;
DROP INDEX CONCURRENTLY detid.claims_minted_at;
ALTER INDEX detid.ledger_minted_at RENAME TO other;
ALTER INDEX detid.ledger_minted_at DEPENDS ON EXTENSION plpgsql;
CREATE TRIGGER mine BEFORE INSERT ON detid._nodes FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();
DROP TRIGGER refuse_change ON detid.ledger;
ALTER TRIGGER refuse_change ON detid.ledger RENAME TO other;
CREATE RULE mine AS ON INSERT TO detid.prefixes DO INSTEAD NOTHING;
CREATE POLICY mine ON detid.claims USING (true);
CREATE STATISTICS mine ON node, entry FROM detid.ledger;
CREATE TABLE child () INHERITS (detid.ledger);
CREATE TABLE child (LIKE detid.ledger);
ALTER TABLE child INHERIT detid.ledger;
DROP TABLE child;
CREATE TABLE child (node int, entry bigint, FOREIGN KEY (node, entry) REFERENCES detid.ledger);
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
SELECT count(*) FROM pg_attribute WHERE attrelid = 'detid.ledger'::regclass AND attnum > 0;

-- What is free.
BEGIN;
ALTER TABLE detid.ledger SET (autovacuum_vacuum_scale_factor = 0.01);
ALTER TABLE detid.ledger RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE detid.claims SET LOGGED;
ALTER TABLE detid.ledger REPLICA IDENTITY FULL;
ALTER TABLE detid.ledger REPLICA IDENTITY DEFAULT;
ALTER TABLE detid.ledger SET TABLESPACE pg_default;
COMMENT ON COLUMN detid.ledger.tag IS 'a request';
GRANT SELECT ON detid.ledger TO PUBLIC;
REVOKE SELECT ON detid.ledger FROM PUBLIC;
CREATE VIEW ours AS SELECT * FROM detid.ledger;
CREATE FUNCTION public.next_id() RETURNS bigint LANGUAGE sql AS 'SELECT detid.next_id()';
CREATE TABLE detid.theirs (x int);
DROP TABLE detid.theirs;
LOCK TABLE detid.ledger;
CLUSTER detid.ledger USING ledger_pkey;
REINDEX TABLE detid.ledger;
ROLLBACK;
VACUUM (FULL, ANALYZE) detid.ledger;
REINDEX TABLE CONCURRENTLY detid.claims;
ALTER EXTENSION pg_detid UPDATE;

-- With the setting, which is a superuser's.
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid.ledger ADD x int;
CREATE INDEX ON detid.ledger (tag);
DROP INDEX detid.ledger_minted_at;
ROLLBACK;
CREATE ROLE guard_owner;
SET ROLE guard_owner;
SET detid.allow_schema_changes = on;
RESET ROLE;
DROP ROLE guard_owner;
