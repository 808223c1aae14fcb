-- SPDX-License-Identifier: PostgreSQL
--
-- Ids of any kind in any codec. A bigint is its 8 bytes, a uuid its 16, so all texts of one kind have
-- one length (but for decimal).

CREATE FUNCTION detid.encode(id bigint, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_id';
COMMENT ON FUNCTION detid.encode(bigint, text) IS
  'a bigint id as text: hex, uuid, decimal, crockford, typeid, base32hex, xid, base36, base58, base62, base64url, pushid';

CREATE FUNCTION detid.encode(id uuid, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_uuid';
COMMENT ON FUNCTION detid.encode(uuid, text) IS
  'a uuid id as text: hex, uuid, decimal, crockford, typeid, base32hex, xid, base36, base58, base62, base64url, pushid';

CREATE FUNCTION detid.encode(id bytea, codec text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_encode_bytes';
COMMENT ON FUNCTION detid.encode(bytea, text) IS
  'a bytea id as text: hex, uuid, decimal, crockford, typeid, base32hex, xid, base36, base58, base62, base64url, pushid';

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
