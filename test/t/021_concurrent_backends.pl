# SPDX-License-Identifier: PostgreSQL
#
# 32 backends mint from one generator at once: no id twice (G1); strictly rising within each
# backend and, with ordering 'node', across all of them (G2).

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { CLIENTS => 32, TRANSACTIONS => 40, PER_TRANSACTION => 50 };

my $node = new_node('concurrent', conf => "max_connections = 50\n");

# Runs a pgbench script in 32 sessions.
sub in_all_backends
{
	my ($transactions, $sql, $name) = @_;
	my $file = $node->basedir . '/script.sql';
	open my $out, '>', $file or die $!;
	print $out $sql;
	close $out;
	my $clients = CLIENTS;
	$node->command_checks_all(
		[ 'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $transactions, '-f', $file, 'postgres' ],
		0, [qr/processed: (\d+)\/\1/], [], $name);
	return;
}

# Layouts whose sequence is leased in blocks, where a tick is long or short; with a worker field;
# and one that overflows all the time. With each ordering.
my %layouts = (
	snowflake => 'snowflake',
	second => 'time:32@1s node:8 sequence:22',
	workers => 'time:41@1ms node:6 worker:7 sequence:9',
	crowded => 'time:41@1ms node:10 sequence:5');

for my $ordering (qw(backend node))
{
	for my $layout (sort keys %layouts)
	{
		# A worker field gives every backend a sequence of its own.
		next if $layout eq 'workers' && $ordering eq 'node';
		my $g = "${layout}_$ordering";
		$node->safe_psql('postgres', qq{
			SELECT detid.create_generator('$g', '$layouts{$layout}', ordering => '$ordering', audit => 'off');
			CREATE UNLOGGED TABLE minted_$g (ord bigserial, pid int DEFAULT pg_backend_pid(), id bigint,
			  seen timestamptz DEFAULT clock_timestamp());
		});

		# ord rises with minting within a backend: both are made row by row.
		my $rows = PER_TRANSACTION;
		my $transactions = $layout eq 'crowded' ? TRANSACTIONS / 2 : TRANSACTIONS;
		in_all_backends($transactions, qq{
			INSERT INTO minted_$g (id) VALUES (detid.next_id('$g'));
			INSERT INTO minted_$g (id) SELECT detid.next_id('$g') FROM generate_series(1, $rows);
			INSERT INTO minted_$g (id) SELECT detid.next_ids('$g', $rows);
		}, "$g: 32 backends minted");
		my $expected = CLIENTS * $transactions * (2 * PER_TRANSACTION + 1);
		same_sql($node,
			"SELECT count(*), count(DISTINCT id), count(DISTINCT pid), min(id) > 0 FROM minted_$g",
			"$expected|$expected|32|t", "$g: no id twice");
		same_sql($node, qq{
			SELECT count(*) FROM (
			  SELECT id, lag(id) OVER (PARTITION BY pid ORDER BY ord) before FROM minted_$g) s
			WHERE id <= before;
		}, '0', "$g: strictly rising within each backend");
		same_sql($node,
			"SELECT count(*) FROM minted_$g WHERE detid.minted_at(id, '$g') > seen + interval '1.1 s'",
			'0', "$g: no id is further ahead than detid.max_ahead");
		same_sql($node,
			"SELECT max(detid.minted_at(id, '$g') - seen) > interval '0.5 s' FROM minted_$g",
			't', "$g: and the overload was one") if $layout eq 'crowded';
		same_sql($node, "SELECT count(*) FROM minted_$g WHERE detid.node_of(id, '$g') <> 7",
			'0', "$g: all ids are of this node");
		$node->safe_psql('postgres', "DROP TABLE minted_$g");
	}
}

# uuids.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('u', 'uuid7', audit => 'off');
	CREATE UNLOGGED TABLE uuids (ord bigserial, pid int DEFAULT pg_backend_pid(), id uuid);
});
in_all_backends(TRANSACTIONS, q{
	INSERT INTO uuids (id) VALUES (detid.next_uuid('u'));
	INSERT INTO uuids (id) SELECT detid.next_uuid('u') FROM generate_series(1, 50);
	INSERT INTO uuids (id) SELECT detid.next_uuids('u', 50);
}, 'uuid7: 32 backends minted');
my $expected = CLIENTS * TRANSACTIONS * 101;
same_sql($node, 'SELECT count(*), count(DISTINCT id) FROM uuids', "$expected|$expected",
	'uuid7: no uuid twice');
