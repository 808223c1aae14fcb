-- SPDX-License-Identifier: PostgreSQL
--
-- Replay reads the ledger with the caller's privileges.

CREATE FUNCTION detid.replay(
  generator regclass DEFAULT NULL,
  since timestamptz DEFAULT '-infinity',
  until timestamptz DEFAULT 'infinity',
  OUT entry bigint, OUT ordinal integer, OUT recorded text, OUT regenerated text,
  OUT matches boolean, OUT reason text
) RETURNS SETOF record
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 1000
  AS 'MODULE_PATHNAME', 'detid_replay';
COMMENT ON FUNCTION detid.replay(regclass, timestamptz, timestamptz) IS
  'makes recorded ids again from what the ledger recorded, and compares';

CREATE FUNCTION detid.verify_replay(
  generator regclass DEFAULT NULL,
  since timestamptz DEFAULT '-infinity',
  until timestamptz DEFAULT 'infinity',
  workers integer DEFAULT 0,
  OUT generator regclass, OUT entries bigint, OUT ids bigint, OUT mismatches bigint,
  OUT first_mismatch bigint, OUT unverified bigint
) RETURNS SETOF record
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL UNSAFE ROWS 10
  AS 'MODULE_PATHNAME', 'detid_verify_replay';
COMMENT ON FUNCTION detid.verify_replay(regclass, timestamptz, timestamptz, integer) IS
  'replays and counts, by so many more processes: one row a generator';
