-- SPDX-License-Identifier: PostgreSQL
--
-- The topology of node numbers. Everybody may read it, the functions write it. There is no foreign
-- key from a prefix to the one above it, as pg_dump warns of each table that refers to itself.

CREATE TABLE detid.topology (
  level integer PRIMARY KEY CHECK (level BETWEEN 1 AND 8),
  name text COLLATE "C" NOT NULL UNIQUE,
  bits integer NOT NULL CHECK (bits BETWEEN 1 AND 31)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('detid.topology', '');
COMMENT ON TABLE detid.topology IS 'the levels that node numbers are cut into';
COMMENT ON COLUMN detid.topology.level IS 'from 1 on; the first has the highest bits';
COMMENT ON COLUMN detid.topology.name IS 'what a group of this level is: region, cluster, member';
COMMENT ON COLUMN detid.topology.bits IS 'of its numbers';

-- The range of the last node numbers has no upper bound, as 2147483648 is no integer.
CREATE TABLE detid.prefixes (
  path text COLLATE "C" PRIMARY KEY,
  level integer NOT NULL,
  nodes int4range NOT NULL,
  owner text,
  assigned_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT prefixes_level_is_that_of_path
    CHECK (level = cardinality(string_to_array(path, '/')) AND level <= 8),
  CONSTRAINT prefixes_have_nodes CHECK (NOT isempty(nodes) AND coalesce(lower(nodes), -1) >= 0),
  CONSTRAINT prefixes_do_not_overlap
    EXCLUDE USING gist (nodes WITH &&, int4range(level, level, '[]') WITH &&)
) USING heap;
SELECT pg_catalog.pg_extension_config_dump('detid.prefixes', '');
COMMENT ON TABLE detid.prefixes IS 'who has which node numbers';
COMMENT ON COLUMN detid.prefixes.path IS 'one name a level: eu/prod-a/db1';
COMMENT ON COLUMN detid.prefixes.level IS 'how many names the path has';
COMMENT ON COLUMN detid.prefixes.nodes IS 'the node numbers that begin with the prefix';
COMMENT ON COLUMN detid.prefixes.owner IS 'to whom it was given, if that was said';
COMMENT ON COLUMN detid.prefixes.assigned_at IS 'when';

CREATE FUNCTION detid._keep_topology() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'detid_keep_topology';
COMMENT ON FUNCTION detid._keep_topology() IS
  'passes over the topology of another database, which logical replication brings';
CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON detid.topology
  FOR EACH ROW EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid.topology ENABLE REPLICA TRIGGER keep;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid.topology
  FOR EACH STATEMENT EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid.topology ENABLE ALWAYS TRIGGER refuse_truncate;
CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON detid.prefixes
  FOR EACH ROW EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid.prefixes ENABLE REPLICA TRIGGER keep;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON detid.prefixes
  FOR EACH STATEMENT EXECUTE FUNCTION detid._keep_topology();
ALTER TABLE detid.prefixes ENABLE ALWAYS TRIGGER refuse_truncate;

CREATE FUNCTION detid.define_topology(levels text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_define_topology';
COMMENT ON FUNCTION detid.define_topology(text) IS
  'cuts node numbers into levels with names: region:3 cluster:4 member:3';

CREATE FUNCTION detid.assign_prefix(
  path text, owner text DEFAULT NULL, number integer DEFAULT NULL
) RETURNS int4range
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_assign_prefix';
COMMENT ON FUNCTION detid.assign_prefix(text, text, integer) IS
  'gives a group, or a node, its own node numbers: the lowest that are free, or those of a number';

CREATE FUNCTION detid.release_prefix(path text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_release_prefix';
COMMENT ON FUNCTION detid.release_prefix(text) IS 'gives the node numbers of a prefix back';

CREATE FUNCTION detid.node_path(node integer) RETURNS text
  LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.path FROM detid.prefixes p WHERE p.nodes @> node_path.node ORDER BY p.level DESC LIMIT 1;
END;
COMMENT ON FUNCTION detid.node_path(integer) IS 'the longest assigned path that holds a node number';

CREATE FUNCTION detid.node_of_path(path text) RETURNS integer
  LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT lower(p.nodes) FROM detid.prefixes p
  WHERE p.path = node_of_path.path AND p.level = (SELECT max(t.level) FROM detid.topology t);
END;
COMMENT ON FUNCTION detid.node_of_path(text) IS 'the node number of an assigned path of all levels';

CREATE FUNCTION detid.node_range(generator regclass, path text, OUT lowest text, OUT highest text)
  LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS 'MODULE_PATHNAME', 'detid_node_range';
COMMENT ON FUNCTION detid.node_range(regclass, text) IS
  'the lowest and the highest id of the nodes of a prefix, of a layout that begins with its node';

CREATE FUNCTION detid.plan_topology(
  nodes integer, ids_per_second numeric, years integer DEFAULT 50,
  OUT layout text, OUT node_bits integer, OUT time_bits integer, OUT unit text,
  OUT sequence_bits integer, OUT bits integer, OUT ids_per_second_and_node numeric,
  OUT lasts_years numeric
) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'detid_plan_topology';
COMMENT ON FUNCTION detid.plan_topology(integer, numeric, integer) IS
  'layouts for so many nodes, so many ids a second of each, for so many years: the roomiest first';
