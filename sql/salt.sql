-- Salts: one belongs to one role for ever, as whoever has it has the key.
\set SHOW_CONTEXT never
CREATE ROLE regress_detid_alice;
CREATE ROLE regress_detid_mallory;
CREATE ROLE regress_detid_team;
CREATE SCHEMA shop AUTHORIZATION regress_detid_alice;
CREATE SCHEMA lair AUTHORIZATION regress_detid_mallory;
GRANT CREATE ON SCHEMA shop TO regress_detid_mallory, regress_detid_team;

-- The label of a generator, on a sequence of the caller's.
CREATE FUNCTION label_of(generator text) RETURNS text LANGUAGE sql AS
  $$ SELECT label FROM pg_seclabel WHERE provider = 'detid' AND objoid = generator::regclass $$;
CREATE FUNCTION put_label(sequence text, label text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %s AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807', sequence);
  EXECUTE format('SECURITY LABEL FOR detid ON SEQUENCE %s IS %L', sequence, label);
END $$;
CREATE FUNCTION salts() RETURNS TABLE (salt text, owner name, generator text, other name) LANGUAGE sql AS
  $$ SELECT to_hex(salt), role, generator, other FROM detid._salt WHERE generator ~ '^(shop|lair)' ORDER BY since, generator $$;

SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.order_key', 'uuid7'), detid.create_generator('shop.order_id'),
       detid.create_generator('shop.sku', 'hash:40');
SELECT detid.set_mask('shop.order_id');
CREATE TABLE shop.kept AS
  SELECT detid.compose_uuid('shop.order_key', 1000, 1, 2, 3) AS key, detid.mask(1234567, 'shop.order_id') AS face,
         detid.claim_id('shop.sku', 'teapot') AS sku,
         label_of('shop.order_key') AS key_label, label_of('shop.order_id') AS id_label, label_of('shop.sku') AS sku_label;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT SELECT ON shop.kept TO PUBLIC;
RESET ROLE;
SELECT * FROM salts();

-- Nobody reads it but its owner and a dump.
SELECT grantee::regrole, privilege_type FROM pg_class, aclexplode(relacl)
WHERE oid = 'detid._salt'::regclass AND grantee <> relowner;
-- Nobody writes it.
UPDATE detid._salt SET owner = 0;
DELETE FROM detid._salt;
TRUNCATE detid._salt;

-- By a label of one's own, while the generator is there.
SET ROLE regress_detid_mallory;
\set VERBOSITY terse
SELECT put_label('lair.key', (SELECT key_label FROM shop.kept));
\set VERBOSITY default
RESET ROLE;

-- And when it was dropped.
DROP SEQUENCE shop.order_key, shop.order_id, shop.sku;
SET ROLE regress_detid_mallory;
SELECT put_label('lair.key', (SELECT key_label FROM shop.kept));
\set VERBOSITY terse
SELECT put_label('lair.id', (SELECT id_label FROM shop.kept));
SELECT put_label('lair.sku', (SELECT sku_label FROM shop.kept));
-- By its name.
SELECT detid.create_generator('shop.order_key', 'uuid7');
SELECT detid.create_generator('shop.order_key', 'uuid7', if_not_exists => true);
RESET ROLE;
-- Neither by a superuser, on a sequence of another role's or of its own.
CREATE SEQUENCE lair.key AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
ALTER SEQUENCE lair.key OWNER TO regress_detid_mallory;
SELECT put_label('lair.key', (SELECT key_label FROM shop.kept));
SELECT detid.create_generator('shop.order_key', 'uuid7');
-- Nor by a member of the owner, but on the owner's sequence.
GRANT regress_detid_alice TO regress_detid_team;
SET ROLE regress_detid_team;
SELECT detid.create_generator('shop.order_key', 'uuid7');
SET ROLE regress_detid_alice;
\set VERBOSITY default
CREATE SEQUENCE shop.order_key AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807;
SET ROLE regress_detid_team;
SELECT put_label('shop.order_key', (SELECT key_label FROM shop.kept));
RESET ROLE;

-- The owner makes them again: ids are as genuine, masks and claims as they were.
SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.order_id'), detid.create_generator('shop.sku', 'hash:40');
SELECT detid.set_mask('shop.order_id');
SELECT detid.compose_uuid('shop.order_key', 1000, 1, 2, 3) = key AS same_key, detid.is_genuine(key, 'shop.order_key') AS genuine,
       detid.unmask(face, 'shop.order_id') AS unmasked, detid.claim_id('shop.sku', 'teapot') = sku AS same_sku
FROM shop.kept;
RESET ROLE;
DROP SEQUENCE lair.key;
SELECT count(*) FROM salts();

-- Salts of generators that come with the extension are nobody else's.
SELECT put_label('lair.own', 'layout=snowflake; epoch=2025-01-01T00:00:00Z; audit=range; ordering=backend; salt=634599de61fb6713');
SELECT detid.give_salt('detid.default_id', 'regress_detid_mallory');

-- A rename leaves the salt; its name has another one then, and says so.
SET ROLE regress_detid_alice;
ALTER SEQUENCE shop.order_id RENAME TO old_id;
SELECT detid.create_generator('shop.order_id');
SELECT substring(label_of('shop.old_id') FROM 'salt=\w*') = substring((SELECT id_label FROM shop.kept) FROM 'salt=\w*') AS same,
       substring(label_of('shop.order_id') FROM 'salt=\w*') = substring((SELECT id_label FROM shop.kept) FROM 'salt=\w*') AS same;
DROP SEQUENCE shop.order_id;
ALTER SEQUENCE shop.old_id RENAME TO order_id;
RESET ROLE;

-- A generator takes its salt along to another owner.
ALTER SEQUENCE shop.order_key OWNER TO regress_detid_team;
SELECT owner FROM salts() WHERE generator = 'shop.order_key';
SET ROLE regress_detid_team;
SELECT detid.is_genuine(key, 'shop.order_key') FROM shop.kept;
RESET ROLE;
REASSIGN OWNED BY regress_detid_team TO regress_detid_alice;
SELECT owner FROM salts() WHERE generator = 'shop.order_key';
BEGIN;
ALTER SEQUENCE shop.order_key OWNER TO regress_detid_team;
ROLLBACK;
SELECT owner FROM salts() WHERE generator = 'shop.order_key';
SET ROLE regress_detid_alice;
SELECT detid.is_genuine(key, 'shop.order_key') FROM shop.kept;

-- Two generators of one owner may have one salt; check() says so. It stays with the owner who has one of them.
SELECT ok, detail FROM detid._check_salts();
RESET ROLE;
SELECT ok, detail FROM detid._check_salts() WHERE NOT ok;
SET ROLE regress_detid_alice;
SELECT put_label('shop.twin', (SELECT key_label FROM shop.kept));
RESET ROLE;
SELECT ok, detail, hint FROM detid._check_salts();
ALTER SEQUENCE shop.twin OWNER TO regress_detid_mallory;
SELECT owner FROM salts() WHERE generator = 'shop.order_key';
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'salts';
SET ROLE regress_detid_mallory;
\set VERBOSITY terse
SELECT detid.next_uuid('shop.twin');
SELECT detid.compose_uuid('shop.twin', 1000, 1, 2, 3);
SELECT detid.is_genuine(key, 'shop.twin') FROM shop.kept;
SELECT detid.claim_uuid('shop.twin', 'teapot');
SELECT * FROM detid.claim_uuids('shop.twin', ARRAY['teapot']);
SELECT * FROM detid.stream('shop.twin', 0, 1, 1);
-- What takes no key it may do.
SELECT detid.node_of(key, 'shop.twin') FROM shop.kept;
\set VERBOSITY default
RESET ROLE;
ALTER SEQUENCE shop.order_key OWNER TO regress_detid_mallory;
SELECT owner FROM salts() WHERE generator = 'shop.order_key';
SET ROLE regress_detid_mallory;
SELECT detid.is_genuine(key, 'shop.twin') FROM shop.kept;
RESET ROLE;
DROP SEQUENCE shop.twin;
ALTER SEQUENCE shop.order_key OWNER TO regress_detid_alice;

-- Who was first has it: an operator gives it back.
DROP SEQUENCE shop.order_id;
SELECT detid.give_salt('shop.order_id', 'regress_detid_mallory');
SET ROLE regress_detid_mallory;
SELECT put_label('lair.id', (SELECT id_label FROM shop.kept));
SELECT detid.unmask(face, 'lair.id') FROM shop.kept;
SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.order_id');
SELECT detid.give_salt('shop.order_id', 'regress_detid_alice');
RESET ROLE;
SELECT detid.give_salt('shop.order_id', 'regress_detid_alice');
SET ROLE regress_detid_mallory;
SELECT detid.unmask(face, 'lair.id') FROM shop.kept;
SELECT detid.next_id('lair.id');
SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.order_id');
RESET ROLE;
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'salts';
DROP SEQUENCE lair.id;

-- The salt, or the name that it was of; a name that nothing has had yet is kept for its owner.
SELECT detid.give_salt((SELECT substring(id_label FROM 'salt=\w*') FROM shop.kept), 'regress_detid_team');
SELECT detid.give_salt('shop.order_id', 'regress_detid_alice');
SELECT detid.give_salt('shop.later', 'regress_detid_alice');
SELECT owner, generator FROM salts();
SET ROLE regress_detid_mallory;
SELECT detid.create_generator('shop.later');
RESET ROLE;
SELECT detid.give_salt('salt=12', 'regress_detid_alice');
SELECT detid.give_salt('salt=811d462236f4ea15g', 'regress_detid_alice');
SELECT detid.give_salt('shop.order_id', '12');
SELECT detid.give_salt('a.b.c.d', 'regress_detid_alice');
SELECT detid.give_salt(NULL, 'regress_detid_alice');
SET ROLE regress_detid_alice;
SELECT detid.give_salt('shop.order_id', 'regress_detid_alice');
RESET ROLE;

-- A dump's rows are merged: a role is known by its name. What is somebody else's here stays his, and is named.
INSERT INTO detid._salt VALUES
  (1, 0, 'regress_detid_alice', 'shop.dropped', now(), NULL),
  (2, 10, 'regress_detid_gone', 'shop.of_gone', now(), NULL),
  ((SELECT salt FROM detid._salt WHERE to_hex(salt) = '3af6074f22d851b3'), 10, 'regress_detid_mallory', 'lair.x', now(), NULL);
SELECT owner, generator, other FROM salts();
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'salts';
SET ROLE regress_detid_mallory;
SELECT put_label('lair.x', regexp_replace((SELECT id_label FROM shop.kept), 'salt=\w*', 'salt=1'));
SELECT put_label('lair.x', regexp_replace((SELECT id_label FROM shop.kept), 'salt=\w*', 'salt=2'));
RESET ROLE;
SELECT detid.give_salt('shop.order_id', 'regress_detid_alice');
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'salts';
-- What logical replication brings is passed over.
SET session_replication_role = replica;
INSERT INTO detid._salt VALUES (3, 0, 'regress_detid_alice', 'shop.replicated', now(), NULL);
DELETE FROM detid._salt WHERE salt = 1;
RESET session_replication_role;
SELECT count(*) FROM detid._salt WHERE salt IN (1, 3);

-- A role that is dropped keeps nobody else's, and gives no salt to a later one of its name.
DROP OWNED BY regress_detid_alice;
DROP SCHEMA IF EXISTS shop CASCADE;
REASSIGN OWNED BY regress_detid_alice TO CURRENT_USER;
DROP ROLE regress_detid_alice;
CREATE ROLE regress_detid_alice;
CREATE SCHEMA shop AUTHORIZATION regress_detid_alice;
SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.order_id');
RESET ROLE;

-- One that was renamed elsewhere keeps the salts of generators that it had since.
SET ROLE regress_detid_alice;
SELECT detid.create_generator('shop.renamed');
RESET ROLE;
ALTER ROLE regress_detid_alice RENAME TO regress_detid_alicia;
SET ROLE regress_detid_alicia;
SELECT detid.next_id('shop.renamed') > 0;
SELECT detid.drop_generator('shop.renamed'), detid.create_generator('shop.renamed');
RESET ROLE;
SELECT owner FROM salts() WHERE generator = 'shop.renamed';

-- An index of the owner's would be run by whoever labels: the table must be as it was made.
SET detid.allow_schema_changes = on;
CREATE INDEX sneaky ON detid._salt ((salt + 1));
SELECT detid.create_generator('sneaked');
SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'salts';
DROP INDEX detid.sneaky;
RESET detid.allow_schema_changes;

DROP SCHEMA shop, lair CASCADE;
DROP FUNCTION salts, label_of, put_label;
DROP ROLE regress_detid_alicia, regress_detid_mallory, regress_detid_team;
