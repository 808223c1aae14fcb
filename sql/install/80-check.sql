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
  SELECT * FROM detid._check_salts()
  UNION ALL
  SELECT 'epoch', g.epoch_ends > pg_catalog.now() + interval '1 year',
         pg_catalog.format('ids of %s last until %s', g.generator, g.epoch_ends),
         CASE WHEN g.epoch_ends <= pg_catalog.now() + interval '1 year'
              THEN 'Create a generator with a later epoch, and change the column''s default to it.' END
  FROM detid.generators g
  UNION ALL
  SELECT pg_catalog.ltrim(c.relname::text, '_'), c.relpersistence = 'p',
         pg_catalog.format('detid.%s%s takes %s%s', c.relname,
           CASE WHEN c.relname = 'claims' THEN ', which is not pruned,' ELSE '' END,
           pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)),
           CASE WHEN c.relpersistence <> 'p' THEN ', and a crash forgets it' ELSE '' END),
         CASE WHEN c.relpersistence <> 'p' THEN pg_catalog.format('ALTER TABLE detid.%s SET LOGGED;', c.relname) END
  FROM pg_catalog.pg_class c
  WHERE c.relname IN ('_ledger', '_contexts', 'claims') AND c.relnamespace = (SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname = 'pg_detid')
  UNION ALL
  SELECT * FROM detid._check_objects()
  UNION ALL
  -- What is promised of crashes holds where what was flushed is on the disk.
  SELECT 'durability', NOT lost.any,
         CASE WHEN lost.any THEN pg_catalog.format('%s: a crash of the machine may lose the horizon, and ids may be minted twice', lost.settings)
              ELSE 'what the server flushes is on the disk' END,
         CASE WHEN lost.any THEN pg_catalog.format('%s SELECT pg_reload_conf();', lost.remedy) END
  FROM (SELECT pg_catalog.count(*) > 0 AS any,
               pg_catalog.string_agg(s.name || ' is off', ', ' ORDER BY s.name) AS settings,
               pg_catalog.string_agg(pg_catalog.format('ALTER SYSTEM SET %I = on;', s.name), ' ' ORDER BY s.name) AS remedy
        FROM pg_catalog.pg_settings s WHERE s.name IN ('fsync', 'full_page_writes') AND s.setting = 'off') lost
  UNION ALL
  SELECT 'read_only', false, 'default_transaction_read_only is on: sessions mint nothing unless they begin with READ WRITE',
         CASE s.source WHEN 'database' THEN 'ALTER DATABASE mydb RESET default_transaction_read_only;'
                       ELSE 'ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf();' END
  FROM pg_catalog.pg_settings s
  WHERE s.name = 'default_transaction_read_only' AND s.setting = 'on' AND s.source NOT IN ('session', 'client', 'user', 'override');
END;
COMMENT ON FUNCTION detid.check() IS 'what an operator should mend: one row a check';
