-- SPDX-License-Identifier: PostgreSQL
--
-- The guards of tables whose rows are kept: the one place that says which has which.
--
--   refuse_change    nobody updates or deletes rows but the extension's functions
--   pass_over        what of another database's changes logical replication brings and is not stored
--                    here: so whoever collects the ledgers of several nodes keeps what they prune
--   refuse_truncate  a TRUNCATE is refused, where it comes from and where replication brings it, as it
--                    cannot be passed over
--
-- The registry's tables have guards of their own (56, 75, 76).

DO $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT unnest(string_to_array(tables, ' ')) AS name, k.refuse_change, k.passed_over FROM (VALUES
      -- What dumps and nodes bring of these is merged, or looked at, by triggers of their own.
      ('_horizon _salt _ledger _contexts claims', true, 'UPDATE OR DELETE'),
      -- A tree is of the database that seals; whoever collects ledgers has its own.
      ('_seals _detached seal_keys checkpoints', true, 'INSERT OR UPDATE OR DELETE'),
      -- Secrets: their owner may remove what no more is to be verified.
      ('_seed _namespace _seal_key', false, 'INSERT OR UPDATE OR DELETE')
    ) k (tables, refuse_change, passed_over)
  LOOP
    IF t.refuse_change THEN
      EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON detid.%I '
                     'FOR EACH STATEMENT EXECUTE FUNCTION detid._refuse_change()', t.name);
    END IF;
    EXECUTE format('CREATE TRIGGER pass_over BEFORE %s ON detid.%I '
                   'FOR EACH ROW EXECUTE FUNCTION detid._refuse_change()', t.passed_over, t.name);
    EXECUTE format('ALTER TABLE detid.%I ENABLE REPLICA TRIGGER pass_over', t.name);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION detid._refuse_change()', t.name);
    EXECUTE format('ALTER TABLE detid.%I ENABLE ALWAYS TRIGGER refuse_truncate', t.name);
  END LOOP;
END
$$;
