-- SPDX-License-Identifier: PostgreSQL
--
-- The registry: what a coordinator knows of the nodes. Its tables are their owner's business alone;
-- what operators look at is the view detid.nodes. A row is written by each heartbeat, so none of the
-- columns that change is indexed.

CREATE TABLE detid._nodes (
  id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
  path text COLLATE "C" NOT NULL,
  mode text NOT NULL CHECK (mode IN ('assigned', 'leased')),
  role regrole NOT NULL,
  key bytea NOT NULL UNIQUE,      -- a public one, by which its heartbeats are verified
  pool int4range NOT NULL,        -- of its prefix
  state text NOT NULL DEFAULT 'expected' CHECK (state IN ('expected', 'active', 'fenced', 'retired')),
  reason text,                    -- if fenced
  node integer,
  counter bigint NOT NULL DEFAULT 0,
  bits bigint NOT NULL DEFAULT 0,
  asked_old_counter bigint NOT NULL DEFAULT 0,
  asked_old_bits bigint NOT NULL DEFAULT 0,
  asked_next_counter bigint NOT NULL DEFAULT 0,
  asked_next_bits bigint NOT NULL DEFAULT 0,
  instance bigint NOT NULL DEFAULT 0,
  incarnation bigint NOT NULL DEFAULT 0,
  timeline bigint NOT NULL DEFAULT 0,
  start_us bigint NOT NULL DEFAULT 0,  -- of the last interval, microseconds since 1970
  limit_us bigint NOT NULL DEFAULT 0,
  end_us bigint NOT NULL DEFAULT 0,    -- above all that was granted of its number
  seed bytea,                          -- a hash
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz,
  fenced_at timestamptz,
  refused text,                        -- why it was refused, if it was since
  incarnation_us bigint NOT NULL DEFAULT 0,   -- its time when its incarnation was first heard of, and from when on
  since_us bigint NOT NULL DEFAULT 0,  -- that may have minted
  heartbeat_us bigint NOT NULL DEFAULT 0,   -- how often it was told to ask
  heard_us bigint NOT NULL DEFAULT 0,  -- this server's time when it asked last
  stopped boolean NOT NULL DEFAULT false,  -- it has said that its server is shut down
  node_us bigint,                      -- what it told with the last heartbeat
  horizon_us bigint,
  ids bigint,
  offset_us bigint,
  round_trip_us bigint
) USING heap WITH (fillfactor = 50);
CREATE UNIQUE INDEX nodes_path ON detid._nodes (path) WHERE state <> 'retired';
CREATE UNIQUE INDEX nodes_node ON detid._nodes (node) WHERE state <> 'retired';
CREATE INDEX nodes_seed ON detid._nodes (seed) WHERE state <> 'retired';
COMMENT ON TABLE detid._nodes IS 'the nodes that are enrolled; the view detid.nodes shows them';

CREATE TABLE detid._numbers (
  node integer PRIMARY KEY,
  end_us bigint NOT NULL,
  free_at timestamptz NOT NULL
) USING heap;
COMMENT ON TABLE detid._numbers IS
  'node numbers that were given back: above all that was granted of each, and from when on others may have it';

CREATE TABLE detid._coordinator (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  instance bigint NOT NULL DEFAULT 0,
  timeline bigint NOT NULL DEFAULT 0,
  started_us bigint NOT NULL DEFAULT 0,      -- its postmaster
  noted_us bigint NOT NULL DEFAULT 0,        -- its time when this was noted
  secret bigint NOT NULL DEFAULT 0,          -- of challenges, another one each time
  floor_us bigint NOT NULL DEFAULT 0,
  silent_floor_us bigint NOT NULL DEFAULT 0  -- for numbers whose node was silent
) USING heap;
INSERT INTO detid._coordinator DEFAULT VALUES;
COMMENT ON TABLE detid._coordinator IS
  'where the registry was last, and what may have been granted that it does not know of ends below';

CREATE TABLE detid._witnessed (
  id uuid NOT NULL,                      -- of the node
  name text COLLATE "C" NOT NULL,        -- of the tree
  size bigint NOT NULL,
  root bytea NOT NULL,
  note text NOT NULL,
  seen_at timestamptz NOT NULL,
  contradicted_by text,                  -- the next note of the node, that the tree cannot have grown to
  contradicted_at timestamptz,
  PRIMARY KEY (id, name, seen_at)
) USING heap;
COMMENT ON TABLE detid._witnessed IS
  'checkpoints that nodes told of their ledgers, the last one of each hour; the view detid.witnessed shows them';
