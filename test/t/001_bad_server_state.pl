# SPDX-License-Identifier: PostgreSQL
#
# A server that cannot mint safely refuses, says what to do, and goes on with everything that does
# not mint.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $set_hint = qr/ALTER SYSTEM SET detid\.node_id = 1; SELECT pg_reload_conf\(\);/;

# A primary, which a standby follows later.
my $node = new_node('primary', node_id => undef, init => { allows_streaming => 1 });

# node_id unset.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('g');
	SELECT detid.create_generator('u', 'uuid7');
	SELECT detid.create_generator('two', 'time:41@1ms node:2 sequence:20');
	SELECT detid.create_generator('workers', 'time:41@1ms node:6 worker:6 sequence:10');
});
for my $mint ("detid.next_id('g')", 'detid.next_id()', "detid.next_uuid('u')", 'detid.next_uuid()',
	"detid.next_text('g')", "detid.next_ids('g', 3)", "detid.next_uuids('u', 3)",
	"detid.next_id('g', 'input')", "detid.next_uuid('u', 'input')")
{
	fails_with($node, "SELECT $mint", '55000', $set_hint, "$mint without a node id");
}
same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'node_id'}, 'f',
	'check() reports that node_id is not set');

# ALTER SYSTEM and a reload mend a session that is running.
my $open = session($node);
like(($open->try("SELECT detid.next_id('g')"))[1], qr/55000/, 'a running session refuses');
$node->safe_psql('postgres', 'ALTER SYSTEM SET detid.node_id = 0');
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('detid.node_id') = '0'");
is($open->query("SELECT detid.node_of(detid.next_id('g'), 'g')"), '0',
	'after ALTER SYSTEM and a reload it mints; node id 0 is legal');
$node->safe_psql('postgres', 'ALTER SYSTEM SET detid.node_id = 3');
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('detid.node_id') = '3'");
is($open->query("SELECT detid.node_of(detid.next_id('g'), 'g')"), '3',
	'another node id takes effect in a running session, too');
same_sql($node, "SELECT detid.node_of(detid.next_id('two'), 'two')", '3',
	'the largest node id that fits the layout');

# node_id too large.
$node->safe_psql('postgres', 'ALTER SYSTEM SET detid.node_id = 4');
$node->reload;
$node->poll_query_until('postgres', "SELECT current_setting('detid.node_id') = '4'");
fails_with($node, "SELECT detid.next_id('two')", '22003', qr/detid\.node_id is 4.*2 node bits/s,
	'a node id beyond the node field of the layout');
like(($open->try("SELECT detid.next_id('two')"))[1], qr/22003/, 'and so in a running session');
same_sql($node, "SELECT detid.node_of(detid.next_id('g'), 'g')", '4',
	'a generator with a wider field goes on');

# A node id is not a matter of sessions.
$node->safe_psql('postgres', q{
	CREATE ROLE someone LOGIN;
	GRANT USAGE ON SEQUENCE g TO someone;
});
my @in_session = (
	'SET detid.node_id = 9',
	'SET SESSION detid.node_id = 9',
	'BEGIN; SET LOCAL detid.node_id = 9',
	"SELECT set_config('detid.node_id', '9', false)",
	"SELECT set_config('detid.node_id', '9', true)",
	"UPDATE pg_settings SET setting = '9' WHERE name = 'detid.node_id'");
for my $sql (@in_session)
{
	fails_with($node, $sql, '55P02', qr/HINT:.*(ALTER SYSTEM|ALTER DATABASE)/, "refused: $sql");
	my (undef, $err) = run_sql($node, $sql, extra_params => [ '-U', 'someone' ]);
	like($err, qr/ERROR:  (42501|55P02)/, "refused to an ordinary role: $sql");
}
my (undef, $err) = run_sql($node, q{
	CREATE FUNCTION as_nine() RETURNS bigint LANGUAGE sql SET detid.node_id = 9
	AS $$SELECT detid.next_id('g')$$;
	SELECT as_nine();
});
like($err, qr/ERROR:  55P02/, 'refused: a SET clause of a function');
{
	local $ENV{PGOPTIONS} = '-c detid.node_id=9';
	my ($out, $why) = run_sql($node, 'SELECT 1');
	is($out, '', 'a connection with PGOPTIONS is refused');
	like($why, qr/detid\.node_id cannot be set/, 'and says why');
}
for my $role ('someone', $node->safe_psql('postgres', 'SELECT current_user'))
{
	for my $where ('', ' IN DATABASE postgres')
	{
		$node->safe_psql('postgres', qq{ALTER ROLE "$role"$where SET detid.node_id = 9});
		my ($out, $warning) =
		  run_sql($node, 'SHOW detid.node_id', extra_params => [ '-U', $role ]);
		my $who = $role eq 'someone' ? 'a user' : 'a superuser';
		is($out, '4', "ALTER ROLE$where is ignored when $who logs in");
		like($warning, qr/WARNING:.*detid\.node_id/, 'and a warning says so');
		run_sql($node, qq{ALTER ROLE "$role"$where RESET detid.node_id});
	}
}
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET detid.node_id = 5');
same_sql($node, "SELECT detid.node_of(detid.next_id('g'), 'g')", '5',
	'ALTER DATABASE takes effect in new sessions');
