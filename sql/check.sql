-- What an operator should mend.
SET timezone = 'UTC';
SELECT "check", ok, hint FROM detid.check() WHERE "check" <> 'epoch' ORDER BY "check";
SET detid.clock = '2025-01-01T00:00:00Z';
SELECT detid.create_generator('k_old', 'time:41@1ms node:10 sequence:12', epoch => '1956-06-01Z');
RESET detid.clock;
SELECT ok, detail, hint FROM detid.check() WHERE detail LIKE '%k_old%';
DROP SEQUENCE k_old;