SELECT pg_catalog.pg_extension_config_dump('detid._witnessed', '');
SELECT pg_catalog.pg_extension_config_dump('detid._nodes', '');
SELECT pg_catalog.pg_extension_config_dump('detid._numbers', '');

DO $$
DECLARE
  t text;
BEGIN
  -- Logical replication brings rows of other registries: they are passed over.
  FOREACH t IN ARRAY ARRAY['_nodes', '_numbers', '_coordinator', '_witnessed'] LOOP
    EXECUTE format('CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON detid.%I
                    FOR EACH ROW EXECUTE FUNCTION detid._keep_topology()', t);
    EXECUTE format('ALTER TABLE detid.%I ENABLE REPLICA TRIGGER keep', t);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION detid._keep_topology()', t);
    EXECUTE format('ALTER TABLE detid.%I ENABLE ALWAYS TRIGGER refuse_truncate', t);
  END LOOP;
END
$$;

CREATE FUNCTION detid.enroll_node(path text, mode text DEFAULT 'assigned', role regrole DEFAULT NULL)
  RETURNS text
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_enroll_node';
COMMENT ON FUNCTION detid.enroll_node(text, text, regrole) IS
  'makes a node known to this registry, and returns its token: a secret, for the file of detid.node_token_file there';

CREATE FUNCTION detid.new_token(path text) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_new_token';
COMMENT ON FUNCTION detid.new_token(text) IS 'gives a node another token: the one before is good no more';

CREATE FUNCTION detid.unfence(path text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_unfence_path';
COMMENT ON FUNCTION detid.unfence(text) IS
  'on the coordinator: the next server that shows the token of this node is the node';

CREATE FUNCTION detid.retire_node(path text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_retire_path';
COMMENT ON FUNCTION detid.retire_node(text) IS 'on the coordinator: ends a node that is gone';

CREATE FUNCTION detid.move_node(path text, "to" text) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_move_node';
COMMENT ON FUNCTION detid.move_node(text, text) IS
  'retires a node and gives its number to a successor of another name, whose token it returns';

CREATE VIEW detid.nodes AS
  SELECT path, node, mode,
         CASE WHEN state = 'active' AND stopped THEN 'stopped'
              WHEN state = 'active' AND seen_at < pg_catalog.now()
                   - coalesce(pg_catalog.current_setting('detid.lease', true), '30s')::interval
              THEN 'silent' ELSE state END AS state,
         coalesce(reason, refused) AS reason,
         timestamptz 'epoch' + nullif(start_us, 0) * interval '1 microsecond' AS granted_from,
         CASE WHEN limit_us = 9223372036854775807 THEN 'infinity'::timestamptz
              ELSE timestamptz 'epoch' + nullif(limit_us, 0) * interval '1 microsecond' END AS granted_until,
         seen_at AS last_seen, timestamptz 'epoch' + nullif(horizon_us, 0) * interval '1 microsecond' AS horizon, ids,
         pg_catalog.round(-offset_us / 1000.0, 3) AS skew_ms,
         pg_catalog.round(round_trip_us / 2000.0, 3) AS skew_error_ms,
         enrolled_at, fenced_at, role
  FROM detid._nodes
  OFFSET 0;  -- or who may write to views could change what is behind it
COMMENT ON VIEW detid.nodes IS
  'on the coordinator: the nodes that are enrolled, what each was granted, and when it was last seen';

CREATE VIEW detid.witnessed AS
  SELECT coalesce(n.path, w.id::text) AS path, w.name, w.size, w.root, w.note, w.seen_at, w.contradicted_by, w.contradicted_at
  FROM detid._witnessed w LEFT JOIN detid._nodes n ON n.id = w.id
  OFFSET 0;  -- or who may write to views could change what is behind it
COMMENT ON VIEW detid.witnessed IS
  'on the coordinator: checkpoints of the nodes'' ledgers, for detid.verify_ledger there';
COMMENT ON COLUMN detid.witnessed.path IS 'the node';
COMMENT ON COLUMN detid.witnessed.name IS 'of its tree';
COMMENT ON COLUMN detid.witnessed.size IS 'sealed rows';
COMMENT ON COLUMN detid.witnessed.root IS 'root of the Merkle tree of RFC 6962 over them';
COMMENT ON COLUMN detid.witnessed.note IS 'the checkpoint as a signed note';
COMMENT ON COLUMN detid.witnessed.seen_at IS 'when the node told it; the last one of each hour stays';
COMMENT ON COLUMN detid.witnessed.contradicted_by IS 'the next note of the node, if the tree cannot have grown to it, or it is of another tree';
COMMENT ON COLUMN detid.witnessed.contradicted_at IS 'when that came';

CREATE FUNCTION detid._explain_reason(reason text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_reason';
COMMENT ON FUNCTION detid._explain_reason(text) IS 'why a node is fenced or refused, in plain words';

CREATE FUNCTION detid.check_topology()
RETURNS TABLE (problem text, path text, detail text, hint text)
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT 'overlap', a.path, format('its numbers %s are also those of %s', a.nodes, b.path),
         'Somebody has changed detid.prefixes: release one of the two.'
  FROM detid.prefixes a, detid.prefixes b
  WHERE a.path < b.path AND a.nodes && b.nodes
    AND NOT starts_with(b.path, a.path || '/') AND NOT starts_with(a.path, b.path || '/')
  UNION ALL
  SELECT 'overlap', p.path, format('its numbers %s are not within those of %s', p.nodes, q.path),
         'Somebody has changed detid.prefixes: release the prefix, and assign it again.'
  FROM detid.prefixes p, detid.prefixes q
  WHERE p.level > q.level AND starts_with(p.path, q.path || '/') AND NOT p.nodes <@ q.nodes
  UNION ALL
  SELECT 'number', n.path, format('its number %s is not of its prefix %s', n.node, n.pool),
         'Retire it, and enroll it again.'
  FROM detid._nodes n WHERE n.state <> 'retired' AND n.node IS NOT NULL AND NOT n.pool @> n.node
  UNION ALL
  SELECT 'never seen', n.path, format('enrolled at %s, and never heard of', n.enrolled_at),
         'Set detid.coordinator, detid.registered_databases and detid.node_token_file there, and look into its log.'
  FROM detid._nodes n WHERE n.state = 'expected' AND n.seen_at IS NULL AND n.refused IS NULL
  UNION ALL
  SELECT 'stale', n.path, format('last heard of at %s', n.seen_at),
         format('Look after it; if it is gone for good: SELECT detid.retire_node(%L);', n.path)
  FROM detid._nodes n
  WHERE n.state IN ('active', 'expected') AND NOT n.stopped
    AND n.seen_at < pg_catalog.now() - coalesce(current_setting('detid.lease', true), '30s')::interval
  UNION ALL
  SELECT 'fenced', n.path, format('since %s: %s', n.fenced_at, detid._explain_reason(n.reason)),
         format('See which server is the node; then SELECT detid.unfence(%L); here, and SELECT detid.unfence(); there.', n.path)
  FROM detid._nodes n WHERE n.state = 'fenced'
  UNION ALL
  SELECT 'refused', n.path, format('it asked in vain: %s', detid._explain_reason(n.refused)), 'See detid.node_status there.'
  FROM detid._nodes n WHERE n.state <> 'retired' AND n.refused IS NOT NULL
  UNION ALL
  SELECT 'ledger', coalesce(n.path, w.id::text),
         format('its ledger is not what it was: %s sealed rows of %s at %s do not go with what it said at %s',
                w.size, w.name, w.seen_at, w.contradicted_at),
         'There: SELECT * FROM detid.verify_ledger(note), with the note from detid.witnessed here. If the node was restored: '
         'UPDATE detid._witnessed SET contradicted_by = NULL, contradicted_at = NULL WHERE contradicted_at IS NOT NULL; here.'
  FROM detid._witnessed w LEFT JOIN detid._nodes n ON n.id = w.id
  WHERE w.contradicted_at IS NOT NULL
  UNION ALL
  SELECT 'skew', n.path,
         format('its time is %s ms from this server''s, give or take %s ms',
                round(-n.offset_us / 1000.0, 1), round(n.round_trip_us / 2000.0, 1)),
         'Set the clocks right. Time that runs ahead after restarts comes back by itself.'
  FROM detid._nodes n
  WHERE n.state = 'active'
    AND abs(n.offset_us) - n.round_trip_us / 2
        > extract(epoch FROM coalesce(current_setting('detid.lease', true), '30s')::interval) * 1000000 / 3;
END;
COMMENT ON FUNCTION detid.check_topology() IS
  'on the coordinator: what is wrong with prefixes and nodes; nothing, if no row';
