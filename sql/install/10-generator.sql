-- SPDX-License-Identifier: PostgreSQL

CREATE FUNCTION detid.create_generator(
  name text,
  layout text DEFAULT 'snowflake',
  epoch timestamptz DEFAULT NULL,
  audit text DEFAULT 'range',
  ordering text DEFAULT 'backend',
  if_not_exists boolean DEFAULT false,
  prefix text DEFAULT NULL,
  codec text DEFAULT NULL,
  scatter boolean DEFAULT false,
  history integer DEFAULT 0,
  check_character text DEFAULT NULL,
  alphabet text DEFAULT NULL,
  length integer DEFAULT NULL
) RETURNS regclass
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'detid_create_generator';
COMMENT ON FUNCTION detid.create_generator(text, text, timestamptz, text, text, boolean, text, text, boolean, integer, text, text, integer) IS
  'creates a generator: a sequence whose label says how its ids are laid out';

CREATE FUNCTION detid.drop_generator(generator regclass) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_drop_generator';
COMMENT ON FUNCTION detid.drop_generator(regclass) IS 'drops a generator, as DROP SEQUENCE does';

CREATE FUNCTION detid.set_audit(generator regclass, audit text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_set_audit';
COMMENT ON FUNCTION detid.set_audit(regclass, text) IS
  'changes what the ledger records of a generator: off, range or each';

CREATE FUNCTION detid.set_scatter(generator regclass, scatter boolean) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_set_scatter';
COMMENT ON FUNCTION detid.set_scatter(regclass, boolean) IS
  'whether each tick''s sequence begins at a place of its own, so that id % n spreads';

CREATE FUNCTION detid.set_history(generator regclass, ids integer) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_set_history';
COMMENT ON FUNCTION detid.set_history(regclass, integer) IS
  'how many ids a generator of random ids remembers, so that none of them comes again';

CREATE FUNCTION detid.set_mask(generator regclass) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_set_mask';
COMMENT ON FUNCTION detid.set_mask(regclass) IS
  'has detid.mask use the seed that makes ids now, for ever';

CREATE FUNCTION detid.set_mask(generator regclass, commitment text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_set_mask';
COMMENT ON FUNCTION detid.set_mask(regclass, text) IS
  'has detid.mask use the seed with a commitment, for ever';

CREATE FUNCTION detid._describe(
  generator regclass,
  OUT preset text, OUT fields text, OUT bits integer, OUT type text,
  OUT epoch timestamptz, OUT epoch_ends timestamptz, OUT ids_per_second bigint,
  OUT audit text, OUT ordering text, OUT codec text, OUT alphabet text, OUT prefix text, OUT check_character text, OUT scatter boolean,
  OUT masked boolean, OUT history integer
) LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_describe';
COMMENT ON FUNCTION detid._describe(regclass) IS 'what a generator''s label says';

-- The generators that come with the extension; their definitions are in the code.
CREATE SEQUENCE detid.default_id AS bigint INCREMENT 2
  MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807 START -9223372036854775807;
CREATE SEQUENCE detid.default_uuid AS bigint INCREMENT 2
  MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807 START -9223372036854775807;
SELECT pg_catalog.setval('detid.default_id', -9223372036854775807, true),
       pg_catalog.setval('detid.default_uuid', -9223372036854775807, true);
COMMENT ON SEQUENCE detid.default_id IS 'generator behind detid.next_id(): layout snowflake';
COMMENT ON SEQUENCE detid.default_uuid IS 'generator behind detid.next_uuid(): layout uuid7';

CREATE VIEW detid.generators AS
  SELECT c.oid::regclass AS generator,
         COALESCE(d.preset, d.fields) AS layout,
         d.fields, d.bits, d.type, d.epoch, d.epoch_ends, d.ids_per_second, d.audit, d.ordering,
         d.codec, d.alphabet, d.prefix, d.check_character, d.scatter, d.masked, d.history
  FROM (SELECT s.objoid AS oid FROM pg_catalog.pg_seclabel s
        WHERE s.provider = 'detid' AND s.classoid = 'pg_catalog.pg_class'::regclass AND s.objsubid = 0
        UNION
        VALUES ('detid.default_id'::regclass::oid), ('detid.default_uuid'::regclass::oid)) c,
       LATERAL detid._describe(c.oid::regclass) d
  WHERE d.bits IS NOT NULL;
COMMENT ON VIEW detid.generators IS
  'one row a generator: its layout, epoch, end, and how many ids a second a node can mint';
