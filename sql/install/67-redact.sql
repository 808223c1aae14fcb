-- SPDX-License-Identifier: PostgreSQL
--
-- Inputs that are to be forgotten, and whose rows still prove what they proved.

CREATE FUNCTION detid.redact_inputs(input text) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_redact_input';
COMMENT ON FUNCTION detid.redact_inputs(text) IS
  'forgets an input wherever the ledger has it, and says how often; digests, seals and receipts stay';

CREATE FUNCTION detid.redact_inputs(generator regclass, ids text[]) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_redact_inputs_of';
COMMENT ON FUNCTION detid.redact_inputs(regclass, text[]) IS
  'forgets the inputs of ids, and says how many; digests, seals and receipts stay';

CREATE FUNCTION detid.redact_inputs(generator regclass, since timestamptz, until timestamptz) RETURNS bigint
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_redact_inputs_within';
COMMENT ON FUNCTION detid.redact_inputs(regclass, timestamptz, timestamptz) IS
  'forgets the inputs of entries minted from since on and before until, and says how many; digests, seals and receipts stay';
