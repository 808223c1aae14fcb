-- The codecs, and what their texts are like.
SELECT * FROM detid.codecs;
-- Ids of any kind in any codec: literal texts, from published vectors where there are any.
SELECT codec, detid.encode(38358284406638839, codec) AS bigint,
  CASE WHEN codec <> 'uuid' THEN detid.encode('\x000000000000000000000001'::bytea, codec) END AS bytes
FROM detid.codecs WHERE bigint_length IS NOT NULL;
SELECT codec, detid.encode('01890a5d-ac96-774b-bcce-b302099a8057'::uuid, codec) AS uuid
FROM detid.codecs;
-- A ULID, a KSUID, a TypeID, a TSID.
SELECT detid.encode('0186cb65-25d7-81da-815c-7e25a6bfe7db'::uuid, 'crockford') AS ulid,
  detid.decode_uuid('01GV5PA9EQG7D82Q3Y4PKBZSYV', 'crockford') AS uuid;
SELECT detid.encode('\x0669F7EFB5A1CD34B5F99D1154FB6853345C9735'::bytea, 'base62') AS ksuid,
  detid.decode_text('0ujtsYcgvSTl8PAuAdqWYSMnLOv', 'base62') AS bytes;
SELECT detid.encode('01890a5d-ac96-774b-bcce-b302099a8057'::uuid, 'typeid') AS typeid,
  detid.decode_uuid('01h455vb4pex5vsknk084sn02q', 'typeid') AS uuid;
SELECT detid.encode(38358284406638839, 'crockford') AS tsid, detid.decode_id('01226N0640J7Q', 'crockford') AS id;
-- Case is folded and look-alikes are read where the codec says so.
SELECT detid.decode_id('o1226n0640j7q', 'crockford'), detid.decode_id('OI226N0640J7Q', 'crockford'), detid.decode_id('0L226n0640j7q', 'crockford');
SELECT detid.decode_uuid('018570BB-4A7D-7000-8000-00000000000A', 'uuid');
-- A uuid in every form; Crockford with hyphens; a bigint without its leading zeros.
SELECT count(DISTINCT detid.decode_uuid(id, 'uuid')) FROM unnest('{018570bb-4a7d-7000-8000-00000000000a,018570BB4A7D7000800000000000000A,"{018570bb-4a7d-7000-8000-00000000000a}",urn:uuid:018570bb-4a7d-7000-8000-00000000000a}'::text[]) id;
SELECT detid.decode_uuid('01GV5PA9-EQG7D82Q-3Y4PKBZSYV', 'crockford'), detid.decode_id('0122-6N06-40J7-Q', 'crockford');
SELECT codec, detid.decode_id(ltrim(detid.encode(12345, codec), '0'), codec) FROM unnest('{hex,crockford,typeid,base36,base62}'::text[]) codec;
SELECT detid.decode_id(to_hex(255), 'hex'), detid.decode_id('1', 'base58'), detid.decode_id('AQ', 'base64url');
-- Least and greatest.
SELECT codec, detid.encode(0, codec) AS zero, detid.encode(9223372036854775807, codec) AS greatest,
  detid.decode_id(detid.encode(0, codec), codec) = 0 AND detid.decode_id(detid.encode(9223372036854775807, codec), codec) = 9223372036854775807 AS back
FROM detid.codecs WHERE bigint_length IS NOT NULL;
SELECT codec, detid.decode_uuid(detid.encode(u, codec), codec) = u AS back, detid.encode(u, codec)
FROM detid.codecs,
  unnest('{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'::uuid[]) u;
-- Round trips over what no pattern favours; bytes of every length from 1 to 20.
SELECT codec, count(*) AS wrong FROM (SELECT codec FROM detid.codecs WHERE bigint_length IS NOT NULL) c,
  generate_series(1, 300) n, LATERAL (SELECT md5(n::text)::uuid AS u, ('x' || md5(n::text))::bit(63)::bigint AS i) v
WHERE detid.decode_uuid(detid.encode(u, codec), codec) <> u OR detid.decode_id(detid.encode(i, codec), codec) <> i GROUP BY codec;
SELECT codec, n AS bytes, detid.decode_text(detid.encode(b, codec), codec) AS other
FROM (SELECT codec FROM detid.codecs WHERE codec NOT IN ('uuid', 'decimal')) c, generate_series(1, 20) n,
  LATERAL (SELECT substr(decode(md5(n::text) || md5((-n)::text), 'hex'), 1, n) AS b) v
WHERE detid.decode_text(detid.encode(b, codec), codec) <> b;
-- Which sort as their ids do, in the collation C.
SELECT codec, bool_and(sorted) AS sorts FROM (
  SELECT codec, lag(detid.encode(u, codec)) OVER (PARTITION BY codec ORDER BY u) COLLATE "C" < detid.encode(u, codec) COLLATE "C" AS sorted
  FROM detid.codecs,
    (SELECT md5(n::text)::uuid AS u FROM generate_series(1, 300) n
     UNION ALL SELECT ('00' || left(md5(n::text), 30))::uuid FROM generate_series(1, 100) n) ids) s
GROUP BY codec ORDER BY codec COLLATE "C";
-- What the view says is so: the greatest id has the longest text.
SELECT codec FROM detid.codecs WHERE CASE WHEN bigint_length IS NOT NULL THEN bigint_length <> length(detid.encode(9223372036854775807, codec)) END OR uuid_length <> length(detid.encode('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, codec));
-- The bytes of a text: decimal has the least of 8, 16 and 20 that hold it.
SELECT detid.decode_text('255', 'decimal'), detid.decode_text('18446744073709551616', 'decimal'),
  detid.decode_text('340282366920938463463374607431768211456', 'decimal'), detid.decode_text('11112', 'base58');
-- NULL in, NULL out. Immutable: it serves in generated columns.
SELECT detid.encode(NULL::bigint, 'hex') IS NULL, detid.encode(1, NULL) IS NULL, detid.encode(NULL::uuid, 'hex') IS NULL,
  detid.encode(NULL::bytea, 'hex') IS NULL, detid.decode_text(NULL, 'hex') IS NULL, detid.decode_id('0', NULL) IS NULL, detid.decode_uuid(NULL, 'hex') IS NULL;
CREATE TEMP TABLE c (id uuid PRIMARY KEY, short text GENERATED ALWAYS AS (detid.encode(id, 'base58')) STORED UNIQUE);
INSERT INTO c VALUES ('01890a5d-ac96-774b-bcce-b302099a8057');
SELECT id, short, detid.decode_uuid(short, 'base58') = id AS back FROM c;
