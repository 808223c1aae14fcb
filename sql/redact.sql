-- Inputs that are forgotten; what their rows prove stays.
SELECT detid.create_generator('x_id', audit => 'each'), detid.create_generator('x_hash', 'hash:60', audit => 'each'), detid.create_generator('x_uuid', 'uuid7', audit => 'each'), detid.create_generator('x_claim', audit => 'each');
CREATE TABLE x AS SELECT i, detid.next_id('x_id', 'ann ' || i) AS id, detid.next_id('x_hash', 'ann ' || i) AS hash, detid.next_uuid('x_uuid', 'x bob') AS public FROM generate_series(1, 5) i;
CREATE TABLE x_claims AS SELECT detid.claim_id('x_claim', 'ann', 'smith') AS one, detid.claim_id('x_claim', 'x eve') AS other;
SELECT detid.seal_ledger() > 0;
CREATE VIEW x_ledger AS SELECT generator_name, array_agg(i ORDER BY entry, o) AS inputs, bool_or(redacted) AS redacted
FROM detid.ledger, unnest(inputs) WITH ORDINALITY u (i, o) WHERE generator_name LIKE 'public.x\_%' GROUP BY 1 ORDER BY 1;
CREATE VIEW x_sound AS SELECT (SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()) WHERE problem NOT IN ('pruned', 'missing', 'detached')) AS problems, (SELECT sum(mismatches) FROM detid.verify_replay()) AS mismatches;

SELECT detid.redact_inputs('ann 3');
SELECT detid.redact_inputs('ann 3');
SELECT detid.redact_inputs('x_uuid', ARRAY[(SELECT public::text FROM x WHERE i = 2), (SELECT public::text FROM x WHERE i = 4), NULL]);
SELECT detid.redact_inputs('x_claim', ARRAY[one::text]) FROM x_claims;
SELECT * FROM x_ledger;
SELECT * FROM x_sound;
-- An id that its input made cannot be made again; others can, and claims are found.
SELECT recorded = hash::text, matches, reason FROM detid.replay('x_hash'), x WHERE i = 3 AND hash::text = recorded;
SELECT bool_and(matches) FROM detid.replay('x_id');
SELECT detid.claim_id('x_claim', 'ann', 'smith') = one, detid.claim_id('x_claim', 'x eve') = other FROM x_claims;
SELECT input, verdict FROM x_claims, detid.trace(one, 'x_claim');
SELECT input, verdict FROM x, detid.trace(id, 'x_id') WHERE i IN (3, 4) ORDER BY i;
-- A receipt has the input of its id, and of others what binds them.
SELECT i, string_agg(r->>'text', ' ') AS text, bool_and(r ? 'commitment' OR r->>'text' = 'ann ' || i) AS others_bound
FROM x, LATERAL (SELECT detid.receipt(id, 'x_id')::jsonb) s (receipt), jsonb_array_elements(receipt->'row'->'inputs') e (r) GROUP BY i ORDER BY i;
SELECT detid.redact_inputs('x_id', '-infinity', 'infinity'), detid.redact_inputs('x_hash', '-infinity', 'infinity'), detid.redact_inputs('x_id', '2024-01-01', '2024-01-02');
SELECT detid.redact_inputs('x bob'), detid.redact_inputs('x eve'), detid.redact_inputs('nobody'), detid.redact_inputs(NULL) IS NULL;
SELECT * FROM x_ledger;
SELECT * FROM x_sound;
SELECT count(*) FROM x WHERE detid.receipt(id, 'x_id') ~ 'ann';

-- The same input leaves other bytes each time.
SELECT count(*), count(DISTINCT substr(redacted, 5 + 44 * k, 8)) AS folds, count(DISTINCT substr(redacted, 13 + 44 * k, 32)) AS commitments
FROM detid._ledger, generate_series(0, octet_length(redacted) / 44 - 1) k WHERE definition IN (SELECT definition FROM detid.ledger WHERE generator_name = 'public.x_uuid');
-- What somebody may do to it.
CREATE FUNCTION x_try(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  SET LOCAL detid.allow_schema_changes = on;
  ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change;
  EXECUTE change;
  SELECT string_agg(DISTINCT problem, ' ') INTO said FROM detid.verify_ledger() WHERE problem NOT IN ('pruned', 'missing', 'detached');
  RAISE EXCEPTION USING MESSAGE = coalesce(said, '') || ', ' || (SELECT sum(mismatches) > 0 FROM detid.verify_replay());
EXCEPTION WHEN raise_exception THEN RETURN sqlerrm;
END $$;
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = NULL WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = set_byte(redacted, 5, get_byte(redacted, 5) # 1) WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = set_byte(redacted, 20, get_byte(redacted, 20) # 1) WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = set_byte(redacted, 0, 200) WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = substr(redacted, 1, 50) WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET redacted = ''\x'' WHERE redacted IS NOT NULL');
SELECT x_try('UPDATE ONLY detid._ledger SET inputs[1] = ''eve'' WHERE redacted IS NOT NULL');
-- Of a row with ids that inputs made, those whose inputs are there are still compared.
INSERT INTO x (i, hash) SELECT i, detid.next_id('x_hash', 'dave ' || i) FROM generate_series(6, 8) i;
SELECT detid.redact_inputs('dave 6');
SELECT x_try('UPDATE ONLY detid._ledger SET ids = set_byte(ids, octet_length(ids) - 1, get_byte(ids, octet_length(ids) - 1) # 1) WHERE inputs[3] = ''dave 8''');
UPDATE detid._ledger SET redacted = NULL;
-- Nothing is forgotten of what was changed.
INSERT INTO x (id) SELECT detid.next_id('x_id', 'carl');
BEGIN;
SET LOCAL detid.allow_schema_changes = on;
ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change;
UPDATE ONLY detid._ledger SET inputs = '{carla}' WHERE inputs = '{carl}';
\set VERBOSITY sqlstate
SELECT detid.redact_inputs('carla');
ROLLBACK;
SELECT detid.redact_inputs('x_id', '{nothing}');
SELECT detid.redact_inputs('pg_class', '{1}');
BEGIN READ ONLY;
SELECT detid.redact_inputs('carl');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT detid.redact_inputs('carl');
ROLLBACK;
CREATE ROLE x_nobody;
SET ROLE x_nobody;
SELECT detid.redact_inputs('carl');
RESET ROLE;
\set VERBOSITY default
DROP ROLE x_nobody;
DROP FUNCTION x_try;
DROP VIEW x_ledger, x_sound;
DROP TABLE x, x_claims;
DROP SEQUENCE x_id, x_hash, x_uuid, x_claim;
