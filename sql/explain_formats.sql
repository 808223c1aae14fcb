-- Pictures of an id of every layout that has a name, minted by node 7 in the tick of 2025-06-01 12:34:56.789.
\pset format unaligned
\pset tuples_only on
SELECT count(detid.create_generator('e_' || layout, layout, audit => 'off')) FROM detid.layouts;
SELECT detid.explain(id, ('e_' || layout)::regclass) FROM (VALUES
  ('snowflake', '54910556208918528'), ('twitter', '1929154698703564800'), ('discord', '1378713429245718528'), ('instagram', '3645364188525632512'),
  ('mastodon', '114608131066371072'), ('sonyflake', '569169899524456455'), ('tsid', '0KWT5G4JM0W00'), ('js53', '107247180096384'),
  ('uuid1', 'd35abc50-3ee4-11f0-800e-7b003d93f968'), ('uuid4', 'b3bfdd51-56c4-47b0-847e-d63746d4435a'), ('uuid6', '1f03ee4d-35ab-6c50-800e-f900377fc8a8'),
  ('uuid7', '01972b7c-ec95-7000-8070-03f4f375e179'), ('uuid8', '01972b7c-ec95-8000-8000-0003800079dc'), ('ulid', '01JWNQSV4N0001R07QFDN8XEJ9'),
  ('timeflake', '0304mZhVh7lu9yHZQFufww'), ('pushid', '-ORfUDmK---R-E-LiZti'), ('ksuid', '2xuHyvhvSSupchgdp0kjTpdAb5x'), ('xid', 'd0u4hs00003g00o00000'),
  ('objectid', '683c48f00000070003000000'), ('nanoid', '2GA9iuV1AqnbmlR2cPL-Y')) minted (layout, id);
-- What is minted now, by its first line.
SELECT layout, detid.explain(id, generator) LIKE id || '  ' || layout || ', ' || bits || ' bits: ' || fields || '%' AS explained
FROM (SELECT *, ('e_' || layout)::regclass AS generator FROM detid.layouts) l, detid.next_text(generator) id;
-- With a prefix, and by bigint and uuid.
SELECT detid.create_generator('e_prefixed', 'uuid7', audit => 'off', prefix => 'ord');
SELECT detid.explain('ord_01jwnqsv4ne00800e0000000s5'::text, 'e_prefixed');
SELECT detid.explain(716993186660118528, 'e_tsid') = detid.explain('0KWT5G4JM0W00'::text, 'e_tsid'), detid.explain(detid.decode_uuid('01JWNQSV4N0001R07QFDN8XEJ9', 'crockford'), 'e_ulid') = detid.explain('01JWNQSV4N0001R07QFDN8XEJ9'::text, 'e_ulid');
DO $$ BEGIN PERFORM detid.drop_generator(generator) FROM detid.generators WHERE generator::text ~ '^e_'; END $$;
