# SPDX-License-Identifier: PostgreSQL
#
# Coordinators that are worse than away: they hang, answer too late, have no connection left, wait
# for a standby that is not there. Nobody is fenced for it, nodes do what their mode says and go on
# by themselves, and they do not pile up connections. Clones and standbys that start while the
# coordinator is away mint nothing.

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

my $c = coordinator('c', init => { allows_streaming => 1 }, conf => "max_connections = 20\n");
# The coordinator is a node as well, of itself.
write_token($c, enroll($c, 'eu/a/self', 'assigned'));
$c->append_conf('postgresql.conf', join_registry($c, 'eu/a/self'));
$c->restart;
my $a = registered($c, 'eu/a/db1', init => { allows_streaming => 1 });
my $l = registered($c, 'eu/pool/w1', mode => 'leased', init => { allows_streaming => 1 });
my @all = ($c, $a, $l);
mints_again($_, $_->name . ' mints') for @all;
same_sql($c, 'SELECT path, ready FROM detid.node_status', 'eu/a/self|t', 'a coordinator may be a node of itself');

my $log = -s $c->logfile;
sub nobody_fenced
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	unlike(slurp_file($c->logfile, $log), qr/DT001/, "$name: nobody is fenced");
	for my $node (@all)
	{
		ok($node->poll_query_until('postgres', 'SELECT ready AND registry_trouble IS NULL FROM detid.node_status'), "$name: " . $node->name . ' goes on');
	}
	return;
}

# Connections of nodes at the coordinator.
my $connections = q{SELECT pid FROM pg_stat_activity WHERE usename = 'detid_node'};
sub children { return split ' ', `ps -o pid= --ppid $_[0]->{_pid}`; }

sub trouble_is
{
	my ($node, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $trouble = '';
	for (1 .. 150)
	{
		$trouble = $node->safe_psql('postgres', 'SELECT registry_trouble FROM detid.node_status');
		last if $trouble =~ $pattern;
		sleep 0.1;
	}
	like($trouble, $pattern, $name);
	return;
}

sub stops_at_its_end
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($l->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), "$name: a leased node stops at the end of its interval");
	is(sqlstate_of($l, 'SELECT detid.next_id()'), 'DT002', "$name: with DT002");
	is(sqlstate_of($a, 'SELECT detid.next_id()'), '00000', "$name: an assigned one goes on");
	return;
}

# --- It hangs ---

my @stopped = ($c->{_pid}, children($c));
kill 'STOP', @stopped;
stops_at_its_end('the coordinator hangs');
trouble_is($l, qr/timed out/, 'the node says why');
my $begin = time();
$a->restart;
is(sqlstate_of($a, 'SELECT detid.next_id()'), '00000', 'an assigned node starts while it hangs');
cmp_ok(time() - $begin, '<', 10, 'at once');
kill 'CONT', @stopped;
nobody_fenced('it goes on');

# What serves one node hangs, with its question; the node has another connection by the time it is
# answered. What it asked before is no harm.
for my $node ($a, $l)
{
	my $seen = in_view($c, $node == $a ? 'eu/a/db1' : 'eu/pool/w1', 'last_seen');
	my @pids = lines($c->safe_psql('postgres', $connections));
	kill 'STOP', @pids;
	my $path = $node == $a ? 'eu/a/db1' : 'eu/pool/w1';
	ok($c->poll_query_until('postgres', "SELECT last_seen > '$seen'::timestamptz + interval '3 s' FROM detid.nodes WHERE path = '$path'"),
		"what serves $path hangs: the node asks elsewhere, and is answered");
	kill 'CONT', @pids;
	sleep HEARTBEAT;
}
nobody_fenced('questions that come late');

# Connections are cut, over and over.
for (1 .. 20)
{
	$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
	sleep 0.1;
}
nobody_fenced('connections that are cut');

# --- It has no connection left ---

my @taken = map { session($c) } 1 .. 12;
$c->safe_psql('postgres', 'ALTER ROLE detid_node CONNECTION LIMIT 0');
$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
stops_at_its_end('no connection left');
trouble_is($l, qr/cannot be reached: .*too many connections/, 'the node says why');
$_->quit for @taken;
$c->safe_psql('postgres', 'ALTER ROLE detid_node CONNECTION LIMIT -1');
nobody_fenced('there are connections again');

# --- Its standby is not there ---

$c->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'\n");
$c->reload;
stops_at_its_end('the standby of the coordinator is away');
trouble_is($l, qr/timed out/, 'the node says why');
my $most = 0;
for (1 .. 10)
{
	my $now = $c->safe_psql('postgres', "SELECT count(*) FROM ($connections) p");
	$most = $now if $now > $most;
	sleep 1;
}
cmp_ok($most, '<=', 9, "three nodes do not pile up connections ($most)");
$c->append_conf('postgresql.conf', "synchronous_standby_names = ''\n");
$c->reload;
nobody_fenced('and is not needed any more');
ok($c->poll_query_until('postgres', "SELECT count(*) = 3 FROM ($connections) p"), 'each node has one connection then');

# --- A node is killed while it waits for an answer that was stored there ---

for my $node ($a, $l)
{
	my $name = $node->name;
	$c->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'\n");
	$c->reload;
	ok($c->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%_heartbeat%'}),
		"$name: heartbeats are stored, and not answered");
	sleep 2 * HEARTBEAT;
	$node->stop('immediate');
	$c->append_conf('postgresql.conf', "synchronous_standby_names = ''\n");
	$c->reload;
	$node->start;
	mints_again($node, "$name: killed before it was answered, it goes on");
}
nobody_fenced('killed nodes');

# --- Words while the coordinator is away ---

$c->stop('immediate');
$a->safe_psql('postgres', 'SELECT detid.retire_node()');
is(sqlstate_of($a, 'SELECT detid.next_id()'), 'DT001', 'the coordinator is away: a node that is to retire does not mint');
$a->restart;
is(sqlstate_of($a, 'SELECT detid.next_id()'), 'DT001', 'nor does it after a restart');
$a->safe_psql('postgres', 'SELECT detid.unfence()');
is(sqlstate_of($a, 'SELECT detid.next_id()'), 'DT002', 'nor when that is taken back, until the registry has heard of it');
$a->restart;
is(sqlstate_of($a, 'SELECT detid.next_id()'), 'DT002', 'over a restart, either');
my $session = session($l);
$l->safe_psql('postgres', 'SELECT detid.retire_node()');
$l->safe_psql('postgres', 'SELECT detid.unfence()');
like(($session->try('SELECT detid.next_id()'))[1], qr/ERROR:  DT002/, 'what was granted before is not good any more');
$session->quit;
$c->start;
mints_again($_, $_->name . ': when the coordinator is back, it mints') for $a, $l;

$_->stop for $c, $a, $l;
done_testing();
