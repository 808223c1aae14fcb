-- Text forms with an alphabet of the generator's own, among them Nano IDs of any alphabet and length; cuid2.
SET detid.clock = '2025-06-01T12:00:00Z';
SELECT detid.create_generator('a_code', 'nanoid', alphabet => '0123456789ABCDEFGHJKMNPQRSTVWXYZ', length => 10, audit => 'off');
SELECT detid.create_generator('a_pin', 'nanoid', alphabet => '0123456789', length => 6, prefix => 'pin', history => 1000, audit => 'off');
SELECT detid.create_generator('a_long', 'nanoid', length => 26, audit => 'off');
SELECT detid.create_generator('a_any', 'nanoid', alphabet => '!"#$%&''()*+,-./:<=>?@[\]^_`{|}~', audit => 'off');
SELECT detid.create_generator('a_bits', 'nanoid', alphabet => '01', length => 160, audit => 'off');
SELECT detid.create_generator('a_64', 'nanoid', alphabet => '0123456789abcdef', length => 16, audit => 'off');
SELECT detid.create_generator('a_uuid', 'nanoid', alphabet => '0123456789abcdef', length => 32, audit => 'off');
SELECT detid.create_generator('a_order', 'snowflake', alphabet => '0123456789ABCDEFGHJKMNPQRSTVWXYZ', check_character => 'luhn', prefix => 'A', audit => 'off');
SELECT detid.create_generator('a_cuid', 'cuid2', audit => 'off');
SELECT generator, layout, bits, type, codec, alphabet FROM detid.generators WHERE generator::text ~ '^a_' ORDER BY generator::text;
-- Each text has its length and its letters, comes back, and is valid; nothing else is.
SELECT generator, length(id), detid.is_valid(id, generator) AS valid, detid.is_valid(id || '0', generator) AS longer,
  detid.is_valid(' ' || id, generator) AS spaced, (detid.decode(id, generator)).random IS NOT NULL AS random
FROM (SELECT generator, detid.next_text(generator) AS id FROM detid.generators WHERE generator::text ~ '^a_' OFFSET 0) minted ORDER BY generator::text;
SELECT count(DISTINCT id), bool_and(id ~ '^[0-9A-HJKMNP-TV-Z]{10}$') FROM (SELECT detid.next_text('a_code') AS id FROM generate_series(1, 1000)) s;
SELECT count(DISTINCT id), bool_and(id ~ '^pin_[0-9]{6}$') FROM (SELECT detid.next_text('a_pin') AS id FROM generate_series(1, 1000)) s;
SELECT count(DISTINCT id), bool_and(id ~ '^[a-p][0-9a-z]{23}$'), bool_and((SELECT layout FROM detid.guess(id) LIMIT 1) = 'cuid2')
FROM (SELECT detid.next_text('a_cuid') AS id FROM generate_series(1, 1000)) s;
SELECT bool_and(detid.explain(id, 'a_code') LIKE id || '%') AS drawn, bool_and(detid.is_valid(id::text, 'a_code')) AS valid
FROM (SELECT detid.next_text('a_code') AS id FROM generate_series(1, 100)) s;
-- A generator of bigints gives the numbers, too.
SELECT detid.compose_text('a_order', 13089600000, 7, 0, 5), detid.compose('a_order', 13089600000, 7, 0, 5),
  (detid.decode(detid.compose_text('a_order', 13089600000, 7, 0, 5), 'a_order')).sequence;
