-- SPDX-License-Identifier: PostgreSQL
--
-- The ledger in parts: closed segments are children of detid._ledger, read along with it.

CREATE FUNCTION detid.rotate_ledger() RETURNS regclass
  LANGUAGE c VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_rotate_ledger';
COMMENT ON FUNCTION detid.rotate_ledger() IS
  'closes the current segment of the ledger, opens another, and returns the closed one; NULL if it was empty';

CREATE FUNCTION detid.detach_segment(segment regclass) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_detach_segment';
COMMENT ON FUNCTION detid.detach_segment(regclass) IS
  'takes a sealed segment out of the ledger: from then on it is a table that may be dumped, moved and dropped';

CREATE FUNCTION detid.attach_segment(segment regclass) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_attach_segment';
COMMENT ON FUNCTION detid.attach_segment(regclass) IS 'takes a segment that was detached into the ledger again';

CREATE FUNCTION detid._segments(
  OUT segment regclass, OUT current boolean, OUT minted_from timestamptz, OUT minted_until timestamptz, OUT sealed boolean
) RETURNS SETOF record
  LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_segments';
COMMENT ON FUNCTION detid._segments() IS 'behind detid.ledger_segments';

CREATE VIEW detid.ledger_segments AS
  SELECT s.segment, s.current, CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
         pg_catalog.pg_total_relation_size(c.oid) AS bytes, s.minted_from, s.minted_until, s.sealed,
         CASE WHEN s.sealed AND s.minted_from IS NOT NULL THEN (
           SELECT max(h.size) FROM (SELECT k.name FROM detid._seal_key k ORDER BY k.number DESC LIMIT 1) t
           JOIN detid.checkpoints h ON h.name = t.name) END AS checkpoint,
         pg_catalog.quote_ident(coalesce(t.spcname, 'pg_default')) AS tablespace
  FROM detid._segments() s JOIN pg_catalog.pg_class c ON c.oid = s.segment
  LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
  OFFSET 0;
COMMENT ON VIEW detid.ledger_segments IS 'the parts of the ledger';
COMMENT ON COLUMN detid.ledger_segments.segment IS 'its table';
COMMENT ON COLUMN detid.ledger_segments.current IS 'the one that is written to';
COMMENT ON COLUMN detid.ledger_segments.rows IS 'how many, as ANALYZE or VACUUM estimated; NULL if neither has';
COMMENT ON COLUMN detid.ledger_segments.bytes IS 'with its indexes';
COMMENT ON COLUMN detid.ledger_segments.minted_from IS 'time of its first id';
COMMENT ON COLUMN detid.ledger_segments.minted_until IS 'time of the first id of its last entry';
COMMENT ON COLUMN detid.ledger_segments.sealed IS 'all that this database minted in it is; then it may be detached';
COMMENT ON COLUMN detid.ledger_segments.checkpoint IS 'if it is sealed, the size of the newest checkpoint, which covers it';
COMMENT ON COLUMN detid.ledger_segments.tablespace IS 'where it is stored';
