-- SPDX-License-Identifier: PostgreSQL
--
-- What PostgreSQL 18 has in pg_catalog, for 15 to 17, under the same names. The schema is one of its
-- own, so that a search_path may have it without the rest of detid: there, decode() and encode() are
-- names of pg_catalog too. On 18 an unqualified call means pg_catalog's, as that comes first.

CREATE SCHEMA detid_uuid;
COMMENT ON SCHEMA detid_uuid IS
  'pg_detid: uuidv7, uuid_extract_timestamp and uuid_extract_version, as PostgreSQL 18 has them';
GRANT USAGE ON SCHEMA detid_uuid TO PUBLIC;

CREATE FUNCTION detid_uuid.uuidv7() RETURNS uuid
  LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuidv7';
COMMENT ON FUNCTION detid_uuid.uuidv7() IS
  'a uuid of version 7 of now with 62 random bits, which no generator minted';

CREATE FUNCTION detid_uuid.uuidv7(shift interval) RETURNS uuid
  LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuidv7_shifted';
COMMENT ON FUNCTION detid_uuid.uuidv7(interval) IS
  'a uuid of version 7 of a time that is shifted from now';

CREATE FUNCTION detid_uuid.uuid_extract_timestamp(uuid) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid_extract_timestamp';
COMMENT ON FUNCTION detid_uuid.uuid_extract_timestamp(uuid) IS
  'the time in a uuid of version 1 or 7; NULL for others';

CREATE FUNCTION detid_uuid.uuid_extract_version(uuid) RETURNS smallint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid_extract_version';
COMMENT ON FUNCTION detid_uuid.uuid_extract_version(uuid) IS
  'the version of a uuid of the variant of RFC 9562; NULL for others';
