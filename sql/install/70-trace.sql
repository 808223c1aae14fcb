-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid._find_entry(
  generator regclass, id text,
  OUT node integer, OUT entry bigint, OUT ordinal integer, OUT xact xid8, OUT session_role text, OUT role text,
  OUT application text, OUT client text, OUT tag text, OUT input text, OUT pinned boolean,
  OUT matches boolean, OUT reason text
) RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'detid_find_entry';
COMMENT ON FUNCTION detid._find_entry(regclass, text) IS
  'the ledger entry that holds an id, and whether replay makes the same id again';

-- detid.trace of each type of ids, with a generator and without.
DO $do$
DECLARE
  type text;
  more text;  -- parameters
BEGIN
  FOR type, more IN SELECT t, m FROM unnest('{bigint,uuid,text}'::text[]) t, unnest(ARRAY['', ', generator regclass']) m
  LOOP
    EXECUTE format($sql$
      CREATE FUNCTION detid.trace(id %1$s%2$s)
      RETURNS TABLE (
        minted_by regclass, minted_at timestamptz, node integer, path text, worker integer,
        tick bigint, sequence bigint, entry bigint, ordinal integer, xact xid8, session_role text, role text,
        application text, client text, tag text, input text, pinned boolean, verdict text
      ) LANGUAGE sql STABLE STRICT PARALLEL UNSAFE ROWS 1
      BEGIN ATOMIC
        SELECT d.generator, d.minted_at, d.node, detid.node_path(d.node), d.worker, d.tick, d.sequence,
               e.entry, e.ordinal, e.xact, e.session_role, e.role, e.application, e.client, e.tag, e.input, e.pinned,
               CASE WHEN e.entry IS NULL THEN 'not in the ledger'
                    WHEN e.matches THEN 'genuine: replay makes the same id'
                    WHEN e.matches IS NULL THEN 'cannot be replayed: ' || e.reason
                    ELSE 'not genuine: ' || coalesce(e.reason, 'replay makes another id') END
        FROM detid.decode(trace.id%3$s) d
        LEFT JOIN LATERAL detid._find_entry(d.generator, trace.id::text) e ON true;
      END$sql$, type, more, CASE WHEN more <> '' THEN ', trace.generator' END);
    EXECUTE format($sql$COMMENT ON FUNCTION detid.trace(%s%s) IS
      'where an id came from: its coordinates, its ledger entry, and replay''s verdict'$sql$,
      type, replace(more, 'generator ', ''));
  END LOOP;
END $do$;
