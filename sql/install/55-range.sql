-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid.id_at(generator regclass, at timestamptz) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_id_at';
COMMENT ON FUNCTION detid.id_at(regclass, timestamptz) IS
  'the lowest id of a time: WHERE id >= detid.id_at(''orders_id'', now() - interval ''1 hour'')';

CREATE FUNCTION detid.uuid_at(generator regclass, at timestamptz) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid_at';
COMMENT ON FUNCTION detid.uuid_at(regclass, timestamptz) IS 'the lowest uuid of a time';

CREATE FUNCTION detid.text_at(generator regclass, at timestamptz) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_text_at';
COMMENT ON FUNCTION detid.text_at(regclass, timestamptz) IS
  'the lowest text id of a time, for a column of collation "C"';