same_sql($node, q{
	SELECT count(*) FROM (
	  SELECT id, lag(id) OVER (PARTITION BY pid ORDER BY ord) before FROM uuids) s
	WHERE id <= before;
}, '0', 'uuid7: strictly rising within each backend');

# Across backends: a lock makes the order of minting known. Three ids under each lock, so that a
# backend that took a block would keep some of it for its next turn.
for my $layout (qw(snowflake second crowded))
{
	my $g = "${layout}_node";
	$node->safe_psql('postgres', qq{
		CREATE SEQUENCE turn_$layout;
		CREATE UNLOGGED TABLE turns_$layout (turn bigint, pid int, id bigint);
		CREATE FUNCTION take_turn_$layout() RETURNS void LANGUAGE plpgsql AS \$\$
		BEGIN
		  PERFORM pg_advisory_lock(1);
		  FOR i IN 1 .. 3 LOOP
		    INSERT INTO turns_$layout VALUES (nextval('turn_$layout'), pg_backend_pid(), detid.next_id('$g'));
		  END LOOP;
		  INSERT INTO turns_$layout
		    SELECT nextval('turn_$layout'), pg_backend_pid(), i FROM detid.next_ids('$g', 3) i;
		  PERFORM pg_advisory_unlock(1);
		END \$\$;
	});
	in_all_backends(100, "SELECT take_turn_$layout();", "$g: 32 backends took turns");
	same_sql($node, qq{
		SELECT count(*), count(*) FILTER (WHERE id <= before), count(DISTINCT pid) FROM (
		  SELECT id, pid, lag(id) OVER (ORDER BY turn) before FROM turns_$layout) s;
	}, CLIENTS * 100 * 6 . '|0|32', "$g: strictly rising across backends");
}

# With ordering 'backend' that is promised for mints further apart than a tick.
$node->safe_psql('postgres', q{
	CREATE UNLOGGED TABLE apart (turn bigserial, pid int DEFAULT pg_backend_pid(), id bigint);
	CREATE FUNCTION take_turn_apart() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
	  PERFORM pg_advisory_lock(1);
	  INSERT INTO apart (id) VALUES (detid.next_id('snowflake_backend'));
	  PERFORM pg_sleep(0.002);
	  PERFORM pg_advisory_unlock(1);
	END $$;
});
in_all_backends(20, 'SELECT take_turn_apart();', 'snowflake_backend: 32 backends took turns, 2 ms apart');
same_sql($node, q{
	SELECT count(*), count(*) FILTER (WHERE id <= before) FROM (
	  SELECT id, lag(id) OVER (ORDER BY turn) before FROM apart) s;
}, '640|0', 'snowflake_backend: rising across backends where mints are more than a tick apart');

# An audited generator: the ledger's entries do not collide either.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('audited', audit => 'each');
	CREATE TABLE audited_rows (id bigint DEFAULT detid.next_id('audited') PRIMARY KEY, n int);
});
in_all_backends(20, 'INSERT INTO audited_rows (n) SELECT i FROM generate_series(1, 20) i;',
	'32 backends minted audited ids');
same_sql($node, q{
	SELECT ids, mismatches, unverified FROM detid.verify_replay('audited');
	SELECT count(*) FROM audited_rows WHERE id::text NOT IN
	  (SELECT regenerated FROM detid.replay('audited') WHERE matches);
	SELECT sum(count) FROM detid.ledger WHERE generator = 'audited'::regclass;
}, "12800|0|0\n0\n12800", 'and the ledger holds exactly these');

$node->stop;
done_testing();
