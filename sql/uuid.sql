-- What PostgreSQL 18 has in pg_catalog, in a schema for the search_path.
SET timezone = 'UTC';
SET search_path = public, detid_uuid;
-- The examples of RFC 9562, appendix A, and nil and max; NULL for other variants, and for versions without a time that is read.
SELECT id, detid_uuid.uuid_extract_version(id) AS version, detid_uuid.uuid_extract_timestamp(id) AS at FROM unnest('{
  c232ab00-9414-11ec-b3c8-9f6bdeced846,5df41881-3aed-3515-88a7-2f4a814cf09e,919108f7-52d1-4320-9bac-f847db4148a8,
  2ed6657d-e927-568b-95e1-2665a8aea6a2,1ec9414c-232a-6b00-b3c8-9f6bdeced846,017f22e2-79b0-7cc3-98c4-dc0c0c07398f,
  2489e9ad-2ee2-8e00-8ec9-32d5f69181c0,00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,
  017f22e2-79b0-7cc3-18c4-dc0c0c07398f,017f22e2-79b0-7cc3-d8c4-dc0c0c07398f,017f22e2-79b0-0cc3-98c4-dc0c0c07398f,
  00000000-0000-7000-8000-000000000000,ffffffff-ffff-7fff-bfff-ffffffffffff,
  00000000-0000-1000-8000-000000000000,ffffffff-ffff-1fff-bfff-ffffffffffff}'::uuid[]) id;
-- A uuidv7() is of version 7, of now, and rises within a backend.
CREATE TEMP TABLE v7 AS SELECT n, detid_uuid.uuidv7() AS id FROM generate_series(1, 10000) n;
SELECT count(DISTINCT id), count(*) FILTER (WHERE detid_uuid.uuid_extract_version(id) = 7) AS version,
  bool_and(abs(extract(epoch FROM detid_uuid.uuid_extract_timestamp(id) - clock_timestamp())) < 600) AS now FROM v7;
SELECT count(*) AS not_rising FROM (SELECT id <= lag(id) OVER (ORDER BY n) AS falls FROM v7) f WHERE falls;
SELECT detid.try_minted_at(id) = detid_uuid.uuid_extract_timestamp(id) AS same FROM v7 LIMIT 1;
-- Shifted, its time is that of timestamptz + interval.
SELECT shift, abs(extract(epoch FROM detid_uuid.uuid_extract_timestamp(detid_uuid.uuidv7(shift::interval)) - (clock_timestamp() + shift::interval))) < 60 AS shifted
FROM unnest('{0,1 hour,-1 day,1 month,-20 years,5000 years}'::text[]) shift;
SELECT detid_uuid.uuidv7('-100 years');
SELECT detid_uuid.uuidv7('9000 years');
SELECT detid_uuid.uuidv7('999999 years');
SELECT detid_uuid.uuidv7(NULL) IS NULL, detid_uuid.uuid_extract_timestamp(NULL) IS NULL, detid_uuid.uuid_extract_version(NULL) IS NULL;
-- By search_path: nothing else comes along.
SELECT uuid_extract_version(uuidv7()), pg_typeof(uuid_extract_version(uuidv7()));
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc WHERE pronamespace = 'detid_uuid'::regnamespace ORDER BY 1, pronargs;
CREATE INDEX ON v7 (detid_uuid.uuid_extract_timestamp(id));
SELECT has_schema_privilege('public', 'detid_uuid', 'USAGE') AS usage, has_schema_privilege('public', 'detid_uuid', 'CREATE') AS "create";
RESET search_path;
