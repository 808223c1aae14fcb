-- Ids that follow from their input: the same in every session, on every server.
SELECT detid.derive_uuid('orders', 'alice', 42), detid.derive_id('orders', 'alice', 42);
-- Texts, integers and uuids count as their texts, and may be mixed.
SELECT detid.derive_id('orders', 'alice', '42') = detid.derive_id('orders', 'alice', 42::bigint) AS bigint, detid.derive_id('n', 7::smallint) = detid.derive_id('n', '7'::varchar) AS smallint, detid.derive_uuid('n', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid) = detid.derive_uuid('n', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11') AS uuid, detid.derive_id('n', (-9223372036854775808)::bigint) = detid.derive_id('n', '-9223372036854775808') AS smallest, detid.derive_id('n', 'a'::char(3)) = detid.derive_id('n', 'a') AS blanks;
-- An array counts as its elements.
SELECT detid.derive_id('n', VARIADIC '{a,b}'::text[]) = detid.derive_id('n', 'a', 'b') AS texts, detid.derive_id('n', VARIADIC '{1,2}'::int[]) = detid.derive_id('n', 1, 2) AS integers, detid.derive_id('n', VARIADIC '{{a,b},{c,d}}'::text[]) = detid.derive_id('n', 'a', 'b', 'c', 'd') AS of_two_dimensions;
SELECT detid.derive_id('n', VARIADIC (SELECT array_agg(i) FROM generate_series(1, 100) i)) = detid.derive_id('n', VARIADIC (SELECT array_agg(i::text) FROM generate_series(1, 100) i)) AS hundred;
-- Parameters without a type are texts.
PREPARE untyped AS SELECT detid.derive_id($1, $2, $3) = detid.derive_id('n', 'a', 'b') AS same;
EXECUTE untyped('n', 'a', 'b');
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';
DEALLOCATE untyped;
-- Where an input ends counts, and which is first.
SELECT detid.derive_uuid('n', 'ab', 'c') <> detid.derive_uuid('n', 'a', 'bc') AS cut, detid.derive_uuid('n', 'a', 'b') <> detid.derive_uuid('n', 'b', 'a') AS turned, detid.derive_uuid('n', 'a') <> detid.derive_uuid('n', 'a', '') AS empty, detid.derive_uuid('na', 'b') <> detid.derive_uuid('n', 'ab') AS namespace;
-- A namespace is a name, or a uuid in any form.
SELECT detid.derive_uuid('6BA7B810-9DAD-11D1-80B4-00C04FD430C8', 'a') = detid.derive_uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid, 'a') AS same;
SELECT count(DISTINCT detid.derive_uuid(n, 'a')), count(DISTINCT detid.derive_id(n, 'a')), count(DISTINCT detid.uuid5(n, 'a')), count(DISTINCT detid.uuid3(n, 'a')) FROM unnest('{6ba7b810-9dad-11d1-80b4-00c04fd430c8,6ba7b8109dad11d180b400c04fd430c8,"{6BA7B810-9dad-11d1-80b4-00c04fd430c8}",urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8,6ba7-b810-9dad-11d1-80b4-00c0-4fd4-30c8}'::text[]) n;
SELECT detid.derive_uuid('6ba7b8109dad11d180b400c04fd430c8', 'a') = detid.derive_uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid, 'a') AS same, detid.derive_uuid('6ba7b8109dad11d180b400c04fd430c', 'a') = detid.derive_uuid('6ba7b8109dad11d180b400c04fd430c8', 'a') AS a_name;
-- Characters count as they are, composed or not: normalize() before, if it should not matter.
SELECT detid.derive_id('n', U&'\00e9') = detid.derive_id('n', U&'e\0301') AS same, detid.derive_id('n', U&'\00e9') = detid.derive_id('n', normalize(U&'e\0301')) AS normalized;
-- The hash is that of any other implementation.
SELECT detid.derive_uuid('orders', repeat('x', 1000000)), detid.derive_id('orders', repeat('x', 1000000)) AS megabyte;
-- UUIDs of versions 3 and 5: the examples of RFC 9562, and the four namespaces.
SELECT detid.uuid3('dns', 'www.example.com') AS a2, detid.uuid5('dns', 'www.example.com') AS a4, detid.uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid, 'www.example.com') AS by_uuid;
SELECT space, detid.uuid3(space, ''), detid.uuid5(space, 'a') FROM unnest('{dns,url,oid,x500,6ba7b812-9dad-11d1-80b4-00c04fd430c8}'::text[]) space;
-- As nothing else is read, they serve in indexes and generated columns.
CREATE TABLE derived (input text, id uuid GENERATED ALWAYS AS (detid.derive_uuid('t', input)) STORED, n bigint);
CREATE INDEX ON derived (detid.derive_id('t', input, n));
INSERT INTO derived VALUES ('a', DEFAULT, 1);
SELECT id = detid.derive_uuid('t', 'a') AS same FROM derived;
DROP TABLE derived;
-- NULL gives NULL.
SELECT detid.derive_id(NULL::text, 'a') IS NULL, detid.derive_id('n', NULL) IS NULL, detid.derive_id('n', 'a', NULL) IS NULL, detid.derive_id('n', VARIADIC '{a,NULL}'::text[]) IS NULL, detid.derive_id('n', VARIADIC NULL::text[]) IS NULL, detid.uuid5('dns', NULL) IS NULL;