same_sql($node, "SELECT detid.node_of(detid.next_id('g'), 'g')", '5', 'of any role',
	extra_params => [ '-U', 'someone' ]);
is($open->query("SELECT detid.node_of(detid.next_id('g'), 'g')"), '4',
	'a session that was open keeps its own');
$open->quit;

# Read-only transactions.
for my $read_only (
	'BEGIN READ ONLY',
	'BEGIN; SET TRANSACTION READ ONLY',
	"BEGIN; SELECT detid.next_id('g'); SET TRANSACTION READ ONLY",
	'SET default_transaction_read_only = on')
{
	fails_with($node, "$read_only; SELECT detid.next_id('g')",
		'25006', qr/read-only transaction/, "refused: $read_only");
}
fails_with($node, "SELECT detid.next_id('g'); BEGIN READ ONLY; SELECT detid.next_id('g')",
	'25006', qr/read-only/, 'a session that has minted refuses in a read-only transaction');
same_sql($node, "BEGIN READ ONLY; SELECT detid.node_of(detid.id_at('g', now()), 'g') IS NULL",
	'f', 'what does not mint works in a read-only transaction');

# A hot standby.
my $ids = $node->safe_psql('postgres', q{
	SELECT detid.set_audit('u', 'each');
	SELECT detid.create_generator('by_node', 'node:10 time:41@1ms sequence:12');
	SELECT detid.define_topology('region:3 cluster:4 member:3'), detid.assign_prefix('eu'), detid.assign_prefix('eu/a');
	SELECT detid.next_id('g'), detid.next_uuid('u');
});
my ($id, $uuid) = (lines($ids))[-1] =~ /^(.*)\|(.*)$/;
my $first_of_primary = $id;
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', "SELECT detid.next_uuids('u', 100)");
$node->wait_for_catchup($standby);
for my $mint ('detid.next_id()', "detid.next_id('g')", "detid.next_uuid('u')",
	"detid.next_text('g')", "detid.next_ids('g', 3)", "detid.next_uuids('u', 0)",
	"detid.assign_prefix('us')", "detid.release_prefix('eu')", "detid.define_topology('region:4 cluster:4 member:3')")
{
	fails_with($standby, "SELECT $mint", '25006', qr/read-only|recovery/, "$mint on a standby");
}
for my $sql (
	"SELECT * FROM detid.decode($id, 'g')",
	"SELECT detid.minted_at('$uuid'::uuid, 'u')",
	"SELECT detid.explain('$uuid'::uuid, 'u')",
	"SELECT detid.id_at('g', '2025-06-01Z'), detid.uuid_at('u', '2025-06-01Z')",
	"SELECT detid.compose_uuid('u', 1, 2, 3, 4)",
	"SELECT path, verdict FROM detid.trace('$uuid'::uuid, 'u')",
	"SELECT detid.node_path(5), detid.node_range('by_node', 'eu/a')",
	'SELECT * FROM detid.generators')
{
	is((run_sql($standby, $sql))[0], (run_sql($node, $sql))[0], "as on the primary: $sql");
}
same_sql($standby,
	"SELECT bool_and(matches), bool_or(matches IS NULL), count(*) FROM detid.replay('u')",
	't|f|101', 'seeds are replicated: uuids replay on the standby');
same_sql($standby, q{SELECT count(*) > 3 FROM detid.check()}, 't', 'check() works on a standby');

