-- SPDX-License-Identifier: PostgreSQL
--
-- A generator's layout never changes, so taking an id apart is immutable. The text forms save
-- callers from guessing what an unquoted '0198...' would be taken for.

CREATE FUNCTION detid.decode(id bigint, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(bigint) IS
  'the coordinates that an id shows, minted by the generator that comes with the extension';

CREATE FUNCTION detid.decode(id bigint, generator regclass, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(bigint, regclass) IS
  'the coordinates that an id shows';

CREATE FUNCTION detid.decode(id uuid, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(uuid) IS
  'the coordinates that an id shows, minted by the generator that comes with the extension';

CREATE FUNCTION detid.decode(id uuid, generator regclass, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(uuid, regclass) IS
  'the coordinates that an id shows';

CREATE FUNCTION detid.decode(id text, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(text) IS
  'the coordinates that an id shows, minted by the generator that comes with the extension';

CREATE FUNCTION detid.decode(id text, generator regclass, OUT generator regclass,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint,
  OUT sequence bigint, OUT random text, OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode';
COMMENT ON FUNCTION detid.decode(text, regclass) IS
  'the coordinates that an id shows';

CREATE FUNCTION detid.minted_at(id bigint) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(bigint) IS
  'the time in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.minted_at(id bigint, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(bigint, regclass) IS
  'the time in an id';

CREATE FUNCTION detid.minted_at(id uuid) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(uuid) IS
  'the time in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.minted_at(id uuid, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(uuid, regclass) IS
  'the time in an id';

CREATE FUNCTION detid.minted_at(id text) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(text) IS
  'the time in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.minted_at(id text, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_minted_at';
COMMENT ON FUNCTION detid.minted_at(text, regclass) IS
  'the time in an id';

CREATE FUNCTION detid.try_minted_at(id bigint) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(bigint) IS
  'the time in an id of the generator that comes with the extension; NULL if it is none of its';

CREATE FUNCTION detid.try_minted_at(id bigint, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(bigint, regclass) IS
  'the time in an id; NULL if it is none of the generator''s';

CREATE FUNCTION detid.try_minted_at(id uuid) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(uuid) IS
  'the time in an id of the generator that comes with the extension; NULL if it is none of its';

CREATE FUNCTION detid.try_minted_at(id uuid, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(uuid, regclass) IS
  'the time in an id; NULL if it is none of the generator''s';

CREATE FUNCTION detid.try_minted_at(id text) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(text) IS
  'the time in an id of the generator that comes with the extension; NULL if it is none of its';

CREATE FUNCTION detid.try_minted_at(id text, generator regclass) RETURNS timestamptz
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_try_minted_at';
COMMENT ON FUNCTION detid.try_minted_at(text, regclass) IS
  'the time in an id; NULL if it is none of the generator''s';

CREATE FUNCTION detid.node_of(id bigint) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(bigint) IS
  'the node in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.node_of(id bigint, generator regclass) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(bigint, regclass) IS
  'the node in an id';

CREATE FUNCTION detid.node_of(id uuid) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(uuid) IS
  'the node in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.node_of(id uuid, generator regclass) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(uuid, regclass) IS
  'the node in an id';

CREATE FUNCTION detid.node_of(id text) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(text) IS
  'the node in an id, minted by the generator that comes with the extension';

CREATE FUNCTION detid.node_of(id text, generator regclass) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_node_of';
COMMENT ON FUNCTION detid.node_of(text, regclass) IS
  'the node in an id';
