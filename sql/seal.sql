-- Seals, checkpoints and receipts; test/t/046_seals.pl has what somebody may do to them.
SELECT detid.create_generator('z_id'), detid.create_generator('z_each', 'uuid7', audit => 'each'), detid.create_generator('z_off', audit => 'off');
CREATE TABLE z AS SELECT detid.next_id('z_id') AS id, detid.next_uuid('z_each', 'ann') AS public, detid.next_id('z_off') AS other, detid.next_text('z_each', 'bob') AS t;
SELECT detid.seal_ledger() > 0;
SELECT detid.seal_ledger();
SELECT count(*) FROM detid.verify_ledger();
SELECT count(*) FROM detid.verify_ledger(detid.checkpoint());
SELECT detid.checkpoint() ~ '^detid-\d+-[0-9a-f]{16}\n\d+\n[\w+/]{43}=\nnode \d+\ntime \S+Z\n(previous \S+ \d+ \S+\n)?\n— detid-\S+ \S+\n$';
SELECT size = first + length(tags) / 4, octet_length(root), octet_length(peaks) % 32 FROM detid._seals ORDER BY sealed_at DESC LIMIT 1;
SELECT c.node, c.note = detid.checkpoint(), c.root = s.root FROM detid.checkpoints c JOIN detid._seals s USING (name, size) ORDER BY made_at DESC LIMIT 1;
SELECT (r->>'format'), (r->>'id')::bigint = id, r->'row'->>'count', r->'context'->>'generator_name', r->'context'->>'role' = current_user, r->'row'->'inputs', r->>'checkpoint' = detid.checkpoint()
FROM z, LATERAL (SELECT detid.receipt(id, 'z_id')::jsonb) s (r);
SELECT r->>'ordinal', r->'row'->'inputs'->((r->>'ordinal')::int - 1)->>'text' FROM z, LATERAL (SELECT detid.receipt(public, 'z_each')::jsonb UNION ALL SELECT detid.receipt(t, 'z_each')::jsonb) s (r);
SELECT detid.receipt(public::text, 'z_each') IS NOT NULL, detid.receipt(other, 'z_off') IS NULL, detid.receipt(NULL::bigint, 'z_id') IS NULL FROM z;

-- Bad input.
SELECT detid.receipt(-1::bigint, 'z_id');
SELECT detid.receipt('nothing', 'z_id');
SELECT detid.receipt(1::bigint, 'pg_class');
INSERT INTO z (id) SELECT detid.next_id('z_id');
\set VERBOSITY terse
SELECT detid.receipt(max(id), 'z_id') FROM z;
\set VERBOSITY default
SELECT problem, detail FROM detid.verify_ledger('');
SELECT problem, detail FROM detid.verify_ledger(E'elsewhere\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— elsewhere AAAA\n');
SELECT problem, detail ~ 'forged' FROM detid.verify_ledger(replace(detid.checkpoint(), 'node', 'nodes'));
BEGIN READ ONLY;
SELECT detid.seal_ledger();
ROLLBACK;
UPDATE detid._seals SET size = 1;
DELETE FROM detid.checkpoints;
TRUNCATE detid.seal_keys;
SELECT detid.rotate_seal_key() LIKE 'detid-%';
SELECT detid.seal_ledger();
SELECT count(*) FROM detid.verify_ledger(detid.checkpoint());
SELECT count(handover), count(*) > 1 FROM detid.seal_keys;
DROP TABLE z;
DROP SEQUENCE z_id, z_each, z_off;