# Promoted, it mints above what it has seen, and says so.
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
my $log_at = -s $standby->logfile;
my $after = $standby->safe_psql('postgres', "SELECT detid.next_id('g')");
cmp_ok($after, '>', $first_of_primary, 'after a promotion ids go on above the old ones');
my $ahead = $standby->safe_psql('postgres',
	"SELECT extract(epoch FROM detid.minted_at($after, 'g') - clock_timestamp())");
cmp_ok($ahead, '>', 5, 'by detid.failover_guard');
like(slurp_file($standby->logfile, $log_at), qr/LOG:.*mints on timeline 2, after timeline 1/,
	'and a line in the log says so');
$standby->stop;

# A worker field too narrow for the server. The streaming set-up has max_connections = 10.
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET detid.node_id');
same_sql($node, "SELECT detid.next_id('workers') > 0", 't', 'a worker field that is wide enough');
fails_with($node, q{SELECT detid.create_generator('narrow', 'time:41@1ms node:8 worker:3 sequence:11')},
	'22023', qr/worker field is too narrow.*3 worker bits/s, 'a generator with too few worker bits');
$node->append_conf('postgresql.conf', 'max_connections = 70');
$node->restart;
fails_with($node, "SELECT detid.next_id('workers')", '22023',
	qr/worker field is too narrow.*6 worker bits.*HINT/s,
	'a worker field that has become too narrow for max_connections');
same_sql($node, "SELECT detid.minted_at(detid.id_at('workers', '2025-06-01Z'), 'workers') = '2025-06-01Z'",
	't', 'its ids decode all the same');
same_sql($node, "SELECT detid.next_id('g') > 0", 't', 'other generators go on');

# Without preloading, all works that does not mint.
my $replayed = $node->safe_psql('postgres',
	'SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay() ORDER BY 1');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
for my $mint ("detid.next_id('g')", 'detid.next_id()', "detid.next_uuid('u')", 'detid.next_uuid()',
	"detid.next_text('g')", "detid.next_ids('g', 3)", "detid.next_uuids('u', 3)",
	"detid.next_id('g', 'input')")
{
	fails_with($node, "SELECT $mint", '55000',
		qr/HINT:.*shared_preload_libraries = 'pg_detid'.*restart/s, "not preloaded: $mint");
}
my @without_preload = (
	"SELECT detid.create_generator('later')",
	"SELECT detid.create_generator('later', if_not_exists => true)",
	"SELECT detid.set_audit('later', 'each')",
	"SELECT detid.drop_generator('later')",
	"SELECT * FROM detid.decode($id, 'g')",
	"SELECT * FROM detid.decode('$uuid'::uuid, 'u')",
	"SELECT detid.minted_at($id, 'g'), detid.node_of($id, 'g')",
	"SELECT detid.explain($id, 'g')",
	"SELECT detid.compose('g', 1, 2, 3, 4)",
	"SELECT detid.compose_uuid('u', 1, 2, 3, 4)",
	"SELECT detid.compose_text('u', 1, 2, 3, 4)",
	"SELECT detid.id_at('g', '2025-06-01Z')",
	"SELECT detid.uuid_at('u', '2025-06-01Z')",
	"SELECT * FROM detid.trace($id, 'g')",
	'SELECT count(*) FROM detid.replay()',
	'SELECT * FROM detid.generators',
	'SELECT * FROM detid.check()',
	'CREATE TABLE ids (id bigint)',
	"SELECT * FROM detid.check_ids('g', 'ids', 'id')",
	'SELECT detid.collision_probability(128, 1000)',
	"SELECT detid.define_topology('region:4 cluster:4 member:3')",
	"SELECT detid.assign_prefix('us'), detid.node_path(0), detid.node_range('by_node', 'eu')",
	"SELECT detid.release_prefix('us')",
	'SELECT * FROM detid.plan_topology(10, 10)',
	"SELECT detid.prune_ledger('2020-01-01')");
for my $sql (@without_preload)
{
	my (undef, $errors) = run_sql($node, $sql);
	ok($errors !~ /ERROR|FATAL/, "not preloaded: $sql") or diag($errors);
}
same_sql($node,
	'SELECT generator, entries, ids, mismatches, unverified FROM detid.verify_replay() ORDER BY 1',
	$replayed, 'not preloaded: verify_replay finds the same');
same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'preloaded'}, 'f',
	'check() reports that the library is not preloaded');
$node->stop;

