-- Texts that no codec has written: the error names the character.
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text; detail text;
BEGIN
  EXECUTE query INTO result;
  RETURN 'no error: ' || result;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN SQLSTATE || ' ' || SQLERRM || ': ' || detail;
END $$;
\pset tuples_only on
\pset format unaligned
-- Foreign characters, wrong lengths, too large, not canonical.
SELECT call, refused('SELECT detid.' || call) FROM (VALUES
  ('decode_uuid(''01890a5dac96774bbcceb302099a805g'', ''hex'')'), ('decode_uuid(''01890a5dac96774bbcceb302099a805'', ''hex'')'),
  ('decode_uuid(''01890a5dac96774bbcceb302099a80570'', ''hex'')'), ('decode_uuid(''01890a5d-ac96-774b-bcce-b302099a8057'', ''hex'')'),
  ('decode_uuid(''01890a5dac96-774b-bcce-b302099a8057a'', ''uuid'')'), ('decode_uuid(''{1890a5d-ac96-774b-bcce-b302099a8057}'', ''uuid'')'),
  ('decode_uuid(''80000000000000000000000000'', ''crockford'')'), ('decode_uuid(''01GV5PA9EQG7D82Q3Y4PKBZSYU'', ''crockford'')'),
  ('decode_id(''G000000000000'', ''crockford'')'), ('decode_id(''FZZZZZZZZZZZZ'', ''crockford'')'),
  ('decode_uuid(''01H455VB4PEX5VSKNK084SN02Q'', ''typeid'')'), ('decode_uuid(''8zzzzzzzzzzzzzzzzzzzzzzzzz'', ''typeid'')'),
  ('decode_text(''9m4e2mr0ui3e8a215n4'', ''xid'')'), ('decode_text(''9m4e2mr0ui3e8a215n41'', ''xid'')'),
  ('decode_text(repeat(''a'', 27), ''base62'')'), ('decode_text(''aWgEPTl1tmebfsQzFP4bxwgy80W'', ''base62'')'),
  ('decode_text(''0O'', ''base58'')'), ('decode_uuid(''1'', ''base58'')'), ('decode_text(''ZZ'', ''base64url'')'), ('decode_text(''Zg=='', ''base64url'')'),
  ('decode_id(''01'', ''decimal'')'), ('decode_id(''-1'', ''decimal'')'), ('decode_id(''+1'', ''decimal'')'), ('decode_id('' 1'', ''decimal'')'),
  ('decode_id(''1 '', ''decimal'')'), ('decode_id(''9223372036854775808'', ''decimal'')'), ('decode_id(''18446744073709551616'', ''decimal'')'),
  ('decode_id(''8000000000000000'', ''hex'')'), ('decode_id(''1e3'', ''decimal'')'), ('decode_id(''١'', ''decimal'')'),
  ('decode_text(''１'', ''hex'')'), ('decode_text(E''a\nb'', ''hex'')')) calls (call);
-- Empty and very long ones, in every codec.
SELECT codec, refused(format('SELECT detid.decode_text('''', %L)', codec)), refused(format('SELECT detid.decode_uuid('''', %L)', codec)),
  refused(format('SELECT detid.decode_text(repeat(''0'', 1000000), %L)', codec))
FROM detid.codecs;
-- Codecs that there are not, widths that a codec cannot hold, ids that are none.
SELECT call, refused('SELECT detid.' || call) FROM (VALUES
  ('encode(1, ''HEX'')'), ('encode(1, '''')'), ('encode(1, ''base64'')'), ('encode(1, repeat(''x'', 1000000))'), ('decode_text(''00'', ''rot13'')'),
  ('encode(1, ''uuid'')'), ('encode(''\x00''::bytea, ''uuid'')'), ('decode_id(''00'', ''uuid'')'),
  ('encode(-1, ''hex'')'), ('encode(-9223372036854775808, ''decimal'')'),
  ('encode(''''::bytea, ''hex'')'), ('encode(decode(repeat(''00'', 21), ''hex''), ''hex'')')) calls (call);
-- Invalid UTF-8 reaches no function: SQL refuses it first. Bytes in a bytea are ids like others.
SELECT refused($$SELECT detid.decode_text(convert_from('\xff30'::bytea, 'UTF8'), 'hex')$$), refused($$SELECT detid.decode_text(E'\xc3\x28', 'hex')$$),
  refused($$SELECT detid.decode_text('a' || chr(0), 'hex')$$), refused($$SELECT detid.encode('\xff00c328'::bytea, 'hex')$$);
DROP FUNCTION refused;
