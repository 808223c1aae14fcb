-- Taking ids apart. Literal ids, from published vectors where there are any.
SELECT detid.create_generator('d_twitter', 'twitter');
SELECT detid.create_generator('d_discord', 'discord');
SELECT detid.create_generator('d_hash', 'node:10 hash:53');
SET timezone = 'UTC';
SELECT * FROM detid.decode(1541815603606036480, 'd_twitter');
SELECT * FROM detid.decode(175928847299117063, 'd_discord');
SELECT * FROM detid.decode('018570bb-4a7d-7000-8000-000000000000'::uuid);
SELECT * FROM detid.decode('018570bb-4a7d-7000-8000-000000000000'::text);
SELECT * FROM detid.decode('1541815603606036480'::text, 'd_twitter');
SELECT * FROM detid.decode(4503599627370495, 'd_hash');
SELECT * FROM detid.decode(0);
SELECT * FROM detid.decode(9223372036854775807);

SELECT detid.minted_at(1541815603606036480, 'd_twitter'), detid.node_of(1541815603606036480, 'd_twitter');
SELECT detid.minted_at('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::uuid), detid.node_of('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'::text);
SELECT detid.minted_at(5, 'd_hash') IS NULL AS no_time;

-- In a column of many kinds of ids: NULL for what is none of the generator's.
SELECT id, detid.try_minted_at(id), detid.try_minted_at(id::text, 'detid.default_uuid') FROM unnest('{017f22e2-79b0-7cc3-98c4-dc0c0c07398f,919108f7-52d1-4320-9bac-f847db4148a8,00000000-0000-0000-0000-000000000000}'::uuid[]) id;
SELECT id, detid.try_minted_at(id, 'd_twitter') FROM unnest('{1541815603606036480,54901761638404096x,"",é,-1,017f22e2-79b0-7cc3-98c4-dc0c0c07398f}'::text[]) id;
SELECT detid.try_minted_at(-1), detid.try_minted_at(5, 'd_hash'), detid.try_minted_at(NULL::uuid), detid.try_minted_at(repeat('9', 1000000)), detid.try_minted_at(0, NULL);
CREATE TABLE mixed (id uuid, at timestamptz GENERATED ALWAYS AS (detid.try_minted_at(id, 'detid.default_uuid')) STORED);
CREATE INDEX ON mixed (detid.try_minted_at(id, 'detid.default_uuid'));
INSERT INTO mixed VALUES ('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), ('919108f7-52d1-4320-9bac-f847db4148a8');
SELECT * FROM mixed ORDER BY at;
DROP TABLE mixed;
SELECT detid.try_minted_at(1, 'detid.default_uuid');
-- The layout decides, not the clock: what decodes today decodes for ever, so it may be indexed.
CREATE TABLE d (id bigint PRIMARY KEY, at timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'd_twitter')) STORED);
CREATE INDEX ON d (detid.minted_at(id, 'd_twitter'));
CREATE INDEX ON d (detid.node_of(id, 'd_twitter'));
INSERT INTO d VALUES (1541815603606036480);
SELECT * FROM d;
DROP TABLE d;

-- NULL in, NULL out.
SELECT detid.minted_at(NULL::bigint), detid.minted_at(NULL::uuid), detid.minted_at(1, NULL), detid.node_of(NULL::text),
       detid.decode(NULL::bigint), detid.explain(NULL::uuid);

-- Of another kind: an error, never silent garbage.
SELECT detid.decode(-1);
SELECT detid.decode('00000000-0000-0000-0000-000000000000'::uuid);
SELECT detid.decode('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid);
SELECT detid.decode('2ed6657d-e927-568b-95e1-2665a8aea6a2'::uuid);
SELECT detid.decode(1, 'detid.default_uuid');
SELECT detid.decode('018570bb-4a7d-7000-8000-000000000000'::uuid, 'd_twitter');
SELECT detid.create_generator('d_js', 'js53');
SELECT detid.decode(9007199254740991, 'd_js');
SELECT detid.decode(9007199254740992, 'd_js');
SELECT detid.decode(''::text);
SELECT detid.decode('12a'::text);
SELECT detid.decode('018570bb-4a7d-7000-8000-00000000000g'::text);
SELECT detid.decode('99999999999999999999'::text);
SELECT detid.decode(repeat('9', 1000000)::text);

SELECT detid.create_generator('d_far', 'time:60@1s');
SELECT detid.minted_at(1152921504606846975, 'd_far');
SELECT detid.try_minted_at(1152921504606846975, 'd_far');
DROP SEQUENCE d_twitter, d_discord, d_hash, d_js, d_far;