# Never preloaded, and no detid.* in the configuration.
my $bare = new_node('bare', preload => 0, node_id => undef);
fails_with($bare, 'SELECT detid.next_id()', '55000', qr/shared_preload_libraries/,
	'a server that never preloaded refuses');
same_sql($bare, q{SELECT detid.create_generator('g'); SELECT detid.id_at('g', '2025-01-01Z')},
	"g\n0", 'and makes generators');
$bare->stop;

# More generators than shared memory holds. Each session holds what it has minted from. Four ids a
# millisecond are soon ahead of the clock.
my $small = new_node('small', conf => "detid.max_generators = 8\n");
$small->safe_psql('postgres', q{
	SELECT detid.create_generator('g' || i, 'time:41@1ms node:10 sequence:2', audit => 'off')
	FROM generate_series(1, 20) i;
});
my @sessions = map { session($small) } 1 .. 4;
for my $i (1 .. 8)
{
	is($sessions[ $i % 4 ]->query("SELECT detid.next_id('g$i') > 0"), 't', "generator $i of 8");
}
my ($ninth, $ninth_err) = run_sql($small, "SELECT detid.next_id('g9')");
like($ninth, qr/^\d+$/, 'the 9th mints without a record') or diag($ninth_err);
my @ninth = ($ninth, $sessions[0]->query("SELECT detid.next_id('g9')"), $sessions[1]->query("SELECT detid.next_id('g9')"));
is(join(' ', @ninth), join(' ', sort { $a <=> $b } @ninth), 'in any session, above the others');
is($sessions[1]->query("SELECT detid.next_id('g1') > 0"), 't', 'those in use go on');
same_sql($small, "SELECT detid.next_id('g1') > 0", 't', 'also in other sessions');
same_sql($small, q{SELECT ok, detail ~ 'without a record' FROM detid.check() WHERE "check" = 'generators'}, 'f|t',
	'check() reports that the room is used up');
$small->safe_psql('postgres', "SELECT detid.drop_generator('g2')");
$sessions[2]->query('SELECT 1');
push @ninth, lines($sessions[0]->query("SELECT detid.next_ids('g9', 20)"));
push @ninth, lines($small->safe_psql('postgres', "SELECT detid.next_ids('g9', 20)"));
no_duplicates(\@ninth, 'after one was dropped the 9th has a record');
same_sql($small, "SELECT detid.next_id('g10') <> detid.next_id('g11')", 't', 'two more at the same time mint');
my $before = $sessions[3]->query("SELECT max(i) FROM detid.next_ids('g3', 5000) i");
$_->quit for @sessions;
poll_ok($small, join(';', map { "SELECT detid.next_id('g$_')" } 10 .. 17),
	'after the sessions have ended, 8 others work');
my $again = poll_ok($small, "SELECT detid.next_id('g3')", 'and those from before work again');
cmp_ok($again, '>', $before, 'above their old ids, which were ahead of the clock');
$small->stop;

# wal_level = minimal: a horizon that would be lost is not relied on.
my $minimal = new_node('minimal', extension => 0, conf => "wal_level = minimal\n");
same_sql($minimal, 'SHOW wal_level', 'minimal', 'wal_level is minimal');
fails_with($minimal, 'BEGIN; CREATE EXTENSION pg_detid; SELECT detid.next_id(); COMMIT',
	'55000', qr/cannot be made durable.*HINT:.*commit CREATE EXTENSION/s,
	'CREATE EXTENSION and next_id in one transaction');
same_sql($minimal, 'SELECT count(*) FROM pg_extension WHERE extname = $$pg_detid$$', '0',
	'which rolls back as a whole');
my ($out, $errors) = run_sql($minimal, q{
	\set ON_ERROR_STOP off
	BEGIN; CREATE EXTENSION pg_detid; SAVEPOINT s; SELECT detid.next_id(); ROLLBACK TO s; COMMIT;
	SELECT detid.next_id() > 0;
});
is($out, 't', 'after the commit next_id works');
like($errors, qr/55000/, 'before it did not');
my $last = $minimal->safe_psql('postgres', 'SELECT max(i) FROM (SELECT detid.next_id() i FROM generate_series(1, 100)) s');
$minimal->stop('immediate');
$minimal->start;
cmp_ok($minimal->safe_psql('postgres', 'SELECT detid.next_id()'), '>', $last,
	'and what it relies on survives a crash');
$minimal->stop;

done_testing();
