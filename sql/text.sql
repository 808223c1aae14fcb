-- The text form of ids: next_text mints it, decode takes it. Node 7, under a pinned clock; worker and random bits differ from run to run and are cut off.
SET timezone = 'UTC';
SET detid.clock = '2025-06-01T12:34:56.789Z';
SELECT count(detid.create_generator('t_' || layout, layout, audit => 'off')) FROM detid.layouts;
CREATE TABLE minted AS
SELECT layout, ('t_' || layout)::regclass AS generator, detid.next_text(('t_' || layout)::regclass) AS id, detid.next_text(('t_' || layout)::regclass) AS next_id FROM detid.layouts;
-- Without random bits, whole.
SELECT layout, id, next_id FROM minted JOIN detid.layouts USING (layout) WHERE random_bits = 0 AND type = 'bigint';
-- Time and sequence, in front of node and worker.
SELECT layout, left(id, shown) AS id, left(next_id, shown) AS next_id FROM minted
JOIN (VALUES ('uuid6', 18), ('uuid7', 21), ('uuid8', 26), ('ulid', 13), ('timeflake', 10), ('pushid', 10), ('ksuid', 5), ('xid', 11), ('objectid', 14)) s (layout, shown) USING (layout);
SELECT layout, length(id) = text_length OR codec = 'decimal' AS length, detid.is_valid(id, generator) AS valid,
  (d).minted_at, (d).node, (d).sequence, (detid.decode(next_id, generator)).sequence AS next
FROM (SELECT *, detid.decode(id, generator) AS d FROM minted) m JOIN detid.layouts USING (layout);
-- In the collation C they sort as they were minted, where the time comes first.
SELECT layout, id COLLATE "C" < next_id COLLATE "C" AS sorts FROM minted JOIN detid.layouts USING (layout) WHERE time_first;
-- Prefixes and codecs of one's own.
SELECT detid.create_generator('order_id', 'uuid7', audit => 'off', prefix => 'ord'), detid.create_generator('item_id', audit => 'off', prefix => 'order_item', codec => 'base58'),
  detid.create_generator('part_id', 'uuid4', audit => 'off', codec => 'base62'), detid.create_generator('js_id', 'js53', audit => 'off', prefix => 'j');
SELECT left(detid.next_text('order_id'), 14), detid.next_text('item_id'), length(detid.next_text('part_id')), detid.next_text('js_id');
SELECT generator, codec, prefix FROM detid.generators WHERE generator::text IN ('order_id', 'item_id', 'part_id', 'js_id') ORDER BY generator::text;
SELECT detid.minted_at('ord_01jwnqsv4ne00800e0000000s5'::text, 'order_id'), detid.node_of('order_item_18Pn6CapLdd'::text, 'item_id');
SELECT detid.compose_text('item_id', 13091690789, 7, 0, 0), detid.text_at('order_id', '2025-06-01 12:34:56.789Z');
-- The ledger has it too.
SELECT detid.create_generator('kept_id', prefix => 'kept', codec => 'crockford');
SELECT detid.next_text('kept_id');
SELECT first_id, matches FROM (SELECT first_id FROM detid.ledger WHERE generator = 'kept_id'::regclass) l, detid.replay('kept_id') r;
-- The other forms of the same id are none.
SELECT id, detid.is_valid(id, 'order_id') FROM unnest('{ord_01jwnqsv4ne00800e0000000s5,01972b7c-ec95-7000-8040-0e0000000325,01jwnqsv4ne00800e0000000s5,ORD_01jwnqsv4ne00800e0000000s5,
  ord-01jwnqsv4ne00800e0000000s5,ord_01JWNQSV4NE00800E0000000S5,ord__01jwnqsv4ne00800e0000000s5,ore_01jwnqsv4ne00800e0000000s5,ord_,ord,_,""," ord_01jwnqsv4ne00800e0000000s5"}'::text[]) id;
-- A domain for such columns.
CREATE DOMAIN order_key AS text COLLATE "C" CHECK (detid.is_valid(VALUE, 'order_id'));
CREATE TABLE orders (id order_key PRIMARY KEY DEFAULT detid.next_text('order_id'), at timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'order_id')) STORED);
INSERT INTO orders SELECT FROM generate_series(1, 3);
SELECT count(*), min(at), max(at) FROM orders WHERE id >= detid.text_at('order_id', '2025-06-01Z');
INSERT INTO orders VALUES ('ord_01jwnqsv4ne0080');
INSERT INTO orders VALUES ('ord_01jwnqsv4n800800e0000000s5');
DROP SEQUENCE order_id;
DROP TABLE orders, minted;
DROP DOMAIN order_key;
-- The width is the layout's own, whatever its type.
SELECT detid.create_generator('code_id', 'random:41', audit => 'off', codec => 'base36'), detid.create_generator('bare_id', 'random:41', audit => 'off', codec => 'base64url');
SELECT length(detid.next_text('code_id')), length(detid.next_text('bare_id'));
SELECT detid.decode('s27to3cv'::text, 'code_id') = detid.decode(2199023255551, 'code_id') AS same, detid.decode('1'::text, 'code_id') = detid.decode(1, 'code_id') AS unpadded, detid.decode(detid.encode(77, 'base36'), 'code_id') = detid.decode(77, 'code_id') AS of_64_bits;
SELECT id, detid.is_valid(id, 'code_id') FROM unnest('{00000001,1,0000000000001,S27TO3CV,s27to3cv,s27to3cw}'::text[]) id;
-- Prefixes with capitals and digits, where the text is no TypeID; a check character.
SELECT detid.create_generator('acct_id', 'uuid7', audit => 'off', prefix => 'acct_1', codec => 'base62'), detid.create_generator('key_id', audit => 'off', prefix => 'pk_live', codec => 'crockford', check_character => 'mod37_36'),
  detid.create_generator('card_id', audit => 'off', check_character => 'luhn');
SELECT left(detid.next_text('acct_id'), 7), detid.compose_text('key_id', 13091690789, 7, 0, 0), detid.compose_text('card_id', 13091690789, 7, 0, 0), detid.text_at('key_id', '2025-06-01 12:34:56.789Z');
SELECT generator, codec, prefix, check_character FROM detid.generators WHERE generator::text IN ('acct_id', 'key_id', 'card_id') ORDER BY generator::text;
SELECT n, (detid.decode(id, 'key_id')).node, detid.is_valid(id, 'key_id') FROM (SELECT 1, detid.compose_text('key_id', 13091690789, 7, 0, 0) UNION SELECT 2, lower(detid.compose_text('key_id', 13091690789, 7, 0, 0))
  UNION SELECT 3, overlay(detid.compose_text('key_id', 13091690789, 7, 0, 0) PLACING '-' FROM 12 FOR 0)) t (n, id) ORDER BY n;
SELECT detid.decode(translate(detid.compose_text('key_id', 13091690789, 7, 0, 0), 'T', 'X'), 'key_id');
SELECT detid.minted_at(detid.compose_text('card_id', 13091690789, 7, 0, 0), 'card_id'), detid.is_valid('123'::text, 'card_id');
SELECT detid.decode('54910556208918523'::text, 'card_id');
DROP SEQUENCE code_id, bare_id, acct_id, key_id, card_id;
DROP SEQUENCE order_id, item_id, part_id, js_id, kept_id;
DO $$ BEGIN PERFORM detid.drop_generator(('t_' || layout)::regclass) FROM detid.layouts; END $$;
