-- The ids of a stream of the seed, past and to come, for its owner.
SELECT detid.create_generator('t_uuid', 'uuid4', audit => 'off'), detid.create_generator('t_seven', 'uuid7', audit => 'off'), detid.create_generator('t_short', 'random:32', audit => 'off'), detid.create_generator('t_id'), detid.create_generator('t_hash', 'random:32 hash:32 const:64=0');
-- What will be minted at a pinned time, and what was.
SELECT array_agg(id::uuid ORDER BY position) AS to_come FROM detid.stream('t_uuid', detid.position_at('t_uuid', '2025-06-01T12:00:00Z'), 3) \gset
SET detid.clock = '2025-06-01T12:00:00Z';
SELECT array_agg(id) = :'to_come'::uuid[] AS came FROM detid.next_uuids('t_uuid', 3) id;
SELECT array_agg(id::uuid) = :'to_come'::uuid[] AS past FROM detid.stream('t_uuid', detid.position_at('t_uuid', '2025-06-01T12:00:00Z'), 3);
SELECT position, id FROM detid.stream('t_seven', detid.position_at('t_seven', '2025-06-01T12:00:00Z'), 2, node => 1023, worker => 4095), detid.decode(id, 't_seven') WHERE node <> 1023 OR worker <> 4095;
-- A position is tick and sequence as one number, as a ledger row has them.
SELECT detid.position_at('t_id', '2025-06-01T12:00:00Z'), tick << 12 | sequence AS of_an_id FROM detid.decode(detid.next_id('t_id'), 't_id');
-- A million of a short one, quickly; what is rotated away is there by its commitment.
SELECT count(*), count(DISTINCT id) > 999000 AS mostly_different FROM detid.stream('t_short', 0, 1000000);
SELECT commitment AS old FROM detid.seeds WHERE current \gset
SELECT id AS before FROM detid.stream('t_short', 5, 1) \gset
SELECT detid.rotate_seed() IS NOT NULL AS rotated;
SELECT id <> :'before' AS another FROM detid.stream('t_short', 5, 1);
SELECT id = :'before' AS the_old_one FROM detid.stream('t_short', 5, 1, seed => :'old');
-- The ends.
SELECT count(*) FROM detid.stream('t_short', 9223372036854775807, 1);
SELECT count(*) FROM detid.stream('t_short', 9223372036854775807, 2);
SELECT count(*) FROM detid.stream('t_short', -1, 1);
SELECT count(*) FROM detid.stream('t_short', 0, -1);
SELECT count(*) FROM detid.stream('t_short', 0, 1000001);
SELECT count(*) FROM detid.stream('t_seven', 0, 1, node => 1024);
SELECT count(*) FROM detid.stream('t_seven', 0, 1, worker => -1);
SELECT count(*) FROM detid.stream('t_short', 0, 1, seed => 'none');
SELECT count(*) FROM detid.stream('t_short', 0, 1, seed => repeat('0', 32));
SELECT count(*) FROM detid.stream('t_id', 0, 1);
SELECT count(*) FROM detid.stream('t_hash', 0, 1);
SELECT count(*) FROM detid.stream(NULL, 0, 1);
SELECT count(*) FROM detid.stream('t_short', NULL, 1);
SELECT detid.position_at('t_id', '2024-12-31Z');
SELECT detid.position_at('t_id', '3000-01-01Z');
SELECT detid.position_at('t_id', 'infinity');
DROP SEQUENCE t_uuid, t_seven, t_short, t_id, t_hash;
