-- SPDX-License-Identifier: PostgreSQL
--
-- ALTER DEFAULT PRIVILEGES may have granted more on what was created above than was meant: what is
-- not for everybody is taken back from everybody but its owner, and nobody writes to tables or views.

DO $$
DECLARE
  target text;
  grantee text;
BEGIN
  FOR target, grantee IN
    -- Whom the scripts above grant what is not for everybody.
    WITH meant (monitor, object) AS (
      SELECT 'pg_monitor'::regrole::oid,
             unnest(ARRAY['check', '_check', '_check_objects', '_check_salts', '_objects', '_objects_made',
                          '_node_status', 'node_status', 'nodes', 'check_topology'])
      UNION ALL
      SELECT 'pg_database_owner'::regrole::oid, '_salt'  -- for dumps
    ), granted AS (
      SELECT format('FUNCTION %s', p.oid::regprocedure) AS object, p.proname AS name, p.proowner AS owner,
             a.grantee, a.privilege_type AS privilege,
             bool_or(a.grantee = 0) OVER (PARTITION BY p.oid) AS for_all
      FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
      WHERE p.pronamespace = 'detid'::regnamespace
      UNION ALL
      SELECT format('TABLE %s', c.oid::regclass), c.relname, c.relowner,
             a.grantee, a.privilege_type, bool_or(a.grantee = 0) OVER (PARTITION BY c.oid)
      FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
      WHERE c.relnamespace = 'detid'::regnamespace AND c.relkind IN ('r', 'v')
    )
    SELECT DISTINCT 'ALL ON ' || object, quote_ident(pg_catalog.pg_get_userbyid(g.grantee))
    FROM granted g
    WHERE NOT for_all AND g.grantee <> owner
      AND NOT EXISTS (SELECT FROM meant WHERE monitor = g.grantee AND meant.object = name)
    UNION
    -- As they were granted: which there are depends on the version.
    SELECT string_agg(DISTINCT g.privilege, ', ') || ' ON ' || object,
           CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END
    FROM granted g
    WHERE object LIKE 'TABLE %' AND g.grantee <> owner AND g.privilege <> 'SELECT'
    GROUP BY object, g.grantee
  LOOP
    EXECUTE format('REVOKE %s FROM %s', target, grantee);
  END LOOP;
END
$$;
