-- SPDX-License-Identifier: PostgreSQL
--
-- What a node knows of itself. One row, made by the first heartbeat; left out of dumps, as what a dump
-- makes is another node.

CREATE TABLE detid._registration (
  only_row boolean PRIMARY KEY CHECK (only_row),
  old_counter bigint NOT NULL,   -- the nonces that were sent last
  old_bits bigint NOT NULL,
  next_counter bigint NOT NULL,
  next_bits bigint NOT NULL,
  instance bigint NOT NULL,      -- where it was confirmed
  timeline bigint NOT NULL,
  node integer NOT NULL,
  start_us bigint NOT NULL,
  granted_us bigint NOT NULL,    -- up to where it was ever granted
  began text NOT NULL,           -- how the server began to write, and where that was
  began_instance bigint NOT NULL,
  began_timeline bigint NOT NULL,
  fenced text,                   -- why
  claims boolean NOT NULL,
  retires boolean NOT NULL,
  path text NOT NULL,
  commands bigint NOT NULL          -- rises with each of its operators' commands
) USING heap WITH (fillfactor = 50);
-- Each command is a transaction, so a row that is made again begins above all that the one before had.
INSERT INTO detid._registration
VALUES (true, 0, 0, 0, 0, 0, 0, -1, 0, 0, 'plainly', 0, 0, NULL, false, false, '',
        pg_catalog.pg_current_xact_id()::text::bigint);
COMMENT ON TABLE detid._registration IS 'this node as the registry knows it; left out of dumps';
CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON detid._registration
  FOR EACH ROW EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid._registration ENABLE REPLICA TRIGGER keep;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid._registration
  FOR EACH STATEMENT EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid._registration ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE FUNCTION detid.unfence() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_unfence';
COMMENT ON FUNCTION detid.unfence() IS
  'says that this server is the only one that is this node: it may mint again, once the registry agrees';

CREATE FUNCTION detid.retire_node() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_retire_node';
COMMENT ON FUNCTION detid.retire_node() IS 'stops minting here for good, and tells the registry';

CREATE FUNCTION detid.claim_registration() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_claim_registration';
COMMENT ON FUNCTION detid.claim_registration() IS
  'says that this server takes the place of the node that it is a copy of';
