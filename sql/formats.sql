-- The layouts that have a name, and ids of theirs that nobody here minted.
SET timezone = 'UTC';
\x on
SELECT * FROM detid.layouts;
\x off
-- Published ids.
SELECT d.* FROM (VALUES
  ('twitter', '1541815603606036480'), ('discord', '175928847299117063'), ('tsid', '01226N0640J7Q'), ('tsid', '38358284406638839'),
  ('ulid', '01GV5PA9EQG7D82Q3Y4PKBZSYV'), ('ulid', '01gv5pa9eqg7d82q3y4pkbzsyv'), ('ulid', '0186cb65-25d7-81da-815c-7e25a6bfe7db'),
  ('ksuid', '0ujtsYcgvSTl8PAuAdqWYSMnLOv'), ('xid', '9m4e2mr0ui3e8a215n4g'), ('objectid', '507f1f77bcf86cd799439011'),
  ('uuid1', 'c232ab00-9414-11ec-b3c8-9f6bdeced846'), ('uuid6', '1ec9414c-232a-6b00-b3c8-9f6bdeced846'),
  ('uuid7', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), ('uuid7', 'prefix_01h455vb4pex5vsknk084sn02q'), ('uuid7', '01h455vb4pex5vsknk084sn02q'),
  ('pushid', '-JhLeOlGIEjaIOFHR0xd'), ('timeflake', '02i1KoFfY3auBS745gImbZ'), ('mastodon', '109302436954721982'), ('nanoid', 'V1StGXR8_Z5jdHi6B-myT'))
  ids (layout, id), detid.decode_as(layout, id) d;
SELECT * FROM detid.decode_as('twitter', 1541815603606036480);
SELECT * FROM detid.decode_as('uuid7', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::uuid);
-- A layout given by its text begins in 2025.
SELECT * FROM detid.decode_as('time:32@1s node:8 sequence:20', 45887001094782976);
SELECT detid.minted_at('01972b7c-ec95-7000-8070-03f4f375e179'::uuid) = (detid.decode_as('uuid7', '01972b7c-ec95-7000-8070-03f4f375e179'::uuid)).minted_at;
\pset tuples_only on
\pset format unaligned
SELECT detid.explain_as('twitter', 1541815603606036480);
SELECT detid.explain_as('ulid', '01GV5PA9EQG7D82Q3Y4PKBZSYV'::text);
SELECT detid.explain_as('uuid1', 'c232ab00-9414-11ec-b3c8-9f6bdeced846'::uuid);
-- An epoch of one's own, where the format leaves it open; NULL is the format's.
SELECT minted_at FROM detid.decode_as('twitter', 1541815603606036480, epoch => '2010-11-04 01:42:54.657Z');
SELECT minted_at FROM detid.decode_as('snowflake', 1541815603606036480, '2012-01-01Z');
SELECT minted_at FROM detid.decode_as('time:32@1s node:8 sequence:20', 45887001094782976, epoch => '2020-01-01Z');
SELECT minted_at FROM detid.decode_as('uuid7', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::uuid, epoch => NULL);
SELECT detid.explain_as('time:32@1s node:8 sequence:20', 45887001094782976, epoch => '2020-01-01Z');
-- A uuid in every form, wherever a text is read; Crockford with hyphens; a bigint without its zeros.
SELECT count(DISTINCT d) FROM unnest('{017f22e2-79b0-7cc3-98c4-dc0c0c07398f,017f22e279b07cc398c4dc0c0c07398f,017F22E279B07CC398C4DC0C0C07398F,"{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
  urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f,017f-22e2-79b0-7cc3-98c4-dc0c-0c07-398f}'::text[]) id, detid.decode_as('uuid7', id) d;
