# SPDX-License-Identifier: PostgreSQL
#
# A session that goes through more generators than it remembers mints each id from the generator
# that was asked for, whatever was forgotten in between, and remembers nothing for what is no
# generator.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A session remembers 1024.
my $many = 1500;
my $node = new_node('many', conf => "detid.max_generators = 4096\nmax_locks_per_transaction = 1000\n");

# Of each generator's ids, 11 bits say which it is.
$node->safe_psql('postgres', qq{
	CREATE FUNCTION make(first int, last int) RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN
		FOR i IN first .. last LOOP
			PERFORM detid.create_generator('g' || i, format('time:40\@1ms const:11=%s node:4 sequence:8', i), audit => 'off');
		END LOOP;
	END \$\$;
	SELECT make(1, $many);
	SELECT detid.create_generator('u', 'uuid7', audit => 'off');
	SELECT detid.create_generator('claimed', 'time:40\@1ms const:11=2000 node:4 sequence:8', audit => 'off');
	-- Tells all sessions that generators have changed.
	CREATE FUNCTION change(i int) RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN
		EXECUTE format('GRANT USAGE ON SEQUENCE g%s, u, detid.default_id, detid.default_uuid TO pg_monitor', i);
	END \$\$;
	CREATE FUNCTION which(id bigint) RETURNS int LANGUAGE sql AS 'SELECT (id >> 12 & 2047)::int';
	CREATE TABLE minted (generator text, id text, PRIMARY KEY (generator, id));
});

# In one query, whose call sites stay: after each change, the next generator, and one id of each of
# the others. Every row must say 't'.
my $each = q{
	WITH m AS MATERIALIZED (
		SELECT i, change(%s), detid.next_id(('g' || i)::regclass) AS g, detid.next_id() AS d, detid.next_uuid() AS du,
			detid.next_id('g7') AS g7, detid.next_uuid('u') AS u,
			(SELECT array_agg(x) FROM detid.next_ids(('g' || i)::regclass, 3) x) AS three,
			detid.claim_id('claimed', i) AS c
		FROM generate_series(%d, %d) i),
	kept AS (INSERT INTO minted
		SELECT 'g' || i, g::text FROM m UNION ALL SELECT 'd', d::text FROM m UNION ALL SELECT 'du', du::text FROM m
		UNION ALL SELECT 'g7', g7::text FROM m UNION ALL SELECT 'u', u::text FROM m
		UNION ALL SELECT 'g' || i, unnest(three)::text FROM m)
	SELECT bool_and(which(g) = i AND which(g7) = 7 AND which(c) = 2000
		AND (SELECT bool_and(which(s) = i) FROM unnest(three) s)
		AND detid.node_of(d) = 7 AND detid.node_of(du) = 7 AND detid.is_genuine(du, 'detid.default_uuid')
		AND detid.is_genuine(u, 'u') AND NOT detid.is_genuine(u, 'detid.default_uuid')
		AND (detid.decode(g, ('g' || i)::regclass)).node = 7) FROM m};
my $session = session($node);
is($session->query(sprintf($each, '8', 8, $many)), 't', 'in one statement');
is($session->query(sprintf($each, '9 + i % 5', 8, $many)), 't', 'in the next one');
foreach my $from (0 .. 9)
{
	my ($first, $last) = (8 + $from * 100, 107 + $from * 100);
	is($session->query(sprintf($each, 'i - 3', $first, $last)), 't', "in transactions of a hundred: $first");
}
# Here and there, each in a transaction of its own, by call sites that a function keeps.
$session->query(q{
	CREATE FUNCTION default_id() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN detid.next_id(); END $$;
	CREATE FUNCTION default_uuid() RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN RETURN detid.next_uuid(); END $$;
	CREATE FUNCTION minted_by(g regclass) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN detid.next_id(g); END $$;
	CREATE PROCEDURE go() LANGUAGE plpgsql AS $$
	DECLARE i int; one bigint; other uuid; g bigint; wrong int := 0; BEGIN
		FOR i IN 1 .. 1500 LOOP
			one := default_id(); other := default_uuid();
			g := minted_by(('g' || i)::regclass);
			IF i % 10 = 0 THEN PERFORM change(i); END IF;
			INSERT INTO minted VALUES ('d', one), ('du', other), ('g' || i, g);
			IF which(g) <> i OR detid.node_of(one) <> 7 OR NOT detid.is_genuine(other, 'detid.default_uuid')
				OR detid.last_id(('g' || i)::regclass) <> g THEN wrong := wrong + 1; END IF;
			COMMIT;
		END LOOP;
		RAISE NOTICE 'wrong: %', wrong;
	END $$;
});
my (undef, $err) = $session->try('CALL go()');
like($err, qr/wrong: 0\b/, 'in as many transactions, by a function that keeps its call sites');
is($session->query('SELECT count(*) > 30000 FROM minted'), 't', 'none was minted twice');

# A generator that comes with the extension is looked for by its name, as ever.
$session->query('SELECT detid.next_id()');
$node->safe_psql('postgres', 'SET detid.allow_schema_changes = on; ALTER SEQUENCE detid.default_id RENAME TO was_default_id');
(undef, $err) = $session->try('SELECT detid.next_id()');
like($err, qr/ERROR/, 'next_id() does not go on with a sequence of another name');
$node->safe_psql('postgres', 'SET detid.allow_schema_changes = on; ALTER SEQUENCE detid.was_default_id RENAME TO default_id');
is($session->query('SELECT detid.node_of(detid.next_id())'), 7, 'until it has its name again');

# What a session keeps.
sub kept
{
	return $session->query(q{SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name LIKE 'pg_detid%'});
}
my $before = kept();
my $top = $session->query(q{SELECT total_bytes FROM pg_backend_memory_contexts WHERE name = 'TopMemoryContext'});
foreach my $call ('detid.is_genuine(1::bigint, g)', 'detid.mask(1, g)', 'detid.decode(1::bigint, g)', 'detid.next_id(g)',
	'detid.last_id(g)', q{detid.claim_id(g, 'a')}, 'detid.id_at(g, now())', 'detid.is_valid(1::bigint, g)')
{
	$session->query(qq{DO \$\$ DECLARE g regclass; BEGIN
		FOR i IN 1 .. 12500 LOOP
			g := (1000000 + i)::oid::regclass;
			BEGIN PERFORM $call; EXCEPTION WHEN OTHERS THEN NULL; END;
		END LOOP; END \$\$});
}
cmp_ok(kept() - $before, '<=', 0, 'nothing is kept of 100,000 oids that are no generators');
cmp_ok($session->query(q{SELECT total_bytes FROM pg_backend_memory_contexts WHERE name = 'TopMemoryContext'}) - $top, '<', 100000,
	'nor elsewhere');
my $all = q{SELECT count(*) FROM generate_series(1, 1500) i, LATERAL (SELECT %s(%s, ('g' || i)::regclass)) x};
$session->query(sprintf($all, 'detid.decode', '1::bigint'));
$before = kept();
for (1 .. 3)
{
	$session->query("SELECT make(1500 + $_, 1500 + $_)");
	$session->query(sprintf($all, 'detid.decode', '1::bigint'));
	$session->query(sprintf($all, 'detid.is_valid', '1::bigint'));
}
cmp_ok(kept() - $before, '<', 100000, 'nor more of generators than a session remembers');
$session->quit;
$node->stop;

done_testing();
