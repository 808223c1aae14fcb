-- SPDX-License-Identifier: PostgreSQL
--
-- What belongs to the extension, as it is now and as it was made: check() compares. So it names a
-- guard that somebody has disabled, whatever it is a guard of, and there is no list of guards to
-- keep. 98-objects.sql writes down what was made.

CREATE FUNCTION detid._objects(OUT object text, OUT state text, OUT remedy text) RETURNS SETOF record
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH extension AS (
    SELECT e.oid, e.extnamespace, n.nspowner FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_detid'
  ), member AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d, extension e
    WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  ), relation AS (
    -- Under the name of the schema that it was made in, whatever that is called now.
    SELECT c.*, pg_catalog.format('%I.%I', CASE WHEN c.relnamespace = e.extnamespace THEN 'detid' ELSE n.nspname END, c.relname)
                AS name,
           CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,
           e.nspowner
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, extension e
    WHERE c.oid IN (SELECT objid FROM member WHERE classid = 'pg_catalog.pg_class'::regclass)
      AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f')
  )
  SELECT 'schema detid', n.nspname, pg_catalog.format('ALTER SCHEMA %I RENAME TO detid;', n.nspname)
  FROM extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  UNION ALL
  SELECT pg_catalog.lower(r.kind) || ' ' || r.name, r.relkind::text,
         'Somebody has renamed, moved or dropped it: undo that, or restore a backup.'
  FROM relation r
  UNION ALL
  SELECT 'durability of ' || r.name, CASE r.relpersistence WHEN 'p' THEN 'logged' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END,
         pg_catalog.format('ALTER %s %s SET LOGGED;', r.kind, r.name)
  FROM relation r
  UNION ALL
  SELECT 'owner of ' || r.name, CASE WHEN r.relowner = r.nspowner THEN 'that of the schema' ELSE pg_catalog.pg_get_userbyid(r.relowner) END,
         pg_catalog.format('ALTER %s %s OWNER TO %I;', r.kind, r.name, pg_catalog.pg_get_userbyid(r.nspowner))
  FROM relation r
  UNION ALL
  SELECT 'access method of ' || r.name, a.amname, pg_catalog.format('ALTER TABLE %s SET ACCESS METHOD heap;', r.name)
  FROM relation r JOIN pg_catalog.pg_am a ON a.oid = r.relam
  UNION ALL
  SELECT 'row security of ' || r.name, CASE WHEN r.relrowsecurity OR r.relforcerowsecurity THEN 'on' ELSE 'off' END,
         pg_catalog.format('ALTER TABLE %1$s NO FORCE ROW LEVEL SECURITY; ALTER TABLE %1$s DISABLE ROW LEVEL SECURITY;', r.name)
  FROM relation r WHERE r.relkind = 'r'
  UNION ALL
  SELECT pg_catalog.format('child %s of %s', i.inhrelid::regclass, r.name), 'is one',
         pg_catalog.format('ALTER TABLE %s NO INHERIT %s;', i.inhrelid::regclass, r.name)
  FROM relation r JOIN pg_catalog.pg_inherits i ON i.inhparent = r.oid
  WHERE i.inhrelid NOT IN (SELECT oid FROM relation)
    -- Segments of the ledger are, if they are guarded as rotate_ledger made them.
    AND NOT (r.relname = '_ledger' AND (SELECT c.relname ~ '^_ledger_[0-9_]+$' AND c.relnamespace = r.relnamespace AND c.relowner = r.relowner
                                               AND c.relpersistence = 'p' AND NOT c.relrowsecurity
                                        FROM pg_catalog.pg_class c WHERE c.oid = i.inhrelid)
             AND (SELECT pg_catalog.string_agg(t.tgname || t.tgenabled::text || p.proname, ' ' ORDER BY t.tgname)
                  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
                  WHERE t.tgrelid = i.inhrelid AND NOT t.tgisinternal AND p.pronamespace = r.relnamespace)
                 = 'pass_overR_refuse_change refuse_changeO_refuse_change refuse_truncateA_refuse_change'
             AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = i.inhrelid AND k.contype = 'p'))
  UNION ALL
  SELECT pg_catalog.format('parent %s of %s', coalesce(p.name, i.inhparent::regclass::text), r.name), 'is one',
         pg_catalog.format('ALTER TABLE %s INHERIT %s;', r.name, coalesce(p.name, i.inhparent::regclass::text))
  FROM relation r JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid LEFT JOIN relation p ON p.oid = i.inhparent
  UNION ALL
  -- What an owner adds behind them is his affair.
  SELECT pg_catalog.format('column %I of %s', a.attname, r.name),
         pg_catalog.format('the %s., %s%s', a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod),
                           CASE WHEN a.attnotnull THEN ', not null' ELSE '' END),
         'Restore it as it was: rename it back, or restore a backup.'
  FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE r.relkind = 'r'
  UNION ALL
  SELECT pg_catalog.format('trigger %I on %s', t.tgname, r.name),
         pg_catalog.format('%s, calls %s, type %s',
           CASE t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'R' THEN 'enabled for replication' WHEN 'A' THEN 'enabled always'
                            ELSE 'disabled' END, p.proname, t.tgtype),
         pg_catalog.pg_get_triggerdef(t.oid) || ';'
           || CASE t.tgenabled WHEN 'R' THEN pg_catalog.format(' ALTER TABLE %s ENABLE REPLICA TRIGGER %I;', r.name, t.tgname)
                               WHEN 'A' THEN pg_catalog.format(' ALTER TABLE %s ENABLE ALWAYS TRIGGER %I;', r.name, t.tgname)
                               ELSE '' END
  FROM relation r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
  UNION ALL
  -- An index that refuses rows, or is no more what rows are found by.
  SELECT pg_catalog.format('index %I of %s', c.relname, r.name),
         pg_catalog.format('%s%s on %s', CASE WHEN x.indisprimary THEN 'primary ' WHEN x.indisunique THEN 'unique ' ELSE '' END,
                           CASE WHEN x.indisvalid AND x.indisready THEN 'valid' ELSE 'invalid' END, x.indkey),
         coalesce((SELECT pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s;', r.name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
                   FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u') LIMIT 1),
                  pg_catalog.pg_get_indexdef(x.indexrelid) || ';')
  FROM relation r JOIN pg_catalog.pg_index x ON x.indrelid = r.oid JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
  UNION ALL
  SELECT pg_catalog.format('rule %I on %s', w.rulename, r.name), w.ev_enabled::text,
         pg_catalog.format('DROP RULE %I ON %s;', w.rulename, r.name)
  FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
  WHERE r.relkind = 'r'
  UNION ALL
  SELECT pg_catalog.format('policy %I on %s', p.polname, r.name), 'is one',
         pg_catalog.format('DROP POLICY %I ON %s;', p.polname, r.name)
  FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
  UNION ALL
  SELECT pg_catalog.format('function %s(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
         pg_catalog.format('%s, %s, owner %s', pg_catalog.md5(pg_catalog.concat_ws('/', p.prosrc, p.probin, p.prosecdef, p.proconfig, p.provolatile)),
                           CASE WHEN p.prosecdef THEN 'as its owner' ELSE 'as the caller' END,
                           CASE WHEN p.proowner = e.nspowner THEN 'that of the schema' ELSE pg_catalog.pg_get_userbyid(p.proowner) END),
         'Restore it: the extension''s install script has it; its owner is to be that of the schema.'
  FROM pg_catalog.pg_proc p, extension e
  WHERE p.oid IN (SELECT objid FROM member WHERE classid = 'pg_catalog.pg_proc'::regclass)
    AND p.proname <> '_objects_made';
END;
COMMENT ON FUNCTION detid._objects() IS 'what belongs to the extension, as it is now, and how it is made so again';

-- Until 98-objects.sql.
CREATE FUNCTION detid._objects_made(OUT object text, OUT state text, OUT remedy text) RETURNS SETOF record
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$SELECT ''::text, ''::text, ''::text WHERE false$$;

CREATE FUNCTION detid._check_objects(OUT "check" text, OUT ok boolean, OUT detail text, OUT hint text) RETURNS SETOF record
  LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH difference AS (
    SELECT coalesce(made.object, now.object) AS object, made.state AS was, now.state AS is, made.remedy AS made_by, now.remedy AS ended_by
    FROM detid._objects_made() made FULL JOIN detid._objects() now ON now.object = made.object
    WHERE now.state IS DISTINCT FROM made.state
      -- An owner may add columns, and indexes that refuse nothing.
      AND NOT (made.object IS NULL AND now.object LIKE 'column %')
      AND NOT (made.object IS NULL AND now.object LIKE 'index %' AND now.state LIKE 'valid%')
  )
  SELECT 'objects', true, 'tables, triggers, indexes and functions of the extension are as they were made', NULL
  WHERE NOT EXISTS (SELECT FROM difference)
  UNION ALL
  (SELECT 'objects', false,
          CASE WHEN d.is IS NULL THEN pg_catalog.format('%s is missing', d.object)
               WHEN d.was IS NULL THEN pg_catalog.format('%s is not the extension''s', d.object)
               ELSE pg_catalog.format('%s: %s; it was made: %s', d.object, d.is, d.was) END,
          CASE WHEN h.hint ~ '^(ALTER|CREATE|DROP) ' AND h.hint NOT LIKE '% SET LOGGED;' THEN 'SET detid.allow_schema_changes = on; ' ELSE '' END || h.hint
   FROM difference d, LATERAL (SELECT
          CASE WHEN d.object LIKE 'trigger % on %' AND d.was IS NOT NULL AND d.is LIKE '%, calls ' || pg_catalog.split_part(d.was, ', calls ', 2)
               THEN pg_catalog.format('ALTER TABLE %s ENABLE %sTRIGGER %s;', pg_catalog.split_part(d.object, ' on ', 2),
                      CASE WHEN d.was LIKE 'enabled for replication,%' THEN 'REPLICA ' WHEN d.was LIKE 'enabled always,%' THEN 'ALWAYS ' ELSE '' END,
                      pg_catalog.split_part(pg_catalog.split_part(d.object, ' on ', 1), ' ', 2))
               WHEN d.object LIKE 'trigger %' AND d.was IS NULL
               THEN pg_catalog.format('DROP TRIGGER %s ON %s;', pg_catalog.split_part(pg_catalog.split_part(d.object, ' on ', 1), ' ', 2),
                                      pg_catalog.split_part(d.object, ' on ', 2))
               WHEN d.object LIKE 'index %' AND d.was IS NULL
               THEN pg_catalog.format('It may refuse rows that are minted. Drop it: %s', d.object)
               WHEN d.object LIKE 'index %' AND d.is LIKE '%invalid%'
               THEN pg_catalog.format('REINDEX INDEX detid.%s;', pg_catalog.split_part(pg_catalog.split_part(d.object, ' of ', 1), ' ', 2))
               WHEN d.object LIKE 'parent %' AND d.was IS NULL
               THEN pg_catalog.replace(d.ended_by, ' INHERIT ', ' NO INHERIT ')
               WHEN d.is IS NULL THEN d.made_by
               ELSE d.ended_by END AS hint) h
   ORDER BY 1, 2, 3 LIMIT 50);
END;
COMMENT ON FUNCTION detid._check_objects() IS 'the part of detid.check() that compares what belongs to the extension with how it was made';
