-- Seeds: rotated, exported and imported, without a secret being shown.
SET timezone = 'UTC';
SELECT count(*) FILTER (WHERE current) AS current, bool_and(own) FILTER (WHERE current) AS own, bool_and(commitment ~ '^[0-9a-f]{32}$') AS hex FROM detid.seeds;
SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'detid' AND table_name = 'seeds';
SELECT commitment AS before FROM detid.seeds WHERE current \gset
-- A new one makes ids from here on; old ones are kept.
SELECT detid.rotate_seed() AS after \gset
SELECT commitment = :'after' AS rotated, :'after' <> :'before' AS another FROM detid.seeds WHERE current;
SELECT own, current FROM detid.seeds WHERE commitment = :'before';
SELECT detid.create_generator('s_id', 'uuid7', audit => 'each');
SELECT detid.next_uuid('s_id') IS NOT NULL AS minted;
SELECT encode(seed, 'hex') = :'after' AS by_the_new_one FROM detid.ledger WHERE generator = 's_id'::regclass;
-- The statistics hold no seed.
ANALYZE detid._seed;
SELECT attname FROM pg_stats WHERE schemaname = 'detid' AND tablename = '_seed' AND attname = 'seed';
-- A rotation that is rolled back is none.
BEGIN;
SELECT detid.rotate_seed() <> :'after' AS rotated;
SELECT detid.is_genuine(detid.next_uuid('s_id'), 's_id');
ROLLBACK;
SELECT commitment = :'after' AS as_before, detid.is_genuine(detid.next_uuid('s_id'), 's_id') FROM detid.seeds WHERE current;
-- What is exported is imported as the same; here it is at hand already.
SELECT length(detid.export_seed()), detid.export_seed() = detid.export_seed(:'after') AS the_current_one, detid.export_seed() ~ ('^detid-seed-1-[0-9a-f]{64}-' || left(:'after', 8) || '$') AS form;
SELECT count(*) AS seeds FROM detid.seeds \gset
SELECT detid.import_seed(detid.export_seed(:'before')) = :'before' AS same, count(*) = :seeds AS as_many FROM detid.seeds;
-- A seed of another node verifies, and never makes ids here.
SELECT detid.import_seed('detid-seed-1-202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f-fa9aad1a');
SELECT own, current FROM detid.seeds WHERE commitment = 'fa9aad1a24147c7612488b1447efa54f';
SELECT detid.export_seed('fa9aad1a24147c7612488b1447efa54f');
SELECT commitment = :'after' AS as_before FROM detid.seeds WHERE current;
-- What is no seed is not repeated in the error.
SELECT detid.import_seed('detid-seed-1-202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3e-fa9aad1a');
SELECT detid.import_seed('detid-seed-1-202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F-FA9AAD1A');
SELECT detid.import_seed('detid-seed-2-202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f-fa9aad1a');
SELECT detid.import_seed('');
SELECT detid.import_seed(repeat('detid-seed-1-', 100000));
SELECT detid.export_seed('fa9aad1a24147c7612488b1447efa540');
SELECT detid.export_seed('fa9aad1a');
SELECT detid.export_seed('');
SELECT detid.export_seed(repeat('f', 1000000));
SELECT detid.import_seed(NULL) IS NULL, detid.export_seed(NULL) IS NULL;
BEGIN READ ONLY;
SELECT detid.rotate_seed();
ROLLBACK;
-- Replay finds the seed of each entry.
SELECT ids, mismatches, unverified FROM detid.verify_replay('s_id');
DROP SEQUENCE s_id;
