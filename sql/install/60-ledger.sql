-- SPDX-License-Identifier: PostgreSQL
--
-- The ledger: rows that are numbers, contexts that say once what many rows have in common, and the
-- view that people read. What a row's numbers mean follows from its context: which layout its
-- positions are of, who minted, from where.

CREATE TABLE detid._ledger (
  node integer NOT NULL,
  worker integer NOT NULL,
  definition bigint NOT NULL,
  position bigint NOT NULL,
  count integer NOT NULL,
  xact xid NOT NULL,
  context bigint NOT NULL,
  digest bigint NOT NULL,
  ids bytea,
  inputs text[],
  positions bigint[],
  tag text,
  attempt integer,
  redacted bytea,
  PRIMARY KEY (definition, node, worker, position) WITH (fillfactor = 97)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('detid._ledger', '');

COMMENT ON TABLE detid._ledger IS 'what was minted, as numbers: append-only, written in the minting transaction; read it as detid.ledger';
COMMENT ON COLUMN detid._ledger.node IS 'detid.node_id of the minting node';
COMMENT ON COLUMN detid._ledger.worker IS
  'slot number of the minting backend where the layout shows it, else -1; lower numbers are of pinned clocks';
COMMENT ON COLUMN detid._ledger.definition IS 'fingerprint of the generator''s layout, epoch and salt';
COMMENT ON COLUMN detid._ledger.position IS
  'tick and sequence of the first id as one number; -1 minus it if another row has the key';
COMMENT ON COLUMN detid._ledger.count IS 'number of ids';
COMMENT ON COLUMN detid._ledger.xact IS 'the minting transaction, without its epoch';
COMMENT ON COLUMN detid._ledger.context IS 'the row of detid._contexts that says the rest';
COMMENT ON COLUMN detid._ledger.digest IS
  'under the node''s seed: upper half of key, ids and inputs, lower half of key, context, transaction and tag';
COMMENT ON COLUMN detid._ledger.ids IS
  'where they do not follow from their positions: all ids, or the first and the last of a run';
COMMENT ON COLUMN detid._ledger.inputs IS 'audit ''each'': the inputs of the ids; NULL if none had one';
COMMENT ON COLUMN detid._ledger.positions IS 'audit ''each'': the position of each id; NULL if they are consecutive';
COMMENT ON COLUMN detid._ledger.tag IS 'detid.tag when it minted, unless the context says it';
COMMENT ON COLUMN detid._ledger.attempt IS
  'of a claim: how many ids were taken before this one was free; NULL if it is no claim';
COMMENT ON COLUMN detid._ledger.redacted IS 'what stays of inputs that redact_inputs has forgotten';

CREATE TABLE detid._contexts (
  context bigint PRIMARY KEY,
  generator oid NOT NULL,
  generator_name text NOT NULL,
  definition bigint NOT NULL,
  layout text NOT NULL,
  epoch timestamptz NOT NULL,
  sequence_bits integer NOT NULL,
  seed bytea NOT NULL,
  pinned boolean NOT NULL,
  instance bigint NOT NULL,
  xact_epoch integer NOT NULL,
  worker integer NOT NULL,
  session_role text NOT NULL,
  role text NOT NULL,
  application text NOT NULL,
  client text,
  tag text
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('detid._contexts', '');

COMMENT ON TABLE detid._contexts IS 'what rows of the ledger have in common, said once';
COMMENT ON COLUMN detid._contexts.context IS 'its number: a hash, under the node''s seed, of what it says';
COMMENT ON COLUMN detid._contexts.generator IS 'the generator''s oid on the minting node';
COMMENT ON COLUMN detid._contexts.generator_name IS 'the generator''s qualified name when it minted';
COMMENT ON COLUMN detid._contexts.definition IS 'fingerprint of the generator''s layout, epoch and salt';
COMMENT ON COLUMN detid._contexts.layout IS 'the layout that positions are of';
COMMENT ON COLUMN detid._contexts.epoch IS 'when its ticks begin';
COMMENT ON COLUMN detid._contexts.sequence_bits IS 'how many low bits of a position are the sequence';
COMMENT ON COLUMN detid._contexts.seed IS 'commitment of the seed behind random fields and digests';
COMMENT ON COLUMN detid._contexts.pinned IS 'minted under a pinned clock, in a test';
COMMENT ON COLUMN detid._contexts.instance IS 'which server, database and timeline minted, as a hash';
COMMENT ON COLUMN detid._contexts.xact_epoch IS 'the upper half of the transactions'' numbers';
COMMENT ON COLUMN detid._contexts.worker IS 'slot number of the minting backend, where the row does not say it; else -1';
COMMENT ON COLUMN detid._contexts.session_role IS 'who logged in';
COMMENT ON COLUMN detid._contexts.role IS 'as whom it minted';
COMMENT ON COLUMN detid._contexts.application IS 'application_name';
COMMENT ON COLUMN detid._contexts.client IS 'the client''s address; [local] on the server''s machine, NULL if it is no client''s session';
COMMENT ON COLUMN detid._contexts.tag IS 'detid.tag, if transactions of the session have it one after the other';

CREATE FUNCTION detid._ledger_arrived() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_ledger_arrived';
COMMENT ON FUNCTION detid._ledger_arrived() IS
  'looks whether a ledger row that logical replication brings proves a second node of this number';
CREATE TRIGGER arrived BEFORE INSERT ON detid._ledger
  FOR EACH ROW EXECUTE FUNCTION detid._ledger_arrived();
ALTER TABLE detid._ledger ENABLE REPLICA TRIGGER arrived;

CREATE FUNCTION detid._context_arrived() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_context_arrived';
COMMENT ON FUNCTION detid._context_arrived() IS
  'passes over a context that logical replication brings and that is here already';
CREATE TRIGGER arrived BEFORE INSERT ON detid._contexts
  FOR EACH ROW EXECUTE FUNCTION detid._context_arrived();
ALTER TABLE detid._contexts ENABLE REPLICA TRIGGER arrived;

CREATE FUNCTION detid._recorded_at(layout text, epoch timestamptz, "position" bigint) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_recorded_at';
COMMENT ON FUNCTION detid._recorded_at(text, timestamptz, bigint) IS 'when the tick of a position began';

CREATE FUNCTION detid._recorded_id(
  layout text, node integer, worker integer, "position" bigint, count integer, positions bigint[], ids bytea, last boolean
) RETURNS text
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_recorded_id';
COMMENT ON FUNCTION detid._recorded_id(text, integer, integer, bigint, integer, bigint[], bytea, boolean) IS
  'the first or the last id of a ledger row; NULL if the row does not tell';

CREATE FUNCTION detid._recorded_ids(
  layout text, node integer, worker integer, "position" bigint, count integer, positions bigint[], ids bytea
) RETURNS text[]
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_recorded_ids';
COMMENT ON FUNCTION detid._recorded_ids(text, integer, integer, bigint, integer, bigint[], bytea) IS
  'all ids of a ledger row that has 64 at the most and tells each';

CREATE VIEW detid.ledger AS
  SELECT l.node,
         l.position AS entry,
         detid._recorded_at(c.layout, c.epoch, l.position) AS minted_at,
         c.generator,
         c.generator_name,
         l.definition,
         w.worker,
         p.position >> c.sequence_bits AS tick,
         p.position & ((1::bigint << c.sequence_bits) - 1) AS sequence,
         l.count,
         detid._recorded_id(c.layout, l.node, w.worker, l.position, l.count, l.positions, l.ids, false) AS first_id,
         detid._recorded_id(c.layout, l.node, w.worker, l.position, l.count, l.positions, l.ids, true) AS last_id,
         l.digest,
         c.seed,
         detid._recorded_ids(c.layout, l.node, w.worker, l.position, l.count, l.positions, l.ids) AS ids,
         l.inputs,
         l.positions,
         ((c.xact_epoch::bigint << 32) | l.xact::text::bigint)::text::xid8 AS xact,
         c.session_role,
         c.role,
         c.application,
         c.client,
         coalesce(l.tag, c.tag) AS tag,
         l.worker < -1 AS pinned,
         l.attempt,
         c.instance,
         l.context,
         l.redacted IS NOT NULL AS redacted
  FROM detid._ledger l
  LEFT JOIN detid._contexts c ON c.context = l.context
  CROSS JOIN LATERAL (SELECT CASE WHEN l.worker >= 0 THEN l.worker ELSE c.worker END AS worker) w
  CROSS JOIN LATERAL (SELECT CASE WHEN l.position >= 0 THEN l.position ELSE -1 - l.position END AS position) p;

COMMENT ON VIEW detid.ledger IS 'what was minted, one row a run of ids; claims along';
COMMENT ON COLUMN detid.ledger.node IS 'detid.node_id of the minting node';
COMMENT ON COLUMN detid.ledger.entry IS
  'the row''s number: rises with time, unique within node, definition and worker; negative if another row had it';
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
COMMENT ON COLUMN detid.ledger.digest IS 'binds the whole row, under the node''s seed';
COMMENT ON COLUMN detid.ledger.seed IS 'commitment of the seed behind random fields and the digest';
COMMENT ON COLUMN detid.ledger.ids IS 'all ids, if there are 64 at the most and the row tells each';
COMMENT ON COLUMN detid.ledger.inputs IS 'audit ''each'': the inputs of the ids; NULL if none had one';
COMMENT ON COLUMN detid.ledger.positions IS
  'audit ''each'': tick and sequence of each id as one number; NULL if they are consecutive';
COMMENT ON COLUMN detid.ledger.xact IS 'the minting transaction';
COMMENT ON COLUMN detid.ledger.session_role IS 'who logged in';
COMMENT ON COLUMN detid.ledger.role IS 'the role that minted';
COMMENT ON COLUMN detid.ledger.application IS 'application_name when it minted';
COMMENT ON COLUMN detid.ledger.client IS 'the client''s address; [local] on the server''s machine';
COMMENT ON COLUMN detid.ledger.tag IS 'detid.tag when it minted';
COMMENT ON COLUMN detid.ledger.pinned IS 'minted under a pinned clock, in a test';
COMMENT ON COLUMN detid.ledger.attempt IS
  'of a claim: how many ids were taken before this one was free; NULL if it is no claim';
COMMENT ON COLUMN detid.ledger.instance IS 'which server, database and timeline minted, as a hash';
COMMENT ON COLUMN detid.ledger.context IS 'the row of detid._contexts that says what rows have in common';
COMMENT ON COLUMN detid.ledger.redacted IS 'redact_inputs has forgotten inputs, which are NULL now';

CREATE FUNCTION detid.prune_ledger(before timestamptz, max_rows bigint DEFAULT NULL) RETURNS bigint
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_prune_ledger';
COMMENT ON FUNCTION detid.prune_ledger(timestamptz, bigint) IS
  'removes ledger entries other than claims, minted before a time, at most max_rows of them, and says how many';
