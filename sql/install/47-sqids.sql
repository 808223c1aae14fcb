-- SPDX-License-Identifier: PostgreSQL
--
-- Encoding is not strict, as a NULL block list means the specification's. Decoding needs neither the
-- minimum length nor the block list.

CREATE FUNCTION detid.sqids_encode(numbers bigint[],
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  min_length integer DEFAULT 0, blocklist text[] DEFAULT NULL) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_sqids_encode';
COMMENT ON FUNCTION detid.sqids_encode(bigint[], text, integer, text[]) IS
  'a short text for numbers, by the Sqids specification';

CREATE FUNCTION detid.sqids_encode(number bigint,
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  min_length integer DEFAULT 0, blocklist text[] DEFAULT NULL) RETURNS text
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_sqids_encode_one';
COMMENT ON FUNCTION detid.sqids_encode(bigint, text, integer, text[]) IS
  'a short text for a number, by the Sqids specification';

CREATE FUNCTION detid.sqids_decode(id text,
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_sqids_decode';
COMMENT ON FUNCTION detid.sqids_decode(text, text) IS
  'the numbers of a Sqids id; none if it holds other characters than the alphabet''s';
