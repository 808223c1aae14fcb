-- SPDX-License-Identifier: PostgreSQL
--
-- What an operator looks at, and the two things that only an operator can know: that a clock is
-- right, and that the original of a copy is gone.

CREATE FUNCTION detid._node_status(
  OUT node_id integer, OUT ready boolean, OUT reason text,
  OUT node_time timestamptz, OUT lead_ms bigint, OUT slewing boolean, OUT clock_believed boolean,
  OUT last_step_ms bigint, OUT last_step_at timestamptz,
  OUT promoted_at timestamptz, OUT copy_suspected boolean, OUT fenced boolean,
  OUT horizon timestamptz, OUT horizon_distance_ms bigint,
  OUT overload_waits bigint, OUT horizon_writes bigint, OUT history_hits bigint,
  OUT mode text, OUT path text, OUT granted_from timestamptz, OUT granted_until timestamptz,
  OUT registry_answered_at timestamptz, OUT registry_trouble text,
  OUT promotion_accepted boolean, OUT duplicate_rows bigint, OUT duplicate_seen_at timestamptz
) LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_node_status';
COMMENT ON FUNCTION detid._node_status() IS 'behind the view detid.node_status';

CREATE VIEW detid.node_status AS SELECT * FROM detid._node_status();
COMMENT ON VIEW detid.node_status IS
  'one row: whether this node mints, its time and lead over the system clock, its horizon';

CREATE FUNCTION detid.accept_clock() RETURNS timestamptz
  LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_accept_clock';
COMMENT ON FUNCTION detid.accept_clock() IS
  'says that the system clock is right, however far node time or the horizon is from it';

CREATE FUNCTION detid.accept_copy() RETURNS void
  LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_accept_copy';
COMMENT ON FUNCTION detid.accept_copy() IS
  'says that nobody else mints under this node id any more: the original of a copy, the predecessor of a promoted server, or another node that replication showed';
