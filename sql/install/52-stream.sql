-- SPDX-License-Identifier: PostgreSQL
--
-- What a stream of random fields will be is its owner's business: who knows it can guess ids.

CREATE FUNCTION detid.stream(
  generator regclass, from_position bigint, count integer,
  node integer DEFAULT NULL, worker integer DEFAULT 0, seed text DEFAULT NULL,
  OUT "position" bigint, OUT id text
) RETURNS SETOF record
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED ROWS 1000
  AS 'MODULE_PATHNAME', 'detid_stream';
COMMENT ON FUNCTION detid.stream(regclass, bigint, integer, integer, integer, text) IS
  'the ids that a generator with random fields has at positions past or to come, for its owner';

CREATE FUNCTION detid.position_at(generator regclass, at timestamptz) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_position_at';
COMMENT ON FUNCTION detid.position_at(regclass, timestamptz) IS
  'the first position, tick and sequence as one number, of a time';