SELECT pg_typeof(detid.next_id('a_code')), pg_typeof(detid.next_uuid('a_uuid'));
SELECT detid.is_valid(lower(id), 'a_code') AS lower, detid.is_valid(id, 'a_code') AS own FROM (SELECT 'ABCDEFGHJK' AS id) s;
-- Texts sort if the alphabet does.
SELECT detid.create_generator('a_timed', 'snowflake', alphabet => '0123456789abcdef', audit => 'off');
SELECT detid.text_at('a_timed', '2025-06-01Z'), detid.text_at('a_timed', 'infinity'), detid.text_at('a_timed', '-infinity');
SELECT detid.create_generator('a_unsorted', 'snowflake', alphabet => 'fedcba9876543210', audit => 'off');
SELECT detid.text_at('a_unsorted', '2025-06-01Z');
-- The alphabet is in the label, and never changes.
SELECT label FROM pg_seclabel WHERE objoid = 'a_any'::regclass;
SELECT detid.create_generator('a_code', 'nanoid', alphabet => '0123456789ABCDEFGHJKMNPQRSTVWXYZ', length => 10, audit => 'off', if_not_exists => true);
SELECT detid.create_generator('a_code', 'nanoid', alphabet => '123456789ABCDEFGHJKMNPQRSTVWXYZ0', length => 10, audit => 'off', if_not_exists => true);
-- Texts of an own alphabet are compared with texts only.
CREATE TABLE a_t AS SELECT detid.next_text('a_order') AS id;
CREATE TABLE a_n AS SELECT detid.next_id('a_order') AS id;
SELECT problem, ids FROM detid.check_ids('a_order', 'a_t', 'id');
SELECT problem, ids FROM detid.check_ids('a_order', ARRAY['a_t.id', 'a_n.id']);
DROP TABLE a_t, a_n;
-- Bad input.
CREATE FUNCTION error_of(query text) RETURNS TABLE (state text, message text, detail text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  message := 'no error';
  RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN NEXT;
END $$;
\x on
\pset tuples_only on
SELECT arguments, error.* FROM (VALUES
  ($$'nanoid', alphabet => 'a'$$), ($$'nanoid', alphabet => ''$$), ($$'nanoid', alphabet => 'abca'$$), ($$'nanoid', alphabet => 'ab c'$$),
  ($$'nanoid', alphabet => 'abé'$$), ($$'nanoid', alphabet => 'ab;c'$$), ($$'nanoid', alphabet => repeat('ab', 100000)$$),
  ($$'nanoid', length => 0$$), ($$'nanoid', length => -1$$), ($$'nanoid', length => 27$$), ($$'nanoid', length => 2147483647$$),
  ($$'nanoid', alphabet => '0123456789', length => 49$$), ($$'snowflake', length => 10$$), ($$'nanoid', codec => 'hex', length => 10$$),
  ($$'snowflake', codec => 'hex', alphabet => '01'$$), ($$'snowflake', alphabet => 'abc', check_character => 'luhn'$$),
  ($$'snowflake', alphabet => 'abCD', check_character => 'mod37_36'$$), ($$'random:124', codec => 'cuid2'$$), ($$'uuid7', codec => 'cuid2'$$),
  ($$'cuid'$$)) given (arguments),
  error_of(format('SELECT detid.create_generator(%L, %s)', 'a_bad', arguments)) error;
SELECT text, error.state, error.detail FROM (VALUES ('a_code', 'abcdefghjk'), ('a_code', 'ABC'), ('a_code', ''), ('a_code', 'ABCDEFGHJKM'), ('a_pin', '123456'),
  ('a_pin', 'pin_999999'), ('a_order', 'A_1GRCVJ000W052'), ('a_cuid', 'zz4a98xxat96iws9zmbrgj3a'), ('a_cuid', '1z4a98xxat96iws9zmbrgj3a')) given (generator, text),
  error_of(format('SELECT detid.decode(%L::text, %L)', text, generator)) error;
SELECT call, error.state, error.message, error.detail FROM (VALUES ($$encode(1::bigint, 'cuid2')$$), ($$encode('\x0102', 'cuid')$$),
  ($$decode_text('tz4a98xxat96iws9zmbrgj3a', 'cuid2')$$), ($$decode_uuid('tz4a98xxat96iws9zmbrgj3a', 'cuid2')$$)) calls (call),
  error_of('SELECT detid.' || call) error;
\x off
\pset tuples_only off
DROP FUNCTION error_of;
-- cuid version 1 is read: the time, the counter and the fingerprint. Of cuid2 nothing is to be seen but chance.
SELECT minted_at, node, sequence, random FROM detid.decode_as('cuid', 'ch72gsb320000udocl363eofy');
SELECT * FROM detid.guess('ch72gsb320000udocl363eofy');
SELECT detid.explain_as('cuid', 'ch72gsb320000udocl363eofy'::text);
SELECT minted_at, random FROM detid.decode_as('cuid2', 'zz4a98xxat96iws9zmbrgj3a');
SELECT * FROM detid.guess('tz4a98xxat96iws9zmbrgj3a');
SELECT detid.decode_as('cuid', 'tz4a98xxat96iws9zmbrgj3a');
DO $$ BEGIN PERFORM detid.drop_generator(generator) FROM detid.generators WHERE generator::text ~ '^a_'; END $$;
RESET detid.clock;
