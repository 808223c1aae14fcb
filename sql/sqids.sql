-- Short texts for numbers, by the Sqids specification.
SELECT detid.sqids_encode(ARRAY[1, 2, 3]), detid.sqids_encode(ARRAY[0]), detid.sqids_encode(ARRAY[0, 0]);
SELECT detid.sqids_encode(0), detid.sqids_encode(1), detid.sqids_encode(9), detid.sqids_encode(9223372036854775807);
SELECT detid.sqids_decode('86Rf07'), detid.sqids_decode('AqkYhRmbHpEX');
SELECT detid.sqids_encode('{}'::bigint[]) = '', detid.sqids_decode('');
-- Alphabet, minimum length, block list.
SELECT detid.sqids_encode(ARRAY[1, 2, 3], '0123456789abcdef'), detid.sqids_decode('489158', '0123456789abcdef');
SELECT detid.sqids_encode(ARRAY[1, 2, 3], min_length => 10), detid.sqids_decode('86Rf07xd4z');
SELECT length(detid.sqids_encode(1, min_length => 255));
SELECT detid.sqids_encode(4572721), detid.sqids_encode(4572721, blocklist => '{}'), detid.sqids_decode('aho1e');
SELECT detid.sqids_encode(ARRAY[1000000, 2000000], blocklist => '{JSwXFaosAN,OCjV9JK64o,rBHf,79SM,7tE6}');
SELECT detid.sqids_encode(100000, blocklist => ARRAY['ArUO', 'é', '', repeat('x', 10000)]);
-- They come back.
SELECT count(*) FROM generate_series(0, 2000) n
WHERE detid.sqids_decode(detid.sqids_encode(ARRAY[n, n * n])) <> ARRAY[n, n * n]::bigint[];
SELECT detid.sqids_decode(detid.sqids_encode(array_agg(9223372036854775807 - n), 'abc', blocklist => '{}'), 'abc')
  = array_agg(9223372036854775807 - n) FROM generate_series(1, 64) n;
-- However many they are: the specification's own test has 100.
SELECT detid.sqids_decode(detid.sqids_encode(array_agg(n))) = array_agg(n) AS hundred FROM generate_series(0::bigint, 99) n;
SELECT detid.sqids_decode(detid.sqids_encode(array_agg(n), blocklist => '{}')) = array_agg(n) AS many FROM generate_series(1::bigint, 100000) n;
-- What is no id has no numbers; what decodes may not be what encodes.
SELECT detid.sqids_decode('86Rf0*'), detid.sqids_decode(' 86Rf07'), detid.sqids_decode('é'), detid.sqids_decode(repeat('a', 4097));
CREATE TEMP TABLE long AS SELECT string_agg(md5(n::text), '') AS id FROM generate_series(1, 40000) n;
SELECT length(id), detid.sqids_decode(id) FROM long;
-- Nor has what no bigint holds.
SELECT id, detid.sqids_decode(id) FROM unnest('{pXFNc5r689z6,srUCvge1qFS1,5sQiTlECtjJAwj}'::text[]) id;
SELECT count(detid.sqids_decode(md5(n::text) || md5((-n)::text))) AS arrays FROM generate_series(1, 1000) n;
SELECT id, detid.sqids_decode(id), detid.sqids_encode(detid.sqids_decode(id)) = id AS canonical
FROM unnest('{86Rf07,86Rf07x,se8ojk}'::text[]) id;
-- NULL.
SELECT detid.sqids_encode(NULL::bigint[]) IS NULL, detid.sqids_encode(NULL::bigint) IS NULL,
  detid.sqids_encode(1, NULL) IS NULL, detid.sqids_encode(1, min_length => NULL) IS NULL,
  detid.sqids_decode(NULL) IS NULL, detid.sqids_decode('bM', NULL) IS NULL;
SELECT detid.sqids_encode(4572721, blocklist => NULL);
-- Errors.
CREATE FUNCTION error_of(query text) RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  message := 'no error';
  RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN NEXT;
END $$;
\x on
\pset tuples_only on
SELECT call, error.* FROM (VALUES
  ('encode(ARRAY[1, NULL])'), ('encode(1, blocklist => ''{a,NULL}'')'),
  ('encode(''{{1,2},{3,4}}''::bigint[])'), ('encode(1, blocklist => ''{{a,b}}'')'),
  ('encode(ARRAY[1, -5])'), ('encode(-9223372036854775808)'),
  ('encode(1, min_length => 256)'), ('encode(1, min_length => -1)'),
  ('encode(1, ''ab'')'), ('encode(1, ''abcb'')'), ('encode(1, ''abé'')'), ('decode(''bM'', repeat(''ab'', 1000000))'),
  ('encode(0, ''abc'', 3, ''{cab,abc,bca}'')')) calls (call),
  error_of('SELECT detid.sqids_' || call) error;
\x off
\pset tuples_only off
DROP FUNCTION error_of;
-- Immutable: it serves in generated columns and indexes.
CREATE TEMP TABLE post (id bigint PRIMARY KEY, slug text GENERATED ALWAYS AS (detid.sqids_encode(id, min_length => 8)) STORED UNIQUE);
INSERT INTO post SELECT generate_series(1, 3);
SELECT * FROM post ORDER BY id;
SELECT id FROM post WHERE id = (detid.sqids_decode('gbHJdmfr'))[1];
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc
WHERE pronamespace = 'detid'::regnamespace AND proname LIKE 'sqids%' ORDER BY oid;
