-- SPDX-License-Identifier: PostgreSQL
--
-- Derivation is pure: no table is read, nothing is preloaded, a standby will do. The inputs are
-- texts; or "any", so that integers and uuids need no cast and may be mixed: the functions refuse
-- types whose text hangs on settings, which keeps them immutable. (With "any" alone, a parameter
-- whose type the client leaves open would have none.) The keyed forms read a secret, so they are
-- stable, and not for everybody: who may call one can try inputs.

CREATE FUNCTION detid.derive_uuid(namespace text, VARIADIC input text[]) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid';
COMMENT ON FUNCTION detid.derive_uuid(text, VARIADIC text[]) IS
  'a uuid (version 8) that follows from a namespace, and inputs that are texts';

CREATE FUNCTION detid.derive_uuid(namespace text, VARIADIC input "any") RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid';
COMMENT ON FUNCTION detid.derive_uuid(text, VARIADIC "any") IS
  'a uuid (version 8) that follows from a namespace, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_uuid(namespace uuid, VARIADIC input text[]) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid';
COMMENT ON FUNCTION detid.derive_uuid(uuid, VARIADIC text[]) IS
  'a uuid (version 8) that follows from a namespace, and inputs that are texts';

CREATE FUNCTION detid.derive_uuid(namespace uuid, VARIADIC input "any") RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid';
COMMENT ON FUNCTION detid.derive_uuid(uuid, VARIADIC "any") IS
  'a uuid (version 8) that follows from a namespace, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_id(namespace text, VARIADIC input text[]) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id';
COMMENT ON FUNCTION detid.derive_id(text, VARIADIC text[]) IS
  'a bigint of 63 bits that follows from a namespace, and inputs that are texts';

CREATE FUNCTION detid.derive_id(namespace text, VARIADIC input "any") RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id';
COMMENT ON FUNCTION detid.derive_id(text, VARIADIC "any") IS
  'a bigint of 63 bits that follows from a namespace, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_id(namespace uuid, VARIADIC input text[]) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id';
COMMENT ON FUNCTION detid.derive_id(uuid, VARIADIC text[]) IS
  'a bigint of 63 bits that follows from a namespace, and inputs that are texts';

CREATE FUNCTION detid.derive_id(namespace uuid, VARIADIC input "any") RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id';
COMMENT ON FUNCTION detid.derive_id(uuid, VARIADIC "any") IS
  'a bigint of 63 bits that follows from a namespace, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_uuid_keyed(namespace text, VARIADIC input text[]) RETURNS uuid
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid_keyed';
COMMENT ON FUNCTION detid.derive_uuid_keyed(text, VARIADIC text[]) IS
  'a uuid (version 8) that follows from a namespace and its secret, and inputs that are texts';

CREATE FUNCTION detid.derive_uuid_keyed(namespace text, VARIADIC input "any") RETURNS uuid
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid_keyed';
COMMENT ON FUNCTION detid.derive_uuid_keyed(text, VARIADIC "any") IS
  'a uuid (version 8) that follows from a namespace and its secret, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_uuid_keyed(namespace uuid, VARIADIC input text[]) RETURNS uuid
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid_keyed';
COMMENT ON FUNCTION detid.derive_uuid_keyed(uuid, VARIADIC text[]) IS
  'a uuid (version 8) that follows from a namespace and its secret, and inputs that are texts';

CREATE FUNCTION detid.derive_uuid_keyed(namespace uuid, VARIADIC input "any") RETURNS uuid
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_uuid_keyed';
COMMENT ON FUNCTION detid.derive_uuid_keyed(uuid, VARIADIC "any") IS
  'a uuid (version 8) that follows from a namespace and its secret, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_id_keyed(namespace text, VARIADIC input text[]) RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id_keyed';
COMMENT ON FUNCTION detid.derive_id_keyed(text, VARIADIC text[]) IS
  'a bigint of 63 bits that follows from a namespace and its secret, and inputs that are texts';

CREATE FUNCTION detid.derive_id_keyed(namespace text, VARIADIC input "any") RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id_keyed';
COMMENT ON FUNCTION detid.derive_id_keyed(text, VARIADIC "any") IS
  'a bigint of 63 bits that follows from a namespace and its secret, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.derive_id_keyed(namespace uuid, VARIADIC input text[]) RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id_keyed';
COMMENT ON FUNCTION detid.derive_id_keyed(uuid, VARIADIC text[]) IS
  'a bigint of 63 bits that follows from a namespace and its secret, and inputs that are texts';

CREATE FUNCTION detid.derive_id_keyed(namespace uuid, VARIADIC input "any") RETURNS bigint
  LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_derive_id_keyed';
COMMENT ON FUNCTION detid.derive_id_keyed(uuid, VARIADIC "any") IS
  'a bigint of 63 bits that follows from a namespace and its secret, and inputs that are texts, integers or uuids';

CREATE FUNCTION detid.uuid3(namespace uuid, name text) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid3';
COMMENT ON FUNCTION detid.uuid3(uuid, text) IS
  'the uuid of version 3 (MD5, RFC 9562 section 5.3) of a name in a namespace';

CREATE FUNCTION detid.uuid3(namespace text, name text) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid3';
COMMENT ON FUNCTION detid.uuid3(text, text) IS
  'the uuid of version 3 (MD5, RFC 9562 section 5.3) of a name in a namespace: dns, url, oid, x500, or a uuid as text';

CREATE FUNCTION detid.uuid5(namespace uuid, name text) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid5';
COMMENT ON FUNCTION detid.uuid5(uuid, text) IS
  'the uuid of version 5 (SHA-1, RFC 9562 section 5.5) of a name in a namespace';

CREATE FUNCTION detid.uuid5(namespace text, name text) RETURNS uuid
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_uuid5';
COMMENT ON FUNCTION detid.uuid5(text, text) IS
  'the uuid of version 5 (SHA-1, RFC 9562 section 5.5) of a name in a namespace: dns, url, oid, x500, or a uuid as text';
