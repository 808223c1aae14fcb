-- SPDX-License-Identifier: PostgreSQL
--
-- What was made above is written down. It is a function's text, not a table: dumps leave it out,
-- replication does not bring that of another server, and each CREATE EXTENSION writes its own.

DO $do$
BEGIN
  EXECUTE (
    SELECT format('CREATE OR REPLACE FUNCTION detid._objects_made(OUT object text, OUT state text, OUT remedy text) '
                  'RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
                  'VALUES ' || string_agg(format('(%L::text, %L::text, %L::text)', object, state, remedy), E',\n' ORDER BY object))
    FROM detid._objects());
END
$do$;
COMMENT ON FUNCTION detid._objects_made() IS 'what belongs to the extension, as it was made';
