-- SPDX-License-Identifier: PostgreSQL
--
-- The arguments are in the order of pg_hashids'. Decoding needs them all: one text of a list of numbers
-- is read, the one that encoding gives.

CREATE FUNCTION detid.hashids_encode(numbers bigint[], salt text DEFAULT '', min_length integer DEFAULT 0,
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890') RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_hashids_encode';
COMMENT ON FUNCTION detid.hashids_encode(bigint[], text, integer, text) IS
  'a short text for numbers, as Hashids has it';

CREATE FUNCTION detid.hashids_encode(number bigint, salt text DEFAULT '', min_length integer DEFAULT 0,
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890') RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_hashids_encode_one';
COMMENT ON FUNCTION detid.hashids_encode(bigint, text, integer, text) IS
  'a short text for a number, as Hashids has it';

CREATE FUNCTION detid.hashids_decode(id text, salt text DEFAULT '', min_length integer DEFAULT 0,
  alphabet text DEFAULT 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890') RETURNS bigint[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_hashids_decode';
COMMENT ON FUNCTION detid.hashids_decode(text, text, integer, text) IS
  'the numbers of a Hashids id; none if encoding them gives another text';
