-- Ids that are not of the format that is named, and formats that there are not.
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
SET timezone = 'UTC';
\pset tuples_only on
\pset format unaligned
-- Layouts.
SELECT left(layout, 40), refused(format('SELECT detid.decode_as(%L, 1)', layout)) FROM unnest(ARRAY['', 'Twitter', 'uuid5', 'time:41@1ms', 'time:41', 'time:41@1ms node:10 sequence:13', 'é', repeat('x', 1000000), repeat('const:1=1 ', 100000)]) layout;
-- Of another version or variant, beyond the width, negative.
SELECT call, refused('SELECT detid.' || call) FROM (VALUES
  ('decode_as(''uuid7'', ''2ed6657d-e927-568b-95e1-2665a8aea6a2''::uuid)'), ('decode_as(''uuid7'', ''017f22e2-79b0-7cc3-d8c4-dc0c0c07398f''::uuid)'), ('decode_as(''uuid6'', ''017f22e2-79b0-7cc3-98c4-dc0c0c07398f''::uuid)'),
  ('decode_as(''uuid1'', ''00000000-0000-0000-0000-000000000000''::uuid)'), ('decode_as(''uuid4'', ''ffffffff-ffff-ffff-ffff-ffffffffffff''::uuid)'),
  ('decode_as(''twitter'', -1)'), ('decode_as(''js53'', 9007199254740992)'), ('decode_as(''uuid7'', 1)'), ('decode_as(''ksuid'', 1)'), ('decode_as(''twitter'', ''017f22e2-79b0-7cc3-98c4-dc0c0c07398f''::uuid)'),
  ('decode_as(''ksuid'', ''017f22e2-79b0-7cc3-98c4-dc0c0c07398f''::uuid)'), ('explain_as(''twitter'', -9223372036854775808)'), ('explain_as(''uuid7'', ''2ed6657d-e927-568b-95e1-2665a8aea6a2''::uuid)')) calls (call);
-- Texts.
SELECT layout, left(id, 40), refused(format('SELECT detid.decode_as(%L, %L::text)', layout, id)) FROM (VALUES
  ('ulid', ''), ('ulid', '81GV5PA9EQG7D82Q3Y4PKBZSYV'), ('ulid', '01GV5PA9EQG7D82Q3Y4PKBZSY'), ('ulid', '01GV5PA9EQG7D82Q3Y4PKBZSYU'), ('ulid', repeat('0', 1000000)),
  ('ksuid', repeat('a', 27)), ('ksuid', ''), ('ksuid', '0ujtsYcgvSTl8PAuAdqWYSMnLO-'), ('xid', '9m4e2mr0ui3e8a215n4h'), ('xid', '9M4E2MR0UI3E8A215N4G'), ('objectid', '507f1f77bcf86cd79943901'),
  ('objectid', '507f1f77bcf86cd79943901g'), ('tsid', 'G000000000000'), ('tsid', 'FZZZZZZZZZZZZ'), ('uuid7', 'prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz'), ('uuid7', 'Prefix_01h455vb4pex5vsknk084sn02q'),
  ('uuid7', '_01h455vb4pex5vsknk084sn02q'), ('uuid7', repeat('a', 64) || '_01h455vb4pex5vsknk084sn02q'), ('twitter', '99999999999999999999'), ('twitter', '01'), ('twitter', ' 1'), ('twitter', 'é'),
  ('timeflake', '7n42DGM5Tflk9n8mt7Fhc8'), ('pushid', '-JhLeOlGIEjaIOFHR0x'), ('nanoid', 'V1StGXR8_Z5jdHi6B-my+'), ('discord', E'1\n')) ids (layout, id);
-- The least and the greatest of a time are times.
SELECT (detid.decode_as('uuid6', '00000000-0000-6000-8000-000000000000'::uuid)).minted_at, (detid.decode_as('uuid6', 'ffffffff-ffff-6fff-bfff-ffffffffffff'::uuid)).minted_at, (detid.decode_as('discord', 0)).minted_at, (detid.decode_as('twitter', 9223372036854775807)).minted_at;
SELECT (detid.decode_as('ulid', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'::text)).minted_at, (detid.decode_as('ksuid', 'aWgEPTl1tmebfsQzFP4bxwgy80V'::text)).minted_at;
SELECT refused($$SELECT detid.decode_as('time:60@1s', 1152921504606846975)$$);
-- Numbers that were counted before there were snowflakes.
SELECT refused($$SELECT detid.decode_as('twitter', 20)$$), refused($$SELECT detid.explain_as('twitter', '29700859247'::text)$$), refused($$SELECT (detid.decode_as('twitter', 29700859248)).tick$$), refused($$SELECT detid.decode_as('mastodon', 1234567)$$);
SELECT refused($$SELECT (detid.decode_as('twitter', 20, epoch => '2020-01-01Z')).tick$$);
-- Epochs.
SELECT epoch, refused(format('SELECT detid.decode_as(%L, 1, epoch => %L)', 'snowflake', epoch)) FROM unnest('{infinity,-infinity,0044-03-15 BC,294276-12-31Z}'::text[]) epoch;
SELECT refused($$SELECT detid.decode_as('uuid7', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::uuid, epoch => '2020-01-01Z')$$);
-- TypeIDs.
SELECT left(id, 40), refused(format('SELECT detid.typeid_parse(%L)', id)) FROM unnest(ARRAY['', '_01h455vb4pex5vsknk084sn02q', 'Prefix_01h455vb4pex5vsknk084sn02q', 'acct1_01h455vb4pex5vsknk084sn02q', 'prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz', 'prefix_01H455VB4PEX5VSKNK084SN02Q', 'é_01h455vb4pex5vsknk084sn02q', repeat('x', 1000000)]) id;
-- A word that is none, and what is near.
SELECT layout, refused(format('SELECT detid.create_generator(%L, %L)', 'x', layout)) FROM unnest('{uuidv7,UUID7,typeid,uuid,guid,snowflakes,object_id,serial,uuid5,nil}'::text[]) layout;
-- NULL in, NULL out; nothing guessed from what is nothing.
SELECT detid.decode_as(NULL, 1) IS NULL, detid.decode_as('twitter', NULL::bigint) IS NULL, detid.decode_as('ulid', NULL::text) IS NULL, detid.decode_as('ulid', NULL::uuid) IS NULL, detid.explain_as('twitter', NULL::bigint) IS NULL,
  (SELECT count(*) FROM detid.guess(NULL)), (SELECT count(*) FROM detid.guess(''));
DROP FUNCTION refused;
