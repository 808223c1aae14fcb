-- SPDX-License-Identifier: PostgreSQL
--
-- Ids of any kind in any codec. A bigint is its 8 bytes, a uuid its 16, so all texts of one kind have
-- one length (but for decimal).

CREATE FUNCTION detid.encode(id bigint, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_id';
COMMENT ON FUNCTION detid.encode(bigint, text) IS
  'a bigint id as text, in a codec of detid.codecs';

CREATE FUNCTION detid.encode(id uuid, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_uuid';
COMMENT ON FUNCTION detid.encode(uuid, text) IS
  'a uuid id as text, in a codec of detid.codecs';

CREATE FUNCTION detid.encode(id bytea, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_bytes';
COMMENT ON FUNCTION detid.encode(bytea, text) IS
  'a bytea id as text, in a codec of detid.codecs';

CREATE FUNCTION detid.decode_text(text text, codec text) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_text';
COMMENT ON FUNCTION detid.decode_text(text, text) IS
  'the bytes that a text stands for; strict';

CREATE FUNCTION detid.decode_id(text text, codec text) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_id';
COMMENT ON FUNCTION detid.decode_id(text, text) IS
  'the bigint that a text stands for; leading zeros may be missing';

CREATE FUNCTION detid.decode_uuid(text text, codec text) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_uuid';
COMMENT ON FUNCTION detid.decode_uuid(text, text) IS
  'the uuid that a text stands for';

CREATE FUNCTION detid._codecs(
  OUT codec text, OUT bigint_length integer, OUT uuid_length integer, OUT fixed_length boolean,
  OUT sorts boolean, OUT any_case boolean, OUT alphabet text, OUT source text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 15 AS 'MODULE_PATHNAME', 'detid_codecs';
COMMENT ON FUNCTION detid._codecs() IS 'the codecs';

CREATE VIEW detid.codecs AS SELECT * FROM detid._codecs();
COMMENT ON VIEW detid.codecs IS
  'the codecs of encode and decode_text: how long their texts are, whether they sort, their digits';
