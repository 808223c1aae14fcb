-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid.explain(id bigint) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(bigint) IS
  'a picture of the bits of an id, one line a field, minted by the generator that comes with the extension';

CREATE FUNCTION detid.explain(id bigint, generator regclass) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(bigint, regclass) IS
  'a picture of the bits of an id, one line a field';

CREATE FUNCTION detid.explain(id uuid) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(uuid) IS
  'a picture of the bits of an id, one line a field, minted by the generator that comes with the extension';

CREATE FUNCTION detid.explain(id uuid, generator regclass) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(uuid, regclass) IS
  'a picture of the bits of an id, one line a field';

CREATE FUNCTION detid.explain(id text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(text) IS
  'a picture of the bits of an id, one line a field, minted by the generator that comes with the extension';

CREATE FUNCTION detid.explain(id text, generator regclass) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain';
COMMENT ON FUNCTION detid.explain(text, regclass) IS
  'a picture of the bits of an id, one line a field';
