-- SPDX-License-Identifier: PostgreSQL

CREATE TABLE detid.ledger (
  node integer NOT NULL,
  entry bigint NOT NULL,
  minted_at timestamptz NOT NULL,
  generator oid NOT NULL,
  generator_name text NOT NULL,
  definition bigint NOT NULL,
  worker integer NOT NULL,
  tick bigint NOT NULL,
  sequence bigint NOT NULL,
  count integer NOT NULL,
  first_id text NOT NULL,
  last_id text NOT NULL,
  digest bigint NOT NULL,
  seed bytea,
  ids text[],
  inputs text[],
  positions bigint[],
  xact xid8 NOT NULL,
  role text NOT NULL,
  tag text,
  pinned boolean NOT NULL,
  attempt integer,
  PRIMARY KEY (node, entry)
) USING heap;
CREATE INDEX ledger_minted_at ON detid.ledger USING brin (minted_at) WITH (pages_per_range = 32);
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON detid.ledger
  FOR EACH STATEMENT EXECUTE FUNCTION detid._refuse_change();
-- Whoever collects the ledgers of several nodes keeps what they prune.
CREATE TRIGGER pass_over BEFORE UPDATE OR DELETE ON detid.ledger
  FOR EACH ROW EXECUTE FUNCTION detid._refuse_change();
ALTER TABLE detid.ledger ENABLE REPLICA TRIGGER pass_over;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid.ledger
  FOR EACH STATEMENT EXECUTE FUNCTION detid._refuse_change();
ALTER TABLE detid.ledger ENABLE ALWAYS TRIGGER refuse_truncate;
SELECT pg_catalog.pg_extension_config_dump('detid.ledger', '');

COMMENT ON TABLE detid.ledger IS 'what was minted: append-only, written in the minting transaction';
COMMENT ON COLUMN detid.ledger.node IS 'detid.node_id of the minting node';
COMMENT ON COLUMN detid.ledger.entry IS 'unique within a node, rising with time';
COMMENT ON COLUMN detid.ledger.minted_at IS 'time of the first id';
COMMENT ON COLUMN detid.ledger.generator IS 'the generator''s oid on the minting node';
COMMENT ON COLUMN detid.ledger.generator_name IS 'the generator''s qualified name when it minted';
COMMENT ON COLUMN detid.ledger.definition IS 'fingerprint of the generator''s layout, epoch and salt';
COMMENT ON COLUMN detid.ledger.worker IS 'slot number of the minting backend';
COMMENT ON COLUMN detid.ledger.tick IS 'tick of the first id';
COMMENT ON COLUMN detid.ledger.sequence IS 'sequence of the first id within its tick';
COMMENT ON COLUMN detid.ledger.count IS 'number of ids';
COMMENT ON COLUMN detid.ledger.first_id IS 'the first id';
COMMENT ON COLUMN detid.ledger.last_id IS 'the last id';
COMMENT ON COLUMN detid.ledger.digest IS 'digest of all ids of the row';
COMMENT ON COLUMN detid.ledger.seed IS 'commitment of the seed behind random fields; NULL without such';
COMMENT ON COLUMN detid.ledger.ids IS 'audit ''each'': all ids';
COMMENT ON COLUMN detid.ledger.inputs IS 'audit ''each'': the inputs of the ids; NULL if none had one';
COMMENT ON COLUMN detid.ledger.positions IS
  'audit ''each'': tick and sequence of each id as one number; NULL if they are consecutive';
COMMENT ON COLUMN detid.ledger.xact IS 'the minting transaction';
COMMENT ON COLUMN detid.ledger.role IS 'the role that minted';
COMMENT ON COLUMN detid.ledger.tag IS 'detid.tag when it minted';
COMMENT ON COLUMN detid.ledger.pinned IS 'minted under a pinned clock, in a test';
COMMENT ON COLUMN detid.ledger.attempt IS
  'of a claim: how many ids were taken before this one was free; NULL if it is no claim';

CREATE FUNCTION detid._ledger_arrived() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_ledger_arrived';
COMMENT ON FUNCTION detid._ledger_arrived() IS
  'looks whether a ledger row that logical replication brings proves a second node of this number';
CREATE TRIGGER arrived BEFORE INSERT ON detid.ledger
  FOR EACH ROW EXECUTE FUNCTION detid._ledger_arrived();
ALTER TABLE detid.ledger ENABLE REPLICA TRIGGER arrived;

CREATE FUNCTION detid.prune_ledger(before timestamptz, max_rows bigint DEFAULT NULL) RETURNS bigint
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_prune_ledger';
COMMENT ON FUNCTION detid.prune_ledger(timestamptz, bigint) IS
  'removes ledger entries other than claims, minted before a time, at most max_rows of them, and says how many';
