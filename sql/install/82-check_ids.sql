-- SPDX-License-Identifier: PostgreSQL
--
-- Volatile, as it reads the clock, and after the snapshot: by the statement's time, ids that others
-- minted in between would lie in the future. Parallel unsafe, as a view may call anything; so its
-- own queries may run in parallel. The columns of one table and of several have two signatures
-- whose literals cannot be taken for each other.

CREATE FUNCTION detid.check_ids(generator regclass, table_name regclass, column_name name,
  OUT table_name regclass, OUT column_name name, OUT problem text, OUT ids bigint, OUT example text
) RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 5 AS 'MODULE_PATHNAME', 'detid_check_ids';
COMMENT ON FUNCTION detid.check_ids(regclass, regclass, name) IS
  'what is wrong with the ids that a column has already: one row for each thing that was looked for';

CREATE FUNCTION detid.check_ids(generator regclass, columns text[],
  OUT table_name regclass, OUT column_name name, OUT problem text, OUT ids bigint, OUT example text
) RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 10
  AS 'MODULE_PATHNAME', 'detid_check_ids_of_columns';
COMMENT ON FUNCTION detid.check_ids(regclass, text[]) IS
  'the same for several columns, and which ids are in more than one of them: ''{a.id, b.id}''';
