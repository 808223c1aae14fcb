-- SPDX-License-Identifier: PostgreSQL
--
-- Whose a salt is. Written by the extension alone, when a generator is labelled.

CREATE TABLE detid._salt (
  salt bigint PRIMARY KEY,
  owner oid NOT NULL,          -- 0: a role that this server does not have
  role name NOT NULL,          -- its name
  generator text NOT NULL,     -- qualified name of the generator that had it first
  since timestamptz NOT NULL,
  other name                   -- whose it is in a dump that was restored, if that is another role
) USING heap;
COMMENT ON TABLE detid._salt IS 'which role a salt belongs to for ever, also when its generator is gone';
REVOKE ALL ON detid._salt FROM PUBLIC;
GRANT SELECT ON detid._salt TO pg_database_owner;

-- A dump says whose the salts of dropped generators are.
CREATE FUNCTION detid._merge_salt() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_merge_salt';
COMMENT ON FUNCTION detid._merge_salt() IS 'merges the owners of salts that a dump brings';
REVOKE EXECUTE ON FUNCTION detid._merge_salt() FROM PUBLIC;
CREATE TRIGGER merge_salt BEFORE INSERT ON detid._salt
  FOR EACH ROW EXECUTE FUNCTION detid._merge_salt();
ALTER TABLE detid._salt ENABLE ALWAYS TRIGGER merge_salt;
SELECT pg_catalog.pg_extension_config_dump('detid._salt', '');

-- Generators that outlived the extension keep their salts; of two that have one, the older.
CREATE FUNCTION detid._adopt_salt(generator regclass) RETURNS boolean
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_adopt_salt';
COMMENT ON FUNCTION detid._adopt_salt(regclass) IS 'makes the salt of a generator its owner''s, unless it is somebody else''s';
REVOKE EXECUTE ON FUNCTION detid._adopt_salt(regclass) FROM PUBLIC;
SELECT detid._adopt_salt(s.objoid::regclass)
FROM (SELECT objoid FROM pg_catalog.pg_seclabel
      WHERE provider = 'detid' AND classoid = 'pg_catalog.pg_class'::regclass AND objsubid = 0
      ORDER BY objoid) s;

CREATE FUNCTION detid.give_salt(generator text, owner regrole) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_give_salt';
COMMENT ON FUNCTION detid.give_salt(text, regrole) IS
  'an operator''s command: the salt of a generator, or salt=..., belongs to this role from now on';
REVOKE EXECUTE ON FUNCTION detid.give_salt(text, regrole) FROM PUBLIC;

CREATE FUNCTION detid._check_salts(OUT "check" text, OUT ok boolean, OUT detail text, OUT hint text)
  RETURNS SETOF record
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'detid_check_salts';
COMMENT ON FUNCTION detid._check_salts() IS 'the part of detid.check() about salts';
REVOKE EXECUTE ON FUNCTION detid._check_salts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION detid._check_salts() TO pg_monitor;
