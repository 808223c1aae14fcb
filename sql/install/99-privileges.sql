-- SPDX-License-Identifier: PostgreSQL
--
-- Privileges: the one place that says who may do what with the extension's objects. Everything that
-- the scripts above created, and the schema, ends with its owner's privileges and those declared
-- here, whatever ALTER DEFAULT PRIVILEGES gave or took. Each object is named, functions once for all
-- their arguments: so nothing is anybody's by oversight.
--
-- Whoever backs a database up reads what a dump takes along: pg_database_owner. See 75-registry.sql
-- for _nodes.

DO $$
DECLARE
  o record;
  command text;
BEGIN
  FOR o IN
    WITH declared (kind, grantee, privilege, names) AS (VALUES
      ('SCHEMA', 'PUBLIC', 'USAGE', 'detid detid_uuid'),
      ('SEQUENCE', 'PUBLIC', 'USAGE', 'default_id default_uuid'),
      ('TABLE', NULL, NULL, '_seed _seal_key _namespace _coordinator _registration'),
      ('TABLE', 'pg_database_owner', 'SELECT', '_horizon _salt _ledger _contexts ledger claims _seals _detached seal_keys checkpoints _nodes _numbers _witnessed'),
      ('TABLE', 'PUBLIC', 'SELECT', 'topology prefixes generators layouts codecs namespaces seeds'),
      ('TABLE', 'pg_monitor', 'SELECT', 'nodes node_status witnessed ledger_segments'),
      ('ROUTINE', 'pg_monitor', 'EXECUTE', 'check check_topology _segments _check _check_objects _check_salts _node_status _objects _objects_made'),
      ('ROUTINE', NULL, NULL,
       'accept_clock accept_copy assign_prefix attach_segment claim_registration define_topology derive_id_keyed '
       'derive_uuid_keyed detach_segment enroll_node export_namespace_secret export_seed give_salt import_seed move_node '
       'new_token prune_ledger redact_inputs release_prefix retire_node rotate_ledger rotate_seal_key rotate_seed seal_ledger set_namespace_secret unfence '
       '_adopt_salt _claim_from_elsewhere _context_arrived _explain_reason _first_horizon _heartbeat _keep_topology '
       '_ledger_arrived _merge_horizon _merge_salt _refuse_change _seed_changed'),
      ('ROUTINE', 'PUBLIC', 'EXECUTE',
       'check_ids checkpoint claim claim_id claim_ids claim_text claim_texts claim_uuid claim_uuids '
       'collision_probability compose compose_text compose_uuid create_generator decode decode_as '
       'decode_id decode_text decode_uuid derive_id derive_uuid drop_generator encode explain '
       'explain_as guess hashids_decode hashids_encode id_at ids_for_probability is_genuine is_valid '
       'last_id mask minted_at next_id next_ids next_text next_uuid next_uuids node_of node_of_path node_path node_range '
       'plan_topology position_at receipt replay set_audit set_history set_mask set_scatter sqids_decode '
       'sqids_encode stream text_at trace try_minted_at typeid_parse unmask uuid3 uuid5 uuid_at '
       'verify_ledger verify_replay years_until detid_uuid.uuidv7 detid_uuid.uuid_extract_timestamp '
       'detid_uuid.uuid_extract_version _describe _find_entry _layouts _codecs _receipt _recorded_at _recorded_id _recorded_ids')
    ), members AS (
      SELECT classid, objid FROM pg_catalog.pg_depend
      WHERE deptype = 'e' AND refclassid = 'pg_catalog.pg_extension'::regclass
        AND refobjid = (SELECT oid FROM pg_catalog.pg_extension WHERE extname = 'pg_detid')
      UNION ALL
      SELECT 'pg_catalog.pg_namespace'::regclass, 'detid'::regnamespace
    ), objects AS (
      SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS target,
             relnamespace AS schema, relname AS name, relowner AS owner, relacl AS acl,
             (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char" AS letter
      FROM members JOIN pg_catalog.pg_class c ON classid = 'pg_catalog.pg_class'::regclass AND c.oid = objid
      UNION ALL
      SELECT 'ROUTINE', p.oid::regprocedure::text, pronamespace, proname, proowner, proacl, 'f'
      FROM members JOIN pg_catalog.pg_proc p ON classid = 'pg_catalog.pg_proc'::regclass AND p.oid = objid
      UNION ALL
      SELECT 'TYPE', t.oid::regtype::text, typnamespace, typname, typowner, typacl, 'T'
      FROM members JOIN pg_catalog.pg_type t ON classid = 'pg_catalog.pg_type'::regclass AND t.oid = objid
      -- Types of rows and arrays, members from PostgreSQL 17 on, have no privileges of their own.
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'i')
      UNION ALL
      SELECT 'SCHEMA', quote_ident(nspname), 'detid'::regnamespace, nspname, nspowner, nspacl, 'n'
      FROM members JOIN pg_catalog.pg_namespace n ON classid = 'pg_catalog.pg_namespace'::regclass AND n.oid = objid
    ), named AS (  -- outside of detid, with the schema
      SELECT *, CASE WHEN schema = 'detid'::regnamespace THEN name::text
                     ELSE format('%s.%I', schema::regnamespace, name) END AS called
      FROM objects
    )
    SELECT kind, target, owner,
           EXISTS (SELECT FROM declared d
                   WHERE d.kind = n.kind AND n.called = ANY (string_to_array(d.names, ' '))) AS is_declared,
           ARRAY(SELECT (a.grantee, lower(a.privilege_type), a.is_grantable)::text
                 FROM pg_catalog.aclexplode(coalesce(acl, pg_catalog.acldefault(letter, owner))) a
                 ORDER BY 1) IS DISTINCT FROM
           ARRAY(SELECT (a.grantee, lower(a.privilege_type), false)::text
                 FROM pg_catalog.aclexplode(pg_catalog.acldefault(letter, owner)) a WHERE a.grantee = owner
                 UNION ALL
                 SELECT (CASE d.grantee WHEN 'PUBLIC' THEN 0 ELSE d.grantee::regrole::oid END,
                         lower(d.privilege), false)::text
                 FROM declared d WHERE d.kind = n.kind AND n.called = ANY (string_to_array(d.names, ' '))
                   AND d.grantee IS NOT NULL
                 ORDER BY 1) AS differs,
           ARRAY(SELECT DISTINCT format('REVOKE ALL ON %s %s FROM %s', kind, target,
                                        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
                 FROM pg_catalog.aclexplode(coalesce(acl, pg_catalog.acldefault(letter, owner))) a)
           || format('GRANT ALL ON %s %s TO %s', kind, target, owner::regrole)
           || ARRAY(SELECT format('GRANT %s ON %s %s TO %s', d.privilege, kind, target, d.grantee)
                    FROM declared d WHERE d.kind = n.kind AND n.called = ANY (string_to_array(d.names, ' '))
                      AND d.grantee IS NOT NULL) AS commands
    FROM named n
  LOOP
    IF NOT o.is_declared THEN
      RAISE EXCEPTION 'no privileges are declared for % %', o.kind, o.target
        USING HINT = 'Name it in sql/install/99-privileges.sql, and in the table of docs/reference.md if it is not for everybody.';
    END IF;
    CONTINUE WHEN NOT o.differs;
    FOREACH command IN ARRAY o.commands LOOP
      EXECUTE command;
    END LOOP;
  END LOOP;
END
$$;
