-- SPDX-License-Identifier: PostgreSQL
--
-- Claims: rows of the ledger that say which id an input has, in a table of their own, as they are
-- found by their input, are unique, and are not pruned. As a child of the ledger's table it is read
-- with it.
-- For the types of inputs see 58-derive.sql.

CREATE TABLE detid.claims (
  claim bytea NOT NULL,
  origin integer NOT NULL DEFAULT 0,
  PRIMARY KEY (definition, node, worker, position)
) INHERITS (detid._ledger) USING heap;
CREATE UNIQUE INDEX claims_input ON detid.claims (claim, origin);
CREATE UNIQUE INDEX claims_id ON detid.claims (ids, definition, origin);
SELECT pg_catalog.pg_extension_config_dump('detid.claims', '');
COMMENT ON TABLE detid.claims IS 'which id an input has for ever: ledger rows that are never pruned';
COMMENT ON COLUMN detid.claims.claim IS 'hash of definition and inputs, by which the claim is found';
COMMENT ON COLUMN detid.claims.origin IS
  '0 if it was claimed here, else the number of the node that replication brought it from, and 1';

CREATE FUNCTION detid._claim_from_elsewhere() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_claim_from_elsewhere';
COMMENT ON FUNCTION detid._claim_from_elsewhere() IS
  'marks the claims of other nodes, which logical replication brings';
CREATE TRIGGER from_elsewhere BEFORE INSERT ON detid.claims
  FOR EACH ROW EXECUTE FUNCTION detid._claim_from_elsewhere();
ALTER TABLE detid.claims ENABLE REPLICA TRIGGER from_elsewhere;

CREATE FUNCTION detid.claim_id(generator regclass, VARIADIC input text[]) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_id';
COMMENT ON FUNCTION detid.claim_id(regclass, VARIADIC text[]) IS
  'the id that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim_id(generator regclass, VARIADIC input "any") RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_id';
COMMENT ON FUNCTION detid.claim_id(regclass, VARIADIC "any") IS
  'the id that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim_uuid(generator regclass, VARIADIC input text[]) RETURNS uuid
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_uuid';
COMMENT ON FUNCTION detid.claim_uuid(regclass, VARIADIC text[]) IS
  'the uuid that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim_uuid(generator regclass, VARIADIC input "any") RETURNS uuid
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_uuid';
COMMENT ON FUNCTION detid.claim_uuid(regclass, VARIADIC "any") IS
  'the uuid that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim_text(generator regclass, VARIADIC input text[]) RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_text';
COMMENT ON FUNCTION detid.claim_text(regclass, VARIADIC text[]) IS
  'the id, as text, that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim_text(generator regclass, VARIADIC input "any") RETURNS text
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim_text';
COMMENT ON FUNCTION detid.claim_text(regclass, VARIADIC "any") IS
  'the id, as text, that an input has for ever: minted when it is claimed first, then remembered';

CREATE FUNCTION detid.claim(generator regclass, VARIADIC input text[], OUT id text, OUT created boolean)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim';
COMMENT ON FUNCTION detid.claim(regclass, VARIADIC text[]) IS
  'the id that an input has for ever, as text, and whether it was claimed just now';

CREATE FUNCTION detid.claim(generator regclass, VARIADIC input "any", OUT id text, OUT created boolean)
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'detid_claim';
COMMENT ON FUNCTION detid.claim(regclass, VARIADIC "any") IS
  'the id that an input has for ever, as text, and whether it was claimed just now';

CREATE FUNCTION detid.claim_ids(
  generator regclass, inputs text[],
  OUT input text, OUT id bigint, OUT created boolean
) RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'detid_claim_ids';
COMMENT ON FUNCTION detid.claim_ids(regclass, text[]) IS
  'the ids that inputs have for ever; two loads of the same inputs do not deadlock';

CREATE FUNCTION detid.claim_uuids(
  generator regclass, inputs text[],
  OUT input text, OUT id uuid, OUT created boolean
) RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'detid_claim_uuids';
COMMENT ON FUNCTION detid.claim_uuids(regclass, text[]) IS
  'the uuids that inputs have for ever; two loads of the same inputs do not deadlock';

CREATE FUNCTION detid.claim_texts(
  generator regclass, inputs text[],
  OUT input text, OUT id text, OUT created boolean
) RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'detid_claim_texts';
COMMENT ON FUNCTION detid.claim_texts(regclass, text[]) IS
  'the ids, as text, that inputs have for ever; two loads of the same inputs do not deadlock';
