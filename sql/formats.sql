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
-- Guesses, the best first. Of bigints the time decides, so what is likely changes with the years.
SELECT id, array_agg(coalesce(layout || ' ' || minted_at, layout) ORDER BY n) FROM unnest('{01GV5PA9EQG7D82Q3Y4PKBZSYV,0ujtsYcgvSTl8PAuAdqWYSMnLOv,9m4e2mr0ui3e8a215n4g,
  507f1f77bcf86cd799439011,1ec9414c-232a-6b00-b3c8-9f6bdeced846,-JhLeOlGIEjaIOFHR0xd,017f22e2-79b0-7cc3-98c4-dc0c0c07398f,prefix_01h455vb4pex5vsknk084sn02q,
  V1StGXR8_Z5jdHi6B-myT,01226N0640J7Q}'::text[]) id, detid.guess(id) WITH ORDINALITY AS g (layout, minted_at, n) GROUP BY id ORDER BY id COLLATE "C";
SELECT detid.guess('5c146b14-3c52-8afd-938a-375d0df1fbf6');
SELECT id, layout, minted_at FROM (VALUES ('1541815603606036480', 'twitter'), ('175928847299117063', 'discord')) ids (id, made_by), detid.guess(id) WHERE layout = made_by;
-- No format has made these.
SELECT count(*) FROM unnest(ARRAY['', ' ', '-1', 'hello, world', repeat('9', 1000000), '00000000-0000-0000-0000-000000000000', 'é', E'1\n']) id, detid.guess(id) WHERE layout <> 'nanoid';
-- What is minted here is guessed right, and shows its time to who knows the format alone.
SELECT count(detid.create_generator('f_' || layout, layout, audit => 'off')) FROM detid.layouts;
SELECT layout, array_position(array(SELECT g.layout FROM detid.guess(id) g), layout) AS rank, minted_at - detid.minted_at(id, generator) AS off
FROM (SELECT layout, ('f_' || layout)::regclass AS generator, detid.next_text(('f_' || layout)::regclass) AS id FROM detid.layouts WHERE type <> 'bigint') minted, detid.decode_as(layout, id);
DO $$ BEGIN PERFORM detid.drop_generator(('f_' || layout)::regclass) FROM detid.layouts; END $$;
