-- SPDX-License-Identifier: PostgreSQL
--
-- Ids that nobody here minted. A NULL epoch means the layout's, so the forms of decode_as and explain_as
-- that take one are not strict; a NULL layout or id gives NULL.

CREATE FUNCTION detid.decode_as(layout text, id bigint,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, bigint) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.decode_as(layout text, id bigint, epoch timestamptz,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, bigint, timestamptz) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.decode_as(layout text, id uuid,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, uuid) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.decode_as(layout text, id uuid, epoch timestamptz,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, uuid, timestamptz) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.decode_as(layout text, id text,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, text) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.decode_as(layout text, id text, epoch timestamptz,
  OUT minted_at timestamptz, OUT node integer, OUT worker integer, OUT tick bigint, OUT sequence bigint, OUT random text,
  OUT hash text)
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_decode_as';
COMMENT ON FUNCTION detid.decode_as(text, text, timestamptz) IS
  'what an id shows under the published layout of a format, or under a layout given by its text';

CREATE FUNCTION detid.explain_as(layout text, id bigint) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, bigint) IS
  'a picture of an id under the published layout of a format';

CREATE FUNCTION detid.explain_as(layout text, id bigint, epoch timestamptz) RETURNS text
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, bigint, timestamptz) IS
  'a picture of an id under the published layout of a format, with an epoch of its own';

CREATE FUNCTION detid.explain_as(layout text, id uuid) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, uuid) IS
  'a picture of an id under the published layout of a format';

CREATE FUNCTION detid.explain_as(layout text, id uuid, epoch timestamptz) RETURNS text
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, uuid, timestamptz) IS
  'a picture of an id under the published layout of a format, with an epoch of its own';

CREATE FUNCTION detid.explain_as(layout text, id text) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, text) IS
  'a picture of an id under the published layout of a format';

CREATE FUNCTION detid.explain_as(layout text, id text, epoch timestamptz) RETURNS text
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_explain_as';
COMMENT ON FUNCTION detid.explain_as(text, text, timestamptz) IS
  'a picture of an id under the published layout of a format, with an epoch of its own';

CREATE FUNCTION detid.guess(id text, OUT layout text, OUT minted_at timestamptz) RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'detid_guess';
COMMENT ON FUNCTION detid.guess(text) IS
  'the formats that can have made an id, the likeliest first';

CREATE FUNCTION detid.guess(id bigint, OUT layout text, OUT minted_at timestamptz) RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'detid_guess';
COMMENT ON FUNCTION detid.guess(bigint) IS
  'the formats that can have made an id, the likeliest first';

CREATE FUNCTION detid.guess(id uuid, OUT layout text, OUT minted_at timestamptz) RETURNS SETOF record
  LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'detid_guess';
COMMENT ON FUNCTION detid.guess(uuid) IS
  'the formats that can have made an id, the likeliest first';

CREATE FUNCTION detid.typeid_parse(id text, OUT prefix text, OUT uuid uuid)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_typeid_parse';
COMMENT ON FUNCTION detid.typeid_parse(text) IS
  'the prefix and the uuid of a TypeID; the prefix is empty if there is none';

CREATE FUNCTION detid._layouts(
  OUT layout text, OUT fields text, OUT published text, OUT bits integer, OUT type text,
  OUT codec text, OUT text_length integer, OUT epoch timestamptz, OUT epoch_ends timestamptz,
  OUT ids_per_second bigint, OUT random_bits integer, OUT time_first boolean, OUT source text
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'detid_layouts';
COMMENT ON FUNCTION detid._layouts() IS 'the layouts that have a name';

CREATE VIEW detid.layouts AS SELECT * FROM detid._layouts();
COMMENT ON VIEW detid.layouts IS
  'the layouts that have a name: what is minted, what is published, their text form, when they end';
