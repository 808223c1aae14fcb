# SPDX-License-Identifier: PostgreSQL
#
# Operators' commands on a node, unfence and retire_node, count from their transaction's commit on, and
# not at all if it is rolled back, in whatever way. What ends a node outlives what may befall its
# server: killed backends, a registry client that is ended, a table that is emptied.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c');
my $node = registered($c, 'eu/a/db1', conf => "max_prepared_transactions = 5\nrestart_after_crash = on\n");
mints_again($node, 'a node mints');
my $open = session($node);
$open->query('PREPARE p AS SELECT detid.next_id()');
$open->query('EXECUTE p');
$node->adjust_conf('postgresql.conf', 'detid.coordinator', "''");

# As the registry would fence it.
sub fence
{
	$node->safe_psql('postgres', q{UPDATE detid._registration SET fenced = 'used_nonce'});
	$node->restart;
	return;
}

sub stays_fenced
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sqlstate_of($node, 'SELECT detid.next_id()'), 'DT001', $name);
	same_sql($node, 'SELECT fenced FROM detid.node_status', 't', "$name: node_status");
	return;
}

# --- Without a coordinator, so that nobody else sets the word right ---

fence();
stays_fenced('a node that is fenced, and was taken out of the registry');
my $s = session($node);
like(($s->try('SELECT detid.next_id()'))[1], qr/DT001/, 'a session');
for (['rolled back', 'BEGIN; SELECT detid.unfence(); ROLLBACK'],
	['rolled back to a savepoint', 'BEGIN; SAVEPOINT s; SELECT detid.unfence(); ROLLBACK TO s; COMMIT'],
	['rolled back to a savepoint further out', 'BEGIN; SAVEPOINT r; SAVEPOINT s; SELECT detid.unfence(); RELEASE s; ROLLBACK TO r; COMMIT'],
	['in a block that fails', q{DO $$ BEGIN PERFORM detid.unfence(); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$}],
	['rolled back to a savepoint, then something else', 'BEGIN; SAVEPOINT s; SELECT detid.unfence(); ROLLBACK TO s; SELECT 1; COMMIT; SELECT 2'])
{
	my ($how, $sql) = @$_;
	$s->query($sql);
	like(($s->try('SELECT detid.next_id()'))[1], qr/ERROR:  DT001/, "unfence() $how: that session does not mint");
	stays_fenced("unfence() $how");
}
my (undef, $err) = $s->try(q{BEGIN; SELECT detid.unfence(); PREPARE TRANSACTION 'u'});
like($err, qr/ERROR:  0A000/, 'unfence() is not for prepared transactions');
$s->try('ROLLBACK');
$s->query('SELECT 1');
stays_fenced('unfence() in a transaction that was to be prepared');
$node->psql('postgres', q{ROLLBACK PREPARED 'u'});
$s->query('BEGIN; SAVEPOINT s; SELECT detid.unfence(); RELEASE s; COMMIT');
is(sqlstate_of($node, 'SELECT detid.next_id()'), '00000', 'unfence() that is committed counts');
is(($s->try('SELECT detid.next_id() IS NOT NULL'))[0], 't', 'in its session');
$s->quit;

# --- With a coordinator ---

sub join_again
{
	$node->adjust_conf('postgresql.conf', 'detid.coordinator', "'" . ($c->connstr('postgres') . ' user=detid_node') =~ s/'/''/gr . "'");
	$node->restart;
	return;
}
join_again();
mints_again($node, 'in the registry again, it mints');
for (['rolled back to a savepoint', 'BEGIN; SAVEPOINT s; SELECT detid.retire_node(); ROLLBACK TO s; COMMIT'],
	['in a block that fails', q{DO $$ BEGIN PERFORM detid.retire_node(); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$}])
{
	my ($how, $sql) = @$_;
	$node->safe_psql('postgres', $sql);
	same_sql($node, 'SELECT detid.node_of(detid.next_id())', '0', "retire_node() $how: minting goes on");
}
like((run_sql($node, q{BEGIN; SELECT detid.retire_node(); PREPARE TRANSACTION 'r'}))[1], qr/ERROR:  0A000.*HINT/s, 'retire_node() is not for prepared transactions');
sleep 2 * HEARTBEAT;
state_becomes($c, 'eu/a/db1', 'active', 'nor does the registry hear of these');

# --- What may befall the server ---

# The registry client is ended by somebody.
my $registry_client = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'};
my $pid = $node->safe_psql('postgres', $registry_client);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
same_sql($node, 'SELECT detid.node_of(detid.next_id())', '0', 'the registry client is ended: an assigned node mints on');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($registry_client) r WHERE pid <> $pid"), 'it comes back');
my $seen = in_view($c, 'eu/a/db1', 'last_seen');
ok($c->poll_query_until('postgres', "SELECT last_seen > '$seen' AND state = 'active' FROM detid.nodes WHERE path = 'eu/a/db1'"), 'and goes on asking');

# A backend is killed: all shared memory is gone.
my $high = $node->safe_psql('postgres', 'SELECT max(detid.next_id()) FROM generate_series(1, 100000)');
my $victim = session($node);
$pid = $victim->query('SELECT pg_backend_pid()');
kill 'KILL', $pid;
$node->poll_query_until('postgres', 'SELECT 1', '1') or die;
my $first = mints_again($node, 'a backend was killed: the node mints again');
cmp_ok($first, '>', $high, 'above what it had minted');
$victim->quit;
fence();
$victim = session($node);
$pid = $victim->query('SELECT pg_backend_pid()');
kill 'KILL', $pid;
$node->poll_query_until('postgres', 'SELECT 1', '1') or die;
is(sqlstate_of($node, 'SELECT detid.next_id()'), 'DT001', 'fenced, and a backend was killed: it stays fenced');
$victim->quit;
$node->safe_psql('postgres', 'SELECT detid.unfence()');
mints_again($node, 'unfenced, as the registry has nothing against it');

# Somebody empties the table in which the node keeps what it is.
$node->safe_psql('postgres', 'DELETE FROM detid._registration');
my $since = time();
my $state = '00000';
while ($state eq '00000' && time() < $since + 30)
{
	$state = sqlstate_of($node, 'SELECT detid.next_id()');
	sleep 0.1;
}
is($state, 'DT002', 'without its row, nobody could fence it: it does not mint');
cmp_ok(time() - $since, '<', HEARTBEAT + 13, 'soon');
$node->restart;
is(sqlstate_of($node, 'SELECT detid.next_id()'), 'DT002', 'nor after a restart');

$_->stop for $node, $c;
done_testing();
