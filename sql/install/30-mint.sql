-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid.next_id() RETURNS bigint
  LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_next_id_default';
COMMENT ON FUNCTION detid.next_id() IS 'mints an id from detid.default_id';

CREATE FUNCTION detid.next_id(generator regclass) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_next_id';
COMMENT ON FUNCTION detid.next_id(regclass) IS 'mints an id';

CREATE FUNCTION detid.next_id(generator regclass, input text) RETURNS bigint
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'detid_next_id_input';
COMMENT ON FUNCTION detid.next_id(regclass, text) IS
  'mints an id and records what it was minted for';

CREATE FUNCTION detid.next_uuid() RETURNS uuid
  LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_next_uuid_default';
COMMENT ON FUNCTION detid.next_uuid() IS 'mints a uuid from detid.default_uuid';

CREATE FUNCTION detid.next_uuid(generator regclass) RETURNS uuid
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_next_uuid';
COMMENT ON FUNCTION detid.next_uuid(regclass) IS 'mints a uuid';

CREATE FUNCTION detid.next_uuid(generator regclass, input text) RETURNS uuid
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'detid_next_uuid_input';
COMMENT ON FUNCTION detid.next_uuid(regclass, text) IS
  'mints a uuid and records what it was minted for';

CREATE FUNCTION detid.next_text(generator regclass) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_next_text';
COMMENT ON FUNCTION detid.next_text(regclass) IS 'mints an id of any layout, as text';

CREATE FUNCTION detid.next_text(generator regclass, input text) RETURNS text
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'detid_next_text_input';
COMMENT ON FUNCTION detid.next_text(regclass, text) IS
  'mints an id of any layout, as text, and records what it was minted for';

CREATE FUNCTION detid.next_ids(generator regclass, count integer) RETURNS SETOF bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'detid_next_ids';
COMMENT ON FUNCTION detid.next_ids(regclass, integer) IS
  'mints up to a million ids at once, in rising order';

CREATE FUNCTION detid.next_uuids(generator regclass, count integer) RETURNS SETOF uuid
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'detid_next_uuids';
COMMENT ON FUNCTION detid.next_uuids(regclass, integer) IS
  'mints up to a million uuids at once, in rising order';

CREATE FUNCTION detid.last_id(generator regclass) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'detid_last_id';
COMMENT ON FUNCTION detid.last_id(regclass) IS
  'the id that this session minted last from the generator, as currval';
