-- SPDX-License-Identifier: PostgreSQL
--
-- Questions about an id, fit for a CHECK: a text that is no id is no error. is_genuine reads seeds,
-- so it is not immutable.

CREATE FUNCTION detid.is_valid(id bigint, generator regclass) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_valid';
COMMENT ON FUNCTION detid.is_valid(bigint, regclass) IS
  'whether an id has the form and the constants of a generators';

CREATE FUNCTION detid.is_valid(id uuid, generator regclass) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_valid';
COMMENT ON FUNCTION detid.is_valid(uuid, regclass) IS
  'whether an id has the form and the constants of a generators';

CREATE FUNCTION detid.is_valid(id text, generator regclass) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_valid';
COMMENT ON FUNCTION detid.is_valid(text, regclass) IS
  'whether an id has the form and the constants of a generators';

CREATE FUNCTION detid.is_genuine(id bigint, generator regclass) RETURNS boolean
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_genuine';
COMMENT ON FUNCTION detid.is_genuine(bigint, regclass) IS
  'whether an id was made by a generator under a seed that is at hand';

CREATE FUNCTION detid.is_genuine(id uuid, generator regclass) RETURNS boolean
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_genuine';
COMMENT ON FUNCTION detid.is_genuine(uuid, regclass) IS
  'whether an id was made by a generator under a seed that is at hand';

CREATE FUNCTION detid.is_genuine(id text, generator regclass) RETURNS boolean
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_is_genuine';
COMMENT ON FUNCTION detid.is_genuine(text, regclass) IS
  'whether an id was made by a generator under a seed that is at hand';

-- The public face of bigint keys.

CREATE FUNCTION detid.mask(id bigint, generator regclass) RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_mask';
COMMENT ON FUNCTION detid.mask(bigint, regclass) IS
  'the public face of an id, by a keyed permutation';

CREATE FUNCTION detid.unmask(masked bigint, generator regclass) RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_unmask';
COMMENT ON FUNCTION detid.unmask(bigint, regclass) IS
  'the id behind its public face';
