-- Layouts for so many nodes, so many ids a second of each, for so many years.
SELECT * FROM detid.plan_topology(1000, 1000);
-- What 53 bits do not hold, 63 may; then a uuid.
SELECT layout, bits, ids_per_second_and_node, lasts_years FROM detid.plan_topology(1024, 4096000, 69);
SELECT layout, bits, node_bits, ids_per_second_and_node, lasts_years FROM detid.plan_topology(1024, 4096001, 69);
SELECT layout, bits, node_bits FROM detid.plan_topology(1000000, 1e9, 500);
-- Each is a layout.
SELECT p.layout, detid.create_generator('n_' || row_number() OVER (), p.layout, audit => 'off') FROM detid.plan_topology(100000, 100, 30) p;
SELECT min(ids_per_second) >= 100, min(epoch_ends) > '2054-12-31' FROM detid.generators WHERE generator::text ~ '^n_';
SELECT detid.drop_generator(generator) FROM detid.generators WHERE generator::text ~ '^n_';
SELECT count(*) FROM detid.plan_topology(1, 0.001, 1);
SELECT count(*) FROM detid.plan_topology(2147483647, 1);
SELECT count(*) FROM detid.plan_topology(NULL, 1);
SELECT count(*) FROM detid.plan_topology(1, NULL);
SELECT count(*) FROM detid.plan_topology(1, 1, NULL);
SELECT detid.plan_topology(0, 1);
SELECT detid.plan_topology(1, 0);
SELECT detid.plan_topology(1, -1);
SELECT detid.plan_topology(1, 'NaN');
SELECT detid.plan_topology(1, 'Infinity');
SELECT detid.plan_topology(1, ('1' || repeat('0', 400))::numeric);
SELECT detid.plan_topology(1, 1, 0);
SELECT detid.plan_topology(1024, 16777216001, 1);
SELECT detid.plan_topology(1024, 1, 2147483647);
