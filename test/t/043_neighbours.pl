# SPDX-License-Identifier: PostgreSQL
#
# A server has few places for callbacks, and other libraries need them: pg_detid takes one slot of
# the relation cache and two of the system caches, and its hooks call those that were there before.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $neighbour = "$PostgreSQL::Test::Utils::tmp_check/neighbour.so";
my ($include, $err) = run_command([ 'pg_config', '--includedir-server' ]);
system_or_bail($ENV{CC} // 'cc', '-fPIC', '-shared', "-I$include",
	"$FindBin::RealBin/../neighbour/neighbour.c", '-o', $neighbour);
chmod 0755, $neighbour;

# Makes the server register what it registers when it is needed: for types, plans and row types.
my $warm_up = q{
	PREPARE p AS SELECT relname FROM pg_class WHERE oid = $1;
	EXECUTE p(1259);
	SELECT ROW(1, 'a'::text) = ROW(1, 'a'::text), '1'::xml IS DOCUMENT, '{1,2}'::int[] < '{1}'::int[],
		to_tsvector('simple', 'a'), pg_has_role('pg_monitor', 'usage');
};

# How many slots a library that is loaded into a session still gets.
sub free_slots
{
	my ($node, $kind) = @_;
	my ($free, $too_many) = (0, 101);
	while ($too_many - $free > 1)
	{
		my $wanted = int(($free + $too_many) / 2);
		my ($out) = run_sql($node, "SET neighbour.${kind}_slots = $wanted; $warm_up LOAD '$neighbour'; SELECT 'loaded'");
		if ($out =~ /loaded/) { $free = $wanted; } else { $too_many = $wanted; }
	}
	return $free;
}

my $alone = new_node('alone', preload => 0, extension => 0, node_id => undef);
my $with = new_node('with');
my %free;
foreach (['relcache', 1], ['syscache', 2])
{
	my ($kind, $most) = @$_;
	my ($before, $after) = map { free_slots($_, $kind) } $alone, $with;
	cmp_ok($before, '>', $most, "PostgreSQL has slots for libraries: $before ($kind)");
	cmp_ok($before - $after, '<=', $most, "pg_detid takes at most $most of them ($kind)");
	$free{$kind} = $before - $most;
}
$alone->stop;

# The one callback a kind tells every room: a privilege that was checked before is checked again.
$with->safe_psql('postgres', q{
	SELECT detid.create_generator('u', 'uuid7');
	CREATE ROLE minter;
	CREATE ROLE users;
	GRANT USAGE ON SCHEMA detid TO minter;
	GRANT USAGE ON SEQUENCE u TO users;
	GRANT users TO minter;
});
my $session = session($with);
$session->query('SET ROLE minter');
$session->query(q{SELECT detid.is_genuine(detid.next_uuid('u'), 'u')});
$with->safe_psql('postgres', 'REVOKE users FROM minter');
foreach my $call (q{detid.next_uuid('u')}, q{detid.is_genuine('01900000-0000-7000-8000-000000000000', 'u')})
{
	(undef, $err) = $session->try("SELECT $call");
	like($err, qr/42501/, "a membership that ended counts at once: $call");
}
$with->safe_psql('postgres', 'ALTER ROLE minter SUPERUSER');
$session->query(q{SELECT detid.next_uuid('u')});
$with->safe_psql('postgres', 'ALTER ROLE minter NOSUPERUSER');
(undef, $err) = $session->try(q{SELECT detid.next_uuid('u')});
like($err, qr/42501/, 'as does a superuser who is none any more');
$session->quit;
$with->stop;

# Next to a library that takes all the rest, whichever is loaded first. (Of the system caches the
# server itself needs some more for DDL.)
$free{syscache} -= 10;
foreach my $order ("pg_detid, $neighbour", "$neighbour, pg_detid")
{
	my $name = $order =~ /^pg_detid/ ? 'before a neighbour' : 'behind a neighbour';
	my $node = PostgreSQL::Test::Cluster->new($name =~ s/ /_/gr);
	$node->init;
	$node->append_conf('postgresql.conf', qq{
		shared_preload_libraries = '$order'
		neighbour.relcache_slots = $free{relcache}
		neighbour.syscache_slots = $free{syscache}
		detid.node_id = 7
	});
	ok($node->start(fail_ok => 1), "$name: the server starts") or next;
	my ($out, $err) = run_sql($node, qq{
		CREATE EXTENSION pg_detid;
		SELECT detid.create_generator('g') IS NOT NULL;
		$warm_up
		SELECT count(DISTINCT detid.next_id('g')) FROM generate_series(1, 1000);
	});
	like($out, qr/\n1000$/, "$name: it mints") or diag($err);

	# Both hear of a drop: it calls on, and writes the horizon into a label.
	($out, $err) = run_sql($node, q{SET client_min_messages = debug1; DROP EXTENSION pg_detid CASCADE;
		SELECT count(*) FROM pg_shseclabel WHERE provider = 'detid'});
	like($err, qr/neighbour: a drop/, "$name: the neighbour's hook is called");
	like($out, qr/^1$/m, "$name: ours is, too");
	is($node->safe_psql('postgres', q{SELECT string_agg(name, ' ' ORDER BY name) FROM pg_shmem_allocations
		WHERE name IN ('pg_detid', 'neighbour')}), 'neighbour pg_detid', "$name: both have their memory");
	$node->stop;
}

done_testing();
