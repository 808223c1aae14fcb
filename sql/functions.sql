-- Every function and how the planner may take it: what changes here is a decision. Immutable ones serve in indexes and generated columns, so none of them reads a seed, a clock or a table.
SELECT proname AS name, oidvectortypes(proargtypes) AS arguments, provolatile AS volatility, proisstrict AS strict, proparallel AS parallel
FROM pg_proc WHERE pronamespace = 'detid'::regnamespace ORDER BY proname COLLATE "C", oidvectortypes(proargtypes) COLLATE "C";
-- Each has a comment.
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace IN ('detid'::regnamespace, 'detid_uuid'::regnamespace) AND obj_description(oid, 'pg_proc') IS NULL;
