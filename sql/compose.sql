-- Ids from their coordinates: the inverse of decode.
SELECT detid.create_generator('c_twitter', 'twitter');
SELECT detid.create_generator('c_hash', 'node:10 hash:53');
SELECT detid.create_generator('c_random', 'time:41@1ms node:10 random:12');
SELECT detid.compose('c_twitter', 367597485448, 378, 0, 0);
SELECT detid.compose('c_twitter', 2199023255551, 1023, 0, 4095);
SELECT detid.compose('c_hash', 0, 1, 0, 0, 'alice'), detid.compose('c_hash', 0, 1, 0, 0, 'bob');
SELECT detid.compose_text('c_twitter', 367597485448, 378, 0, 0);
SELECT left(detid.compose_uuid('detid.default_uuid', 1672633600637, 7, 3, 2)::text, 25);
SELECT detid.compose_uuid('detid.default_uuid', 1, 7, 3, 2) = detid.compose_uuid('detid.default_uuid', 1, 7, 3, 2);
SELECT detid.compose_text('c_random', 1, 7, 0, 0) = detid.compose_text('c_random', 1, 7, 0, 0);

-- A worker that the layout does not show has no part in the id.
SELECT detid.compose_text('c_random', 1, 7, 0, 0) = detid.compose_text('c_random', 1, 7, 9, 0);

-- compose . decode = identity
SELECT bool_and(detid.compose('c_twitter', d.tick, d.node, 0, d.sequence) = id)
FROM (SELECT i::bigint * 9223372036854775 AS id FROM generate_series(0, 1000) i) s,
     detid.decode(id, 'c_twitter') d;

-- It may serve in a generated column.
CREATE TABLE c (tick bigint, id bigint GENERATED ALWAYS AS (detid.compose('c_twitter', tick, 1, 0, 0)) STORED);
INSERT INTO c VALUES (1), (2);
SELECT * FROM c;
DROP TABLE c;

SELECT detid.compose('c_twitter', NULL, 1, 0, 0), detid.compose(NULL, 1, 1, 0, 0), detid.compose_uuid('detid.default_uuid', 1, NULL, 0, 0);
SELECT detid.compose('c_twitter', 2199023255552, 1, 0, 0);
SELECT detid.compose('c_twitter', -1, 1, 0, 0);
SELECT detid.compose('c_twitter', 1, 1024, 0, 0);
SELECT detid.compose('c_twitter', 1, -1, 0, 0);
SELECT detid.compose('c_twitter', 1, 1, 0, 4096);
SELECT detid.compose('c_twitter', 1, 1, -1, 0);
SELECT detid.compose('c_hash', 0, 1, 0, 0);
SELECT detid.compose('c_hash', 0, 1, 0, 0, NULL);
SELECT detid.compose('c_random', 1, 1, 0, 0);
SELECT detid.compose('detid.default_uuid', 1, 1, 0, 0);
SELECT detid.compose_uuid('c_twitter', 1, 1, 0, 0);
DROP SEQUENCE c_twitter, c_hash, c_random;