SELECT count(DISTINCT d), min(d.minted_at) FROM unnest('{017f22e2-79b0-7cc3-98c4-dc0c0c07398f,017f22e279b07cc398c4dc0c0c07398f,"{017F22E279B07CC398C4DC0C0C07398F}",urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f}'::text[]) id, detid.decode(id) d;
SELECT count(DISTINCT d) FROM unnest('{01226N0640J7Q,0122-6N06-40J7-Q,1226n0640j7q,38358284406638839}'::text[]) id, detid.decode_as('tsid', id) d;
-- TypeIDs.
SELECT * FROM detid.typeid_parse('prefix_01h455vb4pex5vsknk084sn02q');
SELECT * FROM detid.typeid_parse('00041061050r3gg28a1c60t3gf');
SELECT prefix = '' AS none, detid.typeid_parse(NULL) IS NULL FROM detid.typeid_parse('00000000000000000000000000');
-- Guesses, the best first. Of bigints the time decides, so what is likely changes with the years.
SELECT id, array_agg(coalesce(layout || ' ' || minted_at, layout) ORDER BY n) FROM unnest('{01GV5PA9EQG7D82Q3Y4PKBZSYV,0ujtsYcgvSTl8PAuAdqWYSMnLOv,9m4e2mr0ui3e8a215n4g,
  507f1f77bcf86cd799439011,1ec9414c-232a-6b00-b3c8-9f6bdeced846,-JhLeOlGIEjaIOFHR0xd,017f22e2-79b0-7cc3-98c4-dc0c0c07398f,prefix_01h455vb4pex5vsknk084sn02q,
  V1StGXR8_Z5jdHi6B-myT,01226N0640J7Q}'::text[]) id, detid.guess(id) WITH ORDINALITY AS g (layout, minted_at, n) GROUP BY id ORDER BY id COLLATE "C";
SELECT detid.guess('5c146b14-3c52-8afd-938a-375d0df1fbf6');
SELECT id, layout, minted_at FROM (VALUES ('1541815603606036480', 'twitter'), ('175928847299117063', 'discord')) ids (id, made_by), detid.guess(id) WHERE layout = made_by;
-- Of every uuid, whatever its version and time; of bigints and uuids too.
SELECT id, array(SELECT layout FROM detid.guess(id)) FROM unnest('{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,000003e8-32b1-21ef-8000-325096b39f47,5df41881-3aed-3515-88a7-2f4a814cf09e,
  919108f7-52d1-4320-9bac-f847db4148a8,2ed6657d-e927-568b-95e1-2665a8aea6a2,5c146b14-3c52-8afd-938a-375d0df1fbf6,ffffffff-ffff-7fff-bfff-ffffffffffff,13814000-1dd2-11b2-8000-000000000000,aaaaaaaa-bbbb-fccc-8ddd-eeeeeeeeeeee}'::uuid[]) id;
SELECT layout, (detid.decode_as(layout, id)).hash FROM unnest('{5df41881-3aed-3515-88a7-2f4a814cf09e,ffffffff-ffff-ffff-ffff-ffffffffffff}'::uuid[]) id, detid.guess(id);
SELECT layout FROM detid.guess(1541815603606036480) WHERE layout = 'twitter';
SELECT count(*) FROM detid.guess(-1) a, detid.guess(NULL::uuid) b;
-- No format has made these.
SELECT count(*) FROM unnest(ARRAY['', ' ', '-1', 'hello, world', repeat('9', 1000000), 'é', E'1\n']) id, detid.guess(id) WHERE layout <> 'nanoid';
-- What is minted here is guessed right, and shows its time to who knows the format alone.
SELECT count(detid.create_generator('f_' || layout, layout, audit => 'off')) FROM detid.layouts;
SELECT layout, array_position(array(SELECT g.layout FROM detid.guess(id) g), layout) AS rank, minted_at - detid.minted_at(id, generator) AS off
FROM (SELECT layout, ('f_' || layout)::regclass AS generator, detid.next_text(('f_' || layout)::regclass) AS id FROM detid.layouts WHERE type <> 'bigint') minted, detid.decode_as(layout, id);
DO $$ BEGIN PERFORM detid.drop_generator(('f_' || layout)::regclass) FROM detid.layouts; END $$;
