-- SPDX-License-Identifier: PostgreSQL
--
-- compose is immutable, so it may serve in generated columns, and therefore refuses layouts with
-- random fields; the other two read the seed for those and are stable.

CREATE FUNCTION detid.compose(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint
) RETURNS bigint
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose';
COMMENT ON FUNCTION detid.compose(regclass, bigint, integer, integer, bigint) IS
  'a bigint id from its coordinates';

CREATE FUNCTION detid.compose(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint, input text
) RETURNS bigint
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose';
COMMENT ON FUNCTION detid.compose(regclass, bigint, integer, integer, bigint, text) IS
  'a bigint id from its coordinates and input';

CREATE FUNCTION detid.compose_uuid(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint
) RETURNS uuid
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose_uuid';
COMMENT ON FUNCTION detid.compose_uuid(regclass, bigint, integer, integer, bigint) IS
  'a uuid from its coordinates';

CREATE FUNCTION detid.compose_uuid(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint, input text
) RETURNS uuid
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose_uuid';
COMMENT ON FUNCTION detid.compose_uuid(regclass, bigint, integer, integer, bigint, text) IS
  'a uuid from its coordinates and input';

CREATE FUNCTION detid.compose_text(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint
) RETURNS text
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose_text';
COMMENT ON FUNCTION detid.compose_text(regclass, bigint, integer, integer, bigint) IS
  'an id of any layout, as text, from its coordinates';

CREATE FUNCTION detid.compose_text(
  generator regclass, tick bigint, node integer, worker integer, sequence bigint, input text
) RETURNS text
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_compose_text';
COMMENT ON FUNCTION detid.compose_text(regclass, bigint, integer, integer, bigint, text) IS
  'an id of any layout, as text, from its coordinates and input';
