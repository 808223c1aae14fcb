-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid._check(OUT "check" text, OUT ok boolean, OUT detail text, OUT hint text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 8 AS 'MODULE_PATHNAME', 'detid_check';
COMMENT ON FUNCTION detid._check() IS 'the part of detid.check() that is not SQL';

CREATE FUNCTION detid.check()
RETURNS TABLE ("check" text, ok boolean, detail text, hint text)
  LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT * FROM detid._check()
  UNION ALL
  SELECT 'epoch', g.epoch_ends > pg_catalog.now() + interval '1 year',
         pg_catalog.format('ids of %s last until %s', g.generator, g.epoch_ends),
         CASE WHEN g.epoch_ends <= pg_catalog.now() + interval '1 year'
              THEN 'Create a generator with a later epoch, and change the column''s default to it.' END
  FROM detid.generators g
  UNION ALL
  SELECT 'ledger', true,
         pg_catalog.format('detid.ledger takes %s',
           pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size('detid.ledger'))), NULL
  UNION ALL
  SELECT 'claims', c.relpersistence = 'p',
         pg_catalog.format('detid.claims, which is not pruned, takes %s%s',
           pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)),
           CASE WHEN c.relpersistence <> 'p' THEN ', and a crash forgets it' END),
         CASE WHEN c.relpersistence <> 'p' THEN 'ALTER TABLE detid.claims SET LOGGED;' END
  FROM pg_catalog.pg_class c WHERE c.oid = 'detid.claims'::regclass;
END;
COMMENT ON FUNCTION detid.check() IS 'what an operator should mend: one row a check';
REVOKE EXECUTE ON FUNCTION detid._check() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION detid.check() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION detid._check() TO pg_monitor;
GRANT EXECUTE ON FUNCTION detid.check() TO pg_monitor;
