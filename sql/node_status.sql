-- What an operator looks at, and may say.
SET timezone = 'UTC';
SELECT node_id, ready, reason, abs(lead_ms) < 60000 AS near, clock_believed, promoted_at,
       copy_suspected, fenced, overload_waits >= 0 AS waits, horizon_writes >= 0 AS writes
FROM detid.node_status;
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'detid' AND table_name = 'node_status' ORDER BY ordinal_position;

-- A right clock is accepted without further ado, and the horizon is loaded then.
SELECT abs(extract(epoch FROM detid.accept_clock() - clock_timestamp())) < 60 AS accepted;
SELECT horizon > node_time - interval '1 minute' AS horizon, horizon_distance_ms BETWEEN 0 AND 60000 AS distance
FROM detid.node_status;
SELECT detid.accept_copy();

-- Not in a read-only transaction, and not by anybody.
BEGIN TRANSACTION READ ONLY;
SELECT detid.accept_clock();
ROLLBACK;
BEGIN TRANSACTION READ ONLY;
SELECT detid.accept_copy();
ROLLBACK;
CREATE ROLE n_anybody;
CREATE ROLE n_monitor IN ROLE pg_monitor;
SET ROLE n_anybody;
SELECT detid.accept_clock();
SELECT detid.accept_copy();
SELECT ready FROM detid.node_status;
SET ROLE n_monitor;
SELECT ready FROM detid.node_status;
SELECT detid.accept_clock();
RESET ROLE;
DROP ROLE n_anybody, n_monitor;
