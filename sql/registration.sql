-- A node's own side, on a server that has no coordinator: its operators' commands, and a fence that is stored.
SHOW detid.coordinator;
SHOW detid.registered_databases;
SHOW detid.lease;
SHOW detid.quarantine;
SET detid.node_token_file = 'x';
SHOW detid.node_token_file;
SET detid.node_token = 'x';
SELECT detid.retire_node();
SELECT detid.claim_registration();
SELECT mode, path, granted_until, registry_answered_at, registry_trouble, fenced FROM detid.node_status;
SELECT "check" FROM detid.check() WHERE "check" IN ('registry', 'fence', 'node_id');

-- A fence that is stored is found by a database that begins to mint, whatever the settings say.
\set here :DBNAME
CREATE DATABASE regression_fenced;
\c regression_fenced
CREATE EXTENSION pg_detid;
UPDATE detid._registration SET fenced = 'used_nonce';
DO $$ BEGIN PERFORM detid.next_id(); EXCEPTION WHEN sqlstate 'DT001' THEN RAISE NOTICE '% %', sqlstate, sqlerrm; END $$;
SELECT detid.next_uuid();
SELECT ready, reason, fenced FROM detid.node_status;
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'fence';
-- What does not mint works.
SELECT detid.node_of(detid.compose('detid.default_id', 1, 3, 0, 0));
-- An operator's command counts from its commit on.
BEGIN;
SELECT detid.unfence();
ROLLBACK;
SELECT detid.next_id();
BEGIN;
SELECT detid.unfence();
SELECT detid.next_id();
ROLLBACK;
SELECT detid.unfence();
SELECT detid.node_of(detid.next_id()), detid.next_uuid() IS NOT NULL;
-- Said of a node that is not fenced, it changes nothing.
SELECT detid.unfence();
SELECT detid.next_id() IS NOT NULL;
\c
-- A node that is to retire mints nothing, also if nobody was told yet; nor does one with a word that is not known.
UPDATE detid._registration SET retires = true;
SELECT ready, fenced FROM detid.node_status;
SELECT detail FROM detid.check() WHERE "check" = 'fence';
SELECT detid.unfence();
UPDATE detid._registration SET fenced = 'a word of a later version';
SELECT ready, fenced FROM detid.node_status;
-- A column that somebody adds changes nothing.
SET detid.allow_schema_changes = on;
ALTER TABLE detid._registration ADD n int;
SELECT detid.unfence();
SELECT ready, fenced FROM detid.node_status;
CREATE ROLE n_stranger;
SET ROLE n_stranger;
SELECT detid.unfence();
SELECT * FROM detid._registration;
SELECT count(*) FROM detid.node_status;
RESET ROLE;
DROP ROLE n_stranger;
\c :here
DROP DATABASE regression_fenced;
