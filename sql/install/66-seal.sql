-- SPDX-License-Identifier: PostgreSQL
--
-- Seals: rows of the ledger that this database minted become leaves of a Merkle tree, in batches; each
-- batch is a row of _seals, and what the tree is then a signed checkpoint. See src/fn/seal.cpp.

CREATE TABLE detid._seal_key (
  number integer PRIMARY KEY,
  name text NOT NULL,
  public bytea NOT NULL,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL
) USING heap;
-- As with seeds: ANALYZE would copy keys to where others find them.
ALTER TABLE detid._seal_key ALTER COLUMN secret SET STATISTICS 0;
COMMENT ON TABLE detid._seal_key IS 'keys that sign checkpoints; the highest number signs; left out of dumps';
COMMENT ON COLUMN detid._seal_key.name IS 'of the tree and of its keys, the origin of checkpoints';

-- The public parts, which dumps take along: who restores a ledger can verify it.
CREATE TABLE detid.seal_keys (
  key text PRIMARY KEY,
  name text NOT NULL,
  handover text,
  created_at timestamptz NOT NULL
) USING heap;
COMMENT ON TABLE detid.seal_keys IS 'whom checkpoints are verified by: keep a copy elsewhere';
COMMENT ON COLUMN detid.seal_keys.key IS 'the key as verifiers are given it: name+id+public key';
COMMENT ON COLUMN detid.seal_keys.name IS 'of the tree';
COMMENT ON COLUMN detid.seal_keys.handover IS 'a note that names this key, signed by the one before; NULL for the first';
COMMENT ON COLUMN detid.seal_keys.created_at IS 'when it was made';

CREATE TABLE detid._seals (
  name text NOT NULL,
  size bigint NOT NULL,
  first bigint NOT NULL,
  instance bigint NOT NULL,
  xact_from bigint NOT NULL,
  xact_until bigint NOT NULL,
  next_xact bigint NOT NULL,
  node_us bigint NOT NULL,
  root bytea NOT NULL,
  peaks bytea NOT NULL,
  tags bytea NOT NULL,
  nodes bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  PRIMARY KEY (name, size)
) USING heap;
-- Hashes do not compress.
ALTER TABLE detid._seals ALTER COLUMN tags SET STORAGE EXTERNAL, ALTER COLUMN nodes SET STORAGE EXTERNAL;
COMMENT ON TABLE detid._seals IS 'batches of ledger rows that became leaves of the tree';
COMMENT ON COLUMN detid._seals.name IS 'of the tree';
COMMENT ON COLUMN detid._seals.size IS 'leaves of the tree with this batch';
COMMENT ON COLUMN detid._seals.first IS 'leaves before it';
COMMENT ON COLUMN detid._seals.instance IS 'which server, database and timeline minted the rows';
COMMENT ON COLUMN detid._seals.xact_from IS 'they are of transactions from here on';
COMMENT ON COLUMN detid._seals.xact_until IS 'and before here';
COMMENT ON COLUMN detid._seals.next_xact IS 'the next transaction when it was sealed, and';
COMMENT ON COLUMN detid._seals.node_us IS 'node time then, in microseconds since 1970';
COMMENT ON COLUMN detid._seals.root IS 'of the tree with this batch';
COMMENT ON COLUMN detid._seals.peaks IS 'its perfect subtrees, the largest first';
COMMENT ON COLUMN detid._seals.tags IS 'the first 4 bytes of each leaf of the batch, by which a missing row is named';
COMMENT ON COLUMN detid._seals.nodes IS 'subtrees of 256 leaves and more that the batch completes: level, index, hash';

CREATE TABLE detid._detached (
  name text NOT NULL,
  size bigint NOT NULL,
  segment text NOT NULL,
  ranges int8multirange NOT NULL,
  count bigint NOT NULL,
  leaves bytea,
  detached_at timestamptz NOT NULL,
  PRIMARY KEY (name, size, segment)
) USING heap;
ALTER TABLE detid._detached ALTER COLUMN leaves SET STORAGE EXTERNAL;
COMMENT ON TABLE detid._detached IS 'what segments that were detached had of the seals';
COMMENT ON COLUMN detid._detached.name IS 'of the tree';
COMMENT ON COLUMN detid._detached.size IS 'that of the seal';
COMMENT ON COLUMN detid._detached.segment IS 'the table that was detached';
COMMENT ON COLUMN detid._detached.ranges IS 'which leaves of the seal, from 0 on';
COMMENT ON COLUMN detid._detached.count IS 'how many';
COMMENT ON COLUMN detid._detached.leaves IS 'their hashes; NULL if they are the whole seal';
COMMENT ON COLUMN detid._detached.detached_at IS 'when that was';

