-- SPDX-License-Identifier: PostgreSQL
--
-- What nodes call. It runs as its owner, for the role that the node was enrolled with. All that it is
-- given is signed by the node; key is the public one. Arguments and columns are those of the tables
-- in src/core/heartbeat_columns.h, in their order.

CREATE FUNCTION detid._heartbeat(
  key bytea, signature bytea, old_counter bigint, old_bits bigint, next_counter bigint, next_bits bigint, mode text,
  asked_node bigint, instance bigint, asked_incarnation bigint, timeline bigint, node_us bigint,
  granted_us bigint, horizon_us bigint, since_us bigint, claims boolean, retires boolean,
  stops boolean, began text, challenge_answered bigint, seed bytea, ids bigint,
  offset_us bigint, round_trip_us bigint, checkpoint text,
  OUT outcome text, OUT reason text, OUT challenge bigint, OUT coordinator_us bigint,
  OUT heartbeat_us bigint, OUT path text,
  OUT node integer, OUT start_us bigint, OUT limit_us bigint, OUT counter bigint, OUT bits bigint, OUT incarnation bigint
) LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'detid_heartbeat';
COMMENT ON FUNCTION detid._heartbeat IS
  'what nodes ask the coordinator';
