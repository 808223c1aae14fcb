-- SPDX-License-Identifier: PostgreSQL
--
-- How likely random ids collide. They are arithmetic: no generator, no seed, no clock.

CREATE FUNCTION detid.collision_probability(bits integer, ids numeric) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_collision_probability';
COMMENT ON FUNCTION detid.collision_probability(integer, numeric) IS
  'the probability that two of so many random values of so many bits are equal';

CREATE FUNCTION detid.ids_for_probability(bits integer, p double precision) RETURNS numeric
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_ids_for_probability';
COMMENT ON FUNCTION detid.ids_for_probability(integer, double precision) IS
  'the smallest number of random values of so many bits of which two are equal with a probability';

CREATE FUNCTION detid.years_until(bits integer, ids_per_second double precision, p double precision)
  RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'detid_years_until';
COMMENT ON FUNCTION detid.years_until(integer, double precision, double precision) IS
  'the years that it takes, at a rate, until two random values are equal with a probability';
