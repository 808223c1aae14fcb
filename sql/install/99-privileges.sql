-- SPDX-License-Identifier: PostgreSQL
--
-- ALTER DEFAULT PRIVILEGES may have granted more on what was created above than was meant: what
-- nobody but its owner may touch is taken back from everybody else.

DO $$
DECLARE
  target text;
  grantee oid;
BEGIN
  FOR target, grantee IN
    SELECT format('TABLE %s', c.oid::regclass), a.grantee
    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid IN ('detid._horizon'::regclass, 'detid._seed'::regclass, 'detid._namespace'::regclass, 'detid.ledger'::regclass,
                    'detid.claims'::regclass)
      AND a.grantee NOT IN (0, c.relowner)
    UNION
    SELECT format('FUNCTION %s', p.oid::regprocedure), a.grantee
    FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
    WHERE p.pronamespace = 'detid'::regnamespace
      AND p.proname IN ('_refuse_change', 'set_namespace_secret', '_claim_from_elsewhere',
                        'export_namespace_secret', '_seed_changed', '_merge_horizon', '_first_horizon', 'rotate_seed', 'export_seed',
                        'import_seed', 'prune_ledger',
                        'accept_clock', 'accept_copy')
      AND a.grantee NOT IN (0, p.proowner)
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %I', target, pg_catalog.pg_get_userbyid(grantee));
  END LOOP;
END
$$;
