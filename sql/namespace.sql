-- Derivation under a secret of its namespace.
SELECT detid.derive_uuid_keyed('customers', 'alice');
SELECT detid.set_namespace_secret('customers', 'detid-secret-1-404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f-8d924956');
SELECT detid.set_namespace_secret('orders', 'detid-secret-1-404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f-8d924956');
SELECT detid.derive_uuid_keyed('orders', 'alice', 42), detid.derive_id_keyed('orders', 'alice', 42);
SELECT detid.derive_uuid_keyed('orders', 'alice') <> detid.derive_uuid_keyed('customers', 'alice') AS by_namespace, detid.derive_uuid_keyed('orders', 'alice') <> detid.derive_uuid('orders', 'alice') AS by_secret, detid.derive_id_keyed('orders', VARIADIC '{alice,42}'::text[]) = detid.derive_id_keyed('orders', 'alice', '42') AS array;
-- In one query, several namespaces.
SELECT n, detid.derive_id_keyed(n, 'a') FROM unnest('{orders,customers,orders}'::text[]) n;
-- A uuid may be one.
SELECT detid.set_namespace_secret('6BA7B810-9DAD-11D1-80B4-00C04FD430C8') ~ '^[0-9a-f]{32}$' AS commitment;
SELECT detid.derive_id_keyed('6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid, 'a') = detid.derive_id_keyed('6BA7B810-9dad-11d1-80b4-00c04fd430c8', 'a') AS same;
SELECT count(DISTINCT detid.derive_id_keyed(n, 'a')) FROM unnest('{6ba7b810-9dad-11d1-80b4-00c04fd430c8,6ba7b8109dad11d180b400c04fd430c8,"{6BA7B810-9DAD-11D1-80B4-00C04FD430C8}",urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8}'::text[]) n;
-- A secret is set for good: under another, the ids would be others.
SELECT detid.set_namespace_secret('orders');
SELECT detid.set_namespace_secret('orders', 'detid-secret-1-202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f-fa9aad1a');
SELECT detid.set_namespace_secret('orders', detid.export_namespace_secret('orders')) AS the_same_again;
SELECT name, commitment FROM detid.namespaces WHERE name ~ '^[a-z]';
-- Fresh ones differ.
SELECT detid.set_namespace_secret('x') <> detid.set_namespace_secret('y') AS differ;
SELECT detid.export_namespace_secret('x') ~ ('^detid-secret-1-[0-9a-f]{64}-' || left(commitment, 8) || '$') AS form FROM detid.namespaces WHERE name = 'x';
-- One that is rolled back is none, also where it was used.
BEGIN;
SELECT length(detid.set_namespace_secret('z'));
SELECT detid.derive_id_keyed('z', 'a') IS NOT NULL AS used;
ROLLBACK;
SELECT detid.derive_id_keyed('z', 'a');
-- What is no secret, or no name, is not repeated where it may be most of a secret.
SELECT detid.set_namespace_secret('z', 'detid-seed-1-404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f-8d924956');
SELECT detid.set_namespace_secret('z', '');
SELECT detid.set_namespace_secret('');
SELECT detid.set_namespace_secret(repeat('z', 129));
SELECT detid.export_namespace_secret('z');
SELECT detid.derive_id_keyed(repeat('z', 1000), 'a');
BEGIN READ ONLY;
SELECT detid.derive_id_keyed('orders', 'a') IS NOT NULL AS derived;
SELECT detid.set_namespace_secret('z');
ROLLBACK;
SELECT detid.set_namespace_secret(NULL) IS NULL, detid.export_namespace_secret(NULL) IS NULL, detid.derive_id_keyed('orders', NULL) IS NULL;
-- The statistics hold no secret.
ANALYZE detid._namespace;
SELECT attname FROM pg_stats WHERE schemaname = 'detid' AND tablename = '_namespace' AND attname = 'secret';
DELETE FROM detid._namespace;
SELECT detid.derive_id_keyed('orders', 'a');
