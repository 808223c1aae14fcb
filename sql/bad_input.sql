-- What bad input gets: SQLSTATE, message, detail and hint.
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
-- Layouts.
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'snowflakes')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', '')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41@1ms node:0 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41@1ms knot:10 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41 node:10 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41@2s node:10 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:42@1ms node:10 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:48@1ms random:113')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41@1ms node:5 sequence:10 node:5')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'node:10 sequence:12')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'node:10')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'time:41@1ms const:2=4 sequence:12')$$);
SELECT state, message, hint FROM error_of($$SELECT detid.create_generator('b', 'time:41@1ms node:10 worker:2 sequence:10')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', NULL)$$);
SELECT * FROM error_of($$SELECT detid.create_generator(NULL)$$);
SELECT * FROM error_of($$SELECT detid.create_generator('a.b.c.d')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('nowhere.b')$$);
-- Epochs, audit, ordering.
SELECT * FROM error_of($$SELECT detid.create_generator('b', epoch => 'infinity')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', epoch => '2999-01-01Z')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', epoch => '0044-03-15 BC')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', epoch => '294276-12-31Z')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', 'uuid7', epoch => '2020-01-01Z')$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', audit => 'all')$$);
-- A detail that is too long is cut between two characters: 10 bytes and 250 times 2.
SELECT octet_length(detail) FROM error_of($$SELECT detid.create_generator('b', audit => repeat(E'\u00e4', 400))$$);
SELECT * FROM error_of($$SELECT detid.create_generator('b', ordering => 'global')$$);
-- Labels by hand.
CREATE SEQUENCE plain;
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SEQUENCE plain IS 'layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=off; ordering=backend; salt=1'$$);
CREATE SEQUENCE almost AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SEQUENCE almost IS 'snowflake'$$);
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SEQUENCE almost IS 'layout=snowflake; epoch=2025-01-01; audit=off; ordering=backend; salt=1'$$);
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SEQUENCE almost IS 'layout=snowflake; epoch=2025-01-01Z; audit=off; ordering=backend'$$);
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON TABLE pg_class IS 'x'$$);
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SCHEMA public IS 'x'$$);
SELECT detid.create_generator('edited');
UPDATE pg_seclabel SET label = 'layout=gone' WHERE objoid = 'edited'::regclass;
SELECT * FROM error_of($$SELECT detid.next_id('edited')$$);
CREATE TEMP SEQUENCE fleeting AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
SELECT * FROM error_of($$SELECT detid.create_generator('pg_temp.b')$$);
CREATE UNLOGGED SEQUENCE unlogged AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
SELECT * FROM error_of($$SECURITY LABEL FOR detid ON SEQUENCE unlogged IS 'layout=snowflake; epoch=2025-01-01Z; audit=off; ordering=backend; salt=1'$$);
-- Generators that are none.
SELECT * FROM error_of($$SELECT detid.next_id('plain')$$);
SELECT * FROM error_of($$SELECT detid.next_id('pg_class')$$);
SELECT * FROM error_of($$SELECT detid.next_id(4294967295::oid::regclass)$$);
SELECT * FROM error_of($$SELECT detid.drop_generator('plain')$$);
SELECT * FROM error_of($$SELECT detid.set_audit('plain', 'off')$$);
-- The wrong type.
SELECT detid.create_generator('b_id', audit => 'off');
SELECT detid.create_generator('b_uuid', 'uuid7', audit => 'off');
SELECT * FROM error_of($$SELECT detid.next_id('b_uuid')$$);
SELECT * FROM error_of($$SELECT detid.next_uuid('b_id')$$);
SELECT * FROM error_of($$SELECT detid.next_ids('b_uuid', 1)$$);
SELECT * FROM error_of($$SELECT detid.last_id('b_uuid')$$);
SELECT * FROM error_of($$SELECT detid.last_id('b_id')$$);
-- Counts.
SELECT * FROM error_of($$SELECT detid.next_ids('b_id', -1)$$);
SELECT * FROM error_of($$SELECT detid.next_ids('b_id', 1000000000)$$);
-- The node id is no session's.
SELECT * FROM error_of($$SET detid.node_id = 3$$);
SELECT * FROM error_of($$SELECT set_config('detid.node_id', '3', true)$$);
SELECT * FROM error_of($$SET detid.clock = 'noon'$$);
SELECT * FROM error_of($$SET detid.clock = '2025-06-01 00:00:00'$$);
SELECT * FROM error_of($$SET detid.max_ahead = '10s'$$);
SELECT * FROM error_of($$SET detid.nonsense = 1$$);
-- Node ids that do not fit (7 does not fit 2 bits).
SELECT detid.create_generator('b_narrow', 'time:41@1ms node:2 sequence:12');
SELECT * FROM error_of($$SELECT detid.next_id('b_narrow')$$);
-- Read-only transactions.
BEGIN READ ONLY;
SELECT * FROM error_of($$SELECT detid.next_id('b_id')$$);
COMMIT;
-- An argument whose expression does not tell the id's type (nor does a client's function call message): it is what the function takes.
CREATE DOMAIN number AS bigint;
CREATE AGGREGATE picture(number) (SFUNC = detid.explain_as(text, bigint), STYPE = text, INITCOND = 'snowflake');
SELECT split_part(picture(54910556208918528::number), E'\n', 1);
DROP AGGREGATE picture(number);
DROP DOMAIN number;
DROP SEQUENCE plain, almost, edited, unlogged, b_id, b_uuid, b_narrow;
DROP FUNCTION error_of;
