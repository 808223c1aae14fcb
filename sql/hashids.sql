-- Short texts for numbers, as Hashids' implementations make them. Published: its own tests', and pg_hashids'.
SELECT detid.hashids_encode(ARRAY[1, 2, 3]), detid.hashids_encode(0), detid.hashids_encode(ARRAY[5, 5, 5, 5]), detid.hashids_encode(9007199254740991);
SELECT detid.hashids_encode(ARRAY[1, 2, 3], 'this is my salt'), detid.hashids_decode('laHquq', 'this is my salt');
SELECT detid.hashids_encode(1001), detid.hashids_encode(1234567, 'This is my salt'), detid.hashids_encode(1234567, 'This is my salt', 10),
  detid.hashids_encode(1234567, 'This is my salt', 10, 'abcdefghijABCDxFGHIJ1234567890');
SELECT detid.hashids_decode('jNl'), detid.hashids_decode('Pdzxp', 'This is my salt'), detid.hashids_decode('PlRPdzxpR7', 'This is my salt', 10),
  detid.hashids_decode('3GJ956J9B9', 'This is my salt', 10, 'abcdefghijABCDxFGHIJ1234567890');
SELECT detid.hashids_encode('{}'::bigint[]) = '', detid.hashids_encode('{}'::bigint[], min_length => 10) = '', detid.hashids_decode('');
-- A letter that comes twice counts once.
SELECT detid.hashids_encode(1, alphabet => '0123456789abcdef0123456789abcdef') = detid.hashids_encode(1, alphabet => '0123456789abcdef') AS once;
-- They come back, however long, and with any salt of ASCII.
SELECT count(*) FROM generate_series(0, 2000) n
WHERE detid.hashids_decode(detid.hashids_encode(ARRAY[n, n * n], 'pepper', 12), 'pepper', 12) <> ARRAY[n, n * n]::bigint[];
SELECT detid.hashids_decode(detid.hashids_encode(9223372036854775807, E'a\n\t~'), E'a\n\t~');
SELECT min_length, length(id), detid.hashids_decode(id, 'x', min_length)
FROM unnest('{0,1,2,3,4,5,10,999,1000}'::int[]) min_length, detid.hashids_encode(ARRAY[1, 2], 'x', min_length) id;
SELECT detid.hashids_decode(detid.hashids_encode(array_agg(n))) = array_agg(n) AS many FROM generate_series(1::bigint, 100000) n;
-- What is not what encoding gives has no numbers, and is no error: other letters, salts, lengths.
SELECT id, detid.hashids_decode(id, 'this is my salt') FROM unnest(ARRAY['laHquq', 'laHqu', 'laHquqx', ' laHquq', 'laHquq*', 'é', 'l', 'LAHQUQ']) id;
SELECT detid.hashids_decode('laHquq'), detid.hashids_decode('laHquq', 'this is my pepper'), detid.hashids_decode('laHquq', 'this is my salt', 10);
SELECT count(*) AS texts, sum(cardinality(detid.hashids_decode(md5(n::text) || md5((-n)::text)))) AS numbers FROM generate_series(1, 1000) n;
CREATE TEMP TABLE long AS SELECT string_agg(md5(n::text), '') AS id FROM generate_series(1, 40000) n;
SELECT length(id), detid.hashids_decode(id) FROM long;
-- Nor has what no bigint holds: 2^63, 2^64, 1 and 2^63.
SELECT id, detid.hashids_decode(id) FROM unnest('{qZ1QEvgn7JYg2,BEpR8m5g8V6WX,lYfPNzwKvMOQ1vA}'::text[]) id;
-- NULL.
SELECT detid.hashids_encode(NULL::bigint[]) IS NULL, detid.hashids_encode(NULL::bigint) IS NULL, detid.hashids_encode(1, NULL) IS NULL,
  detid.hashids_encode(1, '', NULL) IS NULL, detid.hashids_encode(1, '', 0, NULL) IS NULL, detid.hashids_decode(NULL) IS NULL,
  detid.hashids_decode('jR', NULL) IS NULL, detid.hashids_decode('jR', '', NULL) IS NULL, detid.hashids_decode('jR', '', 0, NULL) IS NULL;
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
  ('encode(ARRAY[1, NULL])'), ('encode(''{{1,2},{3,4}}''::bigint[])'),
  ('encode(ARRAY[1, -5])'), ('encode(-9223372036854775808)'),
  ('encode(1, min_length => 1001)'), ('encode(1, min_length => -1)'), ('decode(''jR'', min_length => -1)'),
  ('encode(1, ''pépper'')'), ('decode(''jR'', ''pépper'')'),
  ('encode(1, alphabet => ''0123456789abcde'')'), ('encode(1, alphabet => ''0123456789 abcdef'')'),
  ('encode(1, alphabet => ''0123456789abcdeé'')'), ('decode(''jR'', alphabet => repeat(''ab'', 1000000))')) calls (call),
  error_of('SELECT detid.hashids_' || call) error;
\x off
\pset tuples_only off
DROP FUNCTION error_of;
-- Immutable: it serves in generated columns and indexes.
CREATE TEMP TABLE post (id bigint PRIMARY KEY, slug text GENERATED ALWAYS AS (detid.hashids_encode(id, 'pepper', 8)) STORED UNIQUE);
INSERT INTO post SELECT generate_series(1, 3);
SELECT id, slug, detid.hashids_decode(slug, 'pepper', 8) FROM post ORDER BY id;
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc
WHERE pronamespace = 'detid'::regnamespace AND proname LIKE 'hashids%' ORDER BY oid;
