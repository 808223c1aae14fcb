-- Prefixes, codecs and texts that are refused.
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text; detail text;
BEGIN
  EXECUTE query INTO result;
  RETURN 'no error: ' || coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN SQLSTATE || ' ' || SQLERRM || ': ' || detail;
END $$;
\pset tuples_only on
\pset format unaligned
SELECT argument, refused(format('SELECT detid.create_generator(%L, %s)', 'z', argument)) FROM (VALUES
  ('''uuid7'', prefix => ''Ord'''), ('codec => ''typeid'', prefix => ''Ord'''), ('prefix => ''ord_'''), ('prefix => ''_ord'''), ('prefix => ''o r'''), ('''uuid7'', prefix => ''ord1'''), ('prefix => ''1ord'''), ('check_character => ''crc32'''), ('codec => ''base62'', check_character => ''mod37_36'''), ('''uuid7'', check_character => ''luhn'''), ('prefix => ''é'''), ('prefix => repeat(''a'', 64)'),
  ('prefix => repeat(''a'', 1000000)'), ('codec => ''base63'''), ('codec => '''''), ('codec => ''uuid'''), ('''uuid7'', codec => ''UUID''')) a (argument);
SELECT refused($$SELECT detid.create_generator('z_63', prefix => repeat('a', 63))$$), refused($$SELECT length(detid.next_text('z_63'))$$);
SELECT refused($$SELECT detid.create_generator('z_none', prefix => '')$$), refused($$SELECT prefix IS NULL FROM detid.generators WHERE generator = 'z_none'::regclass$$);
-- Prefix and codec are for ever.
SELECT detid.create_generator('z_order', 'uuid7', audit => 'off', prefix => 'ord'), detid.create_generator('z_id', audit => 'off', prefix => 'id', codec => 'crockford');
SELECT refused($$SELECT detid.create_generator('z_order', 'uuid7', prefix => 'order', if_not_exists => true)$$), refused($$SELECT detid.create_generator('z_order', 'uuid7', prefix => 'ord', codec => 'hex', if_not_exists => true)$$);
SELECT refused($$SELECT detid.create_generator('z_order', 'uuid7', audit => 'each', prefix => 'ord', if_not_exists => true)$$);
-- Texts that are no id of the generator: decode names the fault, is_valid is false, is_genuine too.
SELECT left(id, 40), refused(format('SELECT detid.decode(%L::text, %L)', id, 'z_order')), detid.is_valid(id, 'z_order'), detid.is_genuine(id, 'z_order') FROM unnest(ARRAY['', 'ord', 'ord_', 'ord_01jwnqsv4ne0080',
  'ord_01jwnqsv4ne00800e0000000s55', 'ord_81jwnqsv4ne00800e0000000s5', 'ord_01jwnqsv4ne00800e0000000su', 'ore_01jwnqsv4ne00800e0000000s5', '01jwnqsv4ne00800e0000000s5',
  'ord_01jwnqsv4n800800e0000000s5', 'ord_' || repeat('0', 1000000), repeat('ord_', 250000), 'ord_é1jwnqsv4ne00800e0000000s5', '00000000-0000-0000-0000-000000000000']) id;
SELECT id, refused(format('SELECT detid.decode(%L::text, %L)', id, 'z_id')), detid.is_valid(id, 'z_id') FROM unnest(ARRAY['id_01E2ZQA14M1R0', 'id_01e2zqa14m1ro', 'ID_01E2ZQA14M1R0', '54910556208918528', 'id_01E2ZQA14M1R', 'id_01E2ZQA14M1R00', 'id_8000000000000', 'id_G000000000000']) id;
SELECT refused($$SELECT detid.text_at('z_order', 'infinity')$$), refused($$SELECT detid.decode('ord_01jwnqsv4ne00800e0000000s5'::text)$$);
-- NULL in, NULL out.
SELECT detid.is_valid(NULL::text, 'z_id') IS NULL, detid.is_valid('x'::text, NULL) IS NULL, detid.is_valid(NULL::bigint, 'z_id') IS NULL, detid.is_valid(NULL::uuid, 'z_id') IS NULL, detid.text_at(NULL, now()) IS NULL;
-- Of another type: false, as it is a question.
SELECT detid.is_valid(1, 'z_order'), detid.is_valid(1, 'z_id'), detid.is_valid(-1, 'z_id'), detid.is_valid('018570bb-4a7d-7000-8000-000000000000'::uuid, 'z_order'),
  detid.is_valid('018570bb-4a7d-4000-8000-000000000000'::uuid, 'z_order'), detid.is_valid('018570bb-4a7d-7000-c000-000000000000'::uuid, 'z_order'), detid.is_valid('018570bb-4a7d-7000-8000-000000000000'::uuid, 'z_id');
DROP SEQUENCE z_63, z_none, z_order, z_id;
DROP FUNCTION refused;