CREATE TABLE detid.checkpoints (
  name text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  node integer NOT NULL,
  made_at timestamptz NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (name, size)
) USING heap;
COMMENT ON TABLE detid.checkpoints IS 'signed statements of what the ledger was: keep copies elsewhere';
COMMENT ON COLUMN detid.checkpoints.name IS 'of the tree';
COMMENT ON COLUMN detid.checkpoints.size IS 'sealed rows';
COMMENT ON COLUMN detid.checkpoints.root IS 'root of the Merkle tree of RFC 6962 over them';
COMMENT ON COLUMN detid.checkpoints.node IS 'detid.node_id then';
COMMENT ON COLUMN detid.checkpoints.made_at IS 'node time then';
COMMENT ON COLUMN detid.checkpoints.note IS 'the checkpoint as a signed note';

SELECT pg_catalog.pg_extension_config_dump('detid.seal_keys', '');
SELECT pg_catalog.pg_extension_config_dump('detid._seals', '');
SELECT pg_catalog.pg_extension_config_dump('detid._detached', '');
SELECT pg_catalog.pg_extension_config_dump('detid.checkpoints', '');

CREATE FUNCTION detid.seal_ledger() RETURNS bigint
  LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_seal_ledger';
COMMENT ON FUNCTION detid.seal_ledger() IS
  'seals the ledger rows of transactions that have ended, makes a checkpoint, and says how many rows';

CREATE FUNCTION detid.checkpoint() RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- The last one of each tree, by the key; a table that grows all the time is not sorted.
  WITH RECURSIVE tree AS (
    (SELECT name FROM detid.checkpoints ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT c.name FROM detid.checkpoints c WHERE c.name > t.name ORDER BY c.name LIMIT 1)
    FROM tree t WHERE t.name IS NOT NULL
  )
  SELECT last.note
  FROM tree t, LATERAL (SELECT c.note, c.made_at, c.size FROM detid.checkpoints c WHERE c.name = t.name ORDER BY c.size DESC LIMIT 1) last
  ORDER BY last.made_at DESC, last.size DESC LIMIT 1;
END;
COMMENT ON FUNCTION detid.checkpoint() IS 'the newest checkpoint, to be kept elsewhere; NULL if nothing was sealed';

CREATE FUNCTION detid.rotate_seal_key() RETURNS text
  LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_rotate_seal_key';
COMMENT ON FUNCTION detid.rotate_seal_key() IS
  'makes a new key for checkpoints, which the old one signs; returns its public part';

CREATE FUNCTION detid.verify_ledger(
  checkpoint text DEFAULT NULL,
  OUT problem text, OUT definition bigint, OUT node integer, OUT worker integer, OUT entry bigint, OUT detail text
) RETURNS SETOF record
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_verify_ledger';
COMMENT ON FUNCTION detid.verify_ledger(text) IS
  'compares the ledger with its seals and with a checkpoint that was kept elsewhere: one row a problem, none if all is well';

CREATE FUNCTION detid._receipt(generator regclass, id text) RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_receipt';
COMMENT ON FUNCTION detid._receipt(regclass, text) IS 'behind detid.receipt';

DO $do$
DECLARE
  type text;
  more text;
BEGIN
  FOR type, more IN SELECT t, m FROM unnest('{bigint,uuid,text}'::text[]) t, unnest(ARRAY['', ', generator regclass']) m
  LOOP
    EXECUTE format($sql$
      CREATE FUNCTION detid.receipt(id %1$s%2$s) RETURNS text
        LANGUAGE sql STABLE STRICT PARALLEL UNSAFE
      BEGIN ATOMIC
        SELECT detid._receipt(d.generator, receipt.id::text) FROM detid.decode(receipt.id%3$s) d;
      END$sql$, type, more, CASE WHEN more <> '' THEN ', receipt.generator' END);
    EXECUTE format($sql$COMMENT ON FUNCTION detid.receipt(%s%s) IS
      'proof that an id is in the sealed ledger, as JSON: who verifies it needs no database'$sql$,
      type, replace(more, 'generator ', ''));
  END LOOP;
END $do$;
